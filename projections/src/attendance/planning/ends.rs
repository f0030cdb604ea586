//! What ends, as the planning sees it: bookings that stand after it, at its place in the log, are
//! marked for the clock. There are none, unless one was made while the end was being decided.

use chrono::{DateTime, NaiveDate, Utc};
use cqrs_es::Aggregate;
use portail_domain::{
    attendance::session::Booking,
    catalogue::activity::ActivityEvent,
    families::child::{Child, ChildEvent},
    shared::ids::{ActivityId, ChildId, FamilyNumber},
    shared::time::FIRST_DAY,
};
use portail_event_store::RecordedEvent;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    decode::json,
    engine::projection::{FoldContext, FoldError},
};

/// An end, or what is back.
pub(super) struct Change {
    is_end: bool,
    child: Option<ChildId>,
    activity: Option<ActivityId>,
    payer: Option<FamilyNumber>,
    from: NaiveDate,
    to: Option<NaiveDate>,
}

/// What an event of a child or an activity ends or brings back.
pub(super) fn change(event: &RecordedEvent, context: &FoldContext) -> Result<Option<Change>, FoldError> {
    Ok(if event.stream.kind == Child::TYPE {
        let child: ChildId = event.stream.id.parse().map_err(|e| FoldError::poison(event, e))?;
        of_child(child, context.decode(event)?)
    } else {
        let activity: ActivityId = event.stream.id.parse().map_err(|e| FoldError::poison(event, e))?;
        of_activity(activity, context.decode(event)?)
    })
}

fn of_child(child: ChildId, event: ChildEvent) -> Option<Change> {
    let child = Some(child);
    match event {
        ChildEvent::EnrolmentEnded { activity, payer, last_day, released_until } => Some(Change {
            is_end: true,
            child,
            activity: Some(activity),
            payer: Some(payer),
            from: last_day.succ_opt()?,
            to: Some(released_until),
        }),
        ChildEvent::ChildUnlinkedFromFamily { family, last_day } => Some(Change {
            is_end: true,
            child,
            activity: None,
            payer: Some(family),
            from: last_day.succ_opt()?,
            to: None,
        }),
        ChildEvent::ChildEnrolled(enrolment) => Some(Change {
            is_end: false,
            child,
            activity: Some(enrolment.activity),
            payer: Some(enrolment.payer),
            from: enrolment.from,
            to: enrolment.to,
        }),
        ChildEvent::ChildRegistered { .. }
        | ChildEvent::ChildLinkedToFamily { .. }
        | ChildEvent::LeaveCounted { .. }
        | ChildEvent::CostSharingAgreed { .. }
        | ChildEvent::ChildSectionRecorded { .. } => None,
    }
}

fn of_activity(activity: ActivityId, event: ActivityEvent) -> Option<Change> {
    let of =
        |is_end, from| Change { is_end, child: None, activity: Some(activity), payer: None, from, to: None };
    match event {
        ActivityEvent::ActivityRetired { from, releases: true } => Some(of(true, from)),
        ActivityEvent::ActivityReopened {} => Some(of(false, FIRST_DAY)),
        ActivityEvent::ActivityRetired { releases: false, .. }
        | ActivityEvent::ActivityDefined { .. }
        | ActivityEvent::ActivitySettingsChanged { .. } => None,
    }
}

impl Change {
    pub(super) async fn write(
        self,
        at: DateTime<Utc>,
        connection: &mut PgConnection,
    ) -> Result<(), sqlx::Error> {
        // By the child's index, or by the key.
        let place = if self.child.is_some() {
            "child = $1 AND date >= $3 AND ($2::text IS NULL OR activity = $2)"
        } else {
            "($1::uuid IS NULL) AND activity = $2 AND date >= $3"
        };
        let marked = if self.is_end { "ended IS NULL" } else { "ended IS NOT NULL" };
        let query = format!(
            "SELECT child, activity, date, booking FROM cell \
             WHERE {place} AND ($4::date IS NULL OR date <= $4) AND {marked}"
        );
        let rows: Vec<(Uuid, String, NaiveDate, String)> = sqlx::query_as(&query)
            .bind(self.child.map(|child| child.0))
            .bind(self.activity.as_ref().map(ActivityId::as_str))
            .bind(self.from)
            .bind(self.to)
            .fetch_all(&mut *connection)
            .await?;
        let (mut children, mut activities, mut dates) = (vec![], vec![], vec![]);
        for (child, activity, date, booking) in rows {
            let booking: Booking = json(&booking)?;
            let concerned = self.payer.as_ref().is_none_or(|payer| booking.payer == *payer);
            if concerned && (!self.is_end || booking.is_releasable()) {
                children.push(child);
                activities.push(activity);
                dates.push(date);
            }
        }
        if children.is_empty() {
            return Ok(());
        }
        sqlx::query(
            "UPDATE cell SET ended = $4 \
             FROM unnest($1::uuid[], $2::text[], $3::date[]) AS k (child, activity, date) \
             WHERE cell.child = k.child AND cell.activity = k.activity AND cell.date = k.date",
        )
        .bind(children)
        .bind(activities)
        .bind(dates)
        .bind(self.is_end.then_some(at))
        .execute(connection)
        .await?;
        Ok(())
    }
}
