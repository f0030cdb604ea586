//! A family's own document.

use portail_domain::{
    money::billing::{Address, Quotients},
    shared::sealed::Purpose,
};
use serde::{Deserialize, Serialize};

use crate::privacy::erased_data::ErasedData;

/// What a family's own document holds.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct OwnDocument {
    pub(super) quotients: Quotients,
    pub(super) address: Address,
}

impl OwnDocument {
    pub(super) fn forget(&mut self, erased: &ErasedData) {
        if erased.is_of(Purpose::Caf) {
            self.quotients.forget();
        }
        if erased.is_of(Purpose::Identity) {
            self.address = Address::default();
        }
    }
}
