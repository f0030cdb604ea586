//! Commands about notices. A notice for one family is sealed for it.

use portail_domain::{
    family::Family,
    notice::{Audience, Notice, NoticeCommand, NoticeContent, NoticeText},
    sealed::Purpose,
    structure::Structure,
};
use portail_event_store::{CommandError, UnitOfWork, Vault};
use portail_projections::notices::{Announcement, TEXT};
use uuid::Uuid;

use super::{Caller, Command, CommandOutcome, Rejection, families::seal};

/// The longest title and the longest text, in characters.
const LONGEST: (usize, usize) = (120, 5_000);

pub(super) async fn decide(
    caller: &Caller,
    id: Uuid,
    command: &Command,
    work: &mut UnitOfWork<'_>,
    vault: &Vault,
) -> Result<CommandOutcome, CommandError> {
    let (id, decision) = match command {
        Command::PublishNotice { audience, title, text, link, form, from, to } => {
            if let Some(error) = wrong(title, text, link.as_deref()) {
                return Ok(CommandOutcome::rejected(error));
            }
            if let Some(error) = unknown(audience, work).await? {
                return Ok(CommandOutcome::rejected(error));
            }
            let said = Announcement { title: title.trim().to_owned(), text: text.trim().to_owned() };
            let said = serde_json::to_string(&said)?;
            let text = match audience {
                Audience::Family(family) => {
                    let sealed = seal(vault, family.as_str(), Purpose::Message, TEXT, &said).await?;
                    NoticeText::Sealed(sealed)
                }
                Audience::Town | Audience::Structure(_) => NoticeText::Plain(said),
            };
            let content = Box::new(NoticeContent { text, link: link.clone(), form: form.clone() });
            let (from, to, at) = (*from, *to, caller.at);
            (id.to_string(), NoticeCommand::Publish { audience: audience.clone(), content, from, to, at })
        }
        Command::WithdrawNotice { notice } => (notice.to_string(), NoticeCommand::Withdraw { at: caller.at }),
        _ => return Ok(CommandOutcome::rejected(Rejection::of_code("NOT_FOUND"))),
    };
    work.load::<Notice>([id.clone()]).await?;
    match work.get::<Notice>(&id).decide(decision) {
        Ok(events) => work.record::<Notice>(&id, events)?,
        Err(error) => return Ok(CommandOutcome::rejected(Rejection::of(&error).at(&["input"]))),
    }
    Ok(CommandOutcome::made(id))
}

fn wrong(title: &str, text: &str, link: Option<&str>) -> Option<Rejection> {
    let too_long = |most: usize| Rejection::of_code("FIELD_TOO_LONG").with("most", most.to_string());
    if title.trim().is_empty() {
        Some(Rejection::of_code("FIELD_REQUIRED").at(&["input", "title"]))
    } else if title.chars().count() > LONGEST.0 {
        Some(too_long(LONGEST.0).at(&["input", "title"]))
    } else if text.chars().count() > LONGEST.1 {
        Some(too_long(LONGEST.1).at(&["input", "text"]))
    } else if link.is_some_and(|l| !l.starts_with("https://") || l.chars().any(char::is_whitespace)) {
        let error = Rejection::of_code("INVALID_VALUE").with("expected", "https://...");
        Some(error.at(&["input", "link"]))
    } else {
        None
    }
}

async fn unknown(audience: &Audience, work: &mut UnitOfWork<'_>) -> Result<Option<Rejection>, CommandError> {
    let known = match audience {
        Audience::Town => true,
        Audience::Structure(id) => {
            work.load::<Structure>([id.to_string()]).await?;
            work.get::<Structure>(id.as_str()).name.is_some()
        }
        Audience::Family(number) => {
            work.load::<Family>([number.to_string()]).await?;
            work.get::<Family>(number.as_str()).registered
        }
    };
    Ok((!known).then(|| Rejection::of_code("NOT_FOUND").at(&["input", "audience"])))
}
