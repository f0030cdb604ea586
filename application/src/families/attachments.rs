//! The files that commands name: sent before, and referred to by their ids.

use portail_domain::{
    shared::attachment::{Attachment, MediaType},
    shared::ids::AttachmentId,
};
use portail_event_store::{AttachmentError, Attachments};
use uuid::Uuid;

/// Whose the files are that the town offers everybody.
pub const TOWN: &str = "town";

/// The finished files of a family (or the town) an input names.
///
/// # Errors
/// The database failed.
pub async fn named(
    files: &Attachments,
    ids: &[Uuid],
    owner: &str,
) -> Result<Option<Vec<Attachment>>, AttachmentError> {
    let stored = if ids.is_empty() { vec![] } else { files.named(ids).await? };
    let of = |id: &Uuid| {
        let file = stored.iter().find(|f| f.id == *id && f.subject == owner)?;
        Some(Attachment {
            id: AttachmentId(file.id),
            media_type: file.media_type.parse::<MediaType>().ok()?,
            size: file.size,
            sha256: file.sha256.clone(),
        })
    };
    Ok(ids.iter().map(of).collect())
}
