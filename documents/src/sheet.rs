//! The sheet that invoices, receipts, statements and certificates are printed on.

use portail_domain::{
    families::family_file::{Document, HOME},
    i18n::{Language, text},
    money::regie::RegieSettings,
    shared::amount::Amount,
    shared::countries,
};
use serde::Serialize;
use serde_json::Value;

/// The template of every sheet.
pub const TEMPLATE: &str = "sheet.typ";

/// What the template prints.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Sheet {
    /// The town.
    pub town: String,
    /// The language it is hyphenated and read aloud in.
    pub language: &'static str,
    /// Below the town's name: the régie and how to reach it.
    pub issuer: Vec<String>,
    /// Name and address of the family.
    pub addressee: Vec<String>,
    /// Labels and what they say.
    pub facts: Vec<(String, String)>,
    /// Sentences before the table.
    pub preamble: Vec<String>,
    /// The columns of the table.
    pub columns: Vec<Column>,
    /// Its rows.
    pub rows: Vec<Vec<Cell>>,
    /// What it comes to.
    pub totals: Vec<Total>,
    /// Sentences at the end.
    pub remarks: Vec<String>,
}

/// A column.
#[derive(Debug, Serialize)]
pub struct Column {
    title: String,
    wide: bool,
    number: bool,
}

/// A cell: its text, and what is printed small below it.
#[derive(Debug, Serialize)]
pub struct Cell {
    text: String,
    detail: String,
}

/// A line below the table.
#[derive(Debug, Serialize)]
pub struct Total {
    label: String,
    amount: String,
    strong: bool,
}

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnKind {
    /// Words: as wide as there is room.
    Words,
    /// Something short.
    Short,
    /// A number: to the right.
    Number,
}

/// Whom a sheet is sent to.
#[derive(Debug, Clone, Copy)]
pub struct Addressee<'a> {
    /// The family's number.
    pub family: &'a str,
    /// The card of its responsible guardian; none once erased.
    pub card: Option<&'a Document>,
}

/// A sheet in the making.
#[derive(Debug, Clone, Copy)]
pub struct Writer<'a> {
    /// The language.
    pub language: Language,
    /// The town.
    pub town: &'a str,
}

impl Writer<'_> {
    /// A text of the catalogue.
    pub fn said(&self, key: &str) -> String {
        text(key, self.language, &[])
    }

    /// A text of the catalogue with its values.
    pub fn told(&self, key: &str, values: &[(&'static str, String)]) -> String {
        text(key, self.language, values)
    }

    /// An amount as the language writes it.
    pub fn euros(&self, amount: Amount) -> String {
        match self.language {
            Language::Fr => format!("{}\u{a0}€", amount.french()),
            Language::En => format!("{amount}\u{a0}€"),
        }
    }

    /// A column.
    pub fn column(&self, key: &str, holds: ColumnKind) -> Column {
        Column {
            title: self.said(key),
            wide: holds == ColumnKind::Words,
            number: holds == ColumnKind::Number,
        }
    }

    /// A line below the table.
    pub fn total(&self, key: &str, amount: Amount, strong: bool) -> Total {
        Total { label: self.said(key), amount: self.euros(amount), strong }
    }

    /// A sheet with nothing on it but who writes to whom.
    pub fn sheet(&self, addressee: &Addressee<'_>, regie: Option<&RegieSettings>) -> Sheet {
        let issuer = regie.map(|r| issuer(self.town, &r.name, &r.contact));
        Sheet {
            issuer: issuer.unwrap_or_default(),
            addressee: addressee.lines(),
            facts: vec![(self.said("DOC_FAMILY_NUMBER"), addressee.family.to_owned())],
            ..Sheet::of_town(self)
        }
    }
}

impl Sheet {
    /// A sheet with nothing on it but the town's name.
    pub fn of_town(writer: &Writer<'_>) -> Self {
        Self {
            town: writer.town.to_owned(),
            language: if writer.language == Language::Fr { "fr" } else { "en" },
            ..Self::default()
        }
    }
}

impl Cell {
    /// A cell with a line in small print.
    pub fn with(text: String, detail: String) -> Self {
        Self { text, detail }
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self { text, detail: String::new() }
    }
}

/// The régie and how to reach it, below the town's name: a line says nothing that stands there.
fn issuer(town: &str, name: &str, contact: &[String]) -> Vec<String> {
    let same = |a: &str, b: &str| a.trim().to_lowercase() == b.trim().to_lowercase();
    let mut lines: Vec<String> = vec![];
    for line in std::iter::once(name).chain(contact.iter().map(String::as_str)) {
        let stands = same(line, town) || lines.iter().any(|above| same(line, above));
        if !stands && !line.trim().is_empty() {
            lines.push(line.to_owned());
        }
    }
    lines
}

impl Addressee<'_> {
    /// The responsible guardian's name and address, a line each; nothing once erased.
    fn lines(&self) -> Vec<String> {
        let Some(card) = self.card else { return vec![] };
        let field = |name: &str| card.get(name).and_then(Value::as_str).unwrap_or_default().trim();
        let line = |names: &[&str]| {
            let parts: Vec<&str> = names.iter().map(|n| field(n)).filter(|p| !p.is_empty()).collect();
            parts.join(" ")
        };
        let country = Some(field("country")).filter(|code| !code.is_empty() && *code != HOME);
        let lines = [
            line(&["title", "surname", "first_name"]),
            line(&["address"]),
            line(&["postcode", "town"]),
            // As the post asks: abroad, the country in capitals on the last line.
            country.map_or_else(String::new, |code| countries::name(code, Language::Fr).to_uppercase()),
        ];
        lines.into_iter().filter(|l| !l.is_empty()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_head_names_the_town_once() {
        let contact = ["MAIRIE DE HAISNES".to_owned(), "Rue de la Mairie".into(), "rue de la mairie ".into()];
        let lines = issuer("Mairie de Haisnes", "Régie garderie ALSH", &contact);
        assert_eq!(lines, ["Régie garderie ALSH", "Rue de la Mairie"]);
        assert_eq!(issuer("Mairie de Haisnes", "Mairie de Haisnes", &[]), Vec::<String>::new());
    }
}
