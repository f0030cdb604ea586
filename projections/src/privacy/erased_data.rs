//! What an erasure means for a read model: the values that were opened for it go.

use cqrs_es::Aggregate;
use portail_domain::{
    families::family_file::Section,
    privacy::erasure::{Erasure, ErasureEvent, Subject},
    shared::sealed::Purpose,
};
use portail_event_store::RecordedEvent;
use strum::VariantArray;

use crate::engine::projection::{FoldContext, FoldError};

/// ErasedData data.
pub(crate) struct ErasedData {
    pub(crate) subject: Subject,
    pub(crate) purposes: Vec<Purpose>,
}

impl ErasedData {
    /// What an event erases; none for every other event.
    pub(crate) fn from_event(
        event: &RecordedEvent,
        context: &FoldContext,
    ) -> Result<Option<Self>, FoldError> {
        if event.stream.kind != Erasure::TYPE {
            return Ok(None);
        }
        let ErasureEvent::PersonalDataErased { subject, purposes, .. } = context.decode(event)?;
        Ok(Some(Self { subject, purposes }))
    }

    pub(crate) fn is_of(&self, purpose: Purpose) -> bool {
        self.purposes.contains(&purpose)
    }

    /// The family's number, where it is a family's.
    pub(crate) fn family(&self) -> Option<&str> {
        match &self.subject {
            Subject::Family(number) => Some(number.as_str()),
            Subject::Child(_) => None,
        }
    }

    /// The names of the erased sections of files.
    pub(crate) fn sections(&self) -> Vec<&'static str> {
        let erased = Section::VARIANTS.iter().filter(|section| self.is_of(section.purpose()));
        erased.map(|section| (*section).into()).collect()
    }
}
