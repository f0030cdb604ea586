//! Why an account refuses.

use chrono::NaiveDate;

use crate::{
    i18n::{Args, Rule},
    shared::amount::Amount,
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
    /// Rejected on a day before it was paid.
    #[error("the payment is of {0}: it cannot be rejected before")]
    RejectedBeforePaid(NaiveDate),
    /// Credited on a day before it was issued.
    #[error("the invoice is of {0}: it cannot be credited before")]
    CreditedBeforeInvoiced(NaiveDate),
    /// The lines of an invoice that is taken over do not come to what it comes to.
    #[error("the lines come to {0}, not to the invoice's amount")]
    LinesSum(Amount),
    /// A line of an invoice that is taken over bills a day outside its period.
    #[error("{0} is not in the invoice's period")]
    LineOutsidePeriod(NaiveDate),
    /// The last day of a period comes before its first.
    #[error("a period that ends before it begins")]
    ImpossiblePeriod,
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
            Self::RejectedBeforePaid(_) => "REJECTION_BEFORE_PAYMENT",
            Self::CreditedBeforeInvoiced(_) => "CREDIT_BEFORE_INVOICE",
            Self::LinesSum(_) => "LINES_SUM",
            Self::LineOutsidePeriod(_) => "LINE_OUTSIDE_PERIOD",
            Self::ImpossiblePeriod => "IMPOSSIBLE_DATE_RANGE",
        }
    }
    fn args(&self) -> Args {
        match self {
            Self::MoreThanInvoice(most) | Self::MoreThanPaid(most) | Self::MoreThanFree(most) => {
                vec![("amount", most.french())]
            }
            Self::LinesSum(sum) => vec![("amount", sum.french())],
            Self::RejectedBeforePaid(date)
            | Self::CreditedBeforeInvoiced(date)
            | Self::LineOutsidePeriod(date) => {
                vec![("date", date.format("%d/%m/%Y").to_string())]
            }
            Self::ImpossiblePeriod => vec![("days", "366".into())],
            Self::Unknown | Self::NotPositive | Self::AlreadyRejected => vec![],
        }
    }
}
