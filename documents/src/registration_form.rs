//! The registration form of a child ("Fiche d'inscription"): blank, or filled from the file.
//! Source: the guide, "Fiche d'inscription" and the icon beside each child.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use portail_domain::{
    families::family_file::{Document, Kind, Owner, Section},
    i18n::{Language, text},
    shared::countries,
    shared::ids::{ChildId, FamilyNumber},
    shared::time::school_year,
};
use portail_projections::{catalogue::Catalogue, families::family_file::SectionRow};
use serde::Serialize;
use serde_json::Value;

use crate::day;

/// The template of the form.
pub const TEMPLATE: &str = "registration_form.typ";

/// The sections the form asks for: what the town needs to receive a child.
const SECTIONS: [Section; 7] = [
    Section::ChildIdentity,
    Section::Responsible,
    Section::Spouse,
    Section::Caf,
    Section::Authorisations,
    Section::PickUp,
    Section::Health,
];

/// What the template prints.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Form {
    town: String,
    language: &'static str,
    subtitle: String,
    sections: Vec<FormSection>,
    activities: Vec<Offered>,
    words: FormLabels,
}

#[derive(Debug, Serialize)]
struct FormSection {
    title: String,
    fields: Vec<Line>,
    lists: Vec<Table>,
}

#[derive(Debug, Serialize)]
struct Line {
    label: String,
    kind: &'static str,
    value: Value,
}

#[derive(Debug, Serialize)]
struct Table {
    label: String,
    columns: Vec<String>,
    rows: Vec<Vec<String>>,
}

#[derive(Debug, Serialize)]
struct Offered {
    name: String,
    enrolled: bool,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
struct FormLabels {
    yes: String,
    no: String,
    colon: String,
    activities: String,
    declaration: String,
    place_and_date: String,
    signature: String,
}

/// Whose form it is.
#[derive(Debug, Clone)]
pub struct Subject {
    /// The child.
    pub child: ChildId,
    /// The family whose cards are printed.
    pub family: FamilyNumber,
}

/// What a form is filled from.
#[derive(Debug)]
pub struct Registration<'a> {
    /// The town.
    pub town: &'a str,
    /// Whose form it is; none: blank.
    pub subject: Option<&'a Subject>,
    /// The sections of the subject's child and family.
    pub sections: &'a [SectionRow],
    /// What the town offers.
    pub catalogue: &'a Catalogue,
    /// The activities the child is enrolled in, paid for by the family.
    pub enrolled: &'a BTreeSet<String>,
    /// The day it is printed.
    pub today: NaiveDate,
}

/// The title and data of a form, for the school year that begins next or runs.
pub fn form(of: &Registration<'_>, language: Language) -> (String, Form) {
    let year = school_year(of.today + chrono::Days::new(92));
    let said = |key: &str| text(key, language, &[]);
    let value_of = |section: Section| {
        let owner = of.subject.map(|s| match section.owner() {
            Owner::Family => s.family.to_string(),
            Owner::Child => s.child.to_string(),
        });
        let row = of.sections.iter().find(|r| Some(&r.owner) == owner.as_ref() && r.section == section);
        row.and_then(|r| r.value.clone()).unwrap_or_default()
    };
    let sections = SECTIONS.map(|s| section_of(s, &value_of(s), language)).into();
    let activities = offered(of);
    let years = vec![("from", year.to_string()), ("to", (year + 1).to_string())];
    let mut subtitle = text("FORM_SCHOOL_YEAR", language, &years);
    if let Some(subject) = of.subject {
        let number = vec![("number", subject.family.to_string())];
        subtitle = format!("{subtitle} \u{2013} {}", text("FORM_FAMILY", language, &number));
    }
    let words = FormLabels {
        yes: said("VALUE_YES"),
        no: said("VALUE_NO"),
        colon: said("FORM_COLON"),
        activities: said("FORM_ACTIVITIES"),
        declaration: said("FORM_DECLARATION"),
        place_and_date: said("FORM_PLACE_AND_DATE"),
        signature: said("FORM_SIGNATURE"),
    };
    let language = if language == Language::Fr { "fr" } else { "en" };
    (said("FORM_TITLE"), Form { town: of.town.to_owned(), language, subtitle, sections, activities, words })
}

fn section_of(section: Section, value: &Document, language: Language) -> FormSection {
    let title = text(&format!("REQUEST_{section}"), language, &[]);
    let (mut fields, mut lists) = (vec![], vec![]);
    for field in section.fields() {
        let label = text(&format!("FIELD_{}", field.name.to_uppercase()), language, &[]);
        let held = value.get(field.name).unwrap_or(&Value::Null);
        match field.kind {
            Kind::Persons => lists.push(table(&PERSON, label, held, language)),
            Kind::Vaccinations => lists.push(table(&VACCINATION, label, held, language)),
            Kind::Flag => fields.push(Line { label, kind: "flag", value: held.clone() }),
            Kind::Title
            | Kind::RequiredName
            | Kind::Line
            | Kind::Postcode
            | Kind::Country
            | Kind::CommuneCode
            | Kind::Phone
            | Kind::Email
            | Kind::TaxNumber
            | Kind::Year
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
            | Kind::Words => {
                fields.push(Line { label, kind: "text", value: shown(field.kind, held, language).into() });
            }
        }
    }
    FormSection { title, fields, lists }
}

fn shown(kind: Kind, value: &Value, language: Language) -> String {
    match (kind, value) {
        (Kind::Day | Kind::PastDay | Kind::ChildBirth, Value::String(text)) => {
            text.parse().map_or_else(|_| text.clone(), day)
        }
        (Kind::Country, Value::String(code)) => countries::name(code, language).to_owned(),
        (Kind::Words, Value::Array(entries)) => {
            let words: Vec<&str> = entries.iter().filter_map(Value::as_str).collect();
            words.join(", ")
        }
        (Kind::Euros, Value::String(text)) if language == Language::Fr => text.replace('.', ","),
        (_, Value::String(text)) => text.clone(),
        (_, Value::Null) => String::new(),
        (_, other) => other.to_string(),
    }
}

/// The columns of a list of persons.
const PERSON: [&str; 5] = ["surname", "first_name", "relation", "phone", "barred"];

/// The columns of a list of vaccinations.
const VACCINATION: [&str; 2] = ["vaccine", "date"];

fn table(names: &[&str], label: String, value: &Value, language: Language) -> Table {
    let column = |name: &&str| text(&format!("COLUMN_{}", name.to_uppercase()), language, &[]);
    let cell = |entry: &Value, name: &str| match &entry[name] {
        Value::Bool(true) => text("VALUE_BARRED", language, &[]),
        Value::String(text) if name == "date" => text.parse().map_or_else(|_| text.clone(), day),
        Value::String(text) => text.clone(),
        Value::Null | Value::Bool(false) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            String::new()
        }
    };
    let row = |entry: &Value| names.iter().map(|name| cell(entry, name)).collect();
    let rows = value.as_array().map(|entries| entries.iter().map(row).collect()).unwrap_or_default();
    Table { label, columns: names.iter().map(column).collect(), rows }
}

fn offered(of: &Registration<'_>) -> Vec<Offered> {
    let Registration { catalogue, enrolled, today, .. } = of;
    let mut rows: Vec<(u32, Offered)> = vec![];
    for (id, activity) in &catalogue.activities {
        if let Some((_, settings)) = activity.settings_on(*today) {
            let structure = catalogue.structures.get(&settings.structure).and_then(|s| s.name.clone());
            let name = match structure {
                Some(structure) if structure != settings.name => {
                    format!("{structure} \u{2013} {}", settings.name)
                }
                _ => settings.name.clone(),
            };
            rows.push((settings.rank.into(), Offered { name, enrolled: enrolled.contains(id.as_str()) }));
        }
    }
    rows.sort_by_key(|(rank, _)| *rank);
    rows.into_iter().map(|(_, offered)| offered).collect()
}

/// The name of the file it is saved as.
pub fn file_name(subject: Option<&Subject>) -> String {
    subject
        .map_or_else(|| "fiche-inscription.pdf".to_owned(), |s| format!("fiche-inscription-{}.pdf", s.child))
}
