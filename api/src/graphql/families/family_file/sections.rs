//! The sections of the family file as GraphQL shows and takes them, made from the domain's lists
//! of fields.

use std::borrow::Cow;

use async_graphql::{InputObject, MaybeUndefined, OneofObject, SimpleObject, TypeName};
use portail_domain::families::family_file::{Document, Section};
use portail_projections::families::family_file::SectionRow;
use serde::{Deserialize, Serialize, ser::Error};
use serde_json::Value;

/// What each kind of field is in GraphQL.
mod kinds {
    use rust_decimal::Decimal;

    use crate::graphql::scalars::Date;

    pub type Title = String;
    pub type RequiredName = String;
    pub type Line = String;
    pub type Postcode = String;
    pub type Country = String;
    pub type CommuneCode = String;
    pub type Phone = String;
    pub type Email = String;
    pub type Flag = bool;
    pub type TaxNumber = String;
    pub type Year = i32;
    pub type Euros = Decimal;
    pub type Shares = Decimal;
    pub type Fund = String;
    pub type BeneficiaryNumber = String;
    pub type Day = Date;
    pub type PastDay = Date;
    pub type ChildBirth = Date;
    pub type Iban = String;
    pub type Bic = String;
    pub type MandateReference = String;
    pub type LatinName = String;
    pub type Sex = String;
    pub type Persons = Vec<super::Person>;
    pub type Words = Vec<String>;
    pub type Vaccinations = Vec<super::Vaccination>;
}

/// A person who may, or may not, pick a child up.
#[derive(Debug, Clone, SimpleObject, InputObject, Serialize, Deserialize)]
#[graphql(name = "PickUpPerson", input_name = "PickUpPersonInput")]
pub struct Person {
    /// Surname.
    surname: String,
    /// First name.
    first_name: String,
    /// Who they are to the child.
    relation: Option<String>,
    /// Telephone.
    phone: Option<String>,
    /// Whether they are barred from picking the child up.
    #[graphql(default)]
    #[serde(default)]
    barred: bool,
}

/// A vaccination.
#[derive(Debug, Clone, SimpleObject, InputObject, Serialize, Deserialize)]
#[graphql(input_name = "VaccinationInput")]
pub struct Vaccination {
    /// The vaccine.
    vaccine: String,
    /// The day of the last dose.
    date: crate::graphql::scalars::Date,
}

macro_rules! graphql_sections {
    ($(
        $(#[$doc:meta])*
        $section:ident [$($about:tt)*] { $($text:literal $field:ident: $kind:ident),+ $(,)? }
    )+) => {
        /// As they are shown.
        pub mod view {
            use super::*;
            $(
                $(#[$doc])*
                #[derive(Debug, Clone, Default, SimpleObject, Deserialize)]
                #[serde(default)]
                pub struct $section { $(#[doc = $text] pub $field: Option<kinds::$kind>),+ }
            )+
        }

        /// As they are taken: a field left out stays as it is, `null` empties it.
        pub mod form {
            use super::*;
            $(
                $(#[$doc])*
                #[derive(Debug, Clone, InputObject, Serialize)]
                #[graphql(name_type)]
                pub struct $section {
                    $(
                        #[doc = $text]
                        #[serde(skip_serializing_if = "MaybeUndefined::is_undefined")]
                        pub $field: MaybeUndefined<kinds::$kind>
                    ),+
                }
                impl TypeName for $section {
                    fn type_name() -> Cow<'static, str> {
                        concat!(stringify!($section), "Input").into()
                    }
                }
            )+
        }

        /// A section with the fields to change; a field left out stays as it is, `null` empties it.
        #[derive(Debug, Clone, OneofObject)]
        pub enum SectionChange { $($(#[$doc])* $section(form::$section)),+ }

        impl SectionChange {
            /// Which section, and the values.
            ///
            /// # Errors
            /// The values are not JSON.
            pub fn into_document(self) -> serde_json::Result<(Section, Document)> {
                match self {
                    $(Self::$section(form) => Ok((Section::$section, document(&form)?))),+
                }
            }
        }
    };
}
portail_domain::file_sections!(graphql_sections);

/// The values of a form.
///
/// # Errors
/// They are not JSON.
pub fn document<T: Serialize>(form: &T) -> serde_json::Result<Document> {
    match serde_json::to_value(form)? {
        Value::Object(document) => Ok(document),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            Err(serde_json::Error::custom("a form has fields"))
        }
    }
}

/// A section of some rows, typed; none when nothing was recorded, or it was erased.
///
/// # Errors
/// The stored values are not of the section's types.
pub fn typed<T: serde::de::DeserializeOwned>(
    rows: &[SectionRow],
    owner: &str,
    section: Section,
) -> serde_json::Result<Option<T>> {
    let row = rows.iter().find(|r| r.owner == owner && r.section == section);
    let document = row.and_then(|r| r.value.clone());
    document.map(|d| serde_json::from_value(serde_json::Value::Object(d))).transpose()
}
