//! Why a tariff refuses.

use crate::{
    i18n::{Args, Rule},
    shared::commune,
};

/// A rule of tariffs that a command breaks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TariffError {
    /// A setting that cannot be.
    #[error("impossible tariff, expected {0}")]
    Settings(&'static str),
    /// Several communes share a postcode: it does not say who is of the town.
    #[error("several communes share the postcode {0}: name them by INSEE code")]
    SharedPostcode(String),
}

impl Rule for TariffError {
    fn code(&self) -> &'static str {
        match self {
            Self::Settings(_) => "IMPOSSIBLE_SETTINGS",
            Self::SharedPostcode(_) => "POSTCODE_IS_SHARED",
        }
    }
    fn args(&self) -> Args {
        match self {
            Self::Settings(expected) => vec![("expected", (*expected).into())],
            Self::SharedPostcode(postcode) => {
                let communes = commune::of_postcode(postcode);
                let named: Vec<String> =
                    communes.iter().map(|c| format!("{} ({})", c.name, c.code)).collect();
                vec![("postcode", postcode.clone()), ("communes", named.join(", "))]
            }
        }
    }
}
