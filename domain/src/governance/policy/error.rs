//! Why the policy refuses.

use crate::{
    i18n::{Args, Rule},
    shared::sealed::Purpose,
};

/// A rule of the policy that a command breaks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// The law keeps this longer.
    #[error("{purpose:?} is kept {least} months at least")]
    TooShort {
        /// Which data.
        purpose: Purpose,
        /// The least months.
        least: u16,
    },
}

impl Rule for PolicyError {
    fn code(&self) -> &'static str {
        "RETENTION_TOO_SHORT"
    }
    fn args(&self) -> Args {
        let Self::TooShort { purpose, least } = self;
        vec![("purpose", format!("PURPOSE_{purpose}")), ("months", least.to_string())]
    }
}
