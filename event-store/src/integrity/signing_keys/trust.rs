//! Which keys are trusted for which checkpoints, once the changes were followed.

use super::change_event::KeyChange;
use crate::integrity::{
    diagnosis::IntegrityViolation, signed_checkpoint::CheckpointError, trusted_keys::TrustedKeys,
};

/// The keys that are believed once the changes were followed from those that are trusted, each for the
/// checkpoints that were its own to sign; a trusted key the changes do not name is believed everywhere.
///
/// A new key is believed where the one before signed the change, an older one where the newer did.
///
/// # Errors
/// A change is not what it should be (`IntegrityViolation::SigningKey`), or a trusted key is none.
pub fn follow_keys(trusted: &[String], changes: &[KeyChange]) -> Result<TrustedKeys, FollowError> {
    let first = changes.first().and_then(|change| change.previous.as_deref());
    let chain: Vec<Option<&str>> =
        std::iter::once(first).chain(changes.iter().map(|change| Some(change.key.as_str()))).collect();
    let mut believed: Vec<bool> = chain
        .iter()
        .map(|key| key.is_some_and(|key| trusted.iter().any(|known| known.trim() == key)))
        .collect();
    for (number, change) in changes.iter().enumerate() {
        check(change, chain[number])?;
        believed[number + 1] |= believed[number] && !change.lost;
    }
    for number in (0..changes.len()).rev() {
        believed[number] |= believed[number + 1] && chain[number].is_some();
    }
    let begins = |number: usize| number.checked_sub(1).map_or(0, |before| changes[before].position);
    let ends = |number: usize| changes.get(number).map_or(u64::MAX, |change| change.position - 1);
    let mut keys = vec![];
    for (number, key) in chain.iter().enumerate() {
        if let (Some(key), true) = (key, believed[number]) {
            keys.push((*key, begins(number)..=ends(number)));
        }
    }
    for key in trusted.iter().map(|key| key.trim()) {
        if !chain.contains(&Some(key)) && keys.iter().all(|(known, _)| *known != key) {
            keys.push((key, 0..=u64::MAX));
        }
    }
    Ok(TrustedKeys::with_sizes(keys)?)
}

/// The keys cannot be followed.
#[derive(Debug, thiserror::Error)]
pub enum FollowError {
    /// A change is not what it should be.
    #[error(transparent)]
    Violation(#[from] IntegrityViolation),
    /// A trusted key is none.
    #[error(transparent)]
    Key(#[from] CheckpointError),
}

/// A change is signed by who had to sign it, and says what its event says.
fn check(change: &KeyChange, previous: Option<&str>) -> Result<(), FollowError> {
    let wrong = |reason: String| IntegrityViolation::SigningKey { position: change.position, reason };
    if change.previous.as_deref() != previous {
        return Err(wrong("it does not follow from the key before".into()).into());
    }
    let signers = [Some(change.key.as_str()), previous.filter(|_| !change.lost)];
    if signers[1].is_none() && !change.lost {
        return Err(wrong("nobody signed it but the new key".into()).into());
    }
    for signer in signers.into_iter().flatten() {
        let read = TrustedKeys::new([signer])?.read(&change.note);
        let note = read.map_err(|e| wrong(format!("{signer} did not sign it: {e}")))?;
        if note.next_key.as_ref() != Some(&change.key) || note.size >= change.position {
            return Err(wrong("what was signed is another change".into()).into());
        }
    }
    Ok(())
}
