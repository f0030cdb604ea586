//! The keys the log's checkpoints are signed with, one after the other (decision 27). Each change is an event
//! of the log: whoever trusts one key follows the signatures to the others.

mod change_event;
mod in_force;
mod rotation;
mod trust;

pub use change_event::{KeyChange, key_changes};
pub(crate) use in_force::{check_signing_key, claim};
pub use in_force::{claim_signing_key, signing_key_in_force};
pub use rotation::{ChangeError, PreviousKey, change_signing_key};
pub use trust::{FollowError, follow_keys};
