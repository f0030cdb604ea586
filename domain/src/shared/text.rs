//! Free text that people enter: one rule for all of it.
//!
//! A text of the domain is composed (NFC), holds nothing that a reader cannot see or that changes
//! the order of what they read, and has a longest length in characters. [`Line`] and [`Paragraphs`]
//! exist only when the rule holds; commands carry them. Events keep plain text, so that whatever
//! was ever appended can be read.
//!
//! Sources: UAX #15 (normalisation), UTS #55 and CVE-2021-42574 (bidirectional controls), UAX #44
//! (general categories).

use std::{fmt, ops::Deref, str::FromStr};

use serde::{Deserialize, Serialize, Serializer};
use unicode_normalization::{UnicodeNormalization, is_nfc};
use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};

use crate::i18n::{Args, Rule};

/// The longest text of any kind, in characters. What is longer is never a text that a person
/// entered in a field of this portal.
pub const LONGEST: usize = 20_000;

/// What is wrong with a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// Nothing in it can be seen.
    #[error("holds nothing that can be seen")]
    Empty,
    /// Longer than allowed.
    #[error("longer than {0} characters")]
    TooLong(usize),
    /// A character that no text of a person needs: a control character, one that reorders what is
    /// read, one without an assigned meaning.
    #[error("holds the character U+{:04X}", u32::from(*.0))]
    Character(char),
    /// A line break where one line is expected.
    #[error("holds a line break")]
    LineBreak,
}

impl Rule for TextError {
    fn code(&self) -> &'static str {
        match self {
            Self::Empty => "FIELD_REQUIRED",
            Self::TooLong(_) => "FIELD_TOO_LONG",
            Self::Character(_) => "FORBIDDEN_CHARACTER",
            Self::LineBreak => "LINE_BREAK",
        }
    }
    fn args(&self) -> Args {
        match self {
            Self::TooLong(most) => vec![("most", most.to_string())],
            Self::Character(c) => vec![("character", format!("U+{:04X}", u32::from(*c)))],
            Self::Empty | Self::LineBreak => vec![],
        }
    }
}

/// Characters that override or isolate the direction of what follows, the deprecated format
/// characters beside them, interlinear annotations and tags: all of them hide or reorder text.
fn is_deceptive(c: char) -> bool {
    matches!(
        c,
        '\u{202A}'..='\u{202E}'
            | '\u{2066}'..='\u{206F}'
            | '\u{FFF9}'..='\u{FFFB}'
            | '\u{E0000}'..='\u{E007F}'
    )
}

/// Characters that nobody sees and no text needs: soft hyphens, joiners of words, place holders of what was
/// pasted (UAX #44, Default_Ignorable_Code_Point). Joiners of letters, marks of direction, fillers of
/// syllables and the selectors of an emoji's form stay: scripts and emoji are written with them.
fn is_inkless(c: char) -> bool {
    matches!(
        c,
        '\u{00AD}'
            | '\u{034F}'
            | '\u{17B4}'
            | '\u{17B5}'
            | '\u{180B}'..='\u{180E}'
            | '\u{200B}'
            | '\u{2060}'..='\u{2064}'
            | '\u{FEFF}'
            | '\u{FFFC}'
            | '\u{1BCA0}'..='\u{1BCA3}'
            | '\u{1D173}'..='\u{1D17A}'
    )
}

/// How many marks one letter bears at the most: no script needs more, and more hide the lines around it.
const MOST_MARKS: usize = 8;

/// The first mark that is one too many on its letter.
fn superfluous_mark(text: &str) -> Option<char> {
    let mut marks = 0;
    text.chars().find(|c| {
        let is_mark =
            matches!(c.general_category(), GeneralCategory::NonspacingMark | GeneralCategory::EnclosingMark);
        marks = if !c.is_ascii() && is_mark { marks + 1 } else { 0 };
        marks > MOST_MARKS
    })
}

/// The first character that may not stand where it stands.
fn refused(text: &str) -> Option<char> {
    text.chars().find(|c| !is_allowed(*c)).or_else(|| superfluous_mark(text))
}

/// Whether every character can be seen, spaces between words aside: so that nothing looks like another
/// name and is not.
pub fn is_seen_whole(text: &str) -> bool {
    text.chars().all(|c| c == ' ' || is_visible(c))
}

/// Whether a character may stand in a text at all; line breaks are counted in.
fn is_allowed(c: char) -> bool {
    if c == '\n' || (' '..='~').contains(&c) {
        return true;
    }
    let refused = matches!(
        c.general_category(),
        GeneralCategory::Control
            | GeneralCategory::Surrogate
            | GeneralCategory::PrivateUse
            | GeneralCategory::Unassigned
            | GeneralCategory::LineSeparator
            | GeneralCategory::ParagraphSeparator
    );
    !refused && !is_deceptive(c) && !is_inkless(c)
}

/// Whether a reader sees a character of its own. Marks need a letter to stand on; fillers and the
/// blank braille pattern have an assigned meaning and no ink.
fn is_visible(c: char) -> bool {
    use GeneralCategory as G;
    let blank = is_inkless(c) || matches!(c, '\u{115F}' | '\u{1160}' | '\u{2800}' | '\u{3164}' | '\u{FFA0}');
    let category = c.general_category();
    let without_ink = matches!(
        category,
        G::Control
            | G::Format
            | G::Surrogate
            | G::PrivateUse
            | G::Unassigned
            | G::SpaceSeparator
            | G::LineSeparator
            | G::ParagraphSeparator
            | G::NonspacingMark
            | G::EnclosingMark
    );
    !blank && !without_ink
}

/// The one form of a text: composed, its line breaks U+000A, its tabs spaces, without what nobody sees
/// (byte-order marks, zero-width spaces, soft hyphens: pasted with what they stood in), trimmed.
fn canonical(raw: &str) -> String {
    let breaks = raw.replace("\r\n", "\n");
    let one_form = breaks.chars().filter_map(|c| match c {
        '\r' | '\u{0085}' | '\u{2028}' | '\u{2029}' => Some('\n'),
        '\t' => Some(' '),
        inkless if is_inkless(inkless) => None,
        other => Some(other),
    });
    one_form.nfc().collect::<String>().trim().to_owned()
}

/// How a text is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Layout {
    Line,
    Paragraphs,
}

/// The canonical form of a text, which may be empty.
fn accept(raw: &str, layout: Layout, most: usize) -> Result<String, TextError> {
    // A text far beyond the limit is not worth composing: composing never makes it a third as long.
    if raw.len() > 16 * most.max(16) {
        return Err(TextError::TooLong(most));
    }
    let text = canonical(raw);
    if let Some(c) = refused(&text) {
        return Err(TextError::Character(c));
    }
    if layout == Layout::Line && text.contains('\n') {
        return Err(TextError::LineBreak);
    }
    if text.chars().count() > most {
        return Err(TextError::TooLong(most));
    }
    if !text.is_empty() && !text.chars().any(is_visible) {
        return Err(TextError::Empty);
    }
    Ok(text)
}

/// A line of text in its canonical form, which may be empty.
///
/// # Errors
/// The rule it breaks; never [`TextError::Empty`] for an empty one.
pub fn line(raw: &str, most: usize) -> Result<String, TextError> {
    accept(raw, Layout::Line, most)
}

/// What a text keeps when everything is taken out that no text may hold, as one line: for names that
/// people did not type, such as those of files.
pub fn cleaned(raw: &str, most: usize) -> String {
    let kept: String = canonical(raw).chars().filter(|c| *c != '\n' && is_allowed(*c)).take(most).collect();
    kept.nfc().collect::<String>().trim().to_owned()
}

/// Checks what every text must be, wherever it stands in a command: composed, of allowed
/// characters, within [`LONGEST`].
///
/// # Errors
/// The rule it breaks.
pub fn check(text: &str) -> Result<(), TextError> {
    if text.is_ascii() && text.len() <= LONGEST && !text.bytes().any(|b| b.is_ascii_control() && b != b'\n') {
        return Ok(());
    }
    if let Some(c) = refused(text) {
        return Err(TextError::Character(c));
    }
    if text.chars().count() > LONGEST {
        return Err(TextError::TooLong(LONGEST));
    }
    if is_nfc(text) {
        return Ok(());
    }
    // The first character that composing changes names the fault.
    let changed = text.chars().zip(text.nfc()).find(|(is, should)| is != should);
    Err(TextError::Character(changed.map_or(char::REPLACEMENT_CHARACTER, |(is, _)| is)))
}

/// Checks raw input before it is put into its canonical form: as [`check`], but what the canonical
/// form mends (tabs, other line breaks, decomposed letters) passes.
///
/// # Errors
/// The rule it breaks.
pub fn check_raw(text: &str) -> Result<(), TextError> {
    if text.is_ascii() && text.len() <= LONGEST && !text.bytes().any(|b| b.is_ascii_control()) {
        return Ok(());
    }
    match accept(text, Layout::Paragraphs, LONGEST) {
        Ok(_) | Err(TextError::Empty) => Ok(()),
        Err(error) => Err(error),
    }
}

macro_rules! free_text {
    ($(#[$doc:meta])* $name:ident, $layout:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
        #[serde(try_from = "String")]
        pub struct $name<const MOST: usize>(String);

        impl<const MOST: usize> $name<MOST> {
            /// The longest it may be, in characters.
            pub const MOST: usize = MOST;

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// A text that may be left out: nothing when it is empty.
            ///
            /// # Errors
            /// The rule it breaks.
            pub fn optional(raw: &str) -> Result<Option<Self>, TextError> {
                let text = accept(raw, $layout, MOST)?;
                Ok((!text.is_empty()).then_some(Self(text)))
            }
        }

        impl<const MOST: usize> FromStr for $name<MOST> {
            type Err = TextError;
            fn from_str(raw: &str) -> Result<Self, TextError> {
                Self::optional(raw)?.ok_or(TextError::Empty)
            }
        }

        impl<const MOST: usize> TryFrom<String> for $name<MOST> {
            type Error = TextError;
            fn try_from(raw: String) -> Result<Self, TextError> {
                raw.parse()
            }
        }

        impl<const MOST: usize> From<$name<MOST>> for String {
            fn from(text: $name<MOST>) -> String {
                text.0
            }
        }

        impl<const MOST: usize> Deref for $name<MOST> {
            type Target = str;
            fn deref(&self) -> &str {
                &self.0
            }
        }

        impl<const MOST: usize> fmt::Display for $name<MOST> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl<const MOST: usize> Serialize for $name<MOST> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }
    };
}

free_text!(
    /// One line of visible text of at most `MOST` characters.
    Line,
    Layout::Line
);
free_text!(
    /// Visible text of at most `MOST` characters, with line breaks where it has them.
    Paragraphs,
    Layout::Paragraphs
);

/// A surname, a first name, a title.
pub type Name = Line<80>;
/// What something is called or headed: a structure, an activity, a notice, a conversation.
pub type Heading = Line<120>;
/// A reason or an explanation that goes with a decision.
pub type Note = Paragraphs<500>;
/// A message or a notice.
pub type Body = Paragraphs<5_000>;
/// The reference of a payment: a cheque's number, what the bank said.
pub type Reference = Line<60>;
/// The login of a person of the staff.
pub type Login = Line<64>;
/// An address of a page.
pub type Link = Line<2_000>;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn heading(raw: &str) -> Result<String, TextError> {
        raw.parse::<Heading>().map(Into::into)
    }

    #[test]
    fn one_form_for_what_reads_alike() {
        assert_eq!(heading("  Ele\u{300}ve\u{FEFF}\tun "), Ok("Elève un".into()));
        let body: Paragraphs<20> = "a\r\nb\rc\u{2028}d".parse().unwrap();
        assert_eq!(body.as_str(), "a\nb\nc\nd");
        assert_eq!(heading("👩\u{200D}👧 c'est nous"), Ok("👩\u{200D}👧 c'est nous".into()));
        assert_eq!(heading("مدرسة\u{200F}"), Ok("مدرسة\u{200F}".into()));
        assert_eq!(heading("L\u{AD}é\u{200B}o\u{2061}\u{FFFC}"), Ok("Léo".into()));
        assert_eq!(check("L\u{AD}éo"), Err(TextError::Character('\u{AD}')), "entry takes it out");
        assert_eq!(heading(&format!("e{}", "\u{316}".repeat(9))), Err(TextError::Character('\u{316}')));
        assert!(heading(&format!("e{}", "\u{316}".repeat(8))).is_ok());
    }

    #[test]
    fn what_hides_reorders_or_means_nothing_is_refused_by_name() {
        for c in [
            '\0',
            '\u{1}',
            '\u{7f}',
            '\u{9b}',
            '\u{202E}',
            '\u{2066}',
            '\u{E000}',
            '\u{FFFE}',
            '\u{378}',
            '\u{E0041}',
        ] {
            assert_eq!(heading(&format!("a{c}b")), Err(TextError::Character(c)), "{c:?}");
            assert_eq!(check(&format!("a{c}b")), Err(TextError::Character(c)), "{c:?}");
            assert_eq!(check_raw(&format!("a{c}b")), Err(TextError::Character(c)), "{c:?}");
        }
        assert_eq!(heading("a\nb"), Err(TextError::LineBreak));
        for blank in ["", " ", "\u{200B}", "\u{3164}\u{2800}", "\u{200D}\u{FE0F}", "\u{301}"] {
            assert_eq!(heading(blank), Err(TextError::Empty), "{blank:?}");
        }
        assert_eq!(Heading::optional("  "), Ok(None));
        assert_eq!(Heading::optional("\u{3164}"), Err(TextError::Empty));
    }

    #[test]
    fn the_length_is_counted_in_characters_of_the_composed_text() {
        assert!(heading(&"é".repeat(120)).is_ok());
        assert!(heading(&"e\u{301}".repeat(120)).is_ok());
        assert_eq!(heading(&"é".repeat(121)), Err(TextError::TooLong(120)));
        assert_eq!(heading(&"x".repeat(100_000)), Err(TextError::TooLong(120)));
    }

    #[test]
    fn a_decomposed_text_passes_the_door_but_not_the_command() {
        assert_eq!(check_raw("e\u{301}"), Ok(()));
        assert_eq!(check("e\u{301}"), Err(TextError::Character('e')));
    }

    proptest! {
        #[test]
        fn what_is_cleaned_is_a_line(raw in any::<String>()) {
            prop_assert_eq!(check(&cleaned(&raw, 100)), Ok(()));
        }

        #[test]
        fn what_is_accepted_is_its_own_form_and_passes_everywhere(raw in any::<String>()) {
            if let Ok(text) = raw.parse::<Paragraphs<60>>() {
                prop_assert_eq!(text.as_str().parse::<Paragraphs<60>>(), Ok(text.clone()));
                prop_assert_eq!(check(&text), Ok(()));
                prop_assert!(check_raw(&raw).is_ok());
                prop_assert!(text.chars().count() <= 60);
                let json = serde_json::to_string(&text).unwrap();
                prop_assert_eq!(serde_json::from_str::<Paragraphs<60>>(&json).unwrap(), text);
            }
        }
    }
}
