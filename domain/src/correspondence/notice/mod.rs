//! A notice of the town ("Infos./Documents"): a text, a link or a form, for all families, for those
//! of a structure, or for one.
//!
//! Stream `Notice` / its id.
//!
//! ```text
//! published (from a day on, maybe to a day) -> withdrawn
//! ```

mod command;
mod error;
mod event;
mod state;

pub use command::NoticeCommand;
pub use error::NoticeError;
pub use event::{Audience, NoticeContent, NoticeEvent, NoticeText};
pub use state::Notice;
