//! What the town offers: structures, activities, the school calendar.

pub mod school_calendar;

use async_graphql::{
    Context, Enum, ID, InputObject, MaybeUndefined, Object, OneofObject, Result, SimpleObject,
};
use chrono::Weekday as ChronoWeekday;
use portail_application::{Command, Rejection};
use portail_domain::{
    activity::{
        AbsenceChanges, AbsencePolicy, ActivityChanges, ActivitySettings, ApprovalMode as DomainApproval,
        LateRequests as DomainLate, LeavePolicy,
    },
    calendar::Period as DomainPeriod,
    deadline::{Batch, DeadlineRule},
    ids::ActivityId,
    text::Heading,
};
use uuid::Uuid;

use crate::graphql::{
    attendance::{
        planning::mirrored_enum,
        sessions::{AbsenceReason, Weekday},
    },
    context::{Ask, EVERYBODY, STAFF, unavailable},
    entered::{parse, text},
    families::{RecordPayload, record},
    scalars::{Date, Time},
};

mirrored_enum!(
    /// What kind of days an activity is offered on.
    Period = DomainPeriod {
        School: "When school is held.",
        SmallHolidays: "Autumn, Christmas, winter and spring holidays.",
        SummerHolidays: "July and August.",
    }
);

mirrored_enum!(
    /// Who decides a reservation.
    ApprovalMode = DomainApproval {
        Instant: "Confirmed at once while a place is free.",
        Staff: "Staff decide each request.",
    }
);

mirrored_enum!(
    /// What a request after the booking cut-off becomes.
    LateRequests = DomainLate {
        Refuse: "An error that names the deadline.",
        WaitingList: "A place on the waiting list.",
        Accept: "Accepted, marked late.",
    }
);

/// An activity, with its newest settings.
#[derive(Debug, Clone, SimpleObject)]
pub struct Activity {
    /// Its code.
    id: ID,
    /// Its name.
    name: String,
    /// When a session starts.
    starts: Time,
    /// When a session ends.
    ends: Time,
    /// The weekdays it is offered on.
    weekdays: Vec<Weekday>,
    /// The periods it is offered in.
    periods: Vec<Period>,
    /// How many children a session holds; null: no limit.
    capacity: Option<u32>,
    /// Who decides a reservation.
    approval: ApprovalMode,
    /// Whether a full session keeps a waiting list.
    waiting_list: bool,
}

impl Activity {
    fn of(id: &ActivityId, settings: &ActivitySettings) -> Self {
        Self {
            id: ID(id.to_string()),
            name: settings.name.clone(),
            starts: Time(settings.starts),
            ends: Time(settings.ends),
            weekdays: settings.weekdays.iter().map(Into::into).collect(),
            periods: settings.periods.iter().map(|p| (*p).into()).collect(),
            capacity: settings.capacity,
            approval: settings.approval.into(),
            waiting_list: settings.waiting_list,
        }
    }
}

/// A structure with its activities.
#[derive(Debug, Clone, SimpleObject)]
pub struct Structure {
    /// Its code.
    id: ID,
    /// Its name.
    name: String,
    /// Its activities, in the order of the planning.
    activities: Vec<Activity>,
}

/// Queries of the catalogue.
#[derive(Debug, Default)]
pub struct CatalogueQuery;

#[Object]
impl CatalogueQuery {
    /// The structures with their activities.
    #[graphql(guard = "EVERYBODY")]
    async fn structures(&self, ctx: &Context<'_>) -> Result<Vec<Structure>> {
        let catalogue = ctx.application()?.catalogue().get().await.map_err(unavailable)?;
        let of = |(id, structure): (&_, &portail_domain::structure::Structure)| {
            let settings = catalogue.activities.iter().filter_map(|(a, state)| Some((a, state.latest()?)));
            let mut own: Vec<_> = settings.filter(|(_, s)| s.structure == *id).collect();
            own.sort_by_key(|(a, s)| (s.rank, (*a).clone()));
            Structure {
                id: ID(id.to_string()),
                name: structure.name.clone().unwrap_or_default(),
                activities: own.into_iter().map(|(a, s)| Activity::of(a, s)).collect(),
            }
        };
        Ok(catalogue.structures.iter().map(of).collect())
    }
}

/// So many days before, at a time.
#[derive(Debug, Clone, InputObject)]
pub struct DaysBeforeInput {
    /// How many counted days.
    days: u16,
    /// The time on that day.
    at: Time,
    /// Saturdays and Sundays do not count.
    #[graphql(default)]
    skip_weekends: bool,
    /// Public holidays do not count, nor days the town closed.
    #[graphql(default)]
    skip_public_holidays: bool,
    /// These weekdays do not count.
    #[graphql(default)]
    skip_weekdays: Vec<Weekday>,
    /// Only days on which the activity itself takes place count.
    #[graphql(default)]
    only_open_days: bool,
}

/// A weekday of a week before.
#[derive(Debug, Clone, InputObject)]
pub struct WeekdayOfWeekBeforeInput {
    /// Which weekday.
    weekday: Weekday,
    /// How many weeks before.
    weeks: u8,
    /// The time on that day.
    at: Time,
}

/// One closing for several weekdays.
#[derive(Debug, Clone, InputObject)]
pub struct BatchInput {
    /// The weekday it closes on.
    closes_on: Weekday,
    /// The time it closes at.
    at: Time,
    /// The weekdays it closes.
    covers: Vec<Weekday>,
}

/// A day of the month before.
#[derive(Debug, Clone, InputObject)]
pub struct DayOfPreviousMonthInput {
    /// The day, 1 to 31.
    day: u8,
    /// The time on that day.
    at: Time,
}

/// So many weeks before the holidays.
#[derive(Debug, Clone, InputObject)]
pub struct WeeksBeforeHolidaysInput {
    /// How many weeks.
    weeks: u8,
    /// The time on that day.
    at: Time,
}

/// How a deadline is found: exactly one of these.
#[derive(Debug, Clone, OneofObject)]
pub enum DeadlineInput {
    /// So many hours before the session starts; 0: until it starts.
    HoursBefore(u16),
    /// So many days before, at a time.
    DaysBefore(DaysBeforeInput),
    /// A weekday of a week before.
    WeekdayOfWeekBefore(WeekdayOfWeekBeforeInput),
    /// Weekly batches.
    WeeklyBatches(Vec<BatchInput>),
    /// A day of the month before.
    DayOfPreviousMonth(DayOfPreviousMonthInput),
    /// So many weeks before the holidays.
    WeeksBeforeHolidays(WeeksBeforeHolidaysInput),
}

fn weekdays(days: Vec<Weekday>) -> portail_domain::time::Weekdays {
    days.into_iter().map(ChronoWeekday::from).collect()
}

impl From<DeadlineInput> for DeadlineRule {
    fn from(input: DeadlineInput) -> Self {
        match input {
            DeadlineInput::HoursBefore(0) => Self::AtStart,
            DeadlineInput::HoursBefore(hours) => Self::HoursBefore { hours },
            DeadlineInput::DaysBefore(i) => Self::DaysBefore {
                days: i.days,
                at: i.at.0,
                skip_weekends: i.skip_weekends,
                skip_public_holidays: i.skip_public_holidays,
                skip_weekdays: weekdays(i.skip_weekdays),
                only_open_days: i.only_open_days,
            },
            DeadlineInput::WeekdayOfWeekBefore(i) => {
                Self::WeekdayOfWeekBefore { weekday: i.weekday.into(), weeks: i.weeks, at: i.at.0 }
            }
            DeadlineInput::WeeklyBatches(batches) => {
                let batch = |b: BatchInput| Batch {
                    closes_on: b.closes_on.into(),
                    at: b.at.0,
                    covers: weekdays(b.covers),
                };
                Self::WeeklyBatches { batches: batches.into_iter().map(batch).collect() }
            }
            DeadlineInput::DayOfPreviousMonth(i) => Self::DayOfPreviousMonth { day: i.day, at: i.at.0 },
            DeadlineInput::WeeksBeforeHolidays(i) => Self::WeeksBeforeHolidays { weeks: i.weeks, at: i.at.0 },
        }
    }
}

/// What an absence becomes.
#[derive(Debug, Clone, InputObject)]
pub struct AbsencePolicyInput {
    /// Hours within which the certificate must arrive.
    #[graphql(default = 48)]
    certificate_window_hours: u16,
    /// Days until which a late certificate is still accepted.
    #[graphql(default = 10)]
    late_certificate_days: u16,
    /// How many first days stay billed when the certificate came late.
    #[graphql(default)]
    waiting_days: u16,
    /// What a billed absence costs, in percent of the price.
    #[graphql(default = 100)]
    billed_percent: u8,
    /// The reasons that excuse without a certificate; the usual ones when left out.
    excusing_reasons: Option<Vec<AbsenceReason>>,
    /// Those of them that excuse on the family's word after the cut-off; of the others staff confirm
    /// that it was so. A family event when left out.
    excused_on_word: Option<Vec<AbsenceReason>>,
}

/// The settings of an activity.
#[derive(Debug, Clone, InputObject)]
pub struct ActivitySettingsInput {
    /// The structure it belongs to.
    structure_id: ID,
    /// Its name as families see it.
    name: String,
    /// Where it stands among the rows of the planning.
    #[graphql(default)]
    rank: u16,
    /// When a session starts.
    starts: Time,
    /// When a session ends.
    ends: Time,
    /// The weekdays it is offered on.
    weekdays: Vec<Weekday>,
    /// The periods it is offered in.
    periods: Vec<Period>,
    /// How many children a session holds; no limit when left out.
    capacity: Option<u32>,
    /// Who decides a reservation.
    approval: ApprovalMode,
    /// Whether a full session keeps a waiting list.
    #[graphql(default = true)]
    waiting_list: bool,
    /// Hours to accept an offered place.
    #[graphql(default = 24)]
    offer_hours: u16,
    /// Until when a session can be booked.
    booking_deadline: DeadlineInput,
    /// Until when a reservation can be cancelled.
    cancel_deadline: DeadlineInput,
    /// What a late request becomes.
    late_requests: Option<LateRequests>,
    /// What an absence becomes.
    absence: Option<AbsencePolicyInput>,
    /// Until when leave can be taken; no leave when left out.
    leave_deadline: Option<DeadlineInput>,
}

impl ActivitySettingsInput {
    fn settings(self) -> Result<Box<ActivitySettings>, Rejection> {
        let usual = AbsencePolicy::default();
        Ok(Box::new(ActivitySettings {
            structure: parse(&self.structure_id, "settings.structureId")?,
            name: text::<Heading>(&self.name, "settings.name")?.into(),
            rank: self.rank,
            starts: self.starts.0,
            ends: self.ends.0,
            weekdays: weekdays(self.weekdays),
            periods: self.periods.into_iter().map(DomainPeriod::from).collect(),
            capacity: self.capacity,
            approval: self.approval.into(),
            waiting_list: self.waiting_list,
            offer_hours: self.offer_hours,
            booking_deadline: self.booking_deadline.into(),
            cancel_deadline: self.cancel_deadline.into(),
            late_requests: self.late_requests.map_or(DomainLate::Refuse, Into::into),
            absence: self.absence.map_or(usual.clone(), |a| AbsencePolicy {
                certificate_window_hours: a.certificate_window_hours,
                late_certificate_days: a.late_certificate_days,
                waiting_days: a.waiting_days,
                billed_percent: a.billed_percent,
                excusing_reasons: a
                    .excusing_reasons
                    .map_or(usual.excusing_reasons, |r| r.into_iter().map(Into::into).collect()),
                excused_on_word: a
                    .excused_on_word
                    .map_or(usual.excused_on_word, |r| r.into_iter().map(Into::into).collect()),
            }),
            leave: self.leave_deadline.map(|d| LeavePolicy { notice: d.into() }),
        }))
    }
}

/// What to change of what an absence becomes; what is left out stays as it is.
#[derive(Debug, Clone, Default, InputObject)]
pub struct AbsenceChangesInput {
    /// Hours within which the certificate must arrive.
    certificate_window_hours: Option<u16>,
    /// Days until which a late certificate is still accepted.
    late_certificate_days: Option<u16>,
    /// How many first days stay billed when the certificate came late.
    waiting_days: Option<u16>,
    /// What a billed absence costs, in percent of the price.
    billed_percent: Option<u8>,
    /// The reasons that excuse without a certificate.
    excusing_reasons: Option<Vec<AbsenceReason>>,
    /// Those of them that excuse on the family's word after the cut-off; of the others staff confirm
    /// that it was so.
    excused_on_word: Option<Vec<AbsenceReason>>,
}

/// The settings of an activity to change; what is left out stays as it is.
#[derive(Debug, Clone, InputObject)]
pub struct ActivityChangesInput {
    /// The structure it belongs to.
    structure_id: Option<ID>,
    /// Its name as families see it.
    name: Option<String>,
    /// Where it stands among the rows of the planning.
    rank: Option<u16>,
    /// When a session starts.
    starts: Option<Time>,
    /// When a session ends.
    ends: Option<Time>,
    /// The weekdays it is offered on.
    weekdays: Option<Vec<Weekday>>,
    /// The periods it is offered in.
    periods: Option<Vec<Period>>,
    /// How many children a session holds; null: no limit any more.
    capacity: MaybeUndefined<u32>,
    /// Who decides a reservation.
    approval: Option<ApprovalMode>,
    /// Whether a full session keeps a waiting list.
    waiting_list: Option<bool>,
    /// Hours to accept an offered place.
    offer_hours: Option<u16>,
    /// Until when a session can be booked.
    booking_deadline: Option<DeadlineInput>,
    /// Until when a reservation can be cancelled.
    cancel_deadline: Option<DeadlineInput>,
    /// What a late request becomes.
    late_requests: Option<LateRequests>,
    /// What an absence becomes.
    absence: Option<AbsenceChangesInput>,
    /// Until when leave can be taken; null: no leave any more.
    leave_deadline: MaybeUndefined<DeadlineInput>,
}

/// What a field that may be emptied is changed to.
#[allow(clippy::option_option, reason = "left out, emptied or set")]
fn emptied<T, U>(field: MaybeUndefined<T>, set: impl FnOnce(T) -> U) -> Option<Option<U>> {
    match field {
        MaybeUndefined::Undefined => None,
        MaybeUndefined::Null => Some(None),
        MaybeUndefined::Value(value) => Some(Some(set(value))),
    }
}

impl ActivityChangesInput {
    fn changes(self) -> Result<Box<ActivityChanges>, Rejection> {
        let absence = self.absence.unwrap_or_default();
        let structure = self.structure_id.map(|id| parse(&id, "settings.structureId")).transpose()?;
        Ok(Box::new(ActivityChanges {
            structure,
            name: self.name.map(|name| text::<Heading>(&name, "settings.name")).transpose()?.map(Into::into),
            rank: self.rank,
            starts: self.starts.map(|t| t.0),
            ends: self.ends.map(|t| t.0),
            weekdays: self.weekdays.map(weekdays),
            periods: self.periods.map(|p| p.into_iter().map(DomainPeriod::from).collect()),
            capacity: emptied(self.capacity, |n| n),
            approval: self.approval.map(Into::into),
            waiting_list: self.waiting_list,
            offer_hours: self.offer_hours,
            booking_deadline: self.booking_deadline.map(Into::into),
            cancel_deadline: self.cancel_deadline.map(Into::into),
            late_requests: self.late_requests.map(Into::into),
            leave: emptied(self.leave_deadline, |d| LeavePolicy { notice: d.into() }),
            absence: AbsenceChanges {
                certificate_window_hours: absence.certificate_window_hours,
                late_certificate_days: absence.late_certificate_days,
                waiting_days: absence.waiting_days,
                billed_percent: absence.billed_percent,
                excusing_reasons: absence
                    .excusing_reasons
                    .map(|reasons| reasons.into_iter().map(Into::into).collect()),
                excused_on_word: absence
                    .excused_on_word
                    .map(|reasons| reasons.into_iter().map(Into::into).collect()),
            },
        }))
    }
}

/// A structure.
#[derive(Debug, Clone, InputObject)]
pub struct StructureInput {
    /// The idempotency key: the same again gives the first outcome.
    client_mutation_id: Uuid,
    /// Its code.
    id: ID,
    /// Its name.
    name: String,
}

/// An activity.
#[derive(Debug, Clone, InputObject)]
pub struct DefineActivityInput {
    /// The idempotency key: the same again gives the first outcome.
    client_mutation_id: Uuid,
    /// Its code.
    id: ID,
    /// Its settings.
    settings: ActivitySettingsInput,
}

/// A change of an activity's settings.
#[derive(Debug, Clone, InputObject)]
pub struct ChangeActivityInput {
    /// The idempotency key: the same again gives the first outcome.
    client_mutation_id: Uuid,
    /// Its code.
    id: ID,
    /// The settings to change; what is left out stays.
    settings: ActivityChangesInput,
    /// The first session day they hold for.
    from: Date,
}

/// The end of a structure.
#[derive(Debug, Clone, InputObject)]
pub struct RetireStructureInput {
    /// The idempotency key: the same again gives the first outcome.
    client_mutation_id: Uuid,
    /// Its code.
    id: ID,
    /// The first day without it.
    from: Date,
}

/// A structure or an activity to open again.
#[derive(Debug, Clone, InputObject)]
pub struct ReopenInput {
    /// The idempotency key: the same again gives the first outcome.
    client_mutation_id: Uuid,
    /// Its code.
    id: ID,
}

/// The end of an activity.
#[derive(Debug, Clone, InputObject)]
pub struct RetireActivityInput {
    /// The idempotency key: the same again gives the first outcome.
    client_mutation_id: Uuid,
    /// Its code.
    id: ID,
    /// The first day without it.
    from: Date,
}

/// What staff decide about what the town offers.
#[derive(Debug, Default)]
pub struct CatalogueMutation;

#[Object]
impl CatalogueMutation {
    /// Defines a structure.
    #[graphql(guard = "STAFF")]
    async fn define_structure(&self, ctx: &Context<'_>, input: StructureInput) -> Result<RecordPayload> {
        let build =
            || Ok(Command::DefineStructure { id: parse(&input.id, "id")?, name: text(&input.name, "name")? });
        record(ctx, input.client_mutation_id, build()).await
    }

    /// Renames a structure.
    #[graphql(guard = "STAFF")]
    async fn rename_structure(&self, ctx: &Context<'_>, input: StructureInput) -> Result<RecordPayload> {
        let build =
            || Ok(Command::RenameStructure { id: parse(&input.id, "id")?, name: text(&input.name, "name")? });
        record(ctx, input.client_mutation_id, build()).await
    }

    /// Closes a structure for good. Its activities end with it: what was booked from that day on is
    /// released, and the families are told.
    #[graphql(guard = "STAFF")]
    async fn retire_structure(
        &self,
        ctx: &Context<'_>,
        input: RetireStructureInput,
    ) -> Result<RecordPayload> {
        let build = || Ok(Command::RetireStructure { id: parse(&input.id, "id")?, from: input.from.0 });
        record(ctx, input.client_mutation_id, build()).await
    }

    /// Opens a structure again, with the activities that ended with it: what was released stands
    /// again where it still can.
    #[graphql(guard = "STAFF")]
    async fn reopen_structure(&self, ctx: &Context<'_>, input: ReopenInput) -> Result<RecordPayload> {
        let build = || Ok(Command::ReopenStructure { id: parse(&input.id, "id")? });
        record(ctx, input.client_mutation_id, build()).await
    }

    /// Offers an activity.
    #[graphql(guard = "STAFF")]
    async fn define_activity(&self, ctx: &Context<'_>, input: DefineActivityInput) -> Result<RecordPayload> {
        let build = || {
            Ok(Command::DefineActivity { id: parse(&input.id, "id")?, settings: input.settings.settings()? })
        };
        record(ctx, input.client_mutation_id, build()).await
    }

    /// Changes some of an activity's settings from a day on; the others stay as they are. What was booked on
    /// days it is no longer offered on is released, and the families are told.
    #[graphql(guard = "STAFF")]
    async fn change_activity(&self, ctx: &Context<'_>, input: ChangeActivityInput) -> Result<RecordPayload> {
        let build = || {
            let changes = input.settings.changes()?;
            Ok(Command::ChangeActivity { id: parse(&input.id, "id")?, changes, from: input.from.0 })
        };
        record(ctx, input.client_mutation_id, build()).await
    }

    /// Stops offering an activity. What was booked from that day on is released, and the families
    /// are told.
    #[graphql(guard = "STAFF")]
    async fn retire_activity(&self, ctx: &Context<'_>, input: RetireActivityInput) -> Result<RecordPayload> {
        let build = || Ok(Command::RetireActivity { id: parse(&input.id, "id")?, from: input.from.0 });
        record(ctx, input.client_mutation_id, build()).await
    }

    /// Offers an activity again, as if it had never ended: what was released stands again where it
    /// still can.
    #[graphql(guard = "STAFF")]
    async fn reopen_activity(&self, ctx: &Context<'_>, input: ReopenInput) -> Result<RecordPayload> {
        let build = || Ok(Command::ReopenActivity { id: parse(&input.id, "id")? });
        record(ctx, input.client_mutation_id, build()).await
    }
}
