//! Countries, as addresses and banks name them (ISO 3166-1 alpha-2).

use crate::i18n::Language;

/// Every code in use, and XK (Kosovo) as banks and postal services write it.
const CODES: &str = "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS \
    BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET \
    FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO \
    IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH \
    MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM \
    PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG \
    TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW";

/// Countries people write by name: code, French and English name. Those that families of a French
/// town most often live in or bank with; any other is given by its code.
const NAMES: &[(&str, &str, &str)] = &[
    ("AD", "Andorre", "Andorra"),
    ("AT", "Autriche", "Austria"),
    ("BE", "Belgique", "Belgium"),
    ("BG", "Bulgarie", "Bulgaria"),
    ("CA", "Canada", "Canada"),
    ("CH", "Suisse", "Switzerland"),
    ("CI", "Côte d'Ivoire", "Ivory Coast"),
    ("CM", "Cameroun", "Cameroon"),
    ("CY", "Chypre", "Cyprus"),
    ("CZ", "Tchéquie", "Czechia"),
    ("DE", "Allemagne", "Germany"),
    ("DK", "Danemark", "Denmark"),
    ("DZ", "Algérie", "Algeria"),
    ("EE", "Estonie", "Estonia"),
    ("ES", "Espagne", "Spain"),
    ("FI", "Finlande", "Finland"),
    ("FR", "France", "France"),
    ("GB", "Royaume-Uni", "United Kingdom"),
    ("GR", "Grèce", "Greece"),
    ("HR", "Croatie", "Croatia"),
    ("HU", "Hongrie", "Hungary"),
    ("IE", "Irlande", "Ireland"),
    ("IT", "Italie", "Italy"),
    ("LI", "Liechtenstein", "Liechtenstein"),
    ("LT", "Lituanie", "Lithuania"),
    ("LU", "Luxembourg", "Luxembourg"),
    ("LV", "Lettonie", "Latvia"),
    ("MA", "Maroc", "Morocco"),
    ("MC", "Monaco", "Monaco"),
    ("MG", "Madagascar", "Madagascar"),
    ("ML", "Mali", "Mali"),
    ("MT", "Malte", "Malta"),
    ("NL", "Pays-Bas", "Netherlands"),
    ("NO", "Norvège", "Norway"),
    ("PL", "Pologne", "Poland"),
    ("PT", "Portugal", "Portugal"),
    ("RO", "Roumanie", "Romania"),
    ("SE", "Suède", "Sweden"),
    ("SI", "Slovénie", "Slovenia"),
    ("SK", "Slovaquie", "Slovakia"),
    ("SN", "Sénégal", "Senegal"),
    ("TN", "Tunisie", "Tunisia"),
    ("TR", "Turquie", "Turkey"),
    ("UA", "Ukraine", "Ukraine"),
    ("US", "États-Unis", "United States"),
];

/// Whether a code is a country's.
pub fn is_code(code: &str) -> bool {
    code.len() == 2 && CODES.split_whitespace().any(|known| known == code)
}

/// The code of a country given by its code, or by its French or English name.
pub fn code(text: &str) -> Option<String> {
    let upper = text.to_uppercase();
    if is_code(&upper) {
        return Some(upper);
    }
    let named = |(_, fr, en): &&(&str, &str, &str)| fr.to_uppercase() == upper || en.to_uppercase() == upper;
    NAMES.iter().find(named).map(|(code, _, _)| (*code).to_owned())
}

/// The name of a country; its code where it has none here.
pub fn name(code: &str, language: Language) -> &str {
    let known = NAMES.iter().find(|(known, _, _)| *known == code);
    known.map_or(code, |(_, fr, en)| if language == Language::Fr { fr } else { en })
}

/// How a country writes its postcodes, where that tells one from another: its code, and the lengths
/// of the digits. Source: Universal Postal Union, addressing.
const POSTCODES: &[(&str, usize)] = &[
    ("AT", 4),
    ("BE", 4),
    ("CH", 4),
    ("DE", 5),
    ("DK", 4),
    ("ES", 5),
    ("FI", 5),
    ("FR", 5),
    ("HU", 4),
    ("IT", 5),
    ("LI", 4),
    ("LU", 4),
    ("MC", 5),
    ("NO", 4),
];

/// Whether a postcode, without its country's prefix, is one of a country: so many digits where the
/// country is known to have only those; else 2 to 10 letters, digits, spaces and hyphens.
pub fn is_postcode(postcode: &str, country: &str) -> bool {
    match POSTCODES.iter().find(|(known, _)| *known == country) {
        Some((_, length)) => postcode.len() == *length && postcode.bytes().all(|b| b.is_ascii_digit()),
        None => {
            (2..=10).contains(&postcode.len())
                && postcode.bytes().any(|b| b.is_ascii_digit())
                && postcode.bytes().all(|b| b.is_ascii_alphanumeric() || b" -".contains(&b))
        }
    }
}

/// A postcode that says its country itself ("L-1234", "B-1000", "AD500"): the country, and the
/// postcode as that country writes it.
pub fn prefixed_postcode(postcode: &str) -> Option<(&'static str, String)> {
    const PREFIXES: &[(&str, &str)] = &[
        ("A", "AT"),
        ("AT", "AT"),
        ("B", "BE"),
        ("BE", "BE"),
        ("CH", "CH"),
        ("D", "DE"),
        ("DE", "DE"),
        ("E", "ES"),
        ("ES", "ES"),
        ("F", "FR"),
        ("FR", "FR"),
        ("I", "IT"),
        ("IT", "IT"),
        ("L", "LU"),
        ("LU", "LU"),
        ("MC", "MC"),
    ];
    let andorra = |digits: &str| digits.len() == 3 && digits.bytes().all(|b| b.is_ascii_digit());
    if postcode.strip_prefix("AD").is_some_and(andorra) {
        return Some(("AD", postcode.to_owned()));
    }
    let (prefix, rest) = postcode.split_once('-')?;
    let (_, country) = PREFIXES.iter().find(|(known, _)| *known == prefix)?;
    is_postcode(rest, country).then(|| (*country, rest.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_country_is_told_by_its_code_or_its_name() {
        for (text, expected) in
            [("be", "BE"), ("Belgique", "BE"), ("États-unis", "US"), ("switzerland", "CH")]
        {
            assert_eq!(code(text).as_deref(), Some(expected), "{text}");
        }
        for unknown in ["ZZ", "B", "Ruritanie", ""] {
            assert_eq!(code(unknown), None, "{unknown}");
        }
        assert!(NAMES.iter().all(|(code, _, _)| is_code(code)));
        assert!(POSTCODES.iter().all(|(code, _)| is_code(code)));
    }

    #[test]
    fn a_postcode_may_say_its_country() {
        assert_eq!(prefixed_postcode("L-1234"), Some(("LU", "1234".into())));
        assert_eq!(prefixed_postcode("AD500"), Some(("AD", "AD500".into())));
        assert_eq!(prefixed_postcode("F-62138"), Some(("FR", "62138".into())));
        for plain in ["1000", "62138", "X-1234", "L-12345", "SW1A 1AA"] {
            assert_eq!(prefixed_postcode(plain), None, "{plain}");
        }
        assert!(is_postcode("SW1A 1AA", "GB") && is_postcode("1000", "BE") && !is_postcode("1000", "FR"));
    }
}
