//! The list of requests.

use std::collections::HashMap;

use async_graphql::{
    Context, Enum, ID, InputObject, Object, Result, SimpleObject,
    connection::{Connection, Edge, EmptyFields},
};
use chrono::{DateTime, Duration, Utc};
use portail_domain::{
    messages::{Language, text},
    session::{Refusal, RefusalCode},
};
use portail_projections::{
    family,
    requests::{self, Filter, RequestLine},
};
use uuid::Uuid;

use super::{
    context::{Ask, EVERYBODY, be_fresh, coded, unavailable, visible_child},
    scalars::{Date, Position},
};
use crate::application::Role;

/// What was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum RequestType {
    /// A reservation.
    Reservation,
    /// An absence.
    Absence,
}

/// Where a request stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum RequestStatus {
    /// Undecided.
    Pending,
    /// Accepted.
    Accepted,
    /// Refused, with a reason.
    Refused,
    /// Taken back.
    Withdrawn,
}

impl RequestType {
    fn stored(self) -> &'static str {
        match self {
            Self::Reservation => "RESERVATION",
            Self::Absence => "ABSENCE",
        }
    }
}

impl RequestStatus {
    fn stored(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::Accepted => "ACCEPTED",
            Self::Refused => "REFUSED",
            Self::Withdrawn => "WITHDRAWN",
        }
    }
}

/// One asked day.
#[derive(Debug, Clone, SimpleObject)]
pub struct Request {
    /// Its identity.
    id: ID,
    /// The request it belongs to: the days of one submission share it.
    request_id: ID,
    /// What was asked.
    #[graphql(name = "type")]
    kind: RequestType,
    /// What was asked, in the caller's language.
    type_label: String,
    /// Where it stands.
    status: RequestStatus,
    /// Where it stands, in the caller's language.
    status_label: String,
    /// More closely: WAITLISTED, OFFERED, CANCELLED, EXCUSED, BILLED, CERTIFICATE_MISSING, CLOSED.
    detail: Option<String>,
    /// The child.
    child_id: ID,
    /// The child's first name; null once erased.
    child: Option<String>,
    /// The family that asked; null where nobody pays.
    payer: Option<String>,
    /// The activity's code.
    activity_id: ID,
    /// The activity.
    activity: String,
    /// The day.
    date: Date,
    /// The reason of an absence, in the caller's language.
    reason: Option<String>,
    /// When it was submitted.
    submitted_at: DateTime<Utc>,
    /// When it was decided.
    decided_at: Option<DateTime<Utc>>,
    /// Why it was refused, in the caller's language.
    refusal_reason: Option<String>,
    /// Until when a certificate is awaited.
    certificate_due: Option<DateTime<Utc>>,
}

/// Which requests to list.
#[derive(Debug, Clone, Default, InputObject)]
pub struct RequestFilter {
    /// Only these types.
    #[graphql(name = "types")]
    kinds: Option<Vec<RequestType>>,
    /// Only in these states.
    statuses: Option<Vec<RequestStatus>>,
    /// Only of this child.
    child_id: Option<ID>,
    /// Only of this submission.
    request_id: Option<ID>,
    /// Only submitted since; by default a month ago for families, without limit for staff.
    since: Option<DateTime<Utc>>,
}

/// A refusal in words.
pub fn refusal_text(refusal: &Refusal, language: Language) -> String {
    let key = match refusal.code {
        RefusalCode::Capacity => "REFUSAL_CAPACITY",
        RefusalCode::IncompleteFile => "REFUSAL_INCOMPLETE_FILE",
        RefusalCode::NotEligible => "REFUSAL_NOT_ELIGIBLE",
        RefusalCode::Late => "REFUSAL_LATE",
        RefusalCode::Other => "REFUSAL_OTHER",
    };
    let capacity = refusal.capacity.map_or_else(|| "-".to_owned(), |c| c.to_string());
    text(key, language, &[("capacity", capacity)])
}

/// Queries of requests.
#[derive(Debug, Default)]
pub struct RequestQuery;

#[Object]
impl RequestQuery {
    /// The requests a family made, the newest first: by default those of the last month. Staff
    /// and auditors see every family's.
    #[graphql(guard = "EVERYBODY")]
    async fn requests(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which requests.")] filter: Option<RequestFilter>,
        #[graphql(desc = "How many, 1 to 100; 20 when left out.")] first: Option<i32>,
        #[graphql(desc = "After this cursor.")] after: Option<String>,
        #[graphql(desc = "Answer from this position of the log or later.")] min_position: Option<Position>,
    ) -> Result<Connection<String, Request, RequestTotals, EmptyFields>> {
        be_fresh(ctx, &[requests::NAME, family::NAME], min_position.map(|p| p.0)).await?;
        let filter = stored_filter(ctx, filter.unwrap_or_default()).await?;
        let before = after.map(|cursor| cursor.parse::<i64>()).transpose();
        let before = before.map_err(|_| coded("INVALID_VALUE", ctx.language()))?;
        let first = i64::from(first.unwrap_or(20).clamp(1, 100));
        let pool = ctx.application()?.pool();
        let (mut lines, total) =
            requests::list(pool, &filter, before, first + 1).await.map_err(unavailable)?;
        let more = lines.len() > usize::try_from(first).unwrap_or(usize::MAX);
        lines.truncate(usize::try_from(first).unwrap_or(usize::MAX));
        let mut page =
            Connection::with_additional_fields(before.is_some(), more, RequestTotals { total_count: total });
        page.edges = shown(ctx, lines).await?;
        Ok(page)
    }
}

/// How many there are.
#[derive(Debug, Clone, SimpleObject)]
pub struct RequestTotals {
    /// How many requests match in all.
    total_count: i64,
}

async fn stored_filter(ctx: &Context<'_>, filter: RequestFilter) -> Result<Filter> {
    let caller = ctx.caller()?;
    let is_parent = caller.role == Role::Parent;
    let child = match filter.child_id {
        Some(id) => Some(visible_child(ctx, &id).await?.0),
        None => None,
    };
    let request = filter.request_id.map(|id| id.parse::<Uuid>()).transpose();
    Ok(Filter {
        payer: is_parent.then(|| caller.login.clone()),
        child,
        kinds: filter.kinds.map(|k| k.into_iter().map(|k| k.stored().to_owned()).collect()),
        statuses: filter.statuses.map(|s| s.into_iter().map(|s| s.stored().to_owned()).collect()),
        request: request.map_err(|_| coded("NOT_FOUND", ctx.language()))?,
        since: filter.since.or_else(|| is_parent.then(|| caller.at - Duration::days(31))),
    })
}

async fn shown(
    ctx: &Context<'_>,
    lines: Vec<RequestLine>,
) -> Result<Vec<Edge<String, Request, EmptyFields>>> {
    let (application, language) = (ctx.application()?, ctx.language());
    let catalogue = application.catalogue().get().await.map_err(unavailable)?;
    let ids: Vec<Uuid> = lines.iter().map(|l| l.child.0).collect();
    let children = family::children_by_id(application.pool(), &ids).await.map_err(unavailable)?;
    let names: HashMap<Uuid, String> =
        children.into_iter().filter_map(|c| Some((c.id.0, c.identity?.first_name))).collect();
    let edge = |line: RequestLine| {
        let activity = line.activity.parse().ok().and_then(|id| catalogue.activities.get(&id));
        let activity = activity.and_then(|a| a.latest()).map(|s| s.name.clone());
        let label = |prefix: &str, key: &str| text(&format!("{prefix}_{key}"), language, &[]);
        let refusal = line.refusal.as_ref().map(|r| refusal_text(r, language)).or_else(|| {
            match line.detail.as_deref() {
                Some("CERTIFICATE_MISSING") => Some(text("REFUSAL_CERTIFICATE", language, &[])),
                Some("CLOSED") => Some(text("MARKER_CLOSURE", language, &[])),
                _ => None,
            }
        });
        let request = Request {
            id: ID(line.line.to_string()),
            request_id: ID(line.request.to_string()),
            type_label: label("REQUEST", &line.kind),
            kind: if line.kind == "ABSENCE" { RequestType::Absence } else { RequestType::Reservation },
            status_label: label("STATUS", &line.status),
            status: match line.status.as_str() {
                "ACCEPTED" => RequestStatus::Accepted,
                "REFUSED" => RequestStatus::Refused,
                "WITHDRAWN" => RequestStatus::Withdrawn,
                _ => RequestStatus::Pending,
            },
            detail: line.detail,
            child_id: ID(line.child.to_string()),
            child: names.get(&line.child.0).cloned(),
            payer: line.payer,
            activity: activity.unwrap_or_else(|| line.activity.clone()),
            activity_id: ID(line.activity),
            date: Date(line.date),
            reason: line.reason.map(|r| label("ABSENCE", &r)),
            submitted_at: line.submitted,
            decided_at: line.decided,
            refusal_reason: refusal,
            certificate_due: line.certificate_due,
        };
        Edge::new(line.line.to_string(), request)
    };
    Ok(lines.into_iter().map(edge).collect())
}
