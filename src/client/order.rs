//! In which order a list goes, as far as it was seen.

use crate::scalar::Timestamp;

/// The order of a list, told by the `updatedDateTime` of its items.
#[derive(Debug, Default)]
pub(super) struct Order {
    first: Option<Timestamp>,
    last: Option<Timestamp>,
    /// The newest so far.
    top: Option<Timestamp>,
    rose: bool,
    fell: bool,
    broken: bool,
}

impl Order {
    /// Notes the next item. `least` is the earliest that it may be dated in a
    /// list that rises, by the newest before it.
    pub(super) fn note(&mut self, updated: Timestamp, least: impl Fn(Timestamp) -> Timestamp) {
        if let Some(last) = self.last {
            self.rose |= updated > last;
            self.fell |= updated < last;
        }
        self.broken |= self.top.is_some_and(|top| updated < least(top));
        self.first = self.first.or(Some(updated));
        self.last = Some(updated);
        self.top = self.top.max(self.last);
    }

    /// The item that was noted last.
    pub(super) fn last(&self) -> Option<Timestamp> {
        self.last
    }

    /// Whether the oldest come first. A list that stands at one time, or is back
    /// where it began, does not tell.
    pub(super) fn rises(&self) -> bool {
        self.last > self.first && !self.broken
    }

    /// Whether the newest come first, each before all that are older.
    pub(super) fn only_falls(&self) -> bool {
        self.fell && !self.rose
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: u32) -> Timestamp {
        format!("2024-03-01T10:{minute:02}:00Z").parse().unwrap()
    }

    /// With a play of five minutes.
    fn order(minutes: &[i32]) -> Order {
        let mut order = Order::default();
        let five = chrono::TimeDelta::minutes(5);
        for minute in minutes {
            let updated = at(u32::try_from(*minute).unwrap());
            order.note(updated, |top| (top.utc() - five).into());
        }
        order
    }

    #[test]
    fn a_list_rises_although_a_pair_within_the_overlap_is_out_of_order() {
        for (minutes, rises) in [
            (&[][..], false),
            (&[10], false),
            (&[10, 10], false),
            (&[10, 11], true),
            (&[10, 20, 15, 30], true),
            (&[10, 20, 14, 30], false),
            // Small steps, and a long way down.
            (&[10, 30, 27, 24, 21], false),
            (&[12, 13, 11], false),
        ] {
            assert_eq!(order(minutes).rises(), rises, "{minutes:?}");
        }
    }

    #[test]
    fn a_list_only_falls_until_it_rises_once() {
        assert!(order(&[30, 29, 29, 1]).only_falls());
        assert!(!order(&[30, 30]).only_falls());
        assert!(!order(&[30, 29, 31]).only_falls());
    }
}
