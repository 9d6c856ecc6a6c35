//! Where the sandbox takes its ids, eTags and dice from.
//!
//! With a seed, the same calls in the same order give the same ids, so that a
//! test can be told again. The eTag has the look of the service's own (payloads
//! of 2022): eight hex digits that differ on every write, and the time of the
//! write in seconds near the end.

use chrono::{DateTime, Utc};
use uuid::{Builder, Uuid};

/// A small generator (SplitMix64): good enough for ids in a test, and exactly
/// repeatable on every platform.
#[derive(Debug, Clone)]
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number from 0 up to, and without, 1.
    pub(super) fn fraction(&mut self) -> f64 {
        // 53 bits are what an f64 holds exactly.
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }
}

/// Fresh ids and eTags.
#[derive(Debug)]
pub(super) struct Ids {
    dice: Option<Dice>,
    salt: u32,
    writes: u32,
}

impl Ids {
    /// Repeatable with a seed, random without.
    pub(super) fn new(seed: Option<u64>) -> Self {
        let mut dice = seed.map(Dice::new);
        let salt = match &mut dice {
            Some(dice) => dice.next() as u32,
            None => Uuid::new_v4().as_u128() as u32,
        };
        Self {
            dice,
            salt,
            writes: 0,
        }
    }

    /// A lower-case guid.
    pub(super) fn guid(&mut self) -> String {
        let id = match &mut self.dice {
            None => Uuid::new_v4(),
            Some(dice) => {
                let bits = (u128::from(dice.next()) << 64) | u128::from(dice.next());
                Builder::from_random_bytes(bits.to_be_bytes()).into_uuid()
            }
        };
        id.hyphenated().to_string()
    }

    /// An eTag, its own quotes included, that this sandbox never gave before.
    pub(super) fn etag(&mut self, now: DateTime<Utc>) -> String {
        self.writes = self.writes.wrapping_add(1);
        // An odd multiplier maps the counter one to one, so no eTag comes twice.
        let head = self.writes.wrapping_mul(2_654_435_761) ^ self.salt;
        let seconds = now.timestamp() as u32;
        format!("\"{head:08x}-0000-0800-0000-{seconds:08x}0000\"")
    }
}

/// A time as the service writes it: UTC, seven digits of fraction, `Z`.
pub(super) fn wire_time(at: DateTime<Utc>) -> String {
    // A leap second counts beyond 10^9 nanoseconds and would need an eighth digit.
    let ticks = at.timestamp_subsec_nanos().min(999_999_999) / 100;
    format!("{}.{ticks:07}Z", at.format("%Y-%m-%dT%H:%M:%S"))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_ids() {
        let (mut a, mut b) = (Ids::new(Some(7)), Ids::new(Some(7)));
        assert_eq!(a.guid(), b.guid());
        assert_eq!(a.etag(DateTime::UNIX_EPOCH), b.etag(DateTime::UNIX_EPOCH));
        assert_ne!(a.guid(), Ids::new(Some(8)).guid());
    }

    #[test]
    fn no_etag_comes_twice_within_one_second() {
        let mut ids = Ids::new(None);
        let tags: HashSet<_> = (0..10_000)
            .map(|_| ids.etag(DateTime::UNIX_EPOCH))
            .collect();
        assert_eq!(tags.len(), 10_000);
    }

    #[test]
    fn a_time_has_seven_digits_of_fraction() {
        let at = DateTime::parse_from_rfc3339("2019-02-23T02:05:23.2931817Z").unwrap();
        assert_eq!(wire_time(at.to_utc()), "2019-02-23T02:05:23.2931817Z");
        assert_eq!(
            wire_time(DateTime::UNIX_EPOCH),
            "1970-01-01T00:00:00.0000000Z"
        );
    }
}
