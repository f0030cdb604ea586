//! What staff decide about days, as they enter it.

use async_graphql::{ID, MaybeUndefined, OneofObject, Result};
use portail_application::{Rejection, Target};

use crate::graphql::{
    attendance::sessions::{ClosureReason, CorrectedAttendance, RefusalCode, parse},
    commands::input_objects,
    scalars::{Date, Instant, Time},
};

input_objects! {
    /// One child's day in one activity.
    object TargetInput {
        "The child." child_id: ID,
        "The activity." activity_id: ID,
        "The day." date: Date,
    }
}

pub(super) fn target(input: &TargetInput, field: &str) -> Result<Target, Rejection> {
    Ok(Target {
        child: parse(&input.child_id, &format!("{field}.childId"))?,
        activity: parse(&input.activity_id, &format!("{field}.activityId"))?,
        date: input.date.0,
    })
}

input_objects! {
    /// Requests to decide.
    command DecideInput {
        "The requests." requests: Vec<TargetInput>,
    }

    /// Requests to refuse.
    command RefuseInput {
        "The requests." requests: Vec<TargetInput>,
        "The code of the refusal." reason: RefusalCode,
        "Why, in words; required for another reason." note: Option<String>,
    }

    /// A certificate that arrived.
    command SettleCertificateInput {
        "The child." child_id: ID,
        "The activity." activity_id: ID,
        "The absent days it covers." dates: Vec<Date>,
        "When it arrived; now when left out." received_at: Option<Instant>,
        "Whether it is accepted." accepted: bool,
    }

    /// Absences whose reason staff know of.
    command SettleExcusesInput {
        "The absences." absences: Vec<TargetInput>,
        "Whether it was so: the strike took place, the teacher was absent." accepted: bool,
    }

    /// One line of a roll-call.
    object RollCallEntryInput {
        "The child." child_id: ID,
        "Whether it is there." present: bool,
        "When it arrived." arrived: Option<Time>,
        "When it left." left: Option<Time>,
    }

    /// A roll-call.
    command RecordRollCallInput {
        "The activity." activity_id: ID,
        "The day." date: Date,
        "One child, or the whole session." entries: Vec<RollCallEntryInput>,
    }

    /// A correction.
    command CorrectAttendanceInput {
        "The cell." target: TargetInput,
        "What it is corrected to." to: CorrectedAttendance,
        "The reason, in words." reason: String,
    }

    /// A session.
    command SessionInput {
        "The activity." activity_id: ID,
        "The day." date: Date,
    }
}

/// Who is concerned by a closure.
#[derive(Debug, Clone, OneofObject)]
pub enum ClosureScopeInput {
    /// The activities of a structure.
    StructureId(ID),
    /// One activity.
    ActivityId(ID),
}

input_objects! {
    /// Days to close.
    command CloseDaysInput {
        "Who is concerned; the whole town when left out." scope: MaybeUndefined<ClosureScopeInput>,
        "The first closed day." from: Date,
        "The last closed day." to: Date,
        "The reason of the closure." reason: ClosureReason,
    }

    /// A closure to take back.
    command ReopenDaysInput {
        "Which closure." closure_id: ID,
    }
}
