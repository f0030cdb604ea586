//! Seals what commands say of persons, before it is decided on.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use portail_domain::shared::sealed::{Place, Purpose, Sealed};
use portail_event_store::{CommandError, Vault, VaultError};

/// Seals a text for a subject; `place` binds it to the kind of event that carries it.
pub(crate) async fn seal(
    vault: &Vault,
    subject: &str,
    purpose: Purpose,
    place: Place,
    text: &str,
) -> Result<Sealed, CommandError> {
    let context = place.context(subject);
    let sealed = vault.seal(subject, purpose.into(), &context, text.as_bytes()).await;
    let sealed = sealed.map_err(refused)?;
    Ok(Sealed {
        alg: "XC20P".into(),
        subject: subject.to_owned(),
        purpose,
        nonce: BASE64_STANDARD.encode(sealed.nonce),
        ct: BASE64_STANDARD.encode(sealed.ciphertext),
    })
}

/// What a refusal of the vault means for a command.
pub(crate) fn refused(error: VaultError) -> CommandError {
    match error {
        VaultError::Database(e) => CommandError::Unavailable(e.to_string()),
        VaultError::WrongMasterKey { .. } => CommandError::Unavailable(error.to_string()),
        VaultError::Destroyed => CommandError::Erased,
        VaultError::Cannot | VaultError::MasterKey(_) | VaultError::Foreign { .. } => {
            CommandError::Unreadable(error.to_string())
        }
    }
}
