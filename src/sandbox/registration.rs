//! Deal registrations, as far as anything is known of them.
//!
//! From the connector of 2022: the paths, what a new one has, that an answer has
//! neither the program (`type`) nor the currency of a solution, the status history.
//! From the portal (2023): no registration of a private deal, none before Microsoft
//! accepted its half, none after one has ended, an end unless the term is
//! Perpetual, the time of a sale through the Marketplace. That the service answers
//! 400 to those is ours; so is that the members it sets cannot be changed.
//! The portal's rules for amounts and dates are not enforced: a review may fail
//! for them as well.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use super::answer::Refusal;
use super::chance::wire_time;
use super::lifecycle::Stand;
use super::patch::Operation;
use super::state::{State, is_microsofts_half, set, text};

pub(super) const LIST: &str = "registrations";
/// What the service sets in one.
const SERVER_SET: [&str; 6] = [
    "id",
    "name",
    "registrationDateTime",
    "status",
    "statusReason",
    "statusHistory",
];
const ENDED: [&str; 4] = ["Approved", "Passed", "Failed", "Closed"];

/// Refuses what cannot be registered, or changed, as things stand.
pub(super) fn check_deal(
    state: &State,
    referral: &Value,
    operations: &[Operation],
) -> Result<(), Refusal> {
    let refuse = |why: &str| Err(Refusal::invalid(LIST, why));
    let has_ended = |status: Option<&Value>| {
        let status = status.and_then(Value::as_str);
        status.is_some_and(|status| ENDED.contains(&status))
    };
    let made = referral.get(LIST).and_then(Value::as_array);
    let mut made = made.into_iter().flatten();
    if has_ended(referral.get("registrationStatus")) || made.any(|one| has_ended(one.get("status")))
    {
        return refuse("The registration has ended.");
    }
    let shown = referral.pointer("/consent/consentToShareReferralWithMicrosoftSellers")
        == Some(&json!(true));
    if !shown {
        return refuse("A private deal cannot be registered.");
    }
    let engagement = text(referral, "engagementId");
    let halves = state.all().map(|(_, stored)| &stored.value);
    let mut halves = halves
        .filter(|one| is_microsofts_half(one) && text(one, "engagementId") == engagement)
        .map(|half| {
            let stand = Stand::of(half);
            stand.is_won() || stand.status == "Active"
        })
        .peekable();
    if halves.peek().is_some() && !halves.any(|accepted| accepted) {
        return refuse("Microsoft has not accepted the deal.");
    }
    let touches_the_services = |operation: &Operation| {
        let mut names = operation.segments().iter().skip(2).map(String::as_str);
        names.any(|name| SERVER_SET.contains(&name))
    };
    if operations.iter().any(touches_the_services) {
        return refuse("The member of a registration is read-only.");
    }
    Ok(())
}

/// Refuses registrations that lack what their other members ask for.
pub(super) fn check_content(after: &Value) -> Result<(), Refusal> {
    let refuse = |member: &str| Err(Refusal::invalid(member, "The member is required."));
    let given = |value: &Value, member: &str| value.get(member).is_some_and(|one| !one.is_null());
    for one in after
        .get(LIST)
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        if let Some(contract) = one.get("contract")
            && given(contract, "term")
            && text(contract, "term") != Some("Perpetual")
            && !given(contract, "endDateTime")
        {
            return refuse("endDateTime");
        }
        let solutions = one.get("solutionDetails").and_then(Value::as_array);
        for solution in solutions.into_iter().flatten() {
            if let Some(sale) = solution.get("marketplaceTransactionDetails")
                && sale.get("isMarketplaceTransacted") == Some(&json!(true))
                && !given(sale, "marketplaceTransactionDateTime")
            {
                return refuse("marketplaceTransactionDateTime");
            }
        }
    }
    Ok(())
}

/// Brings registrations into the form of an answer; a new one gets what the
/// service sets.
pub(super) fn complete(state: &mut State, after: &mut Value, now: DateTime<Utc>) {
    let mut added = false;
    let list = after.get_mut(LIST).and_then(Value::as_array_mut);
    for one in list.into_iter().flatten() {
        let Some(members) = one.as_object_mut() else {
            continue;
        };
        members.remove("type");
        let solutions = members.get_mut("solutionDetails");
        for solution in solutions
            .and_then(Value::as_array_mut)
            .into_iter()
            .flatten()
        {
            solution
                .as_object_mut()
                .map(|solution| solution.remove("currency"));
        }
        if !members.contains_key("id") {
            members.insert("id".to_owned(), json!(state.ids.guid()));
            members.insert("registrationDateTime".to_owned(), json!(wire_time(now)));
            members.insert("statusHistory".to_owned(), json!({}));
            reach(members, "ReviewPending", None, now);
            added = true;
        }
    }
    if added {
        set(after, "registrationStatus", json!("ReviewPending"));
    }
}

/// The review comes to a result: the first registration reaches a status.
pub(super) fn review(
    referral: &mut Value,
    status: &str,
    reason: Option<&str>,
    now: DateTime<Utc>,
) -> bool {
    let first = referral.pointer_mut("/registrations/0");
    let Some(first) = first.and_then(Value::as_object_mut) else {
        return false;
    };
    reach(first, status, reason, now);
    set(referral, "registrationStatus", json!(status));
    true
}

fn reach(one: &mut Map<String, Value>, status: &str, reason: Option<&str>, now: DateTime<Utc>) {
    one.insert("status".to_owned(), json!(status));
    one.insert("statusReason".to_owned(), json!(reason));
    let mut letters = status.chars();
    let first = letters.next().map(|first| first.to_ascii_lowercase());
    let name: String = first.into_iter().chain(letters).collect();
    if let Some(Value::Object(history)) = one.get_mut("statusHistory") {
        history.insert(format!("{name}DateTime"), json!(wire_time(now)));
    }
}
