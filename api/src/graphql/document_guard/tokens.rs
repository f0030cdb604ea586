//! Counts the tokens of a document before it is parsed.

use crate::graphql::document_guard::limits::{BRACKETS, TooLarge};

/// Reads a document once, from its first byte to its last, as the GraphQL specification cuts it into
/// tokens, and counts them and the brackets that are open at once. What is no token at all counts as
/// one: the parser will say what is wrong with it.
///
/// # Errors
/// There are more tokens than `most`, or brackets are nested too deep for the parser.
pub(super) fn check(document: &str, most: u64) -> Result<(), TooLarge> {
    let text = document.as_bytes();
    let (mut at, mut tokens, mut open) = (0, 0_u64, 0_u64);
    while let Some(&byte) = text.get(at) {
        match byte {
            b' ' | b'\t' | b'\n' | b'\r' | b',' => {
                at += 1;
                continue;
            }
            b'#' => {
                at += run(&text[at..], |b| b != b'\n' && b != b'\r');
                continue;
            }
            b'{' | b'[' | b'(' => {
                open += 1;
                at += 1;
            }
            b'}' | b']' | b')' => {
                open = open.saturating_sub(1);
                at += 1;
            }
            b'"' => at += string(&text[at..]),
            b'.' => at += run(&text[at..], |b| b == b'.').min(3),
            b'-' | b'0'..=b'9' => at += run(&text[at..], |b| is_word(b) || matches!(b, b'-' | b'+' | b'.')),
            b if is_word(b) => at += run(&text[at..], is_word),
            _ => at += 1,
        }
        tokens += 1;
        if tokens > most {
            return Err(TooLarge::Tokens(most));
        }
        if open > BRACKETS {
            return Err(TooLarge::Brackets);
        }
    }
    Ok(())
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

fn run(text: &[u8], belongs: impl Fn(u8) -> bool) -> usize {
    text.iter().position(|&b| !belongs(b)).unwrap_or(text.len())
}

/// How long the string is that begins here. A block string without an end is, to the parser, an empty
/// string and what follows.
fn string(text: &[u8]) -> usize {
    if let Some(block) = text.strip_prefix(b"\"\"\"") {
        return block_string(block).map_or(2, |length| 3 + length);
    }
    let mut at = 1;
    while let Some(&byte) = text.get(at) {
        match byte {
            b'"' => return at + 1,
            b'\n' | b'\r' => return at,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    text.len()
}

/// How long a block string is after its first three quotes, the last three included.
fn block_string(text: &[u8]) -> Option<usize> {
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        if rest.starts_with(b"\\\"\"\"") {
            at += 4;
        } else if rest.starts_with(b"\"\"\"") {
            return Some(at + 3);
        } else {
            at += 1;
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The least limit that lets a document through.
    fn count(document: &str) -> u64 {
        (0..).find(|&most| check(document, most) != Err(TooLarge::Tokens(most))).unwrap()
    }

    #[test]
    fn tokens_are_counted_as_the_specification_cuts_them() {
        for (document, tokens) in [
            ("", 0),
            ("{ a }", 3),
            ("{a,b , c}#d e f\n", 5),
            ("{ a(b: -12.5e3, c: $d) @skip(if: true) }", 19),
            ("{ ...A ... on B { c } }", 10),
            ("{ a(b: \"x { y \\\" # z\") }", 8),
            ("{ a(b: \"\"\"x \"{ \\\"\"\" {{ \"\"\") }", 8),
            ("\u{feff}{ a }", 6),
        ] {
            assert_eq!(count(document), tokens, "{document}");
        }
    }

    #[test]
    fn brackets_hide_in_no_string_that_the_parser_does_not_see() {
        let deep = "[".repeat(BRACKETS as usize + 1);
        for before in
            ["", "\"x\n", "\"\"\" \" ", "\"\\\\\"", "# comment\n", "\"\"", "\"\"\"\"\"\"", "\"\"\"\\\\\"\"\""]
        {
            assert_eq!(check(&format!("{before}{deep}"), 4_000), Err(TooLarge::Brackets), "{before}");
        }
        for hidden in [
            format!("\"{deep}\""),
            format!("\"\"\"{deep}\"\"\""),
            format!("# {deep}"),
            format!("\"\\\"{deep}\""),
        ] {
            assert_eq!(check(&hidden, 4_000), Ok(()), "{hidden}");
        }
    }

    #[test]
    fn many_beginnings_of_block_strings_are_read_in_a_moment() {
        let started = std::time::Instant::now();
        let document = "\"\"\"\n".repeat(60_000);
        let _ = check(&document, 4_000);
        let _ = check(&format!("{}\"", "\"\"\" ".repeat(60_001)), 4_000);
        assert!(started.elapsed() < std::time::Duration::from_secs(1), "{:?}", started.elapsed());
    }
}
