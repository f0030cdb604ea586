//! The addresses of what is printed of an account.

use axum::{
    Router,
    extract::{Path, State},
    http::HeaderMap,
    response::Response,
    routing::get,
};
use portail_application::access::{AccountRole, Principal};
use portail_documents::{
    sheet::{self, Sheet},
    typesetter,
};
use portail_domain::{
    i18n::Language,
    shared::ids::{FamilyNumber, RegieId},
};
use portail_projections::{families::family, money::accounts};

use crate::{
    files::{
        documents::{Printer, account, kept},
        download::{Download, Failed, NOT_FOUND, PDF, answer, reader},
    },
    http::identity::language,
};

/// The years a statement or certificate can be asked for.
const YEARS: std::ops::RangeInclusive<i32> = 1990..=2200;

pub(super) fn routes() -> Router<Printer> {
    Router::new()
        .route("/documents/regies/{regie}/invoices/{number}", get(invoice))
        .route("/documents/regies/{regie}/payments/{number}", get(receipt))
        .route("/documents/families/{family}/statements/{year}", get(statement))
        .route("/documents/families/{family}/tax-certificates/{year}", get(tax_certificate))
}

async fn invoice(
    State(printer): State<Printer>,
    Path((regie, number)): Path<(String, i32)>,
    headers: HeaderMap,
) -> Response {
    answer(printer.invoice(&regie, number, &headers).await, &headers)
}

async fn receipt(
    State(printer): State<Printer>,
    Path((regie, number)): Path<(String, i32)>,
    headers: HeaderMap,
) -> Response {
    answer(printer.receipt(&regie, number, &headers).await, &headers)
}

async fn statement(
    State(printer): State<Printer>,
    Path((family, year)): Path<(String, i32)>,
    headers: HeaderMap,
) -> Response {
    answer(printer.statement(&family, year, &headers).await, &headers)
}

async fn tax_certificate(
    State(printer): State<Printer>,
    Path((family, year)): Path<(String, i32)>,
    headers: HeaderMap,
) -> Response {
    answer(printer.tax_certificate(&family, year, &headers).await, &headers)
}

/// Whether a reader may see the account of a family.
fn may_read(principal: &Principal, family: &str) -> bool {
    principal.role != AccountRole::Parent || principal.login == family
}

impl Printer {
    /// An invoice is printed once, in French: every further print is the copy kept then.
    async fn invoice(&self, regie: &str, number: i32, headers: &HeaderMap) -> Result<Download, Failed> {
        let principal = reader(&self.application, headers).await?;
        let known: RegieId = regie.parse().map_err(|_| NOT_FOUND)?;
        let row = accounts::invoice(self.application.pool(), known.as_str(), number).await?;
        let row = row.filter(|r| may_read(&principal, &r.family)).ok_or(NOT_FOUND)?;
        let name = format!("facture-{regie}-{number}.pdf");
        let document = format!("invoice/{regie}/{number}");
        if let Some(content) = kept::kept(&self.application, &row.family, &document).await? {
            return Ok(Download { media: PDF, name, content });
        }
        let (title, sheet) = account::invoice(&self.application, &self.writer(Language::Fr), &row).await?;
        let content = typesetter::pdf(sheet::TEMPLATE, title, &sheet).await?;
        kept::keep(&self.application, &row.family, &document, &content).await?;
        Ok(Download { media: PDF, name, content })
    }

    async fn receipt(&self, regie: &str, number: i32, headers: &HeaderMap) -> Result<Download, Failed> {
        let principal = reader(&self.application, headers).await?;
        let known: RegieId = regie.parse().map_err(|_| NOT_FOUND)?;
        let row = accounts::payment(self.application.pool(), known.as_str(), number).await?;
        let row = row.filter(|r| may_read(&principal, &r.family)).ok_or(NOT_FOUND)?;
        let made = account::receipt(&self.application, &self.writer(language(headers)), &row).await?;
        let content = self.print(&row.family, &format!("receipt/{regie}/{number}"), made).await?;
        Ok(Download { media: PDF, name: format!("recu-{regie}-{number}.pdf"), content })
    }

    async fn statement(&self, family: &str, year: i32, headers: &HeaderMap) -> Result<Download, Failed> {
        self.account_of(family, year, headers).await?;
        let made =
            account::statement(&self.application, &self.writer(language(headers)), family, year).await?;
        let content = self.print(family, &format!("statement/{year}"), made).await?;
        Ok(Download { media: PDF, name: format!("releve-{year}-{}.pdf", year + 1), content })
    }

    async fn tax_certificate(
        &self,
        family: &str,
        year: i32,
        headers: &HeaderMap,
    ) -> Result<Download, Failed> {
        self.account_of(family, year, headers).await?;
        let made =
            account::tax_certificate(&self.application, &self.writer(Language::Fr), family, year).await?;
        let content = self.print(family, &format!("tax-certificate/{year}"), made).await?;
        Ok(Download { media: PDF, name: format!("attestation-fiscale-{year}.pdf"), content })
    }

    /// A family the reader may see the account of, and a year there can be one for.
    async fn account_of(&self, family: &str, year: i32, headers: &HeaderMap) -> Result<(), Failed> {
        let principal = reader(&self.application, headers).await?;
        let known = family.parse::<FamilyNumber>().is_ok() && YEARS.contains(&year);
        if !known || !may_read(&principal, family) {
            return Err(NOT_FOUND);
        }
        family::family(self.application.pool(), family).await?.map(|_| ()).ok_or(NOT_FOUND)
    }

    /// Sets what changes with time: each content that was printed is kept.
    async fn print(&self, family: &str, document: &str, made: (String, Sheet)) -> Result<Vec<u8>, Failed> {
        let (title, sheet) = made;
        let content = typesetter::pdf(sheet::TEMPLATE, title, &sheet).await?;
        let document = format!("{document}/{}", kept::hash(&content));
        if kept::kept(&self.application, family, &document).await?.is_none() {
            kept::keep(&self.application, family, &document, &content).await?;
        }
        Ok(content)
    }
}
