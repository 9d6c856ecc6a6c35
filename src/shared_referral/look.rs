//! Searching for what a create made whose answer was lost.

use futures::TryStreamExt as _;

use super::operation::Operation;
use super::problem::Half;
use super::recovery::Recovery;
use super::traits::{Likeness, compare};
use crate::client::ReferralsClient;
use crate::error::Error;
use crate::generated::client::types::Referral;
use crate::generated::wire::{MICROSOFT_ID, MICROSOFT_TARGET_TYPE, referral};
use crate::list::{ListOptions, Referrals, filter};
use crate::scalar::{EngagementId, ReferralId, Timestamp};

/// What a search found.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Sighting {
    /// Nothing that could be it.
    Nothing,
    /// It.
    One(Box<Referral>),
    /// More than one.
    Several(Vec<ReferralId>),
    /// Nothing that is it for certain: some that may be, or a list of which not
    /// all was read.
    Unclear(Vec<ReferralId>),
}

/// When the own referral that is searched for can have been created.
#[derive(Clone, Copy, Debug)]
pub(super) struct Window {
    pub(super) since: Timestamp,
    /// None where that is not known.
    pub(super) until: Option<Timestamp>,
}

/// Looks for the own referral of an operation.
pub(super) async fn for_own(
    client: &ReferralsClient,
    operation: &Operation,
    window: Window,
    recovery: &Recovery,
) -> Result<Sighting, Error> {
    let state = operation.half(Half::Own);
    if state.made.is_none()
        && let Some(hint) = &state.hint
        && let Some(referral) = read(client, hint).await?
    {
        // Named by the service's own answer to this create.
        return Ok(Sighting::One(Box::new(referral)));
    }
    // A comparison of times is documented as possible, and never shown; where it
    // is refused, the newest are read until they are old enough.
    let created = referral::CREATED_DATE_TIME;
    // Raw, because a setting may look back past the years that a filter can say:
    // that is refused by the service, too.
    let filter = format!("{} ge {}", referral::UPDATED_DATE_TIME, window.since);
    let options = ListOptions::new().filter(filter).order_by(created);
    let oldest_first = Order::asked(true);
    let found = search(client, operation, window, (options, oldest_first), recovery).await;
    match found {
        Err(error) if matches!(error.status(), Some(400 | 501)) => {
            let options = ListOptions::new().order_by(format!("{created} desc"));
            let newest_first = Order::asked(false);
            search(client, operation, window, (options, newest_first), recovery).await
        }
        found => found,
    }
}

async fn search(
    client: &ReferralsClient,
    operation: &Operation,
    window: Window,
    (options, mut order): (ListOptions, Order),
    recovery: &Recovery,
) -> Result<Sighting, Error> {
    let mut found = Found::default();
    let mut list = client.referrals(options);
    while let Some(one) = next_readable(&mut list, &mut found).await? {
        let at = one.created_date_time;
        order.next(at);
        found.read += 1;
        if found.read > recovery.most_read {
            found.cut = true;
            break;
        }
        let early = at < window.since;
        let late = window.until.is_some_and(|until| at > until);
        // Nothing that can be it comes any more, if the order is kept.
        if early && order.falls() || late && order.rises() {
            break;
        }
        if early || late || is_microsofts(&one) {
            continue;
        }
        match compare(&one, operation.id(), operation.marker(), operation.traits()) {
            Likeness::Same => found.same.push(one),
            Likeness::Alike => found.alike.push(one.id),
            Likeness::Other => {}
        }
    }
    Ok(found.sighting())
}

/// The next one that can be read. One that cannot may be what is searched for:
/// the list counts as not read to its end.
async fn next_readable(list: &mut Referrals, found: &mut Found) -> Result<Option<Referral>, Error> {
    loop {
        match list.try_next().await {
            Err(error) if error.list_position().is_some() => found.cut = true,
            read => return read,
        }
    }
}

/// The order in which a list really comes: what was asked for may be ignored,
/// and any other order is chance.
struct Order {
    rising: bool,
    last: Option<Timestamp>,
    rose: bool,
    fell: bool,
}

impl Order {
    fn asked(rising: bool) -> Self {
        Self {
            rising,
            last: None,
            rose: false,
            fell: false,
        }
    }

    fn next(&mut self, at: Timestamp) {
        if let Some(last) = self.last {
            self.rose |= at > last;
            self.fell |= at < last;
        }
        self.last = Some(at);
    }

    /// As asked, later ones have come after earlier ones, and never the other way
    /// round.
    fn rises(&self) -> bool {
        self.rising && self.rose && !self.fell
    }

    fn falls(&self) -> bool {
        !self.rising && self.fell && !self.rose
    }
}

/// Looks for the connected referral of an engagement.
pub(super) async fn for_connected(
    client: &ReferralsClient,
    operation: &Operation,
    engagement: &EngagementId,
    recovery: &Recovery,
) -> Result<Sighting, Error> {
    let mut found = Found::default();
    let state = operation.half(Half::Connected);
    if state.made.is_none()
        && let Some(hint) = &state.hint
        && let Some(referral) = read(client, hint).await?
    {
        return Ok(Sighting::One(Box::new(referral)));
    }
    let of_engagement = filter::engagement_id().eq(engagement.clone());
    let mut list = client.referrals(ListOptions::new().filter(of_engagement));
    while let Some(one) = next_readable(&mut list, &mut found).await? {
        found.read += 1;
        if found.read > recovery.most_read {
            found.cut = true;
            break;
        }
        if Some(&one.id) != operation.own_id() && is_microsofts(&one) {
            found.same.push(one);
        }
    }
    Ok(found.sighting())
}

#[derive(Default)]
struct Found {
    same: Vec<Referral>,
    alike: Vec<ReferralId>,
    read: usize,
    /// Some of the list was not read, or could not be.
    cut: bool,
}

impl Found {
    fn sighting(mut self) -> Sighting {
        let alone = self.same.len() == 1 && self.alike.is_empty() && !self.cut;
        match self.same.pop() {
            Some(one) if alone => Sighting::One(Box::new(one)),
            Some(last) => {
                self.same.push(last);
                let same = self.same.into_iter().map(|one| one.id);
                let all: Vec<_> = same.chain(self.alike).collect();
                if all.len() > 1 {
                    Sighting::Several(all)
                } else {
                    Sighting::Unclear(all)
                }
            }
            None if self.alike.is_empty() && !self.cut => Sighting::Nothing,
            None => Sighting::Unclear(self.alike),
        }
    }
}

/// A referral by its id; none where there is none, or it may not be read: a list
/// may show it all the same.
async fn read(client: &ReferralsClient, id: &ReferralId) -> Result<Option<Referral>, Error> {
    match client.get(id).await {
        Ok(referral) => Ok(Some(referral)),
        Err(error) if error.is_retryable() => Err(error),
        Err(_) => Ok(None),
    }
}

/// Microsoft's half: by its target, or by whose it is.
pub(super) fn is_microsofts(referral: &Referral) -> bool {
    referral.organization_id.as_deref() == Some(MICROSOFT_ID)
        || referral.target.iter().flatten().any(|target| {
            target.type_ == Some(MICROSOFT_TARGET_TYPE)
                && target.id.as_deref() == Some(MICROSOFT_ID)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn referral(id: &str) -> Referral {
        let example = include_str!("../../openapi/examples/create_referral.response.200.json");
        let mut referral: Referral = serde_json::from_str(example).unwrap();
        referral.id = ReferralId::new(id).unwrap();
        referral
    }

    fn ids(ids: &[&str]) -> Vec<ReferralId> {
        ids.iter().map(|id| ReferralId::new(*id).unwrap()).collect()
    }

    fn sighting(same: &[&str], alike: &[&str], cut: bool) -> Sighting {
        let same = same.iter().map(|id| referral(id)).collect();
        let alike = ids(alike);
        let read = 0;
        Found {
            same,
            alike,
            read,
            cut,
        }
        .sighting()
    }

    #[test]
    fn only_one_alone_in_a_whole_list_is_taken() {
        assert_eq!(sighting(&[], &[], false), Sighting::Nothing);
        assert_eq!(
            sighting(&["a"], &[], false),
            Sighting::One(Box::new(referral("a")))
        );
        for (same, alike, cut, expected) in [
            (
                &["a", "b"][..],
                &[][..],
                false,
                Sighting::Several(ids(&["a", "b"])),
            ),
            (&["a"], &["b"], false, Sighting::Several(ids(&["a", "b"]))),
            (&["a"], &[], true, Sighting::Unclear(ids(&["a"]))),
            (&[], &["b"], false, Sighting::Unclear(ids(&["b"]))),
            (&[], &["b", "c"], true, Sighting::Unclear(ids(&["b", "c"]))),
            (&[], &[], true, Sighting::Unclear(vec![])),
        ] {
            assert_eq!(sighting(same, alike, cut), expected);
        }
    }

    #[test]
    fn an_order_is_believed_once_it_was_asked_for_and_seen_and_never_broken() {
        let asked = |rising, seconds: &[i64]| {
            let mut order = Order::asked(rising);
            for second in seconds {
                let at = chrono::DateTime::from_timestamp(*second, 0).unwrap();
                order.next(at.into());
            }
            (order.rises(), order.falls())
        };
        let of = |seconds: &[i64]| {
            let (rising, falling) = (asked(true, seconds), asked(false, seconds));
            assert!(!rising.1 && !falling.0, "the other order is chance");
            (rising.0, falling.1)
        };
        for (seconds, expected) in [
            (&[][..], (false, false)),
            (&[1], (false, false)),
            (&[1, 1], (false, false)),
            (&[1, 1, 2], (true, false)),
            (&[2, 1, 1], (false, true)),
            (&[1, 2, 1], (false, false)),
            (&[2, 1, 2], (false, false)),
        ] {
            assert_eq!(of(seconds), expected, "{seconds:?}");
        }
    }

    #[test]
    fn microsofts_half_is_known_by_its_owner_or_its_target() {
        let own = referral("a");
        assert!(!is_microsofts(&own));
        let mut by_owner = own.clone();
        by_owner.organization_id = Some(MICROSOFT_ID.to_owned());
        assert!(is_microsofts(&by_owner));
        let mut by_target = own;
        for target in by_target.target.iter_mut().flatten() {
            target.type_ = Some(MICROSOFT_TARGET_TYPE);
        }
        assert!(!is_microsofts(&by_target), "another location");
        for target in by_target.target.iter_mut().flatten() {
            target.id = Some(MICROSOFT_ID.to_owned());
        }
        assert!(is_microsofts(&by_target));
    }
}
