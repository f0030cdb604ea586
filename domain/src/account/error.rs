//! Why an account refuses.

use crate::{
    amount::Amount,
    messages::{Args, Rule},
};

/// A rule of accounts that a command breaks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AccountError {
    /// No such invoice or payment.
    #[error("no such invoice or payment")]
    Unknown,
    /// An amount must be more than nothing.
    #[error("an amount above 0 is expected")]
    NotPositive,
    /// More than the invoice still is.
    #[error("at most {0} can be put on this invoice")]
    MoreThanInvoice(Amount),
    /// More is allocated than was paid.
    #[error("more is allocated than the {0} paid")]
    MoreThanPaid(Amount),
    /// More than the family is owed.
    #[error("at most {0} can be paid back")]
    MoreThanFree(Amount),
    /// Rejected already, or paid back since.
    #[error("this payment was rejected, or used for a refund, already")]
    AlreadyRejected,
}

impl Rule for AccountError {
    fn code(&self) -> &'static str {
        match self {
            Self::Unknown => "NOT_FOUND",
            Self::NotPositive => "AMOUNT_NOT_POSITIVE",
            Self::MoreThanInvoice(_) => "MORE_THAN_INVOICE",
            Self::MoreThanPaid(_) => "MORE_THAN_PAID",
            Self::MoreThanFree(_) => "MORE_THAN_FREE",
            Self::AlreadyRejected => "PAYMENT_REJECTED",
        }
    }
    fn args(&self) -> Args {
        match self {
            Self::MoreThanInvoice(most) | Self::MoreThanPaid(most) | Self::MoreThanFree(most) => {
                vec![("amount", most.french())]
            }
            _ => vec![],
        }
    }
}
