//! The roll of a session as a table.

use chrono::NaiveTime;
use portail_domain::i18n::Language;

use crate::{
    roll::{Roll, status_label},
    table::table,
};

/// A line per child booked or enrolled.
///
/// # Errors
/// The writer failed.
pub fn file(roll: &Roll, language: Language) -> csv::Result<Vec<u8>> {
    let head =
        ["enfant", "nom", "prenom", "famille", "statut", "rang_attente", "present", "arrivee", "depart"];
    let hour = |time: Option<NaiveTime>| time.map_or_else(String::new, |t| t.format("%H:%M").to_string());
    table(head, &roll.children, |line| {
        let (surname, first_name) = line.name.clone().unwrap_or_default();
        let seen = line.booking.as_ref().and_then(|b| b.attendance);
        vec![[
            line.child.to_string(),
            surname,
            first_name,
            line.payer.clone(),
            status_label(roll, line, language),
            line.rank.map_or_else(String::new, |r| r.to_string()),
            seen.map_or("", |s| if s.present { "1" } else { "0" }).to_owned(),
            hour(seen.and_then(|s| s.arrived)),
            hour(seen.and_then(|s| s.left)),
        ]]
    })
}
