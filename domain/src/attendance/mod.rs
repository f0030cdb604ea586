//! What children attend: sessions, how their terms are billed, the cells of the planning.

pub mod cell;
pub mod session;
pub mod terms;
