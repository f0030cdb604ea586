//! What the operations of an account are.

use strum::{Display, EnumString, IntoStaticStr};

/// What an operation of an account is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Display, EnumString, IntoStaticStr)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum OperationKind {
    /// An invoice.
    Invoice,
    /// A credit note.
    CreditNote,
    /// A payment.
    Payment,
    /// A payment the bank rejected.
    Rejection,
    /// Money paid back.
    Refund,
}

impl OperationKind {
    /// Whether the family owes more by it.
    pub fn is_debit(self) -> bool {
        match self {
            Self::Invoice | Self::Rejection | Self::Refund => true,
            Self::CreditNote | Self::Payment => false,
        }
    }

    /// Whether money comes in or goes out by it.
    pub fn moves_money(self) -> bool {
        match self {
            Self::Payment | Self::Rejection | Self::Refund => true,
            Self::Invoice | Self::CreditNote => false,
        }
    }

    /// Whether its number is one of the invoices' series; the others have the payments'.
    pub fn is_numbered_as_invoice(self) -> bool {
        match self {
            Self::Invoice | Self::CreditNote => true,
            Self::Payment | Self::Rejection | Self::Refund => false,
        }
    }
}
