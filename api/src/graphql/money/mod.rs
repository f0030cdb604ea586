//! Money: tariffs, régies, billing runs, invoices, payments and the account statement.

pub mod billing;
mod billing_run;
mod charges;
mod cost_sharing;
pub mod invoices;
mod payment_inputs;
pub mod payments;
mod regie_inputs;
pub mod regies;
pub mod statement;
pub mod tariffs;

use async_graphql::{Context, MergedObject, Result};
use chrono::NaiveDate;
use portail_application::{Rejection, Role};
use portail_domain::{
    money::account::{PaymentMethod as DomainMethod, RejectionReason as DomainReason},
    money::regie::{CollectionMode as DomainMode, QuotientCorrections as DomainCorrections},
    shared::amount::Amount,
};
use portail_projections::money::regies as read;
use rust_decimal::Decimal;

use crate::graphql::{
    context::{Ask, coded, unavailable},
    mirrored_enum::mirrored_enum,
    scalars::Date,
};
pub(super) use portail_documents::statement_labels::{
    Regies, invoice_number, operation_number, payment_number,
};

mirrored_enum! {
    /// How a family pays.
    PaymentMethod = DomainMethod {
        Cheque: "A cheque.",
        Cash: "Cash.",
        Card: "A bank card.",
        Transfer: "A bank transfer.",
        DirectDebit: "A SEPA direct debit.",
        Cesu: "Prepaid service vouchers (CESU).",
        HolidayVoucher: "Holiday vouchers.",
    }
}

mirrored_enum! {
    /// Why a bank rejects a payment.
    PaymentRejectionReason = DomainReason {
        InsufficientFunds: "The money was not there.",
        AccountClosed: "The account is closed.",
        WrongAccount: "The account number is wrong.",
        NoMandate: "There is no mandate.",
        Objection: "The payer objected.",
        Other: "Another reason.",
    }
}

mirrored_enum! {
    /// Who collects what is invoiced.
    CollectionMode = DomainMode {
        Regie: "The régie of the town: the balance is authoritative.",
        Treasury: "The treasury: the town does not see every payment, its balance is not authoritative.",
    }
}

mirrored_enum! {
    /// What becomes of days that are billed already when their income quotient is corrected.
    QuotientCorrections = DomainCorrections {
        Keep: "They keep their price; the next draft tells which days.",
        Adjust: "The difference is a line of the next invoice.",
    }
}

/// Queries about money.
#[derive(Debug, Default, MergedObject)]
pub struct MoneyQuery(
    statement::StatementQuery,
    invoices::InvoiceQuery,
    tariffs::TariffQuery,
    regies::RegieQuery,
    billing::BillingQuery,
    payments::PaymentQuery,
);

/// Mutations about money.
#[derive(Debug, Default, MergedObject)]
pub struct MoneyMutation(
    tariffs::TariffMutation,
    regies::RegieMutation,
    billing::BillingMutation,
    payments::PaymentMutation,
);

/// The régies by their code.
///
/// # Errors
/// The database failed.
pub(super) async fn all_regies(ctx: &Context<'_>) -> Result<Regies> {
    read::by_code(ctx.application()?.pool()).await.map_err(unavailable)
}

/// The family a money query is about: a parent's own, whatever is asked; else the one named.
///
/// # Errors
/// `NOT_FOUND`: a foreign family, or none named.
pub(super) fn family_asked(ctx: &Context<'_>, named: Option<String>) -> Result<String> {
    let caller = ctx.caller()?;
    match (caller.role, named) {
        (Role::Parent, None) => Ok(caller.login),
        (Role::Parent, Some(named)) if named == caller.login => Ok(named),
        (Role::Staff | Role::Administrator | Role::Auditor, Some(named)) => Ok(named),
        (Role::Parent, Some(_))
        | (Role::Staff | Role::Administrator | Role::Auditor, None)
        | (Role::Timer, _) => Err(coded("NOT_FOUND", ctx.language())),
    }
}

/// The day a question about money is about: the one asked for, else the town's today.
pub(super) fn day_asked(ctx: &Context<'_>, at: Option<Date>) -> Result<NaiveDate> {
    Ok(match at {
        Some(day) => day.0,
        None => ctx.application()?.clock().today(),
    })
}

/// An amount of the input.
pub(super) fn amount(value: Decimal, path: &[&str]) -> Result<Amount, Rejection> {
    Amount::try_from(value)
        .map_err(|_| Rejection::of_code("INVALID_VALUE").with("expected", "EXPECTED_AMOUNT").at(path))
}
