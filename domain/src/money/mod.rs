//! Tariffs, billing, accounts, cash desks, direct debits.

pub mod account;
pub mod billing;
pub mod regie;
pub mod sepa;
pub mod tariff;
