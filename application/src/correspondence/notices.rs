//! Commands about notices. A notice for one family is sealed for it.

use portail_domain::{
    catalogue::structure::Structure,
    correspondence::notice::{Audience, Notice, NoticeCommand, NoticeContent, NoticeText},
    families::family::Family,
    shared::sealed::Purpose,
};
use portail_event_store::{CommandError, UnitOfWork, Vault};
use portail_projections::correspondence::notices::{Announcement, TEXT};
use uuid::Uuid;

use crate::{
    caller::Caller,
    command::Command,
    outcome::{CommandOutcome, Rejection},
    sealing::seal,
};

pub(crate) async fn decide(
    caller: &Caller,
    id: Uuid,
    command: &Command,
    work: &mut UnitOfWork<'_>,
    vault: &Vault,
) -> Result<CommandOutcome, CommandError> {
    let (id, decision) = match command {
        Command::PublishNotice { audience, title, text, link, form, from, to } => {
            if let Some(error) = link.as_deref().and_then(wrong_link) {
                return Ok(CommandOutcome::rejected(error));
            }
            if let Some(error) = unknown(audience, work).await? {
                return Ok(CommandOutcome::rejected(error));
            }
            let text = text.as_deref().unwrap_or_default().to_owned();
            let said = Announcement { title: title.to_string(), text };
            let said = serde_json::to_string(&said)?;
            let text = match audience {
                Audience::Family(family) => {
                    let sealed = seal(vault, family.as_str(), Purpose::Message, TEXT, &said).await?;
                    NoticeText::Sealed(sealed)
                }
                Audience::Town | Audience::Structure(_) => NoticeText::Plain(said),
            };
            let content =
                Box::new(NoticeContent { text, link: link.clone().map(Into::into), form: form.clone() });
            let (from, to, at) = (*from, *to, caller.at);
            (id.to_string(), NoticeCommand::Publish { audience: audience.clone(), content, from, to, at })
        }
        Command::WithdrawNotice { notice } => (notice.to_string(), NoticeCommand::Withdraw { at: caller.at }),
        _ => return Ok(CommandOutcome::rejected(Rejection::of_code("NOT_FOUND"))),
    };
    work.load::<Notice>([id.clone()]).await?;
    match work.get::<Notice>(&id)?.decide(decision) {
        Ok(events) => work.record::<Notice>(&id, events)?,
        Err(error) => return Ok(CommandOutcome::rejected(Rejection::of(&error).at(&["input"]))),
    }
    Ok(CommandOutcome::made(id))
}

fn wrong_link(link: &str) -> Option<Rejection> {
    let fits = link.starts_with("https://") && !link.chars().any(char::is_whitespace);
    let error = || Rejection::of_code("INVALID_VALUE").with("expected", "EXPECTED_LINK");
    (!fits).then(|| error().at(&["input", "link"]))
}

async fn unknown(audience: &Audience, work: &mut UnitOfWork<'_>) -> Result<Option<Rejection>, CommandError> {
    let known = match audience {
        Audience::Town => true,
        Audience::Structure(id) => {
            work.load::<Structure>([id.to_string()]).await?;
            work.get::<Structure>(id.as_str())?.name.is_some()
        }
        Audience::Family(number) => {
            work.load::<Family>([number.to_string()]).await?;
            work.get::<Family>(number.as_str())?.registered
        }
    };
    Ok((!known).then(|| Rejection::of_code("NOT_FOUND").at(&["input", "audience"])))
}
