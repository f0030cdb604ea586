//! Whether the log's servers appended what is about to be signed: every batch has a seal that only they can make
//! (decision 53).

use futures::TryStreamExt;
use sqlx::{FromRow, PgConnection, PgExecutor, PgPool};

use super::{signed_checkpoint::Appends, verify::VerifyError};
use crate::{
    append::append_key::AppendKey,
    log::{
        durability::{Place, read_head},
        hashing::{GENESIS, Hash},
    },
};

/// A seal with the chain hash at the end of its batch.
#[derive(FromRow)]
struct Seal {
    #[sqlx(try_from = "i64")]
    position: u64,
    #[sqlx(try_from = "i64")]
    before: u64,
    seal: Vec<u8>,
    chain: Vec<u8>,
}

/// What the seals prove of the events after a place through a position. `is_required`: whether the events before
/// the first seal need one too.
///
/// # Errors
/// The database failed.
pub(crate) async fn sealing(
    connection: &mut PgConnection,
    key: &AppendKey,
    from: Place,
    through: u64,
    is_required: bool,
) -> Result<Appends, sqlx::Error> {
    let mut at = from;
    if !is_required {
        // A log from before seals is proved from its first sealed batch on.
        let first: Option<i64> = sqlx::query_scalar(
            "SELECT before FROM append_seal WHERE position > $1 AND position <= $2 ORDER BY position LIMIT 1",
        )
        .bind(from.0.cast_signed())
        .bind(through.cast_signed())
        .fetch_optional(&mut *connection)
        .await?;
        let Some(before) = first.map(i64::unsigned_abs) else { return Ok(Appends::Unsealed) };
        if before > at.0 {
            at = (before, chain_at(&mut *connection, before).await?);
        }
    }
    let mut seals = sqlx::query_as::<_, Seal>(
        "SELECT s.position, s.before, s.seal, e.chain FROM append_seal s JOIN events e USING (position) \
         WHERE s.position > $1 AND s.position <= $2 ORDER BY s.position",
    )
    .bind(at.0.cast_signed())
    .bind(through.cast_signed())
    .fetch(connection);
    while let Some(Seal { position, before, seal, chain }) = seals.try_next().await? {
        if before != at.0 {
            return Ok(Appends::Unproved { first: at.0 + 1, last: before.max(at.0 + 1).min(position) });
        }
        let end = (position, Hash::try_from(chain).unwrap_or_default());
        if !key.has_sealed(at, end, &seal) {
            return Ok(Appends::Unproved { first: at.0 + 1, last: position });
        }
        at = end;
    }
    Ok(if at.0 < through { Appends::Unproved { first: at.0 + 1, last: through } } else { Appends::Proved })
}

/// Holds the events after a position, to the log's head, against their seals.
///
/// # Errors
/// Some have none (`IntegrityViolation::Unproved`), or the database failed.
pub async fn verify_seals(
    pool: &PgPool,
    key: &AppendKey,
    after: u64,
    is_required: bool,
) -> Result<Appends, VerifyError> {
    let mut connection = pool.acquire().await?;
    let head = read_head(&mut *connection).await?;
    let from = (after, chain_at(&mut *connection, after).await?);
    Ok(sealing(&mut connection, key, from, head, is_required).await?.or_violation()?)
}

/// The chain hash at a position; of one the log does not reach, that of an empty log.
pub(super) async fn chain_at(connection: impl PgExecutor<'_>, position: u64) -> Result<Hash, sqlx::Error> {
    let chain: Option<Vec<u8>> = sqlx::query_scalar("SELECT chain FROM events WHERE position = $1")
        .bind(position.cast_signed())
        .fetch_optional(connection)
        .await?;
    Ok(chain.and_then(|chain| chain.try_into().ok()).unwrap_or(*GENESIS))
}
