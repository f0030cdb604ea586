//! What runs beside the requests, for as long as the application does.

pub mod billing;
pub mod housekeeping;
pub mod retention;
pub mod timers;
