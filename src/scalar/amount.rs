//! Exact amounts of money.

use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;
use std::str::FromStr;

use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

/// A text that is no decimal number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a decimal number of at most 28 digits")]
#[non_exhaustive]
pub struct InvalidAmount;

/// An exact decimal amount in the currency beside it: a deal value, a price.
///
/// Read from a JSON number digit by digit, never through a float, and from a
/// decimal string too (the vendor's PATCH samples send one). Written as a
/// number. At most 28 significant digits; trailing zeros are kept.
///
/// ```
/// use partner_referrals::Amount;
///
/// let amount: Amount = serde_json::from_str("1234567890123.45")?;
/// assert_eq!(amount.to_string(), "1234567890123.45");
/// assert_eq!(serde_json::from_str::<Amount>("\"10000\"")?, Amount::from(10_000));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Amount(Decimal);

impl Amount {
    /// The amount as a decimal.
    pub fn decimal(self) -> Decimal {
        self.0
    }
}

impl Deref for Amount {
    type Target = Decimal;

    fn deref(&self) -> &Decimal {
        &self.0
    }
}

impl From<Decimal> for Amount {
    fn from(decimal: Decimal) -> Self {
        Self(decimal)
    }
}

impl From<i32> for Amount {
    fn from(whole: i32) -> Self {
        Self(whole.into())
    }
}

impl From<i64> for Amount {
    fn from(whole: i64) -> Self {
        Self(whole.into())
    }
}

impl FromStr for Amount {
    type Err = InvalidAmount;

    fn from_str(text: &str) -> Result<Self, InvalidAmount> {
        let parsed = if text.contains(['e', 'E']) {
            Decimal::from_scientific(text).or_else(|error| match text.parse::<f64>() {
                // Too small to be told from nothing.
                Ok(small) if small.abs() < 1e-28 => Ok(Decimal::ZERO),
                _ => Err(error),
            })
        } else {
            // Decimals that do not fit are rounded; a whole number must fit.
            Decimal::from_str(text)
        };
        parsed.map(Self).map_err(|_| InvalidAmount)
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let number =
            RawValue::from_string(self.0.to_string()).map_err(serde::ser::Error::custom)?;
        number.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // The raw text, because a float would already have lost digits.
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        let text = if raw.get().starts_with('"') {
            let text: String = serde_json::from_str(raw.get()).map_err(serde::de::Error::custom)?;
            Cow::Owned(text.trim().to_owned())
        } else {
            Cow::Borrowed(raw.get())
        };
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(feature = "schemars")]
super::text_schema!(Amount, {"type": ["number", "string"]});

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn digits_that_a_float_cannot_hold_survive() {
        for digits in [
            "9007199254740993",
            "0.1",
            "1234567890123456.789",
            "50000",
            "1.10",
        ] {
            let amount: Amount = serde_json::from_str(digits).unwrap();
            assert_eq!(serde_json::to_string(&amount).unwrap(), digits);
        }
    }

    #[test]
    fn strings_and_exponents_are_read_and_nonsense_is_refused() {
        assert_eq!(
            serde_json::from_str::<Amount>("\" 10000 \"").unwrap(),
            10_000.into()
        );
        assert_eq!(serde_json::from_str::<Amount>("1E3").unwrap(), 1_000.into());
        assert_eq!(serde_json::from_str::<Amount>("1E-30").unwrap(), 0.into());
        let long = format!("0.{}", "3".repeat(60));
        let read: Amount = serde_json::from_str(&long).unwrap();
        assert_eq!(read.to_string(), format!("0.{}", "3".repeat(28)));
        for bad in [
            "\"\"",
            "\"ten\"",
            "true",
            "null",
            "{}",
            "1e400",
            &"9".repeat(40),
        ] {
            assert!(serde_json::from_str::<Amount>(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_amount_is_read_from_a_json_value_too() {
        let value = serde_json::json!({"a": 12.5});
        assert_eq!(
            serde_json::from_value::<Amount>(value["a"].clone()).unwrap(),
            "12.5".parse().unwrap()
        );
    }

    proptest! {
        #[test]
        fn every_amount_comes_back_equal(mantissa in any::<i64>(), scale in 0u32..20) {
            let amount = Amount::from(Decimal::new(mantissa, scale));
            let json = serde_json::to_string(&amount).unwrap();
            prop_assert_eq!(serde_json::from_str::<Amount>(&json).unwrap(), amount);
        }
    }
}
