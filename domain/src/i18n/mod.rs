//! The one translation catalogue: every text a person sees, in French and English.
//!
//! A key is a stable code; what `{name}` and its like in a text mean is told in `template`.

mod access;
mod bookings;
mod entry;
mod family_file;
mod labels;
mod language;
mod limits;
mod mail;
mod money;
mod planning;
mod privacy;
#[cfg(test)]
mod rules;
mod sessions;
mod template;
#[cfg(test)]
mod tests;

use std::{collections::HashMap, sync::LazyLock};

pub use self::language::Language;

/// The named arguments of a message.
pub type Args = Vec<(&'static str, String)>;

/// A rule that was broken: a stable code, and what to say about it.
pub trait Rule {
    /// The stable code; it never changes meaning.
    fn code(&self) -> &'static str;
    /// The arguments of its message.
    fn args(&self) -> Args {
        vec![]
    }
    /// The message for a person.
    fn message(&self, language: Language) -> String {
        text(self.code(), language, &self.args())
    }
}

/// The text of a key with its arguments; the key itself when the catalogue lacks it (a test forbids
/// that).
pub fn text(key: &str, language: Language, args: &[(&'static str, String)]) -> String {
    text_with(key, language, |name| args.iter().find(|(n, _)| *n == name).map(|(_, value)| value.as_str()))
}

/// The text of a key with arguments found by their name.
pub fn text_with<'a>(key: &str, language: Language, argument: impl Fn(&str) -> Option<&'a str>) -> String {
    match template_of(key, language) {
        Some(template) => {
            template::filled(key, template, language, argument, |key| template_of(key, language))
        }
        None => key.to_owned(),
    }
}

fn template_of(key: &str, language: Language) -> Option<&'static str> {
    let (fr, en) = BY_KEY.get(key)?;
    Some(match language {
        Language::Fr => fr,
        Language::En => en,
    })
}

/// The names of the arguments a key's text takes.
pub fn parameters(key: &str) -> Vec<&'static str> {
    let template = template_of(key, Language::Fr).unwrap_or_default();
    let name = |piece| match piece {
        template::Piece::Placeholder(placeholder) => Some(placeholder.name),
        template::Piece::Words(_) => None,
    };
    template::pieces(template).filter_map(name).collect()
}

/// Whether the catalogue has a key.
pub fn has(key: &str) -> bool {
    BY_KEY.contains_key(key)
}

static BY_KEY: LazyLock<HashMap<&'static str, (&'static str, &'static str)>> =
    LazyLock::new(|| entries().map(|(key, fr, en)| (*key, (*fr, *en))).collect());

/// Key, French, English, of every text.
fn entries() -> impl Iterator<Item = &'static (&'static str, &'static str, &'static str)> {
    let tables = [
        access::ACCESS,
        bookings::BOOKINGS,
        entry::ENTRY,
        family_file::FAMILY_FILE,
        labels::LABELS,
        limits::LIMITS,
        mail::MAIL,
        money::MONEY,
        planning::PLANNING,
        privacy::PRIVACY,
        sessions::SESSIONS,
    ];
    tables.into_iter().flatten()
}
