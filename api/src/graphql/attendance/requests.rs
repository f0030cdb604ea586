//! The list of requests.

use std::collections::HashMap;

use async_graphql::{
    Context, Enum, ID, Object, Result, SimpleObject,
    connection::{Connection, Edge, EmptyFields},
};
use chrono::{DateTime, Duration, Utc};
use portail_application::Role;
use portail_domain::{
    catalogue::activity::Activity,
    families::family_file::{Owner, Section},
    i18n::text,
};
use portail_projections::{
    attendance::{
        request::{RequestDetail, RequestKind, RequestStatus as DomainStatus},
        request_list::{self, Filter, Order, RequestLine},
    },
    families::{family, family_file},
};
use strum::VariantArray;
use uuid::Uuid;

use crate::graphql::{
    commands::input_objects,
    context::{Ask, EVERYBODY, OFFICERS, be_fresh, coded, unavailable, visible_child},
    correspondence::attachments::Attachment,
    entered::{cursor, page},
    families::family_file::changes::{FieldChange, changes},
    mirrored_enum::mirrored_enum,
    scalars::{Date, Instant, Position},
};

macro_rules! request_types {
    ($(
        $(#[$doc:meta])*
        $section:ident [$($about:tt)*] { $($text:literal $field:ident: $kind:ident),+ $(,)? }
    )+) => {
        /// What was asked.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
        pub enum RequestType {
            /// A reservation.
            Reservation,
            /// An absence.
            Absence,
            /// A new child.
            NewChild,
            $($(#[$doc])* $section,)+
        }

        impl From<RequestKind> for RequestType {
            fn from(kind: RequestKind) -> Self {
                match kind {
                    RequestKind::Reservation => Self::Reservation,
                    RequestKind::Absence => Self::Absence,
                    RequestKind::NewChild => Self::NewChild,
                    $(RequestKind::$section => Self::$section,)+
                }
            }
        }
    };
}
portail_domain::file_sections!(request_types);

/// The two tabs of the guide's list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum RequestTab {
    /// "Mon compte": requests about the family's own file.
    Account,
    /// "Mes enfants": requests about children, their days included.
    Children,
}

/// The order of a list of requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum RequestOrder {
    /// The newest first.
    NewestFirst,
    /// The oldest first: a worklist.
    OldestFirst,
}

/// How many requests of a type are undecided.
#[derive(Debug, Clone, SimpleObject)]
pub struct PendingRequests {
    /// The type.
    #[graphql(name = "type")]
    kind: RequestType,
    /// The type, in the caller's language.
    type_label: String,
    /// The structure the days are of; null for requests about the file.
    structure_id: Option<ID>,
    /// How many.
    count: i64,
    /// When the oldest was submitted.
    oldest_submitted_at: DateTime<Utc>,
}

mirrored_enum!(
    /// Where a request stands.
    RequestStatus = DomainStatus {
        Pending: "Undecided.",
        Accepted: "Accepted.",
        Refused: "Refused, with a reason.",
        Withdrawn: "Taken back.",
    }
);

impl RequestTab {
    /// The tab that shows a kind of request.
    fn of(kind: RequestKind) -> Self {
        match kind.section().map(Section::owner) {
            None | Some(Owner::Child) => Self::Children,
            Some(Owner::Family) => Self::Account,
        }
    }
}

/// The kinds of the asked types in the asked tab; none: all.
fn kinds(types: Option<Vec<RequestType>>, tab: Option<RequestTab>) -> Option<Vec<RequestKind>> {
    if types.is_none() && tab.is_none() {
        return None;
    }
    let wanted = |kind: &RequestKind| {
        types.as_ref().is_none_or(|types| types.contains(&(*kind).into()))
            && tab.is_none_or(|tab| tab == RequestTab::of(*kind))
    };
    Some(RequestKind::VARIANTS.iter().copied().filter(wanted).collect())
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
    /// More closely: WAITLISTED, OFFERED, CANCELLED, EXCUSED, BILLED, CERTIFICATE_RECEIVED,
    /// CERTIFICATE_MISSING, CERTIFICATE_REFUSED, CLOSED; or what it fell with: ENROLMENT_ENDED,
    /// LEFT_FAMILY, ACTIVITY_ENDED, NOT_OFFERED.
    detail: Option<String>,
    /// The same, in the caller's language.
    detail_label: Option<String>,
    /// The child; null for the family's own file, and for a new child.
    child_id: Option<ID>,
    /// The child's first name; null once erased.
    child: Option<String>,
    /// The family that asked; null where nobody pays.
    payer: Option<String>,
    /// The activity's code; null unless a day was asked.
    activity_id: Option<ID>,
    /// The activity; null unless a day was asked.
    activity: Option<String>,
    /// The day; null unless a day was asked.
    date: Option<Date>,
    /// What is asked of a file, field by field; empty where a day was asked.
    changes: Vec<FieldChange>,
    /// The proofs sent with it, the certificate of an absence included.
    attachments: Vec<Attachment>,
    /// The reason of an absence, in the caller's language.
    reason: Option<String>,
    /// When it was submitted.
    submitted_at: DateTime<Utc>,
    /// When it was decided.
    decided_at: Option<DateTime<Utc>>,
    /// Why it was refused, in the caller's language.
    refusal_reason: Option<String>,
    /// What staff wrote about the refusal.
    refusal_note: Option<String>,
    /// Until when a certificate is awaited.
    certificate_due: Option<DateTime<Utc>>,
}

input_objects! {
    /// Which requests to list.
    #[derive(Default)]
    object RequestFilter {
        #[graphql(name = "types")]
        "Only these types." kinds: Option<Vec<RequestType>>,
        "Only of this tab." tab: Option<RequestTab>,
        "Only days of this structure's activities." structure_id: Option<ID>,
        "Only in these states." statuses: Option<Vec<RequestStatus>>,
        "Only of this child." child_id: Option<ID>,
        "Only of this submission." request_id: Option<ID>,
        "Only submitted since; by default a month ago for families, without limit for staff." since: Option<Instant>,
    }
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
        #[graphql(desc = "In which order; the newest first when left out.")] order: Option<RequestOrder>,
        #[graphql(desc = "After this cursor.")] after: Option<String>,
        #[graphql(desc = "Answer from this position of the log or later.")] min_position: Option<Position>,
    ) -> Result<Connection<String, Request, RequestTotals, EmptyFields>> {
        be_fresh(
            ctx,
            &[request_list::NAMES[0], request_list::NAMES[1], family::NAME],
            min_position.map(|p| p.0),
        )
        .await?;
        let filter = stored_filter(ctx, filter.unwrap_or_default()).await?;
        let before = cursor::<i64>(ctx, after.as_deref())?;
        let first = i64::from(page(ctx, first.unwrap_or(20), 100)?);
        let pool = ctx.application()?.pool();
        let lines = request_list::list(pool, &filter, stored_order(order), before, first + 1).await;
        let mut lines = lines.map_err(unavailable)?;
        // All are counted for those who ask: a town has a million.
        let total_count = if ctx.look_ahead().field("totalCount").exists() {
            request_list::count(pool, &filter).await.map_err(unavailable)?
        } else {
            0
        };
        let more = lines.len() > usize::try_from(first).unwrap_or(usize::MAX);
        lines.truncate(usize::try_from(first).unwrap_or(usize::MAX));
        let mut page =
            Connection::with_additional_fields(before.is_some(), more, RequestTotals { total_count });
        page.edges = shown(ctx, lines).await?;
        Ok(page)
    }

    /// How many requests of each type and structure are undecided, those waiting longest first: the
    /// staff's worklist at a glance.
    #[graphql(guard = "OFFICERS")]
    async fn pending_requests(&self, ctx: &Context<'_>) -> Result<Vec<PendingRequests>> {
        let application = ctx.application()?;
        let counts = request_list::pending_counts(application.pool()).await.map_err(unavailable)?;
        let catalogue = application.catalogue().get().await.map_err(unavailable)?;
        let structure = |activity: &str| {
            let known = activity.parse().ok().and_then(|id| catalogue.activities.get(&id));
            known.and_then(Activity::latest).map(|settings| settings.structure.to_string())
        };
        let mut pending: Vec<PendingRequests> = vec![];
        for found in counts {
            let structure = found.activity.as_deref().and_then(structure);
            let kind = RequestType::from(found.kind);
            let same =
                |p: &&mut PendingRequests| p.kind == kind && p.structure_id.as_deref() == structure.as_ref();
            match pending.iter_mut().find(same) {
                // The oldest comes first, so what is added is never older.
                Some(known) => known.count += found.count,
                None => pending.push(PendingRequests {
                    kind,
                    type_label: text(&format!("REQUEST_{}", found.kind), ctx.language(), &[]),
                    structure_id: structure.map(ID),
                    count: found.count,
                    oldest_submitted_at: found.oldest,
                }),
            }
        }
        Ok(pending)
    }
}

/// How many there are.
#[derive(Debug, Clone, SimpleObject)]
pub struct RequestTotals {
    /// How many requests match in all.
    total_count: i64,
}

fn stored_order(order: Option<RequestOrder>) -> Order {
    match order {
        Some(RequestOrder::OldestFirst) => Order::OldestFirst,
        Some(RequestOrder::NewestFirst) | None => Order::NewestFirst,
    }
}

async fn stored_filter(ctx: &Context<'_>, filter: RequestFilter) -> Result<Filter> {
    let caller = ctx.caller()?;
    let is_parent = caller.role == Role::Parent;
    let child = match filter.child_id {
        Some(id) => Some(visible_child(ctx, &id).await?.0),
        None => None,
    };
    let activities = match filter.structure_id {
        Some(structure) => {
            let catalogue = ctx.application()?.catalogue().get().await.map_err(unavailable)?;
            let of_structure = |a: &&Activity| a.latest().is_some_and(|s| s.structure.as_str() == *structure);
            let known = catalogue.activities.iter().filter(|(_, a)| of_structure(a));
            Some(known.map(|(id, _)| id.to_string()).collect())
        }
        None => None,
    };
    let request = filter.request_id.map(|id| id.parse::<Uuid>()).transpose();
    Ok(Filter {
        payer: is_parent.then(|| caller.login.clone()),
        child,
        kinds: kinds(filter.kinds, filter.tab),
        statuses: filter.statuses.map(|all| all.into_iter().map(Into::into).collect()),
        request: request.map_err(|_| coded("NOT_FOUND", ctx.language()))?,
        activities,
        since: filter.since.map(|at| at.0).or_else(|| is_parent.then(|| caller.at - Duration::days(31))),
    })
}

async fn shown(
    ctx: &Context<'_>,
    lines: Vec<RequestLine>,
) -> Result<Vec<Edge<String, Request, EmptyFields>>> {
    let (application, language) = (ctx.application()?, ctx.language());
    let catalogue = application.catalogue().get().await.map_err(unavailable)?;
    let ids: Vec<Uuid> = lines.iter().filter_map(|l| Some(l.child?.0)).collect();
    let children = family::children_by_id(application.pool(), &ids).await.map_err(unavailable)?;
    let names: HashMap<Uuid, String> =
        children.into_iter().filter_map(|c| Some((c.id.0, c.identity?.first_name))).collect();
    let of_files: Vec<Uuid> = lines.iter().filter(|l| l.activity.is_none()).map(|l| l.request.0).collect();
    let modifications =
        family_file::modifications(application.pool(), &of_files).await.map_err(unavailable)?;
    let masked = ctx.caller()?.role == Role::Auditor;
    let edge = |line: RequestLine| {
        let modification = modifications.iter().find(|m| m.request == line.request.0);
        let activity = line.activity.as_deref().map(|code| {
            let known = code.parse().ok().and_then(|id| catalogue.activities.get(&id));
            known.and_then(Activity::latest).map_or_else(|| code.to_owned(), |s| s.name.clone())
        });
        let label = |prefix: &str, key: &str| text(&format!("{prefix}_{key}"), language, &[]);
        let refusal = line.refusal.as_ref().map(|r| r.text(language));
        let refusal = refusal.or_else(|| Some(text(refusal_key(line.detail?)?, language, &[])));
        let request = Request {
            id: ID(line.line.to_string()),
            request_id: ID(line.request.to_string()),
            type_label: label("REQUEST", line.kind.into()),
            kind: line.kind.into(),
            status_label: label("STATUS", line.status.into()),
            status: line.status.into(),
            detail_label: line.detail.map(|detail| label("DETAIL", detail.into())),
            detail: line.detail.map(|detail| detail.to_string()),
            child_id: line.child.map(|c| ID(c.to_string())),
            child: line.child.and_then(|c| names.get(&c.0).cloned()),
            payer: line.payer,
            activity,
            activity_id: line.activity.map(ID),
            date: line.date.map(Date),
            changes: modification.map(|m| changes(m, masked, language)).unwrap_or_default(),
            attachments: modification
                .map_or(line.files, |m| m.attachments.clone())
                .into_iter()
                .map(Into::into)
                .collect(),
            refusal_note: modification.and_then(|m| m.note.clone()),
            reason: line.reason.map(|reason| label("ABSENCE", reason.into())),
            submitted_at: line.submitted,
            decided_at: line.decided,
            refusal_reason: refusal,
            certificate_due: line.certificate_due,
        };
        Edge::new(line.line.to_string(), request)
    };
    Ok(lines.into_iter().map(edge).collect())
}

/// The words for why something was refused, where no decision of staff says it.
fn refusal_key(detail: RequestDetail) -> Option<&'static str> {
    match detail {
        RequestDetail::CertificateMissing => Some("REFUSAL_CERTIFICATE"),
        RequestDetail::CertificateRefused => Some("REFUSAL_CERTIFICATE_REFUSED"),
        RequestDetail::Closed => Some("MARKER_CLOSURE"),
        RequestDetail::EnrolmentEnded => Some("RELEASED_ENROLMENT_ENDED"),
        RequestDetail::LeftFamily => Some("RELEASED_LEFT_FAMILY"),
        RequestDetail::ActivityEnded => Some("RELEASED_ACTIVITY_ENDED"),
        RequestDetail::NotOffered => Some("RELEASED_NOT_OFFERED"),
        RequestDetail::Waitlisted
        | RequestDetail::Offered
        | RequestDetail::Cancelled
        | RequestDetail::Excused
        | RequestDetail::Billed
        | RequestDetail::CertificateReceived => None,
    }
}
