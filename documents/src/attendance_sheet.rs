//! The attendance sheet of a session: who is expected, with room to note who came and when.

use chrono::NaiveTime;

use crate::{
    day,
    roll::{Roll, RollLine, status_label},
    sheet::{Cell, ColumnKind, Sheet, Writer},
};

/// Whether a line belongs on paper: the child may come, or came.
fn is_expected(line: &RollLine) -> bool {
    line.booking.as_ref().is_some_and(|b| !b.status.is_over())
}

/// The sheet of a roll: its title and what is on it.
pub fn sheet(roll: &Roll, writer: &Writer<'_>) -> (String, Sheet) {
    let mut sheet = Sheet::of_town(writer);
    sheet.facts = vec![
        (writer.said("DOC_SERVICE"), roll.activity.clone()),
        (writer.said("DOC_DATE"), day(roll.terms.date)),
        (writer.said("DOC_PLACES_HELD"), places(roll)),
    ];
    sheet.columns = vec![
        writer.column("DOC_CHILD", ColumnKind::Words),
        writer.column("DOC_STATUS", ColumnKind::Words),
        writer.column("DOC_PRESENT", ColumnKind::Short),
        writer.column("DOC_ARRIVED", ColumnKind::Short),
        writer.column("DOC_LEFT", ColumnKind::Short),
        writer.column("DOC_SIGNATURE", ColumnKind::Words),
    ];
    let hour = |time: Option<NaiveTime>| time.map_or_else(String::new, |t| t.format("%H:%M").to_string());
    for line in roll.children.iter().filter(|line| is_expected(line)) {
        let seen = line.booking.as_ref().and_then(|b| b.attendance);
        let name =
            line.name.as_ref().map_or_else(String::new, |(surname, first)| format!("{surname} {first}"));
        let present = match seen {
            Some(seen) if seen.present => writer.said("VALUE_YES"),
            Some(_) => writer.said("VALUE_NO"),
            None => String::new(),
        };
        sheet.rows.push(vec![
            name.into(),
            Cell::from(status_label(roll, line, writer.language)),
            present.into(),
            hour(seen.and_then(|s| s.arrived)).into(),
            hour(seen.and_then(|s| s.left)).into(),
            String::new().into(),
        ]);
    }
    (writer.said("DOC_ATTENDANCE"), sheet)
}

fn places(roll: &Roll) -> String {
    roll.terms.capacity.map_or_else(|| roll.held.to_string(), |most| format!("{} / {most}", roll.held))
}
