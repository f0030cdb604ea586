//! Files sent with requests and messages, and forms to download.

use async_graphql::{Context, ID, Result, SimpleObject};
use portail_application::{Rejection, families::attachments::named};
use portail_domain::shared::attachment::Attachment as DomainAttachment;

use crate::{
    graphql::context::{Ask, unavailable},
    http::links::attachment_url,
};

/// How many files may be sent with one thing.
const MOST: usize = 5;

/// A file.
#[derive(Debug, Clone, SimpleObject)]
pub struct Attachment {
    /// Its id.
    id: ID,
    /// What it is (IANA media type).
    media_type: &'static str,
    /// Its size in bytes.
    size: u64,
    /// The SHA-256 of its content, in hexadecimal digits, as the log holds it.
    sha256: String,
    /// Where to download it, with the same token.
    path: String,
}

impl From<DomainAttachment> for Attachment {
    fn from(file: DomainAttachment) -> Self {
        Self {
            path: attachment_url(file.id),
            id: ID(file.id.to_string()),
            media_type: file.media_type.into(),
            size: file.size,
            sha256: file.sha256,
        }
    }
}

/// The uploads a field of the input names: finished, and of that owner.
///
/// # Errors
/// The database failed; what is wrong with the input is inside.
pub async fn uploaded(
    ctx: &Context<'_>,
    ids: &[ID],
    owner: &str,
    field: &str,
) -> Result<Result<Vec<DomainAttachment>, Rejection>> {
    let parsed: Vec<uuid::Uuid> = ids.iter().filter_map(|id| id.parse().ok()).collect();
    if parsed.len() > MOST {
        let error = Rejection::of_code("FIELD_TOO_MANY").with("most", MOST.to_string());
        return Ok(Err(error.at(&["input", field])));
    }
    let found = named(ctx.application()?.attachments(), &parsed, owner).await;
    let found = found.map_err(unavailable)?.filter(|_| parsed.len() == ids.len());
    Ok(found.ok_or_else(|| Rejection::of_code("NOT_FOUND").at(&["input", field])))
}
