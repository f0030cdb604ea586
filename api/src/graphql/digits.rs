//! Days and instants digit by digit: a planning has hundreds of them.

use std::io::Write;

use chrono::{DateTime, Datelike, NaiveDate, Timelike, Utc};

/// Writes a day as `YYYY-MM-DD`.
pub fn date(date: NaiveDate, out: &mut Vec<u8>) {
    let Ok(year @ 0..=9999) = u32::try_from(date.year()) else {
        // Memory takes all.
        let _ = write!(out, "{date}");
        return;
    };
    pair(year / 100, out);
    pair(year % 100, out);
    out.push(b'-');
    pair(date.month(), out);
    out.push(b'-');
    pair(date.day(), out);
}

/// Writes an instant as RFC 3339 has it, in UTC.
pub fn instant(at: DateTime<Utc>, out: &mut Vec<u8>) {
    if at.nanosecond() != 0 || !(0..=9999).contains(&at.year()) {
        out.extend_from_slice(at.to_rfc3339().as_bytes());
        return;
    }
    date(at.date_naive(), out);
    for (mark, value) in [(b'T', at.hour()), (b':', at.minute()), (b':', at.second())] {
        out.push(mark);
        pair(value, out);
    }
    out.extend_from_slice(b"+00:00");
}

fn pair(value: u32, out: &mut Vec<u8>) {
    let digit = |value: u32| b'0' + u8::try_from(value % 10).unwrap_or_default();
    out.extend_from_slice(&[digit(value / 10), digit(value)]);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = vec![];
        write(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn they_are_written_as_the_library_writes_them() {
        let far = [NaiveDate::MIN, NaiveDate::MAX].map(|day| day.and_time(chrono::NaiveTime::MIN).and_utc());
        let near = (-1_000..20_000_i64).map(|n| DateTime::from_timestamp(n * 12_345_678, 0).unwrap());
        let precise = (0..100).map(|n| DateTime::from_timestamp(1_428_490_799, n * 1_000_100).unwrap());
        for at in near.chain(precise).chain(far) {
            let day = at.date_naive();
            assert_eq!(written(|out| date(day, out)), day.to_string());
            assert_eq!(written(|out| instant(at, out)), at.to_rfc3339());
        }
    }
}
