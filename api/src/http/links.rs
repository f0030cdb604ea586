//! Where files are: the addresses that GraphQL answers, beside the routes that serve them.

use chrono::NaiveDate;
use uuid::Uuid;

/// Where the blank registration form is.
pub const BLANK_FORM: &str = "/documents/registration-form.pdf";

/// Where a child's registration form is.
pub fn child_form(child: &str) -> String {
    format!("/documents/children/{child}/registration-form.pdf")
}

/// Where the attendance sheet of a session is.
pub fn attendance_sheet_url(activity: &str, date: NaiveDate) -> String {
    format!("/documents/sessions/{activity}/{date}")
}

/// Where an invoice or credit note is printed.
pub fn invoice_url(regie: &str, number: i32) -> String {
    format!("/documents/regies/{regie}/invoices/{number}")
}

/// Where a payment's receipt is printed.
pub fn receipt_url(regie: &str, number: i32) -> String {
    format!("/documents/regies/{regie}/payments/{number}")
}

/// Where a family's statement of a school year is printed.
pub fn statement_url(family: &str, year: i32) -> String {
    format!("/documents/families/{family}/statements/{year}")
}

/// Where a family's tax certificate of a calendar year is printed.
pub fn tax_certificate_url(family: &str, year: i32) -> String {
    format!("/documents/families/{family}/tax-certificates/{year}")
}

/// Where the file of a batch of direct debits is.
pub fn direct_debit_url(batch: Uuid) -> String {
    format!("/exports/direct-debits/{batch}")
}

/// Where the roll of a session is exported.
pub fn attendance_url(activity: &str, date: NaiveDate) -> String {
    format!("/exports/sessions/{activity}/{date}")
}

/// Where an attachment is downloaded.
pub fn attachment_url(id: impl std::fmt::Display) -> String {
    format!("/attachments/{id}")
}
