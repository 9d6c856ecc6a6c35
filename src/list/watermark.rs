//! How far a synchronisation has come.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use crate::scalar::{ReferralId, Timestamp};

/// How far a synchronisation has come: the newest `updatedDateTime` that was
/// handed out, and what was handed out shortly before it. Made of the service's
/// own times only; to be kept as JSON between two runs.
///
/// ```
/// use partner_referrals::Watermark;
///
/// let kept = serde_json::to_string(&Watermark::beginning())?;
/// assert_eq!(serde_json::from_str::<Watermark>(&kept)?, Watermark::beginning());
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Watermark {
    /// None before the first run.
    time: Option<Timestamp>,
    /// What was handed out within the overlap, with its `updatedDateTime`.
    recent: BTreeMap<ReferralId, Timestamp>,
}

impl Watermark {
    /// How far each run looks back behind the last one, in seconds: a change
    /// that the service dated a little earlier than one that was seen already is
    /// found still. What was handed out is not handed out again for it.
    pub const OVERLAP: Duration = Duration::from_secs(300);

    /// Nothing was synchronised yet.
    pub fn beginning() -> Self {
        Self::default()
    }

    /// Everything up to this time counts as synchronised.
    pub fn at(time: impl Into<Timestamp>) -> Self {
        Self {
            time: Some(time.into()),
            recent: BTreeMap::new(),
        }
    }

    /// The newest `updatedDateTime` that was handed out; none before the first
    /// run.
    pub fn time(&self) -> Option<Timestamp> {
        self.time
    }

    /// From when on a run looks.
    pub(crate) fn since(&self) -> Option<Timestamp> {
        self.time.map(earlier)
    }

    /// Whether an earlier run handed out this version.
    pub(crate) fn has(&self, id: &ReferralId, updated: Timestamp) -> bool {
        self.recent.get(id) == Some(&updated)
    }

    /// The watermark after a run that handed out `given` and kept back what was
    /// updated at `held` or later.
    pub(crate) fn after(
        &self,
        given: BTreeMap<ReferralId, Timestamp>,
        held: Option<Timestamp>,
    ) -> Self {
        let newest = given.values().copied().max().max(self.time);
        let time = match (newest, held) {
            (Some(newest), Some(held)) => Some(newest.min(held)),
            (newest, _) => newest,
        };
        let since = time.map(earlier);
        let mut recent = self.recent.clone();
        recent.extend(given);
        recent.retain(|_, updated| since.is_none_or(|since| *updated >= since));
        Self { time, recent }
    }
}

fn earlier(time: Timestamp) -> Timestamp {
    let overlap = TimeDelta::from_std(Watermark::OVERLAP).unwrap_or_default();
    let earlier = time.utc().checked_sub_signed(overlap);
    earlier.map_or(time, Timestamp::from)
}

impl fmt::Debug for Watermark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watermark")
            .field("time", &self.time)
            .field("recent", &self.recent.len())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: u32) -> Timestamp {
        format!("2024-03-01T10:{minute:02}:00Z").parse().unwrap()
    }

    fn given(minutes: &[u32]) -> BTreeMap<ReferralId, Timestamp> {
        let one = |minute: &u32| (ReferralId::new(format!("r{minute}")).unwrap(), at(*minute));
        minutes.iter().map(one).collect()
    }

    #[test]
    fn what_was_kept_back_holds_the_watermark() {
        let start = Watermark::at(at(10));
        assert_eq!(start.after(given(&[20, 30]), None).time(), Some(at(30)));
        assert_eq!(
            start.after(given(&[20, 30]), Some(at(25))).time(),
            Some(at(25))
        );
        // It never goes back by itself.
        assert_eq!(start.after(given(&[5]), None).time(), Some(at(10)));
        assert_eq!(start.after(given(&[]), None).time(), Some(at(10)));
    }

    #[test]
    fn only_what_lies_within_the_overlap_is_remembered() {
        let after = Watermark::beginning().after(given(&[20, 25, 30]), None);
        let has = |minute: u32| {
            let id = ReferralId::new(format!("r{minute}")).unwrap();
            after.has(&id, at(minute))
        };
        assert_eq!([has(20), has(25), has(30)], [false, true, true]);
        assert_eq!(after.since(), Some(at(25)));
    }
}
