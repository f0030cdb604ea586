//! Which accounts can be debited, and which bank an account can be at.

/// The country codes of IBANs that SEPA reaches (EPC409-09, version of 2025). An account of a
/// French overseas department has an IBAN of France.
const AREA: &str = "AD AL AT BE BG CH CY CZ DE DK EE ES FI FR GB GI GR HR HU IE IS IT LI LT LU LV MC MD ME MK \
    MT NL NO PL PT RO RS SE SI SK SM VA";

/// Countries of banks whose accounts have another country's IBAN: the IBAN's country, then theirs
/// (the registry of ISO 13616: territories without an own format; LI and MC use banks of their
/// neighbour).
const ELSEWHERE: &[(&str, &str)] = &[
    ("FR", "GF GP MQ RE YT PM BL MF NC PF WF TF"),
    ("GB", "GG IM JE"),
    ("FI", "AX"),
    ("MC", "FR"),
    ("LI", "CH"),
];

/// Whether SEPA reaches an account: only those can be debited.
pub fn is_in_area(iban: &str) -> bool {
    iban.get(..2).is_some_and(|country| AREA.split_whitespace().any(|code| code == country))
}

/// Whether a bank can hold an account: the country in its BIC is the IBAN's, or one whose accounts
/// have that country's IBAN.
pub fn bic_fits_iban(bic: &str, iban: &str) -> bool {
    let (Some(bank), Some(account)) = (bic.get(4..6), iban.get(..2)) else { return false };
    let lists = |(country, others): &(&str, &str)| {
        *country == account && others.split_whitespace().any(|code| code == bank)
    };
    bank == account || ELSEWHERE.iter().any(lists)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_outside_the_area_cannot_be_debited() {
        for iban in ["FR1420041010050500013M02606", "DE89370400440532013000", "MC5811222000010123456789030"] {
            assert!(is_in_area(iban), "{iban}");
        }
        for iban in
            ["TN5910006035183598478831", "AE070331234567890123456", "BR1500000000000010932840814P2", "F", ""]
        {
            assert!(!is_in_area(iban), "{iban}");
        }
    }

    #[test]
    fn a_bank_of_another_country_does_not_hold_the_account() {
        for (bic, iban) in
            [("BNPAFRPP", "FR76"), ("BNPAGPGX", "FR76"), ("CMCIFRPP", "MC58"), ("HSBCJESH", "GB29")]
        {
            assert!(bic_fits_iban(bic, iban), "{bic} {iban}");
        }
        for (bic, iban) in [("BNPAFRPP", "DE89"), ("DEUTDEFF", "FR76"), ("BNPA", "FR76")] {
            assert!(!bic_fits_iban(bic, iban), "{bic} {iban}");
        }
    }
}
