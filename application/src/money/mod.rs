//! Commands about money: régies and tariffs, billing runs, payments, direct debits.

mod accounts;
mod billing;
pub mod command;
mod direct_debits;
mod regies;

use portail_event_store::{CommandError, UnitOfWork};
use uuid::Uuid;

use crate::{caller::Caller, money::command::MoneyCommand, outcome::CommandOutcome, services::Services};

pub(crate) async fn decide(
    caller: &Caller,
    id: Uuid,
    command: &MoneyCommand,
    work: &mut UnitOfWork<'_>,
    services: &Services,
) -> Result<CommandOutcome, CommandError> {
    match command {
        MoneyCommand::DefineRegie { .. }
        | MoneyCommand::ChangeRegie { .. }
        | MoneyCommand::SetTariff { .. }
        | MoneyCommand::ShareCosts { .. }
        | MoneyCommand::CloseCashDay { .. } => regies::decide(caller, command, work, services).await,
        MoneyCommand::PrepareBillingRun { .. }
        | MoneyCommand::StartBillingRun { .. }
        | MoneyCommand::AbandonBillingRun { .. }
        | MoneyCommand::IssueInvoices { .. } => billing::decide(caller, id, command, work, services).await,
        MoneyCommand::PrepareDirectDebits { .. } => {
            direct_debits::decide(caller, id, command, work, services).await
        }
        _ => accounts::decide(caller, command, work, services).await,
    }
}
