//! Files for the bank, the accountant and the staff room, for officers only.

use std::sync::Arc;

use axum::{
    Router,
    extract::{Path, Query, State},
    http::HeaderMap,
    response::Response,
    routing::get,
};
use chrono::NaiveDate;
use portail_application::{Application, access::AccountRole};
use portail_documents::{attendance_table, journal, sepa};
use portail_domain::{money::regie::Issuer, shared::ids::FamilyNumber};
use portail_projections::money::{
    accounts,
    regies::{self, KnownRegie},
};
use serde::Deserialize;
use uuid::Uuid;

use crate::{
    files::{
        download::{Day, Download, FORBIDDEN, Failed, NOT_FOUND, answer, officer, reader, staff},
        subject_access,
    },
    graphql::PortalSchema,
    http::identity::language,
};

/// The routes of exports.
///
/// `screens` answers what a family sees, for its archive.
pub fn routes(application: Arc<Application>, screens: PortalSchema) -> Router {
    let everything = Router::new()
        .route("/exports/families/{number}", get(everything))
        .with_state((application.clone(), screens));
    Router::new()
        .route("/exports/direct-debits/{batch}", get(direct_debits))
        .route("/exports/regies/{regie}/operations", get(operations))
        .route("/exports/regies/{regie}/books", get(books))
        .route("/exports/sessions/{activity}/{date}", get(attendance))
        .with_state(application)
        .merge(everything)
}

/// Everything about a family, for itself and for staff.
async fn everything(
    State((application, screens)): State<(Arc<Application>, PortalSchema)>,
    Path(number): Path<String>,
    headers: HeaderMap,
) -> Response {
    let made = async {
        let principal = reader(&application, &headers).await?;
        let number: FamilyNumber = number.parse().map_err(|_| NOT_FOUND)?;
        let number = number.as_str();
        match principal.role {
            AccountRole::Parent if principal.login != number => return Err(NOT_FOUND),
            AccountRole::Auditor => return Err(FORBIDDEN),
            AccountRole::Parent | AccountRole::Staff | AccountRole::Administrator => {}
        }
        subject_access::archive(&application, &screens, number, language(&headers)).await
    };
    answer(made.await, &headers)
}

/// The range of days an export is asked for, both included.
#[derive(Debug, Clone, Copy, Deserialize)]
struct Range {
    from: Day,
    to: Day,
}

const CSV: &str = "text/csv; charset=utf-8";

async fn regie(application: &Application, code: &str) -> Result<KnownRegie, Failed> {
    regies::by_code(application.pool()).await?.remove(code).ok_or(NOT_FOUND)
}

async fn direct_debits(
    State(application): State<Arc<Application>>,
    Path(batch): Path<Uuid>,
    headers: HeaderMap,
) -> Response {
    answer(debit_file(&application, batch, &headers).await, &headers)
}

async fn debit_file(application: &Application, id: Uuid, headers: &HeaderMap) -> Result<Download, Failed> {
    // Auditors see bank details masked, so the file is not for them.
    staff(application, headers).await?;
    let pool = application.pool();
    let batch = regies::debit_batch(pool, id).await?.ok_or(NOT_FOUND)?;
    let KnownRegie { settings, series } = regie(application, &batch.regie).await?;
    // As it was ordered, whatever the régie changed since.
    let (creditor, series) = match batch.issuer {
        Some(Issuer { creditor, prefix }) => (creditor, series.with_prefix(prefix)),
        None => (settings.creditor.ok_or(NOT_FOUND)?, series),
    };
    let debits = accounts::debits(pool, id).await?;
    let collections = debits.iter().map(sepa::Collection::of).collect::<Result<Vec<_>, _>>();
    let file = sepa::file(&sepa::Batch {
        id,
        created: batch.ordered,
        collected: batch.date,
        creditor: &creditor,
        series: &series,
        collections: &collections?,
    })?;
    Ok(Download { media: "application/xml", name: format!("prelevements-{}.xml", batch.date), content: file })
}

async fn operations(
    State(application): State<Arc<Application>>,
    Path(code): Path<String>,
    Query(range): Query<Range>,
    headers: HeaderMap,
) -> Response {
    answer(ledger_file(&application, Ledger::Operations, &code, range, &headers).await, &headers)
}

async fn books(
    State(application): State<Arc<Application>>,
    Path(code): Path<String>,
    Query(range): Query<Range>,
    headers: HeaderMap,
) -> Response {
    answer(ledger_file(&application, Ledger::Books, &code, range, &headers).await, &headers)
}

/// What is exported of a régie's operations.
enum Ledger {
    /// A line of each.
    Operations,
    /// Their balanced entries.
    Books,
}

async fn ledger_file(
    application: &Application,
    ledger: Ledger,
    code: &str,
    Range { from: Day(from), to: Day(to) }: Range,
    headers: &HeaderMap,
) -> Result<Download, Failed> {
    officer(application, headers).await?;
    let (pool, settings) = (application.pool(), regie(application, code).await?);
    let (name, content) = match ledger {
        Ledger::Operations => {
            let rows = accounts::operations_between(pool, code, from, to).await?;
            ("operations", journal::operations(&rows, &settings)?)
        }
        Ledger::Books => {
            let rows = accounts::books_between(pool, code, from, to).await?;
            ("ecritures", journal::books(&rows, code, &settings)?)
        }
    };
    Ok(Download { media: CSV, name: format!("{name}-{code}-{from}-{to}.csv"), content })
}

async fn attendance(
    State(application): State<Arc<Application>>,
    Path((activity, Day(date))): Path<(String, Day)>,
    headers: HeaderMap,
) -> Response {
    answer(attendance_file(&application, &activity, date, &headers).await, &headers)
}

async fn attendance_file(
    application: &Application,
    activity: &str,
    date: NaiveDate,
    headers: &HeaderMap,
) -> Result<Download, Failed> {
    officer(application, headers).await?;
    let session = activity.parse().map_err(|_| NOT_FOUND)?;
    let roll =
        portail_application::attendance::roll::roll(application, &session, date).await?.ok_or(NOT_FOUND)?;
    let content = attendance_table::file(&roll, language(headers))?;
    Ok(Download { media: CSV, name: format!("presences-{activity}-{date}.csv"), content })
}
