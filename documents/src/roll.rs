//! The roll of a session: who is expected, who waits, who came. Printed and exported from here.

use portail_domain::{
    attendance::cell,
    attendance::session::Booking,
    attendance::terms::Terms,
    i18n::{Language, text},
    shared::ids::ChildId,
};

/// One child of a session.
#[derive(Debug, Clone)]
pub struct RollLine {
    /// The child.
    pub child: ChildId,
    /// Surname and first name; none once erased.
    pub name: Option<(String, String)>,
    /// Who pays.
    pub payer: String,
    /// The booking; none for an enrolled child without one.
    pub booking: Option<Booking>,
    /// The rank on the waiting list.
    pub rank: Option<i64>,
}

/// The roll of a session.
#[derive(Debug, Clone)]
pub struct Roll {
    /// The activity's name on the day.
    pub activity: String,
    /// The session's terms.
    pub terms: Terms,
    /// How many places are held.
    pub held: i32,
    /// How many children wait.
    pub waiting: i32,
    /// The children booked or enrolled, by surname and first name.
    pub children: Vec<RollLine>,
}

/// What a line of the roll says of its booking, as the calendar words it.
pub fn status_label(roll: &Roll, line: &RollLine, language: Language) -> String {
    let status = cell::status(&roll.terms, line.booking.as_ref());
    status.map_or_else(String::new, |s| text(s.label_key(), language, &[]))
}
