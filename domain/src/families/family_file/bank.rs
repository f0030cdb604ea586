//! IBAN and BIC: what is taken, and its one form.

use super::{Problem, written};
use crate::shared::countries;

/// An IBAN (ISO 13616) without spaces: country, length and check digits.
pub fn iban(text: &str) -> Result<String, Problem> {
    let compact = written::compact(text);
    compact.parse::<iban::Iban>().map(|_| compact).map_err(|_| Problem::Iban)
}

/// A BIC (ISO 9362) without spaces, of a country there is: four letters or digits, the country, the
/// place, maybe the branch. `NOTPROVIDED` is what a file says where there is none, and no BIC.
pub fn bic(text: &str) -> Result<String, Problem> {
    let bic = written::compact(text);
    let fits = matches!(bic.len(), 8 | 11)
        && bic.bytes().all(|b| b.is_ascii_alphanumeric())
        && bic.bytes().take(4).all(|b| b.is_ascii_uppercase())
        && bic.get(4..6).is_some_and(countries::is_code)
        && bic != "NOTPROVIDED";
    if fits { Ok(bic) } else { Err(Problem::Bic) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bic_names_a_country_and_is_no_placeholder() {
        assert_eq!(bic("psst frpp mar").as_deref(), Ok("PSSTFRPPMAR"));
        for wrong in ["NOTPROVIDED", "BNPAZZPP", "BNPAFRP", "BNPAFRPPÉ", "12345678", "x"] {
            assert_eq!(bic(wrong), Err(Problem::Bic), "{wrong}");
        }
    }
}
