//! Another master key: every subject's key is wrapped anew, in one transaction.

use chacha20poly1305::XChaCha20Poly1305;
use sqlx::PgPool;

use super::{
    binding::{self, WrappedKey},
    error::VaultError,
    master_key::{MasterKey, fingerprint},
    sealing::{seal_with, wrapping},
};

/// How many keys one statement writes.
const CHUNK: usize = 2_000;

/// Wraps every subject's key with a new master key and binds the database to that one, wholly or not at
/// all; how many keys there were. `old` are the keys that may have wrapped them, the database's own first.
/// Done again after it came to its end, it changes nothing.
///
/// # Errors
/// None of the old keys is the database's, a subject's key opens with none of them, or the database failed.
pub async fn rotate_master_key(pool: &PgPool, old: &[MasterKey], new: &MasterKey) -> Result<u64, VaultError> {
    let mut tx = pool.begin().await?;
    let known: Option<Vec<u8>> =
        // From here on nobody seals for a new subject until the transaction has ended.
        sqlx::query_scalar("SELECT check_value FROM public.master_key_check FOR UPDATE")
            .fetch_optional(&mut *tx)
            .await?;
    let known = known.unwrap_or_default();
    if known == new.check_value() {
        return Ok(0);
    }
    if !old.iter().any(|key| key.check_value() == *known) {
        let found = old.iter().map(MasterKey::fingerprint).collect::<Vec<_>>().join(", ");
        return Err(VaultError::WrongMasterKey { expected: Some(fingerprint(&known)), found });
    }
    let openers: Vec<XChaCha20Poly1305> = old.iter().chain([new]).map(MasterKey::cipher).collect();
    let rows: Vec<WrappedKey> = sqlx::query_as(
        "SELECT subject, purpose, wrapped_key FROM public.subject_key WHERE wrapped_key IS NOT NULL \
         ORDER BY subject, purpose FOR UPDATE",
    )
    .fetch_all(&mut *tx)
    .await?;
    let cipher = new.cipher();
    for rows in rows.chunks(CHUNK) {
        let (mut subjects, mut purposes, mut wrapped) = (vec![], vec![], vec![]);
        for row in rows {
            let key = openers.iter().find_map(|opener| row.open(opener));
            let key = key.ok_or_else(|| VaultError::Foreign {
                subject: row.subject.clone(),
                purpose: row.purpose.clone(),
            })?;
            subjects.push(row.subject.as_str());
            purposes.push(row.purpose.as_str());
            wrapped.push(seal_with(&cipher, &wrapping(&row.subject, &row.purpose), &key)?.joined());
        }
        sqlx::query(
            "UPDATE public.subject_key k SET wrapped_key = n.wrapped \
             FROM unnest($1::text[], $2::text[], $3::bytea[]) AS n (subject, purpose, wrapped) \
             WHERE k.subject = n.subject AND k.purpose = n.purpose",
        )
        .bind(subjects)
        .bind(purposes)
        .bind(wrapped)
        .execute(&mut *tx)
        .await?;
    }
    binding::rebind(&mut tx, new).await?;
    tx.commit().await?;
    Ok(rows.len() as u64)
}
