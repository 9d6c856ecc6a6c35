//! How a create whose answer was lost is searched for.

use std::time::Duration;

/// How wrong this machine's clock may be while no answer of the service told
/// the time: one that is further off breaks TLS and tokens first.
pub(super) const BLIND: Duration = Duration::from_secs(24 * 3600);

/// What to do where a create may have been carried out, and the service shows
/// nothing of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum WhenNotFound {
    /// Stops with [`Ambiguous`](super::SharedReferralError::Ambiguous): nothing
    /// is sent until somebody has looked.
    #[default]
    Stop,
    /// Sends the create once more, with the same `request-id`, and looks again;
    /// once in all, however often the operation is resumed
    /// ([`most_resends`](Recovery::most_resends)). For a service whose lists are
    /// known to show what it created within the settle times, and where no other
    /// process is at the same operation: otherwise it doubles the deal.
    Resend,
}

/// How a create whose answer was lost is searched for, before anything is sent
/// again.
///
/// | setting | default | why |
/// |---|---|---|
/// | settle times | 2 s, 5 s, 15 s | how fast lists show a new referral is not documented |
/// | skew | 5 minutes | between the clocks of the service's machines |
/// | horizon | 1 hour | the latest that a create comes to the service after it was sent |
/// | most referrals read | 5,000 | a search must end |
/// | where nothing is found | stop | absence cannot be proven by a list |
/// | resends, where that is allowed | 1 in all | each may be another deal, if lists do not show all |
/// | look back before the first create | no | for a journal that came back from a backup |
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Recovery {
    pub(super) settle: Vec<Duration>,
    pub(super) skew: Duration,
    pub(super) horizon: Duration,
    pub(super) most_read: usize,
    pub(super) when_not_found: WhenNotFound,
    pub(super) most_resends: u32,
    pub(super) look_back: Option<Duration>,
}

impl Default for Recovery {
    fn default() -> Self {
        Self {
            settle: [2, 5, 15].map(Duration::from_secs).to_vec(),
            skew: Duration::from_secs(300),
            horizon: Duration::from_secs(3600),
            most_read: 5_000,
            when_not_found: WhenNotFound::Stop,
            most_resends: 1,
            look_back: None,
        }
    }
}

impl Recovery {
    /// The defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// The waits between one look and the next. The first look is made at once,
    /// the last one after all of them; without any there is one look. They count
    /// from the end of the create, a time-out included, or from the first look of
    /// a run if that was earlier; where the end is not known, because the program
    /// ended, from the first look after it.
    pub fn settle(mut self, waits: impl IntoIterator<Item = Duration>) -> Self {
        self.settle = waits.into_iter().collect();
        self
    }

    /// How far before the create a search begins, by the service's clock.
    pub fn skew(mut self, skew: Duration) -> Self {
        self.skew = skew;
        self
    }

    /// The latest that a create can be carried out after it was sent, the skew
    /// of the clocks included. A search of an old doubt reads no further than
    /// that, and after a crash the settle times count from the first look for no
    /// longer. Where no answer had told the service's time when the create was
    /// sent, the search reads to the end, and for a day in place of this.
    pub fn horizon(mut self, horizon: Duration) -> Self {
        self.horizon = horizon;
        self
    }

    /// How many referrals one search reads at most. A search that does not come
    /// to its end proves no absence.
    pub fn most_read(mut self, referrals: usize) -> Self {
        self.most_read = referrals;
        self
    }

    /// What to do where the service shows nothing.
    pub fn when_not_found(mut self, policy: WhenNotFound) -> Self {
        self.when_not_found = policy;
        self
    }

    /// How often a create is sent again in all under
    /// [`WhenNotFound::Resend`], all runs of the operation together: a task that
    /// resumes what is open every hour must not create a deal every hour.
    pub fn most_resends(mut self, times: u32) -> Self {
        self.most_resends = times;
        self
    }

    /// Searches before the first create of an operation too, so far back: for a
    /// journal that may have lost what it knew. The time is that which the
    /// journal may have lost.
    pub fn look_back(mut self, time: Duration) -> Self {
        self.look_back = Some(time);
        self
    }

    /// The age of a create at which the look after the one at `age` is due;
    /// none after the last.
    pub(super) fn next_look(&self, age: Duration) -> Option<Duration> {
        self.settle
            .iter()
            .scan(Duration::ZERO, |sum, wait| {
                *sum = sum.saturating_add(*wait);
                Some(*sum)
            })
            .find(|due| *due > age)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_setting_changes_what_it_names_and_nothing_else() {
        let time = Duration::from_secs(7);
        let changed = |change: fn(Recovery, Duration) -> Recovery| change(Recovery::new(), time);
        let all = [
            changed(|one, time| one.skew(time)),
            changed(|one, time| one.horizon(time)),
            changed(|one, _| one.most_read(7)),
            changed(|one, time| one.settle([time])),
            changed(|one, _| one.when_not_found(WhenNotFound::Resend)),
            changed(|one, _| one.most_resends(7)),
            changed(|one, time| one.look_back(time)),
        ];
        let mut expected = [0; 7].map(|_| Recovery::new());
        expected[0].skew = time;
        expected[1].horizon = time;
        expected[2].most_read = 7;
        expected[3].settle = vec![time];
        expected[4].when_not_found = WhenNotFound::Resend;
        expected[5].most_resends = 7;
        expected[6].look_back = Some(time);
        assert_eq!(all, expected);
    }

    #[test]
    fn looks_are_due_after_each_settle_time_and_those_that_were_missed_are_one() {
        let seconds = |age| {
            Recovery::new()
                .next_look(Duration::from_secs(age))
                .map(|due| due.as_secs())
        };
        assert_eq!(seconds(0), Some(2));
        assert_eq!(seconds(2), Some(7));
        assert_eq!(seconds(6), Some(7));
        assert_eq!(seconds(7), Some(22));
        assert_eq!(seconds(22), None);
        assert_eq!(Recovery::new().settle([]).next_look(Duration::ZERO), None);
        let endless = Recovery::new().settle([Duration::MAX, Duration::MAX]);
        assert_eq!(endless.next_look(Duration::MAX), None);
    }
}
