//! Follows what other processes append: by notification, and by a slow poll in case one is lost.

use std::time::Duration;

use sqlx::{PgPool, postgres::PgListener};
use tokio::time::MissedTickBehavior;

use super::durability::{CHANNEL, DurableHead, parse_notification};

/// How often the head is read whether a notification came or not, and how long a lost connection rests.
const POLL: Duration = Duration::from_secs(1);

/// Follows the log until nobody asks for its head any more.
pub(crate) async fn follow(pool: PgPool, head: DurableHead) {
    while !head.is_closed() {
        if let Err(error) = listen(&pool, &head).await {
            tracing::debug!(%error, "listener lost its connection");
            tokio::time::sleep(POLL).await;
        }
    }
}

async fn listen(pool: &PgPool, head: &DurableHead) -> Result<(), sqlx::Error> {
    let mut listener = PgListener::connect_with(pool).await?;
    listener.listen(CHANNEL).await?;
    let mut poll = tokio::time::interval(POLL);
    poll.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while !head.is_closed() {
        tokio::select! {
            notification = listener.recv() => {
                if let Some(place) = parse_notification(notification?.payload()) {
                    head.advance_to(place);
                }
            }
            // Also finds out whether the log still continues what is known of it.
            _ = poll.tick() => head.catch_up(&mut *pool.acquire().await?).await?,
        }
    }
    Ok(())
}
