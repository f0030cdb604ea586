//! The account of a family: what it was invoiced, what it paid, what it is owed.
//!
//! Stream `Account` / the family's number. Nothing is ever edited: a correction is another
//! operation. Debits minus credits are the balance, which is also what is open on the invoices
//! minus what is free on payments and credit notes.
//!
//! How an account stands as of a day is decided in one place, [`ledger`].
//!
//! ```text
//! invoice:  issued -> settled (by payments and credit notes) -> open again (a payment rejected)
//! payment:  recorded -> rejected
//! ```

pub mod books;
mod child_care;
mod command;
mod debtor;
mod error;
mod event;
pub mod ledger;
mod line;
mod mandates;
mod operation;
mod state;

pub use child_care::{counts_for, paid_for_care};
pub use command::AccountCommand;
pub use debtor::{Debtor, Obstacle};
pub use error::AccountError;
pub use event::{AccountEvent, Allocation, DebitedAccount, PaymentMethod, RejectionReason, TakenOver, Use};
pub use line::InvoiceLine;
pub use mandates::Mandates;
pub use operation::OperationKind;
pub use state::{Account, Credit, Invoice};
