//! Reading a town's file: CSV as spreadsheets write it, in UTF-8 or Windows-1252.

use anyhow::{Context, Result, ensure};
use portail_domain::families::family_file::{Document, Kind, Section};
use serde_json::Value;

/// A file's rows, each with the line it begins on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// The names of the columns.
    pub columns: Vec<String>,
    /// The rows.
    pub rows: Vec<Row>,
}

/// A row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The line it begins on, from 1.
    pub line: u64,
    /// Its cells, in the order of the columns.
    cells: Vec<(String, String)>,
}

impl Row {
    /// A cell's text, trimmed; none when it is empty or there is no such column.
    pub fn cell(&self, column: &str) -> Option<&str> {
        let (_, text) = self.cells.iter().find(|(name, _)| name == column)?;
        Some(text.trim()).filter(|t| !t.is_empty())
    }

    /// The values of a section: its columns are named after its fields, behind `prefix`. Empty
    /// cells are left out.
    pub fn section(&self, section: Section, prefix: &str) -> Document {
        let value = |field: &portail_domain::families::family_file::Field| {
            let text = self.cell(&format!("{prefix}{}", field.name))?;
            Some((field.name.to_owned(), value(field.kind, text)))
        };
        section.fields().iter().filter_map(value).collect()
    }
}

/// The value of a cell, as the field's rules expect it; what is not understood stays text, and the
/// rules refuse it.
fn value(kind: Kind, text: &str) -> Value {
    let as_is = || Value::String(text.to_owned());
    match kind {
        Kind::Flag => match text.to_lowercase().as_str() {
            "oui" | "o" | "vrai" | "yes" | "y" | "true" | "1" => Value::Bool(true),
            "non" | "n" | "faux" | "no" | "false" | "0" => Value::Bool(false),
            _ => as_is(),
        },
        Kind::Year => text.parse::<i64>().map_or_else(|_| as_is(), Into::into),
        Kind::Words => text.split('|').map(|word| Value::String(word.trim().to_owned())).collect(),
        // The rules read what people write: days, amounts, numbers, titles.
        Kind::Title
        | Kind::RequiredName
        | Kind::Line
        | Kind::Postcode
        | Kind::Country
        | Kind::CommuneCode
        | Kind::Phone
        | Kind::Email
        | Kind::TaxNumber
        | Kind::Euros
        | Kind::Shares
        | Kind::Fund
        | Kind::BeneficiaryNumber
        | Kind::Day
        | Kind::PastDay
        | Kind::ChildBirth
        | Kind::Iban
        | Kind::Bic
        | Kind::MandateReference
        | Kind::LatinName
        | Kind::Sex
        | Kind::Persons
        | Kind::Vaccinations => as_is(),
    }
}

/// Reads a file. Its encoding and its separator (`;`, `,` or a tabulation) are recognised.
///
/// # Errors
/// It is not CSV, a column has no name or comes twice, or none of `required` is there.
pub fn read(bytes: &[u8], required: &[&str]) -> Result<Table> {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text.trim_start_matches('\u{feff}').to_owned(),
        Err(_) => encoding_rs::WINDOWS_1252.decode(bytes).0.into_owned(),
    };
    let head = text.lines().next().unwrap_or_default();
    let count = |separator: char| head.matches(separator).count();
    let separator = [';', ',', '\t'].into_iter().max_by_key(|s| count(*s)).unwrap_or(';');
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(u8::try_from(separator).unwrap_or(b';'))
        .from_reader(text.as_bytes());
    let columns: Vec<String> = reader
        .headers()
        .context("the first line names the columns")?
        .iter()
        .map(|name| name.trim().to_lowercase())
        .collect();
    for name in required {
        ensure!(columns.iter().any(|c| c == name), "the column {name} is missing");
    }
    for (index, name) in columns.iter().enumerate() {
        ensure!(!columns.iter().take(index).any(|c| c == name), "the column {name:?} comes twice");
    }
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.context("a row has another number of cells than the first line")?;
        let line = record.position().map_or(0, csv::Position::line);
        let cells = columns.iter().cloned().zip(record.iter().map(str::to_owned)).collect();
        rows.push(Row { line, cells });
    }
    Ok(Table { columns, rows })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_spreadsheets_file_is_read_in_either_encoding() {
        let utf8 = "\u{feff}Nom;email_consent\nDÉSIRÉ;Oui\n";
        let windows = b"nom,email_consent\r\n\"D\xc9SIR\xc9\",1\r\n";
        for bytes in [utf8.as_bytes(), windows] {
            let table = read(bytes, &["nom"]).unwrap();
            assert_eq!(table.rows[0].cell("nom"), Some("DÉSIRÉ"));
            let values = table.rows[0].section(Section::Responsible, "");
            assert_eq!(Value::Object(values), json!({ "email_consent": true }));
        }
    }

    #[test]
    fn lists_are_taken_by_bars() {
        let table = read("health.allergies\narachide | lait\n".as_bytes(), &[]).unwrap();
        assert_eq!(
            table.rows[0].section(Section::Health, "health.")["allergies"],
            json!(["arachide", "lait"])
        );
    }

    #[test]
    fn a_missing_or_double_column_and_a_torn_row_are_named() {
        let error = |text: &str| read(text.as_bytes(), &["numero"]).unwrap_err().to_string();
        assert_eq!(error("nom\nX\n"), "the column numero is missing");
        assert_eq!(error("numero;nom;nom\n1;2;3\n"), "the column \"nom\" comes twice");
        assert!(error("numero;nom\n1\n").starts_with("a row has another number of cells"));
    }
}
