//! The characters every SEPA bank takes, and how other texts are spelled in them.

use unicode_normalization::UnicodeNormalization;

/// The longest name of a party, in characters (EPC130-08; the message itself would take 140).
pub const NAME: usize = 70;
/// The longest identifier, in characters.
const IDENTIFIER: usize = 35;

/// Whether every bank takes a character (EPC217-08).
fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || "/-?:().,'+ ".contains(c)
}

/// Whether a text can be a mandate's reference, or another identifier, just as it is: 1 to 35 of
/// the banks' characters, no slash at either end and no two together (EPC130-08). Identifiers are
/// never respelled: they must be those that were signed.
pub fn is_identifier(text: &str) -> bool {
    (1..=IDENTIFIER).contains(&text.chars().count())
        && text.chars().all(is_plain)
        && text.trim() == text
        && !text.starts_with('/')
        && !text.ends_with('/')
        && !text.contains("//")
}

/// A text cannot be spelled in the characters banks take: it has a letter of another script, or no
/// letter or digit at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("cannot be spelled in the characters banks take")]
pub struct Unspellable;

/// A name or a remittance text in the characters every bank takes, at most `most` of them: accents
/// are dropped, other Latin letters and signs replaced (EPC217-08; `ß` and `€` as French and German
/// banks spell them), what has no spelling becomes a space. Slashes stand neither at an end nor
/// together.
///
/// # Errors
/// A letter of another script, which would be lost, or nothing left.
pub fn spelled(text: &str, most: usize) -> Result<String, Unspellable> {
    let mut plain = String::with_capacity(text.len());
    for character in text.chars() {
        match sign(character) {
            Some(spelling) => plain.push_str(spelling),
            None => {
                for part in std::iter::once(character).nfkd() {
                    spell(part, &mut plain)?;
                }
            }
        }
    }
    let mut tidy = String::with_capacity(plain.len());
    for c in plain.chars() {
        let repeats = matches!(c, ' ' | '/') && tidy.ends_with(c);
        if !repeats {
            tidy.push(c);
        }
    }
    let cut: String = tidy.trim_matches([' ', '/']).chars().take(most).collect();
    let cut = cut.trim_matches([' ', '/']);
    if cut.contains(|c: char| c.is_ascii_alphanumeric()) { Ok(cut.to_owned()) } else { Err(Unspellable) }
}

/// What a decomposed character becomes.
fn spell(part: char, plain: &mut String) -> Result<(), Unspellable> {
    if is_plain(part) {
        plain.push(part);
    } else if let Some(spelling) = sign(part).or_else(|| letter(part)) {
        plain.push_str(spelling);
    } else if is_mark(part) {
        // An accent: the letter before it stays.
    } else if part.is_alphabetic() {
        return Err(Unspellable);
    } else {
        plain.push(' ');
    }
    Ok(())
}

/// Combining marks of Latin letters, and characters without a width.
fn is_mark(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}'
        | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}')
}

/// Signs, before a decomposition takes them apart.
fn sign(c: char) -> Option<&'static str> {
    Some(match c {
        '&' => "+",
        '€' => "EUR",
        '@' => "(at)",
        '_' | '~' | '\u{ad}' | '\u{2010}'..='\u{2015}' | '\u{2212}' => "-",
        '[' | '{' | '<' => "(",
        ']' | '}' | '>' => ")",
        '\\' | '|' => "/",
        ';' => ",",
        '!' | '#' | '$' | '%' | '*' | '=' | '^' => ".",
        '`' | '´' | '‘' | '’' | '‚' | '‛' | 'ʼ' | '′' => "'",
        '·' | '•' => ".",
        _ => return None,
    })
}

/// Latin letters that do not decompose into a letter and accents.
fn letter(c: char) -> Option<&'static str> {
    Some(match c {
        'ß' => "ss",
        'ẞ' => "SS",
        'æ' => "ae",
        'Æ' => "AE",
        'œ' => "oe",
        'Œ' => "OE",
        'ø' => "o",
        'Ø' => "O",
        'đ' | 'ð' | 'ɖ' => "d",
        'Đ' | 'Ð' | 'Ɖ' => "D",
        'þ' => "th",
        'Þ' => "TH",
        'ł' => "l",
        'Ł' => "L",
        'ħ' => "h",
        'Ħ' => "H",
        'ı' => "i",
        'ŋ' => "n",
        'Ŋ' => "N",
        'ŧ' => "t",
        'Ŧ' => "T",
        'ĸ' => "k",
        'ə' => "e",
        'Ə' => "E",
        'ɛ' => "e",
        'Ɛ' => "E",
        'ɔ' => "o",
        'Ɔ' => "O",
        'ɓ' => "b",
        'Ɓ' => "B",
        'ɗ' => "d",
        'Ɗ' => "D",
        'ƙ' => "k",
        'Ƙ' => "K",
        'ƴ' => "y",
        'Ƴ' => "Y",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn texts_are_spelled_as_banks_do() {
        for (text, expected) in [
            ("Müller-Straße & Söhne", "Muller-Strasse + Sohne"),
            ("10 € d’Éloïse D’Œuvre", "10 EUR d'Eloise D'OEuvre"),
            ("Łukasz Żółć", "Lukasz Zolc"),
            ("Nguyễn Thị Hồng", "Nguyen Thi Hong"),
            ("Þórður Ðæ", "THordur Dae"),
            ("  //Crèche « Les Œillets » n° 4 ", "Creche Les OEillets n 4"),
            ("a///b\\c", "a/b/c"),
            ("Jean 👨‍👩‍👧 Dupont", "Jean Dupont"),
            ("jean@exemple.fr", "jean(at)exemple.fr"),
            ("ﬁls № 2", "fils No 2"),
        ] {
            assert_eq!(spelled(text, NAME).as_deref(), Ok(expected), "{text}");
        }
        assert_eq!(spelled("abcdef", 3).as_deref(), Ok("abc"));
        assert_eq!(spelled("ab/cd", 3).as_deref(), Ok("ab"));
    }

    #[test]
    fn what_would_be_lost_is_not_spelled() {
        for text in ["李小龙", "عبد الله", "🙂", "李 Bruce", "Иван Petrov", "Γιώργος", "", " / ", "..."]
        {
            assert_eq!(spelled(text, NAME), Err(Unspellable), "{text}");
        }
    }

    #[test]
    fn identifiers_are_taken_as_they_are_or_not_at_all() {
        for right in ["RUM-1", "RUM 1", "A/B", "(1)+2?3:4.5,6'7", &"X".repeat(35)] {
            assert!(is_identifier(right), "{right}");
        }
        for wrong in ["", "/RUM1/", "RUM//1", "RUM É", "RUM_1", " RUM", &"X".repeat(36)] {
            assert!(!is_identifier(wrong), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn a_spelling_is_never_empty_and_stays_as_it_is(text in "\\PC{0,90}") {
            if let Ok(once) = spelled(&text, NAME) {
                prop_assert!((1..=NAME).contains(&once.len()) && once.chars().all(is_plain), "{once}");
                prop_assert!(!once.contains("//") && !once.starts_with('/') && !once.ends_with('/'), "{once}");
                let again = spelled(&once, NAME);
                prop_assert_eq!(again.as_deref(), Ok(once.as_str()));
            }
        }
    }
}
