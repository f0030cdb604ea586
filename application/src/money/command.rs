//! The commands about money, as data.

use chrono::NaiveDate;
use portail_domain::{
    families::child::CostSharing,
    money::account::{Allocation, PaymentMethod, RejectionReason, TakenOver},
    money::regie::{RegieChanges, RegieSettings},
    money::tariff::TariffSettings,
    shared::amount::Amount,
    shared::ids::{ActivityId, ChildId, FamilyNumber, RegieId, RunId},
    shared::text::{Note, Reference},
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::caller::Role;

/// A command about money.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "the fields are the glossary's words; each variant is described")]
pub enum MoneyCommand {
    /// Open a régie; its series go on from the numbers of the software before it.
    DefineRegie { id: RegieId, settings: Box<RegieSettings>, first_invoice: u32, first_payment: u32 },
    /// Change some of a régie's settings; the others stay.
    ChangeRegie { id: RegieId, changes: Box<RegieChanges> },
    /// An activity costs this from a day on.
    SetTariff { activity: ActivityId, settings: Box<TariffSettings>, from: NaiveDate },
    /// A child's families bear its costs like this from a day on.
    ShareCosts { child: ChildId, sharing: CostSharing, from: NaiveDate },
    /// Prepare the billing of a period.
    PrepareBillingRun { regie: RegieId, from: NaiveDate, to: NaiveDate, date: NaiveDate, due: NaiveDate },
    /// Let a prepared run be issued.
    StartBillingRun { regie: RegieId, run: RunId },
    /// Give a prepared run up.
    AbandonBillingRun { regie: RegieId, run: RunId },
    /// The clock: issue the invoices of the next families.
    IssueInvoices { regie: RegieId, run: RunId, after: Option<FamilyNumber> },
    /// Record a payment.
    RecordPayment {
        regie: RegieId,
        family: FamilyNumber,
        date: NaiveDate,
        method: PaymentMethod,
        amount: Amount,
        #[serde(default)]
        reference: Option<Reference>,
        #[serde(default)]
        allocations: Vec<Allocation>,
    },
    /// The bank rejected a payment.
    RejectPayment {
        regie: RegieId,
        family: FamilyNumber,
        payment: u32,
        date: NaiveDate,
        reason: RejectionReason,
    },
    /// Pay back what a family is owed.
    RefundFamily {
        regie: RegieId,
        family: FamilyNumber,
        date: NaiveDate,
        method: PaymentMethod,
        amount: Amount,
    },
    /// Credit an invoice, in part or whole.
    CreditInvoice {
        regie: RegieId,
        family: FamilyNumber,
        invoice: u32,
        date: NaiveDate,
        amount: Amount,
        note: Note,
    },
    /// Take an operation of the software before this one over.
    TakeOverOperation {
        regie: RegieId,
        family: FamilyNumber,
        number: u32,
        date: NaiveDate,
        amount: Amount,
        operation: TakenOver,
    },
    /// Close the cash desk of a day and of those before.
    CloseCashDay { regie: RegieId, date: NaiveDate },
    /// Collect by direct debit what is open and due by a day.
    PrepareDirectDebits { regie: RegieId, date: NaiveDate, due_by: NaiveDate },
    /// The portal: keep a printed document.
    ArchiveDocument { family: FamilyNumber, document: String, attachment: Uuid, sha256: String },
}

impl MoneyCommand {
    /// Whether a role may send it.
    pub fn is_open_to(&self, role: Role) -> bool {
        match self {
            Self::DefineRegie { .. }
            | Self::ChangeRegie { .. }
            | Self::SetTariff { .. }
            | Self::ShareCosts { .. }
            | Self::PrepareBillingRun { .. }
            | Self::StartBillingRun { .. }
            | Self::RecordPayment { .. }
            | Self::RejectPayment { .. }
            | Self::RefundFamily { .. }
            | Self::CreditInvoice { .. }
            | Self::TakeOverOperation { .. }
            | Self::CloseCashDay { .. }
            | Self::PrepareDirectDebits { .. } => role.is_staff(),
            // A draft that waits too long is given up by itself.
            Self::AbandonBillingRun { .. } => role.is_staff() || role == Role::Timer,
            Self::IssueInvoices { .. } | Self::ArchiveDocument { .. } => role == Role::Timer,
        }
    }
}
