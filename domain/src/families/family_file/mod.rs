//! The family file: its sections, their fields and the rules of each field.
//!
//! A section is a document of named fields. Aggregates carry it sealed; what is checked, compared
//! and merged here is checked before sealing, so a value that stands in a file is valid.

mod bank;
mod contact;
mod kinds;
mod problem;
mod sections;
mod whole;
mod written;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use strum::{Display, EnumString, IntoStaticStr, VariantArray};

pub use bank::{bic, iban};
pub use kinds::Kind;
pub use problem::{FieldProblem, Problem};
pub use whole::{HOME, holder_for_banks};

use crate::shared::sealed::Purpose;

/// A section's fields and their values; a field without a value is absent.
pub type Document = Map<String, Value>;

/// A field of a section.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    /// Its name.
    pub name: &'static str,
    /// What it may hold.
    pub kind: Kind,
}

macro_rules! sections {
    ($(
        $(#[$doc:meta])*
        $section:ident [$owner:ident, $purpose:ident, $columns:expr] {
            $($text:literal $field:ident: $kind:ident),+ $(,)?
        }
    )+) => {
        /// A section of the family file.
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, Display,
            EnumString, IntoStaticStr, VariantArray,
        )]
        #[serde(rename_all = "SCREAMING_SNAKE_CASE")]
        #[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
        pub enum Section { $($(#[$doc])* $section),+ }

        impl Section {
            /// Its fields.
            pub fn fields(self) -> &'static [Field] {
                match self {
                    $(Self::$section => &[
                        $(Field { name: stringify!($field), kind: Kind::$kind }),+
                    ]),+
                }
            }

            /// Whose file it belongs to.
            pub fn owner(self) -> Owner {
                match self { $(Self::$section => Owner::$owner),+ }
            }

            /// Which key seals it: health data go first when a file is erased, bank data are kept as long
            /// as the accounts are.
            pub fn purpose(self) -> Purpose {
                match self { $(Self::$section => Purpose::$purpose),+ }
            }

            /// What its columns begin with in a table; none where no table can hold it.
            pub fn column_prefix(self) -> Option<&'static str> {
                match self { $(Self::$section => $columns),+ }
            }
        }
    };
}
crate::file_sections!(sections);

/// Whose file a section belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    /// The family's.
    Family,
    /// A child's.
    Child,
}

impl Section {
    /// Whose data it is: the spouse is a person of their own.
    pub fn subject(self, owner: &str) -> String {
        if self == Self::Spouse { format!("{owner}/spouse") } else { owner.to_owned() }
    }

    /// Checks proposed values for a section as it stands, all at once: what they are when they and
    /// the section with them are right (trimmed, telephone numbers and IBANs in one form), or
    /// everything that is wrong. A `null` empties its field.
    ///
    /// # Errors
    /// One problem per wrong field.
    pub fn check(
        self,
        current: &Document,
        proposed: &Document,
        today: NaiveDate,
    ) -> Result<Document, Vec<FieldProblem>> {
        let (mut right, mut wrong) = (Document::new(), Vec::new());
        for (name, value) in proposed {
            let Some(field) = self.fields().iter().find(|f| f.name == name) else {
                wrong.push(FieldProblem::at(name, Problem::Unknown));
                continue;
            };
            match field.kind.check(value, today) {
                Ok(value) => {
                    right.insert(name.clone(), value);
                }
                Err(problem) => wrong.push(FieldProblem::at(name, problem)),
            }
        }
        whole::settle(current, &mut right);
        let known: Vec<String> = wrong.iter().map(|p| p.field.clone()).collect();
        let defects = self.defects(&merged(current, &right));
        wrong.extend(defects.into_iter().filter(|p| !known.contains(&p.field)));
        if wrong.is_empty() { Ok(right) } else { Err(wrong) }
    }
}

/// The proposed values that differ from the current ones.
pub fn changed(current: &Document, proposed: Document) -> Document {
    let now = |name: &str| current.get(name).unwrap_or(&Value::Null);
    proposed.into_iter().filter(|(name, value)| now(name) != value).collect()
}

/// The current values of the fields a proposal names; `null` where there is none.
pub fn values_of(current: &Document, proposal: &Document) -> Document {
    let of = |name: &String| (name.clone(), current.get(name).cloned().unwrap_or(Value::Null));
    proposal.keys().map(of).collect()
}

/// The fields that changed since a proposal was written: their current value is neither what the
/// parent saw nor what the parent wants.
pub fn conflicts(base: &Document, proposed: &Document, current: &Document) -> Vec<String> {
    let at = |document: &Document, name: &str| document.get(name).cloned().unwrap_or(Value::Null);
    let conflicting =
        |name: &&String| at(current, name) != at(base, name) && at(current, name) != at(proposed, name);
    proposed.keys().filter(conflicting).cloned().collect()
}

/// The current document with a proposal applied.
pub fn merged(current: &Document, proposed: &Document) -> Document {
    let mut whole = current.clone();
    for (name, value) in proposed {
        if value.is_null() {
            whole.remove(name);
        } else {
            whole.insert(name.clone(), value.clone());
        }
    }
    whole
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::i18n::Rule;

    fn document(value: Value) -> Document {
        value.as_object().unwrap().clone()
    }

    fn today() -> NaiveDate {
        "2015-04-08".parse().unwrap()
    }

    /// What is wrong with values beside those a section has.
    fn problems_beside(section: Section, current: Value, value: Value) -> Vec<(String, &'static str)> {
        let wrong = section.check(&document(current), &document(value), today()).unwrap_err();
        wrong.into_iter().map(|p| (p.field.clone(), p.code())).collect()
    }

    fn problems(section: Section, value: Value) -> Vec<(String, &'static str)> {
        let named = json!({ "surname": "DUPONT", "first_name": "JEAN", "birth_date": "2010-01-01" });
        let named = if section.fields().iter().any(|f| f.name == "surname") { named } else { json!({}) };
        problems_beside(section, named, value)
    }

    fn right(section: Section, current: Value, value: Value) -> Value {
        Value::Object(section.check(&document(current), &document(value), today()).unwrap())
    }

    #[test]
    fn a_section_is_written_everywhere_as_in_the_log() {
        for section in Section::VARIANTS {
            assert_eq!(serde_json::to_value(section).unwrap(), section.to_string());
            assert_eq!(section.to_string().parse(), Ok(*section));
        }
        assert!("CARD".parse::<Section>().is_err(), "an unknown text is no section");
    }

    #[test]
    fn all_errors_of_a_form_come_at_once() {
        let form =
            json!({ "surname": " ", "postcode": "Lens", "email": "jean", "home_phone": "12", "shoe": 1 });
        assert_eq!(
            problems(Section::Responsible, form),
            [
                ("email".into(), "INVALID_EMAIL"),
                ("home_phone".into(), "INVALID_PHONE"),
                ("postcode".into(), "INVALID_POSTCODE"),
                ("shoe".into(), "UNKNOWN_FIELD"),
                ("surname".into(), "FIELD_REQUIRED"),
            ]
        );
    }

    #[test]
    fn values_are_kept_in_one_form() {
        let form = json!({ "iban": "fr14 2004 1010 0505 0001 3m02 606", "bic": "psstfrppmar" });
        assert_eq!(
            right(Section::Bank, json!({}), form),
            json!({ "iban": "FR1420041010050500013M02606", "bic": "PSSTFRPPMAR" })
        );
    }

    #[test]
    fn a_wrong_checksum_a_future_birth_and_a_backward_period_are_refused() {
        let iban = json!({ "iban": "FR1420041010050500013M02607" });
        assert_eq!(problems(Section::Bank, iban), [("iban".into(), "INVALID_IBAN")]);
        let birth = json!({ "birth_date": "2015-04-09" });
        assert_eq!(problems(Section::ChildIdentity, birth), [("birth_date".into(), "DATE_IN_THE_FUTURE")]);
        let period = json!({ "quotient_from": "2015-02-01", "quotient_to": "2015-01-31" });
        assert_eq!(problems(Section::Caf, period), [("quotient_to".into(), "ENDS_BEFORE_START")]);
    }

    #[test]
    fn a_direct_debit_needs_a_holder_and_an_account_but_no_bic() {
        let debit = json!({ "direct_debit": true, "bic": "PSSTFRPPMAR" });
        let required = [("account_holder".into(), "FIELD_REQUIRED"), ("iban".into(), "FIELD_REQUIRED")];
        assert_eq!(problems(Section::Bank, debit), required);
        let account = json!({ "account_holder": "DUPONT JEAN", "iban": "FR1420041010050500013M02606" });
        right(Section::Bank, account, json!({ "direct_debit": true }));
    }

    #[test]
    fn bank_details_that_cannot_be_debited_are_refused_each_with_its_fault() {
        const FRENCH: &str = "FR1420041010050500013M02606";
        const GERMAN: &str = "DE89370400440532013000";
        let debit = |more: Value| {
            let mut bank = json!({ "account_holder": "DUPONT JEAN", "iban": FRENCH, "direct_debit": true });
            bank.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            bank
        };
        for (bank, field, code) in [
            (debit(json!({ "iban": "TN5910006035183598478831" })), "iban", "IBAN_OUTSIDE_SEPA"),
            (debit(json!({ "iban": "AE070331234567890123456" })), "iban", "IBAN_OUTSIDE_SEPA"),
            (debit(json!({ "bic": "NOTPROVIDED" })), "bic", "INVALID_BIC"),
            (debit(json!({ "bic": "BNPAZZPP" })), "bic", "INVALID_BIC"),
            (debit(json!({ "iban": GERMAN, "bic": "BNPAFRPP" })), "bic", "BIC_OF_ANOTHER_COUNTRY"),
            (
                debit(json!({ "mandate_reference": "RUM é" })),
                "mandate_reference",
                "INVALID_MANDATE_REFERENCE",
            ),
            (
                debit(json!({ "mandate_reference": "/RUM1/" })),
                "mandate_reference",
                "INVALID_MANDATE_REFERENCE",
            ),
            (debit(json!({ "account_holder": "李小龙" })), "account_holder_latin", "LATIN_SPELLING_REQUIRED"),
            (debit(json!({ "account_holder": "🙂" })), "account_holder_latin", "LATIN_SPELLING_REQUIRED"),
            (
                debit(json!({ "account_holder": "عبد الله", "account_holder_latin": "عبد" })),
                "account_holder_latin",
                "NOT_LATIN",
            ),
        ] {
            assert_eq!(problems(Section::Bank, bank.clone()), [(field.to_owned(), code)], "{bank}");
        }
        // Whoever is not debited may have an account anywhere, and a name in any letters.
        right(
            Section::Bank,
            json!({}),
            json!({ "account_holder": "李小龙", "iban": "TN5910006035183598478831" }),
        );
        let spelled = debit(json!({ "account_holder": "李小龙", "account_holder_latin": "Lǐ Xiǎolóng" }));
        assert_eq!(right(Section::Bank, json!({}), spelled)["account_holder_latin"], "Li Xiaolong");
    }

    #[test]
    fn an_address_abroad_has_a_country() {
        let named = json!({ "surname": "DUPONT", "first_name": "JEAN" });
        let stored = |address: Value| right(Section::Responsible, named.clone(), address);
        for (address, kept) in [
            (
                json!({ "postcode": "1000", "country": "Belgique" }),
                json!({ "postcode": "1000", "country": "BE" }),
            ),
            (json!({ "postcode": "L-1234" }), json!({ "postcode": "1234", "country": "LU" })),
            (json!({ "postcode": "1204", "country": "ch" }), json!({ "postcode": "1204", "country": "CH" })),
            (json!({ "postcode": "AD500" }), json!({ "postcode": "AD500", "country": "AD" })),
            (json!({ "postcode": "62 138" }), json!({ "postcode": "62138" })),
        ] {
            assert_eq!(stored(address.clone()), kept, "{address}");
        }
        for address in [json!({ "postcode": "1000" }), json!({ "postcode": "62138", "country": "BE" })] {
            let expected = [("postcode".to_owned(), "INVALID_POSTCODE")];
            assert_eq!(problems(Section::Responsible, address.clone()), expected, "{address}");
        }
        let abroad =
            json!({ "surname": "DUPONT", "first_name": "JEAN", "postcode": "1000", "country": "BE" });
        right(Section::Responsible, abroad.clone(), json!({ "postcode": "1050" }));
        let back = problems_beside(Section::Responsible, abroad, json!({ "country": null }));
        assert_eq!(back, [("postcode".to_owned(), "INVALID_POSTCODE")]);
    }

    #[test]
    fn an_error_names_the_fault_it_is() {
        for (section, value, code) in [
            (Section::Caf, json!({ "beneficiary_number": "123" }), "INVALID_BENEFICIARY_NUMBER"),
            (Section::Tax, json!({ "shares": "1.3" }), "INVALID_SHARES"),
            (Section::Tax, json!({ "notice_year": 1999 }), "INVALID_YEAR"),
            (Section::Responsible, json!({ "email": "jean@localhost" }), "UNDELIVERABLE_EMAIL"),
            (Section::Responsible, json!({ "country": "Ruritanie" }), "INVALID_COUNTRY"),
            (Section::Responsible, json!({ "town": "a\u{0}b" }), "FORBIDDEN_CHARACTER"),
        ] {
            let field = value.as_object().unwrap().keys().next().unwrap().clone();
            assert_eq!(problems(section, value), [(field, code)]);
        }
    }

    #[test]
    fn a_field_changed_meanwhile_to_something_else_is_a_conflict() {
        let base = document(json!({ "town": "Haisnes", "email": "a@b.fr" }));
        let proposed = document(json!({ "town": "Lens", "email": "c@d.fr" }));
        let current = document(json!({ "town": "Douai", "email": "a@b.fr" }));
        assert_eq!(conflicts(&base, &proposed, &current), ["town"]);
        assert!(conflicts(&base, &proposed, &proposed).is_empty(), "somebody else did it already");
    }

    proptest! {
        #[test]
        fn no_text_makes_a_check_panic_and_what_passes_passes_again(text in "\\PC{0,60}") {
            for section in Section::VARIANTS {
                for field in section.fields() {
                    if let Ok(right) = field.kind.check(&json!(text), today()) {
                        prop_assert_eq!(field.kind.check(&right, today()).unwrap(), right);
                    }
                }
            }
        }
    }
}
