//! The referrals that the stand-in holds, as JSON.
//!
//! JSON and not types, because a real service keeps members that its callers do
//! not model. Two rules live here: every change gives a new eTag, and a new
//! referral that nobody answers within its 14 days closes as expired (user docs
//! 2021 and 2023).

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, Duration, Utc};
use serde_json::{Value, json};

use super::chance::{Ids, wire_time};
use super::lifecycle::Stand;
use super::skeleton::{self, MICROSOFT, OWN_ORGANIZATION};

/// How long the receiving side has to answer.
const ANSWER_DAYS: i64 = 14;

/// One referral and when lists start to show it.
#[derive(Debug)]
pub(super) struct Stored {
    pub(super) value: Value,
    pub(super) visible_from: DateTime<Utc>,
}

/// All referrals, in the order of creation.
#[derive(Debug)]
pub(super) struct State {
    referrals: Vec<Stored>,
    by_id: HashMap<String, usize>,
    expiring: BTreeSet<(DateTime<Utc>, usize)>,
    pub(super) ids: Ids,
    /// Whether a value that its list lacks is refused.
    pub(super) documented_values_only: bool,
}

impl State {
    pub(super) fn new(ids: Ids) -> Self {
        Self {
            referrals: Vec::new(),
            by_id: HashMap::new(),
            expiring: BTreeSet::new(),
            ids,
            documented_values_only: false,
        }
    }

    /// All referrals with their place in the order of creation.
    pub(super) fn all(&self) -> impl Iterator<Item = (usize, &Stored)> {
        self.referrals.iter().enumerate()
    }

    pub(super) fn get(&self, id: &str) -> Option<&Value> {
        let place = self.by_id.get(id)?;
        self.referrals.get(*place).map(|stored| &stored.value)
    }

    pub(super) fn has_engagement(&self, engagement_id: &str) -> bool {
        self.referrals
            .iter()
            .any(|stored| text(&stored.value, "engagementId") == Some(engagement_id))
    }

    /// Stores a referral under its id, in place of one with the same id.
    pub(super) fn store(&mut self, id: &str, value: Value, visible_from: DateTime<Utc>) {
        let place = match self.by_id.get(id) {
            Some(place) => *place,
            None => {
                self.by_id.insert(id.to_owned(), self.referrals.len());
                self.referrals.len()
            }
        };
        if let Some(expires) = expiry(&value) {
            self.expiring.insert((expires, place));
        }
        match self.referrals.get_mut(place) {
            Some(stored) => stored.value = value,
            None => self.referrals.push(Stored {
                value,
                visible_from,
            }),
        }
    }

    /// Stores a changed referral with a new eTag, and gives it back.
    pub(super) fn change(&mut self, id: &str, mut value: Value, now: DateTime<Utc>) -> Value {
        set(&mut value, "eTag", json!(self.ids.etag(now)));
        set(&mut value, "updatedDateTime", json!(wire_time(now)));
        self.store(id, value.clone(), now);
        value
    }

    /// Seeds a referral: what it has stays, what only the service sets is added.
    pub(super) fn insert(&mut self, value: Value, now: DateTime<Utc>) -> Value {
        let mut value = if value.is_object() { value } else { json!({}) };
        let mut lack = |member: &str, default: Value| {
            if value.get(member).is_none() {
                set(&mut value, member, default);
            }
        };
        lack("id", json!(self.ids.guid()));
        lack("engagementId", json!(self.ids.guid()));
        lack("organizationId", json!(OWN_ORGANIZATION.0));
        lack("organizationName", json!(OWN_ORGANIZATION.1));
        lack("createdDateTime", json!(wire_time(now)));
        lack("updatedDateTime", json!(wire_time(now)));
        lack("eTag", json!(self.ids.etag(now)));
        lack("type", json!("Independent"));
        lack("status", json!("Active"));
        lack("substatus", json!("Accepted"));
        lack("direction", json!("Outgoing"));
        let id = text(&value, "id").unwrap_or_default().to_owned();
        let engagement_id = text(&value, "engagementId").unwrap_or_default();
        let links = skeleton::links(&id, engagement_id);
        if value.get("links").is_none() {
            set(&mut value, "links", links);
        }
        self.store(&id, value.clone(), now);
        value
    }

    /// Closes what nobody answered in time.
    pub(super) fn expire(&mut self, now: DateTime<Utc>) {
        while let Some(&(expires, place)) = self.expiring.first() {
            if expires > now {
                return;
            }
            self.expiring.pop_first();
            let Some(stored) = self.referrals.get(place) else {
                continue;
            };
            // Answered, or given another date, since it was noted down.
            if expiry(&stored.value) != Some(expires) {
                continue;
            }
            let before = stored.value.clone();
            let mut after = before.clone();
            set(&mut after, "status", json!("Closed"));
            set(&mut after, "substatus", json!("Expired"));
            date_the_turn(&before, &mut after, now);
            if let Some(id) = text(&before, "id") {
                self.change(id, after, now);
            }
        }
    }

    /// Microsoft answers the halves of an engagement that wait for it; says
    /// whether there was one.
    pub(super) fn microsoft_answers(
        &mut self,
        engagement_id: &str,
        answer: MicrosoftAnswer<'_>,
        now: DateTime<Utc>,
    ) -> bool {
        let waiting: Vec<Value> = self
            .referrals
            .iter()
            .map(|stored| &stored.value)
            .filter(|referral| is_microsofts_half(referral))
            .filter(|referral| text(referral, "engagementId") == Some(engagement_id))
            .filter(|referral| text(referral, "status") == Some("New"))
            .cloned()
            .collect();
        for before in &waiting {
            let mut after = before.clone();
            match answer {
                MicrosoftAnswer::Accepts => {
                    set(&mut after, "status", json!("Active"));
                    set(&mut after, "substatus", json!("Accepted"));
                }
                MicrosoftAnswer::Declines(reason) => {
                    set(&mut after, "status", json!("Closed"));
                    set(&mut after, "substatus", json!("Declined"));
                    set(&mut after, "statusReason", json!(reason));
                }
            }
            date_the_turn(before, &mut after, now);
            if let Some(id) = text(before, "id") {
                self.change(id, after, now);
            }
        }
        !waiting.is_empty()
    }
}

/// What Microsoft does with its half.
#[derive(Debug, Clone, Copy)]
pub(super) enum MicrosoftAnswer<'a> {
    Accepts,
    Declines(&'a str),
}

/// Whether the referral is Microsoft's half of an engagement.
pub(super) fn is_microsofts_half(referral: &Value) -> bool {
    text(referral, "organizationId") == Some(MICROSOFT.0)
}

/// When a referral created now expires if nobody answers it.
pub(super) fn answer_by(now: DateTime<Utc>) -> String {
    wire_time(now + Duration::days(ANSWER_DAYS))
}

/// The dates that a change of status sets: accepted, closed, and no expiry once
/// somebody answered.
pub(super) fn date_the_turn(before: &Value, after: &mut Value, now: DateTime<Utc>) {
    let (was, is) = (Stand::of(before), Stand::of(after));
    if was.status == is.status {
        return;
    }
    if is.status == "Active" {
        set(after, "acceptedDateTime", json!(wire_time(now)));
    }
    if is.is_closed() {
        set(after, "closedDateTime", json!(wire_time(now)));
    }
    set(after, "expirationDateTime", Value::Null);
}

fn expiry(referral: &Value) -> Option<DateTime<Utc>> {
    if text(referral, "status") != Some("New") {
        return None;
    }
    let at = text(referral, "expirationDateTime")?;
    DateTime::parse_from_rfc3339(at).ok().map(|at| at.to_utc())
}

/// A text member of a referral.
pub(super) fn text<'a>(referral: &'a Value, member: &str) -> Option<&'a str> {
    referral.get(member).and_then(Value::as_str)
}

/// Sets a member of a referral.
pub(super) fn set(referral: &mut Value, member: &str, value: Value) {
    if let Some(members) = referral.as_object_mut() {
        members.insert(member.to_owned(), value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state() -> State {
        State::new(Ids::new(Some(1)))
    }

    fn at(text: &str) -> DateTime<Utc> {
        DateTime::parse_from_rfc3339(text).unwrap().to_utc()
    }

    #[test]
    fn a_seeded_referral_keeps_what_it_has() {
        let mut state = state();
        let seeded = state.insert(json!({ "id": "7", "tomorrow": [1] }), Utc::now());
        assert_eq!(seeded["tomorrow"], json!([1]));
        assert_eq!(seeded["organizationName"], "Contoso Company");
        assert_eq!(state.get("7"), Some(&seeded));
    }

    #[test]
    fn a_referral_that_nobody_answers_expires_once() {
        let mut state = state();
        let start = at("2024-01-01T00:00:00Z");
        let seeded = state.insert(
            json!({ "id": "7", "status": "New", "substatus": "Pending",
                    "expirationDateTime": answer_by(start) }),
            start,
        );
        state.expire(start + Duration::days(13));
        assert_eq!(state.get("7"), Some(&seeded));
        state.expire(start + Duration::days(14));
        let expired = state.get("7").unwrap().clone();
        assert_eq!(expired["substatus"], "Expired");
        assert_ne!(expired["eTag"], seeded["eTag"]);
        state.expire(start + Duration::days(15));
        assert_eq!(state.get("7"), Some(&expired));
    }

    #[test]
    fn microsoft_answers_only_what_waits_for_it() {
        let mut state = state();
        let half = json!({ "id": "m", "engagementId": "e", "organizationId": "msft",
                           "status": "New", "substatus": "Pending" });
        state.insert(half, Utc::now());
        state.insert(json!({ "id": "own", "engagementId": "e" }), Utc::now());
        assert!(!state.microsoft_answers("other", MicrosoftAnswer::Accepts, Utc::now()));
        assert!(state.microsoft_answers("e", MicrosoftAnswer::Declines("No record"), Utc::now()));
        assert_eq!(state.get("m").unwrap()["statusReason"], "No record");
        assert_eq!(state.get("own").unwrap()["substatus"], "Accepted");
        assert!(!state.microsoft_answers("e", MicrosoftAnswer::Accepts, Utc::now()));
    }
}
