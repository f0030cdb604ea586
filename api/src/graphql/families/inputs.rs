//! Families, children and enrolments, as staff enter them.

use async_graphql::ID;

use crate::graphql::{attendance::sessions::Weekday, commands::input_objects, scalars::Date};

input_objects! {
    /// A new family.
    command RegisterFamilyInput {
        "The family's number, 13 digits." number: String,
        "The title of the responsible guardian." title: String,
        "The surname of the responsible guardian." surname: String,
        "The first name of the responsible guardian." first_name: String,
    }

    /// A new child.
    command RegisterChildInput {
        "The family it belongs to." family_number: String,
        "First name." first_name: String,
        "Surname." surname: String,
        "Birth date." birth_date: Date,
    }

    /// A second family of a child.
    command LinkChildInput {
        "The child." child_id: ID,
        "The family." family_number: String,
    }

    /// The end of a child's membership of a family.
    command UnlinkChildInput {
        "The child." child_id: ID,
        "The family it leaves." family_number: String,
        "The last day, today or earlier: what the family enrolled it in ends with it." last_day: Date,
    }

    /// An enrolment.
    command EnrolChildInput {
        "The child." child_id: ID,
        "The activity." activity_id: ID,
        "The family that pays." payer: String,
        "First day." from: Date,
        "Last day; open-ended when left out." to: Option<Date>,
        "The weekdays of a regular contract; occasional when left out." contract_weekdays: Option<Vec<Weekday>>,
        "Days of leave per school year." leave_days: Option<u16>,
    }

    /// The end of an enrolment.
    command EndEnrolmentInput {
        "The child." child_id: ID,
        "The activity." activity_id: ID,
        "The family that pays." payer: String,
        "The last enrolled day." last_day: Date,
    }
}
