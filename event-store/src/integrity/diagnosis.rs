//! Diagnosis: what was done to a log where it stops verifying.

use crate::log::hashing::{self, Hash};

/// The first violation of the log's integrity.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IntegrityViolation {
    /// An event is not what was hashed.
    #[error("event {position} was altered: its leaf does not match")]
    Altered {
        /// The position of the event.
        position: u64,
    },
    /// Events were taken out.
    #[error("{events} event(s) were dropped at position {position}")]
    Dropped {
        /// Where the first one was.
        position: u64,
        /// How many events.
        events: u64,
    },
    /// Events were put in.
    #[error("{events} event(s) were inserted at position {position}")]
    Inserted {
        /// Where the first one is.
        position: u64,
        /// How many events.
        events: u64,
    },
    /// Events stand in another order.
    #[error("events were reordered at position {position}: the one that belongs there stands at {found}")]
    Reordered {
        /// Where the order changes.
        position: u64,
        /// Where the event that belongs there stands.
        found: u64,
    },
    /// An event does not follow from the one before.
    #[error("event {position} breaks the chain")]
    Broken {
        /// The position of the event.
        position: u64,
    },
    /// The log before a checkpoint was written anew, hashes and all.
    #[error(
        "the log was rewritten between positions {after} and {size}: the checkpoint of {size} events ({held}) has another root"
    )]
    Rewritten {
        /// Up to here the log fits its checkpoints.
        after: u64,
        /// The checkpoint's size.
        size: u64,
        /// Where this copy of the checkpoint is.
        held: String,
    },
    /// The log has fewer events than were signed or verified before.
    #[error("the log was cut off: it ends at {events}, the checkpoint of {size} events ({held}) was signed")]
    CutOff {
        /// How many events there are.
        events: u64,
        /// How many there were.
        size: u64,
        /// Where this copy of the checkpoint is.
        held: String,
    },
    /// A checkpoint was handed out that the database does not have.
    #[error(
        "the checkpoint of {size} events ({held}) is not one of the database's, whose last one is of {newest}: the \
         database is an older one, or was rewritten"
    )]
    Contradicted {
        /// Where this copy of the checkpoint is.
        held: String,
        /// How many events it covers.
        size: u64,
        /// How many events the database's last checkpoint covers.
        newest: u64,
    },
    /// Nothing proves that the log's servers appended these events.
    #[error("no server of the town appended the events {first} to {last}, or their seals are gone")]
    Unproved {
        /// The first one.
        first: u64,
        /// The last one.
        last: u64,
    },
    /// The trail of reads is not what it was.
    #[error("the trail of reads was altered at entry {number}")]
    ReadTrail {
        /// Which entry does not follow.
        number: u64,
    },
    /// A change of the signing key is not what it should be.
    #[error("the change of the signing key at position {position} is not to be believed: {reason}")]
    SigningKey {
        /// The position of its event.
        position: u64,
        /// What is wrong with it.
        reason: String,
    },
    /// What stands where a checkpoint should is none.
    #[error("a checkpoint ({held}) is not one: {reason}")]
    Checkpoint {
        /// Where this copy of it is.
        held: String,
        /// What is wrong with it.
        reason: String,
    },
}

/// The two hashes of an event as stored; the leaf was recomputed as well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HashedRow {
    pub(crate) leaf: Hash,
    pub(crate) chain: Hash,
}

/// What happened at a position whose event does not follow from `tip`; `rows` are the events from
/// there on, as far as they were looked at.
pub(crate) fn diagnose(tip: &Hash, position: u64, rows: &[HashedRow]) -> IntegrityViolation {
    let follows =
        |previous: &Hash, at: u64, row: &HashedRow| hashing::chain(previous, at, &row.leaf) == row.chain;
    let [first, rest @ ..] = rows else { return IntegrityViolation::Broken { position } };
    if let Some(ahead) = (1..).zip(rest).find_map(|(n, row)| follows(tip, position, row).then_some(n)) {
        // The event that belongs here stands further on. Does the one that stands here belong there?
        let belongs = rows.iter().enumerate().any(|(place, before)| {
            (0..=rows.len() as u64).any(|shift| {
                let at = (position + place as u64).saturating_sub(shift) + 1;
                follows(&before.chain, at, first)
            })
        });
        return if belongs {
            IntegrityViolation::Reordered { position, found: position + ahead }
        } else {
            IntegrityViolation::Inserted { position, events: ahead }
        };
    }
    // The events that follow were chained at positions further on.
    if let Some(second) = rest.first()
        && let Some(events) = (1..=1_000_000).find(|n| follows(&first.chain, position + 1 + n, second))
    {
        return IntegrityViolation::Dropped { position, events };
    }
    IntegrityViolation::Broken { position }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A log as it was written, from after `tip` at `position`.
    fn written(tip: Hash, position: u64, events: u8) -> Vec<HashedRow> {
        let link = |tip: &mut Hash, n: u8| {
            let leaf = hashing::leaf(&[n]);
            *tip = hashing::chain(tip, position + u64::from(n), &leaf);
            Some(HashedRow { leaf, chain: *tip })
        };
        (0..events).scan(tip, link).collect()
    }

    #[test]
    fn renumbering_hides_nothing() {
        let tip = [9; 32];
        let log = || written(tip, 10, 8);
        let found = |change: &dyn Fn(&mut Vec<HashedRow>)| {
            let mut rows = log();
            change(&mut rows);
            diagnose(&tip, 10, &rows)
        };
        assert_eq!(
            found(&|rows| drop(rows.drain(..1))),
            IntegrityViolation::Dropped { position: 10, events: 1 }
        );
        assert_eq!(
            found(&|rows| drop(rows.drain(..3))),
            IntegrityViolation::Dropped { position: 10, events: 3 }
        );
        let foreign = HashedRow { leaf: [1; 32], chain: [2; 32] };
        assert_eq!(
            found(&|rows| rows.insert(0, foreign.clone())),
            IntegrityViolation::Inserted { position: 10, events: 1 }
        );
        assert_eq!(found(&|rows| rows.swap(0, 1)), IntegrityViolation::Reordered { position: 10, found: 11 });
        assert_eq!(found(&|rows| rows.swap(0, 4)), IntegrityViolation::Reordered { position: 10, found: 14 });
        assert_eq!(found(&|rows| rows[0].chain = [3; 32]), IntegrityViolation::Broken { position: 10 });
    }
}
