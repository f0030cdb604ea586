//! The languages people are answered in.

/// The caller's language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Language {
    /// French, the default.
    #[default]
    Fr,
    /// English.
    En,
}

impl Language {
    /// The first supported language of an `Accept-Language` header; French otherwise.
    pub fn negotiate(header: &str) -> Self {
        let mut wanted: Vec<(f32, Self)> = header
            .split(',')
            .filter_map(|part| {
                let mut fields = part.trim().split(';');
                let tag = fields.next()?.trim().to_ascii_lowercase();
                let language = match tag.split('-').next()? {
                    "fr" | "*" => Self::Fr,
                    "en" => Self::En,
                    _ => return None,
                };
                let weight = fields.find_map(|f| f.trim().strip_prefix("q=")?.parse().ok()).unwrap_or(1.0);
                Some((weight, language))
            })
            .collect();
        wanted.sort_by(|a, b| b.0.total_cmp(&a.0));
        wanted.first().map_or(Self::Fr, |(_, language)| *language)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_is_negotiated_by_weight() {
        assert_eq!(Language::negotiate(""), Language::Fr);
        assert_eq!(Language::negotiate("en-GB,en;q=0.9"), Language::En);
        assert_eq!(Language::negotiate("en;q=0.2, fr;q=0.9"), Language::Fr);
        assert_eq!(Language::negotiate("de, en;q=0.5"), Language::En);
    }
}
