//! Everything that was created or updated since the last time.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use futures::StreamExt as _;

use super::ReferralsClient;
use super::order::Order;
use crate::error::Error;
use crate::generated::client::types::Referral;
use crate::generated::wire::referral;
use crate::list::{ListOptions, Referrals, Watermark, filter};
use crate::scalar::{ReferralId, Timestamp};

/// A run of a synchronisation; see [`ReferralsClient::sync_since`].
#[derive(Debug)]
#[must_use = "nothing is read before `next` is called"]
pub struct SyncRun {
    client: ReferralsClient,
    start: Watermark,
    list: Referrals,
    /// The list is narrowed by the service, not here.
    narrowed: bool,
    /// The client's clock when the first page was asked for.
    asked: Option<Duration>,
    /// What time it was at the service then; none while no answer says.
    began: Option<Timestamp>,
    given: BTreeMap<ReferralId, Timestamp>,
    /// What an earlier run handed out, and this one came by.
    passed: BTreeMap<ReferralId, Timestamp>,
    held: Option<Timestamp>,
    order: Order,
    end: Option<Watermark>,
    failed: bool,
}

/// # Synchronisation
impl ReferralsClient {
    /// Everything that was created or updated since `watermark`, and the
    /// watermark for the next time.
    ///
    /// ```no_run
    /// # async fn run(client: partner_referrals::ReferralsClient, kept: Option<String>)
    /// # -> Result<(), Box<dyn std::error::Error>> {
    /// use partner_referrals::Watermark;
    ///
    /// let watermark: Watermark = match kept {
    ///     Some(kept) => serde_json::from_str(&kept)?,
    ///     None => Watermark::beginning(),
    /// };
    /// let mut sync = client.sync_since(&watermark);
    /// while let Some(referral) = sync.next().await {
    ///     println!("{}", referral?.id);
    /// }
    /// let keep = serde_json::to_string(sync.watermark())?;
    /// # let _ = keep;
    /// # Ok(()) }
    /// ```
    ///
    /// # Expected flow
    /// One list, oldest change first, from the
    /// [overlap](Watermark::overlap) before the watermark on. Where the service
    /// refuses to compare times (400 or 501: no page of the vendor shows it), the
    /// newest are read until they are old enough.
    ///
    /// # Guarantees
    /// Each referral once a run. One that changes while the run reads is handed
    /// out as it was first seen, and again by the next run. A version that an
    /// earlier run handed out within the overlap is not handed out again. A
    /// referral that is dated ahead of the service's own time does not carry the
    /// watermark with it, where answers say what time it is (`Date`). The watermark
    /// goes back behind the one that a run began with for that alone.
    ///
    /// # Assumptions
    /// A list shows a change within the overlap of its `updatedDateTime`. How soon
    /// lists show anything is not documented; what comes later than that is missed.
    ///
    /// # Caveats
    /// The list is no snapshot, as far as is known. If the service counts its pages
    /// from the front, a referral that changes behind the reader moves the others
    /// up, and one of them may not be seen at all by this run: the next one begins
    /// before it, as far as the change can be noticed. One that leaves the list
    /// while it is read, because the user may not see it any more, cannot be.
    /// An old referral that changes behind the reader in each run keeps the
    /// watermark back each time: nothing is lost or handed out twice, but the same
    /// part of the list is read again, until a run goes by without.
    ///
    /// The ids that were handed out are held until the run ends. A run that is
    /// dropped or fails starts again from its own watermark, or from its last
    /// [checkpoint](SyncRun::checkpoint).
    ///
    /// # Errors
    /// As of [`referrals`](Self::referrals). A referral that cannot be read is
    /// an error with [`Error::list_position`]; the run goes on behind it. The
    /// next one comes by it again within the overlap, and later only if it changes.
    pub fn sync_since(&self, watermark: &Watermark) -> SyncRun {
        let by_update = ListOptions::new().order_by(referral::UPDATED_DATE_TIME);
        let options = match watermark.since() {
            Some(since) => by_update.filter(filter::updated().ge(since)),
            None => by_update,
        };
        SyncRun {
            client: self.clone(),
            start: watermark.clone(),
            list: self.referrals(options),
            narrowed: true,
            asked: None,
            began: None,
            given: BTreeMap::new(),
            passed: BTreeMap::new(),
            held: None,
            order: Order::default(),
            end: None,
            failed: false,
        }
    }
}

impl SyncRun {
    /// The next referral; none at the end.
    ///
    /// # Errors
    /// As of [`ReferralsClient::sync_since`].
    pub async fn next(&mut self) -> Option<Result<Referral, Error>> {
        while self.end.is_none() && !self.failed {
            let one = self.one().await;
            match one {
                Some(Ok(one)) => {
                    if self.is_behind(one.updated_date_time) {
                        self.finish();
                    } else if self.takes(&one) {
                        return Some(Ok(one));
                    }
                }
                Some(Err(error)) if self.may_widen(&error) => {
                    let newest = format!("{} desc", referral::UPDATED_DATE_TIME);
                    self.list = self.client.referrals(ListOptions::new().order_by(newest));
                    self.narrowed = false;
                }
                Some(Err(error)) => {
                    self.failed = error.list_position().is_none();
                    return Some(Err(error));
                }
                None => self.finish(),
            }
        }
        None
    }

    /// The next one of the list. With the first comes the service's time: what
    /// changes after the run began is dated later.
    async fn one(&mut self) -> Option<Result<Referral, Error>> {
        let clock = self.client.clock();
        let asked = *self.asked.get_or_insert_with(|| clock.elapsed());
        let one = self.list.next().await;
        // This machine's clock may be wrong, and what it caps would come again.
        if let (None, Some(now)) = (self.began, self.client.server_time()) {
            let ago = TimeDelta::from_std(clock.elapsed().saturating_sub(asked));
            let began = DateTime::<Utc>::from(now).checked_sub_signed(ago.unwrap_or_default());
            self.began = began.map(Timestamp::from);
        }
        one
    }

    /// What to start the next run with: after the end of this one how far it has
    /// come, and before that, or after a failure, where it started.
    pub fn watermark(&self) -> &Watermark {
        self.end.as_ref().unwrap_or(&self.start)
    }

    /// How far this run has come, for one of hundreds of thousands that must not
    /// start over: what was handed out counts as done, so it is kept after that was
    /// worked on. A run from there hands out the rest. After the end it is the
    /// [`watermark`](Self::watermark).
    ///
    /// ```no_run
    /// # async fn run(client: partner_referrals::ReferralsClient, kept: partner_referrals::Watermark)
    /// # -> Result<(), Box<dyn std::error::Error>> {
    /// let mut sync = client.sync_since(&kept);
    /// let mut done = 0;
    /// while let Some(referral) = sync.next().await {
    ///     println!("{}", referral?.id);
    ///     done += 1;
    ///     if done % 1_000 == 0 {
    ///         std::fs::write("watermark.json", serde_json::to_string(&sync.checkpoint())?)?;
    ///     }
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// # Assumptions
    /// The list goes on in the order that was asked for, oldest change first, but
    /// for what lies within the [overlap](Watermark::overlap). Where it was seen
    /// not to, or the service refuses to compare times, it is where the run
    /// started.
    ///
    /// # Caveats
    /// Copies the ids of all that the run came by, and carries them until a run
    /// from there has ended: one that changes after it was handed out may have
    /// moved another one up, past the reader. Not after each referral.
    pub fn checkpoint(&self) -> Watermark {
        if let Some(end) = &self.end {
            return end.clone();
        }
        if !self.narrowed || !self.order.rises() {
            return self.start.clone();
        }
        // What lies before the start was read already, in the overlap.
        let last = self.order.last().max(self.start.time());
        let limits = [self.held(), self.began, last].into_iter().flatten();
        self.start
            .within(self.given.clone(), self.passed.clone(), limits)
    }

    fn finish(&mut self) {
        let given = std::mem::take(&mut self.given);
        let limits = self.held().into_iter().chain(self.began);
        self.end = Some(self.start.after(given, limits));
    }

    /// From where on something may not have been seen. Never before the start:
    /// from there on the next run looks anyway, and a list in which much changes
    /// would carry the watermark back, run by run. `began` may lie before it, to
    /// bring back a watermark that a wrong date carried away.
    fn held(&self) -> Option<Timestamp> {
        let held = self.held?;
        Some(self.start.origin().map_or(held, |origin| held.max(origin)))
    }

    fn may_widen(&self, error: &Error) -> bool {
        let first = self.narrowed && self.order.last().is_none() && self.start.since().is_some();
        first && matches!(error.status(), Some(400 | 501))
    }

    /// Whether nothing new can come any more, if the order is kept.
    fn is_behind(&mut self, updated: Timestamp) -> bool {
        self.order.note(updated, |top| self.start.earlier(top));
        let old = self.start.since().is_some_and(|since| updated < since);
        old && !self.narrowed && self.order.only_falls()
    }

    fn takes(&mut self, one: &Referral) -> bool {
        let updated = one.updated_date_time;
        let old = self.start.since().is_some_and(|since| updated < since);
        if old {
            return false;
        }
        let seen = self.given.get(&one.id).or(self.passed.get(&one.id));
        let seen = seen.or(self.start.came_by(&one.id));
        if let Some(seen) = seen.filter(|seen| updated > **seen) {
            // Changed since, and what stood behind it may have come before the
            // reader: the next run begins where it was.
            self.held = Some(self.held.map_or(*seen, |held| held.min(*seen)));
        }
        if self.given.contains_key(&one.id) {
            return false;
        }
        if self.start.has(&one.id, updated) {
            self.passed.insert(one.id.clone(), updated);
            return false;
        }
        self.given.insert(one.id.clone(), updated);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::credential::StaticToken;

    fn at(minute: u32) -> Timestamp {
        format!("2024-03-01T10:{minute:02}:00Z").parse().unwrap()
    }

    /// After which of these times a run that reads all of a list, because its
    /// filter was refused, takes the rest for old.
    fn stops_at(updated: &[u32], narrowed: bool) -> Option<usize> {
        // Nothing is sent; without TLS only this machine is an address.
        let client = ReferralsClient::builder(StaticToken::new("token").unwrap())
            .base_url("http://127.0.0.1:1")
            .allow_insecure_loopback()
            .build()
            .unwrap();
        let mut run = client.sync_since(&Watermark::at(at(30)));
        run.narrowed = narrowed;
        updated.iter().position(|minute| run.is_behind(at(*minute)))
    }

    #[test]
    fn a_list_is_left_early_only_while_it_falls() {
        // Five minutes of overlap: 25 is the last that counts.
        assert_eq!(stops_at(&[50, 40, 25, 24, 1], false), Some(3));
        assert_eq!(stops_at(&[50, 40, 25, 24, 1], true), None);
        // An order of its own, or none that can be told yet.
        assert_eq!(stops_at(&[1, 2, 3], false), None);
        assert_eq!(stops_at(&[20, 40, 10, 50], false), None);
        assert_eq!(stops_at(&[24], false), None);
        assert_eq!(stops_at(&[24, 24], false), None);
    }
}
