//! Which batches a flush has to prove, and which it has proved.

use super::flusher::Written;
use crate::log::durability::{Proofs, Proved};

/// What proves that a batch is in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Proof {
    /// Its own commit waited for the disk.
    Commit,
    /// The next batch with an event goes on from it: a place in the chain stands for all before it.
    Next,
    /// Its end, found in the log.
    End,
    /// It has no event: one of its commands, found in the log.
    Command,
}

/// The proofs of batches, in their order.
pub(super) struct Unproved(Vec<Proof>);

impl Unproved {
    /// What has to be asked of these batches.
    pub(super) fn of(batches: &[Written]) -> Self {
        // From the last to the first: what the next one with an event goes on from.
        let mut next = None;
        let mut proofs: Vec<Proof> = batches
            .iter()
            .rev()
            .map(|batch| {
                let has_events = batch.end.0 > batch.after.0;
                let proof = match (batch.is_durable, has_events) {
                    (true, _) => Proof::Commit,
                    (false, false) => Proof::Command,
                    (false, true) if next == Some(batch.end) => Proof::Next,
                    (false, true) => Proof::End,
                };
                if has_events {
                    next = Some(batch.after);
                }
                proof
            })
            .collect();
        proofs.reverse();
        Self(proofs)
    }

    /// Whether there is nothing to ask.
    pub(super) fn is_empty(&self) -> bool {
        !self.0.iter().any(|proof| matches!(proof, Proof::End | Proof::Command))
    }

    /// What to ask.
    pub(super) fn proofs(&self, batches: &[Written]) -> Proofs {
        let mut asked = Proofs::default();
        for (batch, proof) in batches.iter().zip(&self.0) {
            match proof {
                Proof::Commit | Proof::Next => {}
                Proof::End => {
                    asked.positions.push(batch.end.0.cast_signed());
                    asked.chains.push(batch.end.1);
                }
                Proof::Command => {
                    if let Some((id, at)) = batch.command {
                        asked.commands.push(id);
                        asked.times.push(at);
                    }
                }
            }
        }
        asked
    }

    /// Which batches are proved by what was found.
    pub(super) fn proved(&self, batches: &[Written], found: &Proved) -> Vec<bool> {
        let (mut places, mut commands) = (1.., 1..);
        let mut proved: Vec<bool> = batches
            .iter()
            .zip(&self.0)
            .map(|(batch, proof)| match proof {
                Proof::Commit | Proof::Next => true,
                Proof::End => places.next().is_some_and(|number| found.places.contains(&number)),
                Proof::Command => {
                    batch.command.is_some()
                        && commands.next().is_some_and(|number| found.commands.contains(&number))
                }
            })
            .collect();
        // One that the next stands for is there if that one is.
        let mut next = true;
        for ((batch, proof), proved) in batches.iter().zip(&self.0).zip(&mut proved).rev() {
            if *proof == Proof::Next {
                *proved = next;
            }
            if batch.end.0 > batch.after.0 {
                next = *proved;
            }
        }
        proved
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch(after: (u64, u8), end: (u64, u8), is_durable: bool) -> Written {
        let place = |(position, chain)| (position, [chain; 32]);
        let command = Some((uuid::Uuid::nil(), chrono::DateTime::UNIX_EPOCH));
        Written { jobs: vec![], after: place(after), end: place(end), command, is_durable }
    }

    fn proved(batches: &[Written], places: &[i32], commands: &[i32]) -> Vec<bool> {
        let found = Proved { places: places.to_vec(), commands: commands.to_vec() };
        Unproved::of(batches).proved(batches, &found)
    }

    #[test]
    fn the_last_end_stands_for_all_it_goes_on_from() {
        let batches = [batch((0, 0), (2, 2), false), batch((2, 2), (5, 5), false)];
        assert_eq!(Unproved::of(&batches).proofs(&batches).positions, [5]);
        assert_eq!(proved(&batches, &[1], &[]), [true, true]);
        assert_eq!(proved(&batches, &[], &[]), [false, false]);
    }

    #[test]
    fn an_end_that_another_history_took_the_place_of_is_asked_for_by_itself() {
        // The first was lost in a crash; the second was written behind what was left.
        let batches = [batch((2, 2), (4, 4), false), batch((2, 2), (4, 9), false)];
        assert_eq!(Unproved::of(&batches).proofs(&batches).positions, [4, 4]);
        assert_eq!(proved(&batches, &[2], &[]), [false, true]);
    }

    #[test]
    fn a_commit_that_waited_stands_for_what_it_goes_on_from_and_for_nothing_else() {
        let batches = [batch((0, 0), (2, 2), false), batch((2, 2), (3, 3), true)];
        assert!(Unproved::of(&batches).is_empty());
        let batches = [batch((0, 0), (2, 2), false), batch((0, 0), (1, 1), true)];
        assert_eq!(proved(&batches, &[], &[]), [false, true]);
    }

    #[test]
    fn a_batch_without_an_event_is_proved_by_its_command_whatever_follows() {
        let batches = [batch((2, 2), (2, 2), false), batch((2, 2), (3, 3), true)];
        assert_eq!(Unproved::of(&batches).proofs(&batches).commands.len(), 1);
        assert_eq!(proved(&batches, &[], &[]), [false, true]);
        assert_eq!(proved(&batches, &[], &[1]), [true, true]);
    }
}
