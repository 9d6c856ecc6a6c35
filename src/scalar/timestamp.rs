//! Points in time as the service writes them.

use std::fmt;
use std::ops::Deref;
use std::str::FromStr;

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A text that is no point in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a time like 2019-02-23T02:05:23.2931817Z")]
#[non_exhaustive]
pub struct InvalidTimestamp;

/// A point in time, always UTC.
///
/// The service writes fractions of 7 digits, sometimes 6 or none, and a `Z`
/// (docs 2018 to 2023). All are read, an offset too; a time without any zone
/// is taken as UTC, and a day as its beginning. Written with 7 digits, or none where the second is whole.
///
/// ```
/// use partner_referrals::Timestamp;
///
/// let created: Timestamp = "2019-02-23T02:05:23.2931817Z".parse()?;
/// assert_eq!(created.to_string(), "2019-02-23T02:05:23.2931817Z");
/// # Ok::<(), partner_referrals::InvalidTimestamp>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(DateTime<Utc>);

impl Timestamp {
    /// The same point in time, as chrono has it.
    pub fn utc(self) -> DateTime<Utc> {
        self.0
    }
}

impl Deref for Timestamp {
    type Target = DateTime<Utc>;

    fn deref(&self) -> &DateTime<Utc> {
        &self.0
    }
}

impl From<DateTime<Utc>> for Timestamp {
    fn from(time: DateTime<Utc>) -> Self {
        Self(time)
    }
}

impl FromStr for Timestamp {
    type Err = InvalidTimestamp;

    fn from_str(text: &str) -> Result<Self, InvalidTimestamp> {
        if let Ok(time) = DateTime::parse_from_rfc3339(text) {
            return Ok(Self(time.to_utc()));
        }
        let day = || {
            text.parse()
                .map(|day: NaiveDate| day.and_time(NaiveTime::MIN))
        };
        text.parse::<NaiveDateTime>()
            .or_else(|_| day())
            .map(|time| Self(time.and_utc()))
            .map_err(|_| InvalidTimestamp)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A leap second has more than a second of nanoseconds.
        let ticks = self.0.timestamp_subsec_nanos() % 1_000_000_000 / 100;
        write!(f, "{}", self.0.format("%Y-%m-%dT%H:%M:%S"))?;
        if ticks > 0 {
            write!(f, ".{ticks:07}")?;
        }
        f.write_str("Z")
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

#[cfg(feature = "schemars")]
super::text_schema!(Timestamp, {"type": "string", "format": "date-time"});

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_fractions_that_the_service_sends_are_kept() {
        for (sent, written) in [
            (
                "2019-02-23T02:05:23.2931817Z",
                "2019-02-23T02:05:23.2931817Z",
            ),
            (
                "2018-10-29T21:24:52.040469Z",
                "2018-10-29T21:24:52.0404690Z",
            ),
            ("2018-11-14T00:00:00Z", "2018-11-14T00:00:00Z"),
            (
                "2018-02-17T02:05:39.5485487+02:00",
                "2018-02-17T00:05:39.5485487Z",
            ),
            ("2022-02-24T20:00:00", "2022-02-24T20:00:00Z"),
            ("0001-01-01T00:00:00", "0001-01-01T00:00:00Z"),
            ("2024-11-14", "2024-11-14T00:00:00Z"),
            ("2016-12-31T23:59:60.5Z", "2016-12-31T23:59:60.5000000Z"),
        ] {
            assert_eq!(sent.parse::<Timestamp>().unwrap().to_string(), written);
        }
    }

    proptest! {
        #[test]
        fn no_text_panics_and_what_is_read_comes_back_equal(text in ".{0,40}", ticks in 0i64..4_000_000_000_000_000) {
            let _ = text.parse::<Timestamp>();
            let time = Timestamp(DateTime::from_timestamp(ticks / 10_000_000, (ticks % 10_000_000) as u32 * 100).unwrap());
            prop_assert_eq!(time.to_string().parse::<Timestamp>().unwrap(), time);
        }
    }
}
