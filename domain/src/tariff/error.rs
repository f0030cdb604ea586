//! Why a tariff refuses.

use crate::messages::{Args, Rule};

/// A rule of tariffs that a command breaks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TariffError {
    /// A setting that cannot be.
    #[error("impossible tariff, expected {0}")]
    Settings(&'static str),
}

impl Rule for TariffError {
    fn code(&self) -> &'static str {
        "IMPOSSIBLE_SETTINGS"
    }
    fn args(&self) -> Args {
        match self {
            Self::Settings(expected) => vec![("expected", (*expected).into())],
        }
    }
}
