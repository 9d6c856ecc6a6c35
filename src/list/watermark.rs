//! How far a synchronisation has come.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use chrono::{DateTime, TimeDelta};
use serde::{Deserialize, Serialize};

use crate::scalar::{ReferralId, Timestamp};

/// How far a synchronisation has come: the newest `updatedDateTime` that was
/// handed out, and what was handed out shortly before it and later. Made of the
/// service's own times only; to be kept as JSON between two runs.
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
    /// The caller's own overlap.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    overlap: Option<Duration>,
    /// Of a checkpoint: the run that it was made in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    run: Option<Box<Begun>>,
}

/// A run that has not ended.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Begun {
    /// The watermark that it began with.
    origin: Option<Timestamp>,
    /// All that it came by, however long ago that was updated: by a change of it
    /// the next run can tell that others may have moved up, past the reader.
    seen: BTreeMap<ReferralId, Timestamp>,
}

impl Watermark {
    /// How far each run looks back behind the last one, unless
    /// [`overlap`](Self::overlap) says otherwise: a change that the service dated a
    /// little earlier than one that was seen already is found still. What was
    /// handed out is not handed out again for it.
    pub const OVERLAP: Duration = Duration::from_secs(300);

    /// Nothing was synchronised yet.
    pub fn beginning() -> Self {
        Self::default()
    }

    /// Everything up to this time counts as synchronised, but for what was
    /// updated within the overlap before it: of that nobody noted what was handed
    /// out, and the first run hands out all of it.
    pub fn at(time: impl Into<Timestamp>) -> Self {
        Self {
            time: Some(time.into()),
            ..Self::default()
        }
    }

    /// Looks back so far, in place of [`OVERLAP`](Self::OVERLAP); kept with the
    /// watermark. How late a list may show a change is not documented: a longer
    /// overlap finds later ones, and costs reading more again. The first run with
    /// a longer one hands out again what lies in the part that is new.
    ///
    /// ```
    /// use std::time::Duration;
    /// use partner_referrals::Watermark;
    ///
    /// let careful = Watermark::beginning().overlap(Duration::from_secs(24 * 3600));
    /// # let _ = careful;
    /// ```
    #[must_use]
    pub fn overlap(mut self, overlap: Duration) -> Self {
        self.overlap = Some(overlap);
        self
    }

    /// The newest `updatedDateTime` that was handed out, or an earlier time from
    /// which on the next run must look; none before the first run.
    pub fn time(&self) -> Option<Timestamp> {
        self.time
    }

    /// From when on a run looks.
    pub(crate) fn since(&self) -> Option<Timestamp> {
        self.time.map(|time| self.earlier(time))
    }

    /// Whether an earlier run handed out this version.
    pub(crate) fn has(&self, id: &ReferralId, updated: Timestamp) -> bool {
        [self.recent.get(id), self.came_by(id)].contains(&Some(&updated))
    }

    /// The version of a referral that a run which has not ended came by.
    pub(crate) fn came_by(&self, id: &ReferralId) -> Option<&Timestamp> {
        self.run.as_ref()?.seen.get(id)
    }

    /// Where the run began that this belongs to.
    pub(crate) fn origin(&self) -> Option<Timestamp> {
        self.run.as_ref().map_or(self.time, |run| run.origin)
    }

    /// The watermark after a run that handed out `given`, and behind which there
    /// may be something that was not seen at one of the times in `limits` or
    /// later.
    pub(crate) fn after(
        &self,
        given: BTreeMap<ReferralId, Timestamp>,
        limits: impl IntoIterator<Item = Timestamp>,
    ) -> Self {
        let newest = given.values().copied().max().max(self.time);
        let time = newest.map(|newest| limits.into_iter().fold(newest, Timestamp::min));
        let since = time.map(|time| self.earlier(time));
        let mut recent = self.seen();
        recent.extend(self.recent.clone());
        recent.extend(given);
        recent.retain(|_, updated| since.is_none_or(|since| *updated >= since));
        Self {
            time,
            recent,
            overlap: self.overlap,
            run: None,
        }
    }

    /// As [`after`](Self::after), within a run: with all that it handed out and
    /// `passed`.
    pub(crate) fn within(
        &self,
        given: BTreeMap<ReferralId, Timestamp>,
        passed: BTreeMap<ReferralId, Timestamp>,
        limits: impl IntoIterator<Item = Timestamp>,
    ) -> Self {
        let mut seen = self.seen();
        seen.extend(passed);
        seen.extend(given.clone());
        let after = self.after(given, limits);
        // A watermark that a wrong date carried away is no place to begin.
        let origin = self.origin().min(after.time);
        let run = Some(Box::new(Begun { origin, seen }));
        Self { run, ..after }
    }

    fn seen(&self) -> BTreeMap<ReferralId, Timestamp> {
        self.run
            .as_ref()
            .map(|run| run.seen.clone())
            .unwrap_or_default()
    }

    /// From when on a run looks that has come to this time.
    pub(crate) fn earlier(&self, time: Timestamp) -> Timestamp {
        let overlap = self.overlap.unwrap_or(Self::OVERLAP);
        let earlier = TimeDelta::from_std(overlap)
            .ok()
            .and_then(|overlap| time.utc().checked_sub_signed(overlap));
        // Longer than there are times: from the first one on.
        earlier
            .unwrap_or(DateTime::UNIX_EPOCH)
            .min(time.utc())
            .into()
    }
}

impl fmt::Debug for Watermark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watermark")
            .field("time", &self.time)
            .field("recent", &self.recent.len())
            .field("overlap", &self.overlap.unwrap_or(Self::OVERLAP))
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
        assert_eq!(start.after(given(&[20, 30]), []).time(), Some(at(30)));
        let held = |limits: &[u32]| {
            let limits = limits.iter().map(|minute| at(*minute));
            start.after(given(&[20, 30]), limits).time()
        };
        assert_eq!(held(&[25]), Some(at(25)));
        assert_eq!(held(&[25, 22, 40]), Some(at(22)));
        // It never goes back by itself.
        assert_eq!(start.after(given(&[5]), []).time(), Some(at(10)));
        assert_eq!(start.after(given(&[]), []).time(), Some(at(10)));
    }

    #[test]
    fn an_overlap_of_ones_own_is_kept_and_counts_for_what_is_remembered() {
        let hour = Duration::from_secs(3600);
        let start = Watermark::at(at(10)).overlap(hour);
        let after = start.after(given(&[20, 59]), []);
        let id = ReferralId::new("r20").unwrap();
        assert!(after.has(&id, at(20)));
        let kept = serde_json::to_string(&after).unwrap();
        let kept: Watermark = serde_json::from_str(&kept).unwrap();
        assert_eq!(kept, after);
        assert_eq!(kept.since(), Some("2024-03-01T09:59:00Z".parse().unwrap()));
        // As it was written before there was one.
        let old = r#"{"time":"2024-03-01T10:10:00Z","recent":{}}"#;
        let old: Watermark = serde_json::from_str(old).unwrap();
        assert_eq!(old, Watermark::at(at(10)));
        assert_eq!(serde_json::to_value(&old).unwrap().get("overlap"), None);
        let all = Watermark::at(at(10)).overlap(Duration::MAX);
        assert_eq!(all.since(), Some(DateTime::UNIX_EPOCH.into()));
    }

    #[test]
    fn only_what_lies_within_the_overlap_is_remembered() {
        let after = Watermark::beginning().after(given(&[20, 25, 30]), []);
        let has = |minute: u32| {
            let id = ReferralId::new(format!("r{minute}")).unwrap();
            after.has(&id, at(minute))
        };
        assert_eq!([has(20), has(25), has(30)], [false, true, true]);
        assert_eq!(after.since(), Some(at(25)));
    }

    #[test]
    fn a_checkpoint_keeps_all_that_its_run_came_by_until_the_run_ends() {
        let start = Watermark::at(at(10));
        let first = start.within(given(&[20, 59]), given(&[8]), []);
        let kept = serde_json::to_string(&first).unwrap();
        let kept: Watermark = serde_json::from_str(&kept).unwrap();
        assert_eq!(kept, first);
        let second = kept.within(given(&[58]), BTreeMap::new(), [at(59)]);
        for minute in [8, 20, 58, 59] {
            let id = ReferralId::new(format!("r{minute}")).unwrap();
            assert_eq!(second.came_by(&id), Some(&at(minute)));
        }
        assert_eq!(
            (second.time(), second.origin()),
            (Some(at(59)), Some(at(10)))
        );
        let end = second.after(BTreeMap::new(), [at(20)]);
        assert_eq!(end.came_by(&ReferralId::new("r20").unwrap()), None);
        // And is known to have been handed out, where the next run begins there.
        assert!(end.has(&ReferralId::new("r20").unwrap(), at(20)));
        let ended = serde_json::to_value(&end).unwrap();
        assert_eq!(ended.get("run"), None);
    }
}
