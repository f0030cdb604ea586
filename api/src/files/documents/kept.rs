//! Printed documents are kept sealed with the family's key, and their SHA-256 is in the log: what a
//! family holds in its hands can be proved years later.

use portail_application::{Application, Caller, MoneyCommand, Role};
use portail_domain::{shared::ids::FamilyNumber, shared::sealed::Purpose};
use portail_event_store::hex;
use portail_projections::money::accounts;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::files::download::Failed;

/// The copy kept of a document, checked against the log; none when it was never printed.
///
/// # Errors
/// The copy is not what the log says, or cannot be read.
pub async fn kept(
    application: &Application,
    family: &str,
    document: &str,
) -> Result<Option<Vec<u8>>, Failed> {
    let Some((attachment, sha256)) = accounts::archived(application.pool(), family, document).await? else {
        return Ok(None);
    };
    let (_, _, content) = application.attachments().read(attachment).await?;
    if hash(&content) == sha256 {
        Ok(Some(content))
    } else {
        Err(Failed::Broken(format!("the kept copy of {document} is not what the log says")))
    }
}

/// Keeps a document: the first copy of that name stays.
///
/// # Errors
/// It cannot be kept.
pub async fn keep(
    application: &Application,
    family: &str,
    document: &str,
    content: &[u8],
) -> Result<(), Failed> {
    let files = application.attachments();
    let name = format!("{}.pdf", document.replace('/', "-"));
    let mut upload =
        files.begin((family, Purpose::Document.into()), &name, content.len() as u64, "documents").await?;
    upload = files.append(&upload, 0, content).await?;
    let stored = files.finish(&upload, |_| Some("application/pdf")).await?;
    let Some(stored) = stored else { return Ok(()) };
    files.named(&[stored.id]).await?;
    let family: FamilyNumber = family.parse()?;
    let (document, attachment) = (document.to_owned(), stored.id);
    let id = Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("archive/{family}/{document}").as_bytes());
    let keep = MoneyCommand::ArchiveDocument { family, document, attachment, sha256: stored.sha256 };
    let caller = Caller { role: Role::Timer, login: "documents".into(), at: application.clock().now() };
    application.execute(&caller, id, keep).await?;
    Ok(())
}

/// The SHA-256 of a content, in hexadecimal digits.
pub fn hash(content: &[u8]) -> String {
    hex(&Sha256::digest(content))
}
