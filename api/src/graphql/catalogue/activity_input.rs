//! The settings of an activity, as staff enter and change them.

use async_graphql::{ID, MaybeUndefined, Result};
use portail_application::Rejection;
use portail_domain::{
    catalogue::activity::{
        AbsenceChanges, AbsencePolicy, ActivityChanges, ActivitySettings, LateRequests as DomainLate,
        LeavePolicy,
    },
    catalogue::calendar::Period as DomainPeriod,
    shared::text::Heading,
};

use crate::graphql::{
    attendance::sessions::{AbsenceReason, Weekday},
    catalogue::{
        ApprovalMode, LateRequests, Period,
        deadline_input::{DeadlineInput, weekdays},
    },
    commands::input_objects,
    entered::{parse, text},
    scalars::Time,
};

input_objects! {
    /// What an absence becomes.
    object AbsencePolicyInput {
        #[graphql(default = 48)]
        "Hours within which the certificate must arrive." certificate_window_hours: u16,
        #[graphql(default = 10)]
        "Days until which a late certificate is still accepted." late_certificate_days: u16,
        #[graphql(default)]
        "How many first days stay billed when the certificate came late." waiting_days: u16,
        #[graphql(default = 100)]
        "What a billed absence costs, in percent of the price." billed_percent: u8,
        "The reasons that excuse without a certificate; the usual ones when left out."
        excusing_reasons: Option<Vec<AbsenceReason>>,
        "Those of them that excuse on the family's word after the cut-off; of the others staff confirm\n\
         that it was so. A family event when left out."
        excused_on_word: Option<Vec<AbsenceReason>>,
    }

    /// The settings of an activity.
    object ActivitySettingsInput {
        "The structure it belongs to." structure_id: ID,
        "Its name as families see it." name: String,
        #[graphql(default)]
        "Where it stands among the rows of the planning." rank: u16,
        "When a session starts." starts: Time,
        "When a session ends." ends: Time,
        "The weekdays it is offered on." weekdays: Vec<Weekday>,
        "The periods it is offered in." periods: Vec<Period>,
        "How many children a session holds; no limit when left out." capacity: Option<u32>,
        "Who decides a reservation." approval: ApprovalMode,
        #[graphql(default = true)]
        "Whether a full session keeps a waiting list." waiting_list: bool,
        #[graphql(default = 24)]
        "Hours to accept an offered place." offer_hours: u16,
        "Until when a session can be booked." booking_deadline: DeadlineInput,
        "Until when a reservation can be cancelled." cancel_deadline: DeadlineInput,
        "What a late request becomes." late_requests: Option<LateRequests>,
        "What an absence becomes." absence: Option<AbsencePolicyInput>,
        "Until when leave can be taken; no leave when left out." leave_deadline: Option<DeadlineInput>,
    }
}

impl ActivitySettingsInput {
    pub(super) fn settings(self) -> Result<Box<ActivitySettings>, Rejection> {
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

input_objects! {
    /// What to change of what an absence becomes; what is left out stays as it is.
    #[derive(Default)]
    object AbsenceChangesInput {
        "Hours within which the certificate must arrive." certificate_window_hours: Option<u16>,
        "Days until which a late certificate is still accepted." late_certificate_days: Option<u16>,
        "How many first days stay billed when the certificate came late." waiting_days: Option<u16>,
        "What a billed absence costs, in percent of the price." billed_percent: Option<u8>,
        "The reasons that excuse without a certificate." excusing_reasons: Option<Vec<AbsenceReason>>,
        "Those of them that excuse on the family's word after the cut-off; of the others staff confirm\n\
         that it was so."
        excused_on_word: Option<Vec<AbsenceReason>>,
    }

    /// The settings of an activity to change; what is left out stays as it is.
    object ActivityChangesInput {
        "The structure it belongs to." structure_id: Option<ID>,
        "Its name as families see it." name: Option<String>,
        "Where it stands among the rows of the planning." rank: Option<u16>,
        "When a session starts." starts: Option<Time>,
        "When a session ends." ends: Option<Time>,
        "The weekdays it is offered on." weekdays: Option<Vec<Weekday>>,
        "The periods it is offered in." periods: Option<Vec<Period>>,
        "How many children a session holds; null: no limit any more." capacity: MaybeUndefined<u32>,
        "Who decides a reservation." approval: Option<ApprovalMode>,
        "Whether a full session keeps a waiting list." waiting_list: Option<bool>,
        "Hours to accept an offered place." offer_hours: Option<u16>,
        "Until when a session can be booked." booking_deadline: Option<DeadlineInput>,
        "Until when a reservation can be cancelled." cancel_deadline: Option<DeadlineInput>,
        "What a late request becomes." late_requests: Option<LateRequests>,
        "What an absence becomes." absence: Option<AbsenceChangesInput>,
        "Until when leave can be taken; null: no leave any more." leave_deadline: MaybeUndefined<DeadlineInput>,
    }
}

/// What a field that may be emptied is changed to.
#[allow(clippy::option_option, reason = "left out, emptied or set")]
pub(super) fn emptied<T, U>(field: MaybeUndefined<T>, set: impl FnOnce(T) -> U) -> Option<Option<U>> {
    match field {
        MaybeUndefined::Undefined => None,
        MaybeUndefined::Null => Some(None),
        MaybeUndefined::Value(value) => Some(Some(set(value))),
    }
}

impl ActivityChangesInput {
    pub(super) fn changes(self) -> Result<Box<ActivityChanges>, Rejection> {
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
