//! Filling a message: what its placeholders mean.
//!
//! `{name}` is the argument itself. `{@name}` is an argument that is a key of the catalogue, or
//! several by commas: it is said in the reader's language. `{name#singular|plural}` is a number with
//! the noun that fits it.

use super::Language;

/// A placeholder of a template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Placeholder<'a> {
    /// The argument's name.
    pub(super) name: &'a str,
    /// Whether the argument is a key of the catalogue.
    pub(super) is_key: bool,
    /// The noun in the singular and the plural.
    pub(super) noun: Option<(&'a str, &'a str)>,
}

/// A piece of a template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    Words(&'a str),
    Placeholder(Placeholder<'a>),
}

/// The pieces of a template, in order.
pub(super) fn pieces(template: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut rest = template;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let open = rest.find('{').unwrap_or(rest.len());
        if open > 0 {
            let (words, after) = rest.split_at(open);
            rest = after;
            return Some(Piece::Words(words));
        }
        let close = rest.find('}').unwrap_or(rest.len());
        let inner = rest.get(1..close).unwrap_or_default();
        rest = rest.get(close + 1..).unwrap_or_default();
        let (inner, noun) = match inner.split_once('#') {
            Some((name, nouns)) => (name, Some(nouns.split_once('|').unwrap_or((nouns, nouns)))),
            None => (inner, None),
        };
        let (name, is_key) = inner.strip_prefix('@').map_or((inner, false), |key| (key, true));
        Some(Piece::Placeholder(Placeholder { name, is_key, noun }))
    })
}

/// Whether a number takes the singular: French has it for 0 and 1, English for 1.
fn is_singular(number: &str, language: Language) -> bool {
    match language {
        Language::Fr => matches!(number, "0" | "1"),
        Language::En => number == "1",
    }
}

/// A template with its placeholders filled in. What a message lacks is a fault of the code that sent
/// it: debug builds stop, others write an ellipsis, never a brace.
pub(super) fn filled<'a>(
    key: &str,
    template: &str,
    language: Language,
    argument: impl Fn(&str) -> Option<&'a str>,
    say: impl Fn(&str) -> Option<&'static str>,
) -> String {
    let mut text = String::with_capacity(template.len() + 16);
    for piece in pieces(template) {
        let placeholder = match piece {
            Piece::Words(words) => {
                text.push_str(words);
                continue;
            }
            Piece::Placeholder(placeholder) => placeholder,
        };
        let Some(value) = argument(placeholder.name) else {
            debug_assert!(false, "{key}: nothing fills {{{}}}", placeholder.name);
            text.push('…');
            continue;
        };
        if placeholder.is_key {
            // A value that is no key is an outcome remembered from before it was one.
            let said: Vec<&str> = value.split(',').map(str::trim).map(|k| say(k).unwrap_or(k)).collect();
            text.push_str(&said.join(", "));
        } else {
            text.push_str(value);
        }
        if let Some((singular, plural)) = placeholder.noun {
            text.push(' ');
            text.push_str(if is_singular(value, language) { singular } else { plural });
        }
    }
    text
}
