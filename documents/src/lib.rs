//! What the town prints and hands out, made of data that was read before: invoices, receipts,
//! statements, tax certificates, registration forms and attendance sheets as PDF, direct debits as the
//! bank takes them, the books, and tables for spreadsheets. Nothing here asks a database or answers a
//! request: the same data gives the same bytes.
#![cfg_attr(test, allow(clippy::wildcard_enum_match_arm, reason = "a test names what it is about"))]

pub mod attendance_sheet;
pub mod attendance_table;
pub mod invoice;
pub mod journal;
pub mod receipt;
pub mod registration_form;
pub mod roll;
pub mod sepa;
pub mod sheet;
pub mod statement;
pub mod statement_labels;
pub mod statement_sums;
pub mod table;
pub mod tax_certificate;
pub mod typesetter;

use chrono::NaiveDate;

/// A day as French documents write it.
fn day(date: NaiveDate) -> String {
    date.format("%d/%m/%Y").to_string()
}
