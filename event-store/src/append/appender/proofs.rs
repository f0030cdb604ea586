//! Which batches a flush has to prove, and which it has proved (decision 22).

use super::committed_batch::CommittedBatch;
use crate::log::durability::{FlushQuery, FlushResult};

/// What proves that a batch is in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Proof {
    /// Its own commit waited for the disk.
    Commit,
    /// The next batch with an event continues from it: a chain hash stands for all before it.
    NextBatch,
    /// Its end, found in the log.
    End,
    /// It has no event: one of its commands, found in the command log.
    Command,
}

/// The proofs of batches, in their order.
pub(super) struct FlushProofs(Vec<Proof>);

impl FlushProofs {
    /// What has to be proved of these batches.
    pub(super) fn new(batches: &[CommittedBatch]) -> Self {
        // From the last to the first: the head that the next batch with an event continues from.
        let mut next = None;
        let mut proofs: Vec<Proof> = batches
            .iter()
            .rev()
            .map(|batch| {
                let proof = match (batch.is_durable, batch.has_events()) {
                    (true, _) => Proof::Commit,
                    (false, false) => Proof::Command,
                    (false, true) if next == Some(batch.end) => Proof::NextBatch,
                    (false, true) => Proof::End,
                };
                if batch.has_events() {
                    next = Some(batch.before);
                }
                proof
            })
            .collect();
        proofs.reverse();
        Self(proofs)
    }

    /// Whether the database need not be asked.
    pub(super) fn is_empty(&self) -> bool {
        !self.0.iter().any(|proof| matches!(proof, Proof::End | Proof::Command))
    }

    /// What the database is asked.
    pub(super) fn query(&self, batches: &[CommittedBatch]) -> FlushQuery {
        let mut query = FlushQuery::default();
        for (batch, proof) in batches.iter().zip(&self.0) {
            match proof {
                Proof::Commit | Proof::NextBatch => {}
                Proof::End => {
                    query.positions.push(batch.end.0.cast_signed());
                    query.chains.push(batch.end.1);
                }
                Proof::Command => {
                    if let Some((id, at)) = batch.command {
                        query.commands.push(id);
                        query.times.push(at);
                    }
                }
            }
        }
        query
    }

    /// Which batches are proved by what was found.
    pub(super) fn proved(&self, batches: &[CommittedBatch], found: &FlushResult) -> Vec<bool> {
        let (mut places, mut commands) = (1.., 1..);
        let mut proved: Vec<bool> = batches
            .iter()
            .zip(&self.0)
            .map(|(batch, proof)| match proof {
                Proof::Commit | Proof::NextBatch => true,
                Proof::End => places.next().is_some_and(|number| found.places.contains(&number)),
                Proof::Command => {
                    batch.command.is_some()
                        && commands.next().is_some_and(|number| found.commands.contains(&number))
                }
            })
            .collect();
        // A batch that the next one stands for is there if that one is.
        let mut next = true;
        for ((batch, proof), is_proved) in batches.iter().zip(&self.0).zip(&mut proved).rev() {
            if *proof == Proof::NextBatch {
                *is_proved = next;
            }
            if batch.has_events() {
                next = *is_proved;
            }
        }
        proved
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch(before: (u64, u8), end: (u64, u8), is_durable: bool) -> CommittedBatch {
        let place = |(position, chain)| (position, [chain; 32]);
        let command = Some((uuid::Uuid::nil(), chrono::DateTime::UNIX_EPOCH));
        CommittedBatch { jobs: vec![], before: place(before), end: place(end), command, is_durable }
    }

    fn proved(batches: &[CommittedBatch], places: &[i32], commands: &[i32]) -> Vec<bool> {
        let found = FlushResult { places: places.to_vec(), commands: commands.to_vec() };
        FlushProofs::new(batches).proved(batches, &found)
    }

    #[test]
    fn the_last_end_stands_for_all_it_goes_on_from() {
        let batches = [batch((0, 0), (2, 2), false), batch((2, 2), (5, 5), false)];
        assert_eq!(FlushProofs::new(&batches).query(&batches).positions, [5]);
        assert_eq!(proved(&batches, &[1], &[]), [true, true]);
        assert_eq!(proved(&batches, &[], &[]), [false, false]);
    }

    #[test]
    fn an_end_that_another_history_took_the_place_of_is_asked_for_by_itself() {
        // The first was lost in a crash; the second was written behind what was left.
        let batches = [batch((2, 2), (4, 4), false), batch((2, 2), (4, 9), false)];
        assert_eq!(FlushProofs::new(&batches).query(&batches).positions, [4, 4]);
        assert_eq!(proved(&batches, &[2], &[]), [false, true]);
    }

    #[test]
    fn a_commit_that_waited_stands_for_what_it_goes_on_from_and_for_nothing_else() {
        let batches = [batch((0, 0), (2, 2), false), batch((2, 2), (3, 3), true)];
        assert!(FlushProofs::new(&batches).is_empty());
        let batches = [batch((0, 0), (2, 2), false), batch((0, 0), (1, 1), true)];
        assert_eq!(proved(&batches, &[], &[]), [false, true]);
    }

    #[test]
    fn a_batch_without_an_event_is_proved_by_its_command_whatever_follows() {
        let batches = [batch((2, 2), (2, 2), false), batch((2, 2), (3, 3), true)];
        assert_eq!(FlushProofs::new(&batches).query(&batches).commands.len(), 1);
        assert_eq!(proved(&batches, &[], &[]), [false, true]);
        assert_eq!(proved(&batches, &[], &[1]), [true, true]);
    }
}
