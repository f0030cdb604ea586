//! The erasure of a person's data (RGPD article 17): which purposes of which subject, on which
//! ground, and what the law keeps for how long.
//!
//! Stream `Erasure` / the subject's id. An erased purpose stays erased: its key is destroyed, and
//! nothing is sealed for it again. Whoever comes back is registered anew.
//!
//! ```text
//! readable -> erased (purpose by purpose)
//! ```

mod command;
mod error;
mod event;
mod retention;
mod state;

pub use command::ErasureCommand;
pub use error::ErasureError;
pub use event::{ErasureEvent, LegalBasis, Subject};
pub use retention::{Kept, KeptReason, Obligations, RetentionRules};
pub use state::Erasure;
