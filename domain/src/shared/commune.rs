//! The communes of France by their postcodes. Most share theirs with others (62138 is five communes), so
//! a postcode alone does not say where a family lives.
//!
//! Source of `data/communes.csv`: the official geographic code of Insee with La Poste's postcodes, as
//! Etalab publishes them (découpage administratif 6.0.0, Licence Ouverte 2.0).

use std::{collections::HashMap, sync::LazyLock};

/// A commune.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Commune {
    /// Its INSEE code: five digits or letters.
    pub code: &'static str,
    /// Its name.
    pub name: &'static str,
}

/// The list, by postcode and by code.
struct List {
    of_postcode: HashMap<&'static str, Vec<Commune>>,
    by_code: HashMap<&'static str, Commune>,
}

static LIST: LazyLock<List> = LazyLock::new(|| {
    let mut list = List { of_postcode: HashMap::new(), by_code: HashMap::new() };
    for line in include_str!("../../data/communes.csv").lines().filter(|l| !l.starts_with('#')) {
        let mut parts = line.split(';');
        let (Some(code), Some(name), Some(postcodes)) = (parts.next(), parts.next(), parts.next()) else {
            continue;
        };
        let commune = Commune { code, name };
        list.by_code.insert(code, commune);
        for postcode in postcodes.split(' ') {
            list.of_postcode.entry(postcode).or_default().push(commune);
        }
    }
    list
});

/// The communes that have a postcode, by their codes.
pub fn of_postcode(postcode: &str) -> &'static [Commune] {
    LIST.of_postcode.get(postcode).map_or(&[], Vec::as_slice)
}

/// The commune of an INSEE code.
pub fn by_code(code: &str) -> Option<Commune> {
    LIST.by_code.get(code).copied()
}

/// A name without accents, case, hyphens and the long form of saints, for comparing.
fn folded(name: &str) -> String {
    use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};
    let letters = name.nfd().filter(|c| !is_combining_mark(*c)).collect::<String>().to_lowercase();
    let words = letters.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    let word = |word| match word {
        "st" => "saint",
        "ste" => "sainte",
        other => other,
    };
    words.map(word).collect::<Vec<_>>().join(" ")
}

/// The commune of an address: the one chosen if it has the postcode, else the only one that has it, else
/// the one of that name among them. None: it cannot be told.
pub fn of_address(chosen: Option<&str>, postcode: &str, town: Option<&str>) -> Option<Commune> {
    let possible = of_postcode(postcode);
    if let Some(chosen) = chosen.and_then(|code| possible.iter().find(|c| c.code == code)) {
        return Some(*chosen);
    }
    if let [only] = possible {
        return Some(*only);
    }
    let town = folded(town?);
    let mut named = possible.iter().filter(|c| folded(c.name) == town);
    let found = named.next()?;
    named.next().is_none().then_some(*found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shared_postcode_does_not_tell_the_commune() {
        let names: Vec<&str> = of_postcode("62138").iter().map(|c| c.name).collect();
        assert_eq!(names, ["Auchy-les-Mines", "Billy-Berclau", "Douvrin", "Haisnes", "Violaines"]);
        let name = |chosen, town| of_address(chosen, "62138", town).map(|c| c.name);
        assert_eq!(name(None, None), None);
        assert_eq!(name(None, Some("DOUVRIN")), Some("Douvrin"));
        assert_eq!(name(None, Some("AUCHY LES MINES")), Some("Auchy-les-Mines"));
        assert_eq!(name(Some("62401"), Some("ailleurs")), Some("Haisnes"));
        assert_eq!(name(Some("75056"), None), None, "a commune chosen for another address");
        assert_eq!(
            of_address(None, "07200", Some("ST ETIENNE DE FONTBELLON")).map(|c| c.code),
            Some("07231")
        );
        assert_eq!(of_address(None, "59650", None).map(|c| c.name), Some("Villeneuve-d'Ascq"));
    }
}
