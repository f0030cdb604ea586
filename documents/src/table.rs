//! Tables as French spreadsheets open them: CSV with semicolons and a byte-order mark. Every cell of
//! every export is written here.
//!
//! A spreadsheet takes a cell that begins with `=`, `+`, `-`, `@`, a tab or a carriage return for a
//! formula and runs it for whoever opens the file. Such a cell gets a leading apostrophe, which
//! spreadsheets take for "text" (OWASP, CSV injection). A number stays a number: `-12,50` is no
//! formula.

/// Makes a spreadsheet believe in UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// A table: its head, and the lines each row makes, none or several.
///
/// # Errors
/// The writer failed.
pub fn table<R, const COLUMNS: usize>(
    head: [&str; COLUMNS],
    rows: &[R],
    lines: impl Fn(&R) -> Vec<[String; COLUMNS]>,
) -> csv::Result<Vec<u8>> {
    let mut out = csv::WriterBuilder::new().delimiter(b';').from_writer(BYTE_ORDER_MARK.to_vec());
    out.write_record(head)?;
    for line in rows.iter().flat_map(lines) {
        out.write_record(line.map(cell))?;
    }
    out.into_inner().map_err(|e| e.into_error().into())
}

/// A cell that no spreadsheet runs.
fn cell(text: String) -> String {
    if begins_a_formula(&text) && !is_number(&text) { format!("'{text}") } else { text }
}

/// The wide forms are taken for the narrow ones by spreadsheets of East Asian locales.
fn begins_a_formula(text: &str) -> bool {
    text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'])
}

/// Digits with a sign and a decimal comma or point, as amounts are written.
fn is_number(text: &str) -> bool {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (whole, part) = unsigned.split_once([',', '.']).unwrap_or((unsigned, "0"));
    let digits = |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit());
    digits(whole) && digits(part)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn formulas_become_text_and_numbers_stay_numbers() {
        for formula in
            ["=HYPERLINK(\"http://x\")", "@SUM(1)", "-2+3|cmd", "+33 6 12", "\t=1", "\r=1", "＝1", "-", "--1"]
        {
            assert_eq!(cell(formula.into()), format!("'{formula}"));
        }
        for plain in ["-12,50", "-3", "0.00", "DUPONT", "l'été", "2015-04-08", "", "a=b", "'=1"] {
            assert_eq!(cell(plain.into()), plain);
        }
    }

    proptest! {
        #[test]
        fn no_cell_of_any_table_begins_a_formula(texts in prop::collection::vec("[-=+@|\t\r\n;\"a1,]{0,6}", 3)) {
            let row = |t: &Vec<String>| vec![[t[0].clone(), t[1].clone(), t[2].clone()]];
            let written = table(["a", "b", "c"], &[texts], row).unwrap();
            let mut reader = csv::ReaderBuilder::new().delimiter(b';').from_reader(&written[3..]);
            for record in reader.records() {
                for cell in &record.unwrap() {
                    prop_assert!(is_number(cell) || !begins_a_formula(cell), "{cell:?}");
                }
            }
        }
    }
}
