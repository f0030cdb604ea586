//! Opening sealed values while events are folded.

use portail_domain::shared::sealed::{Place, Purpose, Sealed};
use portail_event_store::{RecordedEvent, SealedBytes, VaultError};
use sqlx::PgConnection;

use crate::engine::{
    projection::{FoldContext, FoldError},
    storable,
};

/// Opens a sealed value, with what tables cannot keep replaced; none once its key is destroyed.
pub(crate) async fn open(
    sealed: &Sealed,
    place: Place,
    event: &RecordedEvent,
    context: &FoldContext,
    connection: &mut PgConnection,
) -> Result<Option<String>, FoldError> {
    let bytes = sealed_bytes(sealed).map_err(|e| FoldError::poison(event, e))?;
    let bound = place.context(&sealed.subject);
    match context.vault.open(connection, &sealed.subject, sealed.purpose.into(), &bound, &bytes).await {
        Ok(opened) => {
            let text = String::from_utf8(opened).map_err(|e| FoldError::poison(event, e))?;
            // What people write is text, all else is a document.
            let is_text = matches!(sealed.purpose, Purpose::Message | Purpose::Note);
            Ok(Some(if is_text { storable::text(text) } else { storable::json(&text).into_owned() }))
        }
        Err(VaultError::Destroyed) => Ok(None),
        Err(VaultError::Database(error)) => Err(error.into()),
        // The database was bound to another key under a running server: no fault of the event, and it passes
        // when the server is started with that one.
        Err(error @ VaultError::WrongMasterKey { .. }) => {
            Err(sqlx::Error::Io(std::io::Error::other(error)).into())
        }
        Err(error) => Err(FoldError::poison(event, error)),
    }
}

/// The bytes of a sealed value.
///
/// # Errors
/// It is not base64.
pub fn sealed_bytes(sealed: &Sealed) -> Result<SealedBytes, base64::DecodeError> {
    use base64::{Engine as _, prelude::BASE64_STANDARD};
    Ok(SealedBytes {
        nonce: BASE64_STANDARD.decode(&sealed.nonce)?,
        ciphertext: BASE64_STANDARD.decode(&sealed.ct)?,
    })
}
