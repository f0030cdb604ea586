//! Exact euros. A sum of money never is a float and never has more than two decimals.

use std::{
    fmt,
    iter::Sum,
    ops::{Add, AddAssign, Neg, Sub},
    str::FromStr,
};

use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Deserialize, Serialize};

/// An amount of euros, exact to the cent; negative when it is owed back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Amount(Decimal);

/// A text is not an amount.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("an amount in euros with at most two decimals, e.g. 120.60")]
pub struct AmountError;

/// The largest amount: what one operation of a town can be.
const LARGEST: i64 = 10_000_000_000;

impl Amount {
    /// Zero euros.
    pub const ZERO: Self = Self(Decimal::from_parts(0, 0, 0, false, 2));

    /// An amount of cents.
    pub fn cents(cents: i64) -> Self {
        Self(Decimal::new(cents, 2))
    }

    /// The nearest cent, halves away from zero.
    pub fn round(exact: Decimal) -> Self {
        let mut rounded = exact.round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero);
        rounded.rescale(2);
        Self(rounded)
    }

    /// The exact value.
    pub fn decimal(self) -> Decimal {
        self.0
    }

    /// Whether it is more than nothing.
    pub fn is_positive(self) -> bool {
        self.0 > Decimal::ZERO
    }

    /// Whether it is nothing.
    pub fn is_zero(self) -> bool {
        self.0.is_zero()
    }

    /// As French documents write it, without the sign of the currency: `1 234,50`.
    pub fn french(self) -> String {
        let plain = self.to_string();
        let (sign, digits) = plain.strip_prefix('-').map_or(("", plain.as_str()), |d| ("-", d));
        let (whole, cents) = digits.split_once('.').unwrap_or((digits, "00"));
        let mut grouped = String::new();
        for (index, digit) in whole.chars().enumerate() {
            if index > 0 && (whole.len() - index).is_multiple_of(3) {
                grouped.push('\u{202f}');
            }
            grouped.push(digit);
        }
        format!("{sign}{grouped},{cents}")
    }
}

impl Default for Amount {
    fn default() -> Self {
        Self::ZERO
    }
}

impl TryFrom<Decimal> for Amount {
    type Error = AmountError;
    fn try_from(value: Decimal) -> Result<Self, AmountError> {
        let amount = Self::round(value);
        if amount.0 == value && value.abs() <= Decimal::from(LARGEST) { Ok(amount) } else { Err(AmountError) }
    }
}

impl FromStr for Amount {
    type Err = AmountError;
    fn from_str(text: &str) -> Result<Self, AmountError> {
        let plain = text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'-'));
        if !plain {
            return Err(AmountError);
        }
        text.parse::<Decimal>().map_err(|_| AmountError)?.try_into()
    }
}

impl TryFrom<String> for Amount {
    type Error = AmountError;
    fn try_from(text: String) -> Result<Self, AmountError> {
        text.parse()
    }
}

impl From<Amount> for String {
    fn from(amount: Amount) -> Self {
        amount.to_string()
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.2}", self.0)
    }
}

impl Add for Amount {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl AddAssign for Amount {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sub for Amount {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}

impl Neg for Amount {
    type Output = Self;
    fn neg(self) -> Self {
        Self(-self.0)
    }
}

impl Sum for Amount {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::default(), Add::add)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_are_rounded_away_from_zero() {
        assert_eq!(Amount::round("2.345".parse().unwrap()).to_string(), "2.35");
        assert_eq!(Amount::round("-2.345".parse().unwrap()).to_string(), "-2.35");
        assert_eq!(Amount::round("2.344999".parse().unwrap()).to_string(), "2.34");
    }

    #[test]
    fn an_amount_has_two_decimals_and_a_french_form() {
        assert_eq!(Amount::ZERO.to_string(), "0.00");
        assert_eq!(Amount::ZERO.decimal().to_string(), "0.00", "nothing too");
        assert!("1.005".parse::<Amount>().is_err());
        assert!("1e3".parse::<Amount>().is_err());
        assert_eq!("120.6".parse::<Amount>().unwrap().to_string(), "120.60");
        assert_eq!("-1234567.5".parse::<Amount>().unwrap().french(), "-1\u{202f}234\u{202f}567,50");
    }
}
