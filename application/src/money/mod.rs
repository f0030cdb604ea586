//! Commands about money: régies and tariffs, billing runs, payments, direct debits.

mod accounts;
mod billing;
mod command;
mod direct_debits;
mod regies;

use portail_event_store::{CommandError, UnitOfWork};
use uuid::Uuid;

pub use billing::run_billing;
pub use command::MoneyCommand;

use super::{Application, Caller, CommandOutcome};

pub(super) async fn decide(
    caller: &Caller,
    id: Uuid,
    command: &MoneyCommand,
    work: &mut UnitOfWork<'_>,
    application: &Application,
) -> Result<CommandOutcome, CommandError> {
    match command {
        MoneyCommand::DefineRegie { .. }
        | MoneyCommand::ChangeRegie { .. }
        | MoneyCommand::SetTariff { .. }
        | MoneyCommand::ShareCosts { .. }
        | MoneyCommand::CloseCashDay { .. } => regies::decide(caller, command, work, application).await,
        MoneyCommand::PrepareBillingRun { .. }
        | MoneyCommand::StartBillingRun { .. }
        | MoneyCommand::AbandonBillingRun { .. }
        | MoneyCommand::IssueInvoices { .. } => billing::decide(caller, id, command, work, application).await,
        MoneyCommand::PrepareDirectDebits { .. } => {
            direct_debits::decide(caller, id, command, work, application).await
        }
        _ => accounts::decide(caller, command, work, &application.vault).await,
    }
}
