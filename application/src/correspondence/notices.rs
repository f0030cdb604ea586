//! Commands about notices. A notice for one family is sealed for it.

use portail_domain::{
    catalogue::structure::Structure,
    correspondence::notice::{Audience, Notice, NoticeCommand, NoticeContent, NoticeText},
    families::family::Family,
    shared::attachment::Attachment,
    shared::sealed::{Place, Purpose},
    shared::text::Link,
};
use portail_event_store::{CommandError, UnitOfWork, Vault};
use portail_projections::correspondence::notices::Announcement;

use crate::{
    outcome::{CommandOutcome, Rejection},
    sealing::seal,
};

/// What a notice says before it is sealed for whom it is for.
pub(super) struct Draft<'a> {
    pub(super) audience: &'a Audience,
    pub(super) title: &'a str,
    pub(super) text: Option<&'a str>,
    pub(super) link: Option<&'a Link>,
    pub(super) form: Option<&'a Attachment>,
}

impl Draft<'_> {
    /// The words and what hangs on them, or why they cannot be published.
    pub(super) async fn content(
        &self,
        work: &mut UnitOfWork<'_>,
        vault: &Vault,
    ) -> Result<Result<Box<NoticeContent>, Rejection>, CommandError> {
        if let Some(error) = self.link.and_then(|link| wrong_link(link)) {
            return Ok(Err(error));
        }
        if let Some(error) = unknown(self.audience, work).await? {
            return Ok(Err(error));
        }
        let text = self.text.unwrap_or_default().to_owned();
        let said = serde_json::to_string(&Announcement { title: self.title.to_owned(), text })?;
        let text = match self.audience {
            Audience::Family(family) => NoticeText::Sealed(
                seal(vault, family.as_str(), Purpose::Message, Place::Notice, &said).await?,
            ),
            Audience::Town | Audience::Structure(_) => NoticeText::Plain(said),
        };
        let link = self.link.cloned().map(Into::into);
        Ok(Ok(Box::new(NoticeContent { text, link, form: self.form.cloned() })))
    }
}

/// Sends a command to a notice.
pub(super) async fn of_notice(
    id: String,
    command: NoticeCommand,
    work: &mut UnitOfWork<'_>,
) -> Result<CommandOutcome, CommandError> {
    work.load::<Notice>([id.clone()]).await?;
    match work.get::<Notice>(&id)?.decide(command) {
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
