//! Commands about money: régies and tariffs, billing runs, payments, direct debits.

mod accounts;
mod billing;
pub mod command;
mod direct_debits;
mod regies;

use portail_domain::{
    families::child::ChildCommand, money::account::AccountCommand, money::regie::RegieCommand,
    shared::ids::RunId,
};
use portail_event_store::{CommandError, UnitOfWork};
use uuid::Uuid;

use crate::{
    caller::Caller,
    money::{
        accounts::{Desk, Payment},
        command::MoneyCommand,
    },
    outcome::CommandOutcome,
    services::Services,
};

pub(crate) async fn decide(
    caller: &Caller,
    id: Uuid,
    command: &MoneyCommand,
    work: &mut UnitOfWork<'_>,
    services: &Services,
) -> Result<CommandOutcome, CommandError> {
    let at = caller.at;
    let desk = |regie, family| Desk { caller, services, regie, family };
    match command {
        MoneyCommand::DefineRegie { id, settings, first_invoice, first_payment } => {
            regies::define(id, settings, (*first_invoice, *first_payment), work, services).await
        }
        MoneyCommand::ChangeRegie { id, changes } => regies::change(id, changes, work, services).await,
        MoneyCommand::SetTariff { activity, settings, from } => {
            regies::set_tariff(activity, settings, *from, work).await
        }
        MoneyCommand::ShareCosts { child, sharing, from } => {
            let share = ChildCommand::ShareCosts { sharing: sharing.clone(), from: *from, at };
            regies::share_costs(*child, share, work).await
        }
        MoneyCommand::PrepareBillingRun { regie, from, to, date, due } => {
            let (run, from, to, date, due) = (RunId(id), *from, *to, *date, *due);
            billing::of_run(regie, run, RegieCommand::PrepareRun { run, from, to, date, due, at }, work).await
        }
        MoneyCommand::StartBillingRun { regie, run } => billing::start(regie, *run, at, work, services).await,
        MoneyCommand::AbandonBillingRun { regie, run } => {
            billing::of_run(regie, *run, RegieCommand::AbandonRun { run: *run, at }, work).await
        }
        MoneyCommand::IssueInvoices { regie, run, after } => {
            billing::issue(caller, regie, *run, after.as_ref(), work, services).await
        }
        MoneyCommand::RecordPayment { regie, family, date, method, amount, reference, allocations } => {
            let payment = Payment { date: *date, method: *method, amount: *amount };
            desk(regie, family).record_payment(payment, reference.as_ref(), allocations, work).await
        }
        MoneyCommand::RejectPayment { regie, family, payment, date, reason } => {
            desk(regie, family).reject_payment(*payment, *date, *reason, work).await
        }
        MoneyCommand::RefundFamily { regie, family, date, method, amount } => {
            let payment = Payment { date: *date, method: *method, amount: *amount };
            desk(regie, family).refund(payment, work).await
        }
        MoneyCommand::CreditInvoice { regie, family, invoice, date, amount, note } => {
            desk(regie, family).credit(*invoice, *date, *amount, note, work).await
        }
        MoneyCommand::TakeOverOperation { regie, family, number, date, amount, operation } => {
            desk(regie, family).take_over(*number, *date, *amount, operation, work).await
        }
        MoneyCommand::CloseCashDay { regie, date } => {
            regies::of_regie(regie, RegieCommand::CloseCashDay { date: *date, at }, work).await
        }
        MoneyCommand::PrepareDirectDebits { regie, date, due_by } => {
            direct_debits::prepare(id, regie, (*date, *due_by), at, work, services).await
        }
        MoneyCommand::ArchiveDocument { family, document, attachment, sha256 } => {
            let (document, attachment, sha256) = (document.clone(), *attachment, sha256.clone());
            accounts::archive(family, AccountCommand::Archive { document, attachment, sha256 }, work).await
        }
    }
}
