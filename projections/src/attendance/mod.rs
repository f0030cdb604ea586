//! Bookings of sessions and the requests for them.

pub mod month_planning;
pub mod planning;
pub mod request;
pub mod request_list;
pub mod requests;
