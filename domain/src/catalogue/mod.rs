//! What the town offers: structures, activities, the calendar, the deadlines.

pub mod activity;
pub mod calendar;
pub mod deadline;
pub mod structure;
