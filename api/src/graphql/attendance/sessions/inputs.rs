//! Days, as parents enter them.

use async_graphql::ID;

use crate::graphql::{
    attendance::sessions::{AbsenceReason, Weekday},
    commands::input_objects,
    scalars::Date,
};

input_objects! {
    /// A weekly pattern over a range of days.
    object WeeklyPatternInput {
        "Which weekdays." weekdays: Vec<Weekday>,
        "From which day." from: Date,
        "To which day, included." to: Date,
    }

    /// A request for places.
    command RequestReservationsInput {
        "The child." child_id: ID,
        "The activity." activity_id: ID,
        "These days." dates: Option<Vec<Date>>,
        "Or a weekly pattern; days without a session are left out." pattern: Option<WeeklyPatternInput>,
        "Staff only: why they ask after the deadline; required then, and recorded." reason: Option<String>,
        "Staff only: the family they act for." on_behalf_of: Option<String>,
    }

    /// Days of a child in an activity.
    command ChildDaysInput {
        "The child." child_id: ID,
        "The activity." activity_id: ID,
        "The days." dates: Vec<Date>,
        "Staff only: why they cancel or take leave after the deadline; required then, and recorded."
        reason: Option<String>,
        "Staff only: the family they act for." on_behalf_of: Option<String>,
    }

    /// An absence.
    command DeclareAbsenceInput {
        "The child." child_id: ID,
        "The activity." activity_id: ID,
        "The days." dates: Vec<Date>,
        "The reason of the absence." reason: AbsenceReason,
        "The absence must be confirmed." confirmed: bool,
        "Staff only: the family they act for." on_behalf_of: Option<String>,
    }

    /// The answer to an offered place.
    command AnswerOfferInput {
        "The child." child_id: ID,
        "The activity." activity_id: ID,
        "The day." date: Date,
        "Staff only: the family they act for." on_behalf_of: Option<String>,
    }
}
