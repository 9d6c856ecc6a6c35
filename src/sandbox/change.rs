//! PATCH and PUT: a referral changes.
//!
//! `If-Match` is optional on PATCH and required on PUT (D19, D20); a PUT body
//! must come without `links` (D19). Not in any source and therefore ours: 400
//! for a PUT without `If-Match`, 403 for a change of Microsoft's status, that a
//! PUT clears the known members that its body leaves out (unknown ones survive),
//! and `If-Match: *` taking any version.
//! Deal registrations have a file of their own.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use super::answer::Refusal;
use super::create::{check_content, check_required, object};
use super::lifecycle::{Stand, check_transition};
use super::patch::{self, Operation};
use super::registration;
use super::skeleton;
use super::state::{State, date_the_turn, is_microsofts_half, set, text};
use super::values;

/// Applies a JSON Patch, whole or not at all.
pub(super) fn patch(
    state: &mut State,
    id: &str,
    if_match: Option<&str>,
    body: &[u8],
    now: DateTime<Utc>,
) -> Result<Value, Refusal> {
    let operations = patch::read(body)?;
    let before = current(state, id, if_match)?;
    let registers = check_open(&before, &operations)?;

    let mut after = before.clone();
    if registers {
        registration::check_deal(state, &before, &operations)?;
        if !after.get(registration::LIST).is_some_and(Value::is_array) {
            set(&mut after, registration::LIST, json!([]));
        }
    }
    patch::apply(&mut after, operations)?;
    if registers {
        registration::check_content(&after)?;
        registration::complete(state, &mut after, now);
    }
    finish(state, id, &before, after, now)
}

/// Replaces a referral by the body.
pub(super) fn put(
    state: &mut State,
    id: &str,
    if_match: Option<&str>,
    body: &[u8],
    now: DateTime<Utc>,
) -> Result<Value, Refusal> {
    let mut after = Value::Object(skeleton::normalise_names(object(body)?));
    if if_match.is_none() {
        return Err(Refusal::invalid(
            "If-Match",
            "The If-Match header is required.",
        ));
    }
    if after.get("links").is_some() {
        return Err(Refusal::invalid(
            "links",
            "Remove links from the body of an update.",
        ));
    }
    check_required(&after)?;
    let before = current(state, id, if_match)?;
    if Stand::of(&before).is_closed() {
        return Err(closed());
    }
    for member in skeleton::SERVER_SET {
        let kept = before.get(member);
        let sent = after.get(member);
        if sent.is_some_and(|sent| !says_the_same(sent, kept.unwrap_or(&Value::Null))) {
            return Err(Refusal::invalid(member, "The member is read-only."));
        }
        if let Some(kept) = kept {
            set(&mut after, member, kept.clone());
        }
    }
    // Registrations have operations of their own, so a replace keeps them.
    if let Some(kept) = before.get("registrations") {
        set(&mut after, "registrations", kept.clone());
    }
    skeleton::keep_unknown(&mut after, &before);
    if let Some(members) = after.as_object_mut() {
        members.remove("@odata.context");
    }
    skeleton::complete(&mut after);
    finish(state, id, &before, after, now)
}

/// The stored referral, if it exists and is the version that the caller means.
fn current(state: &State, id: &str, if_match: Option<&str>) -> Result<Value, Refusal> {
    let referral = state
        .get(id)
        .ok_or_else(|| Refusal::not_found("referral"))?;
    match if_match {
        None | Some("*") => Ok(referral.clone()),
        Some(wanted) if text(referral, "eTag") == Some(wanted) => Ok(referral.clone()),
        Some(_) => Err(Refusal::precondition_failed()),
    }
}

/// Whether a caller sent back what it was given: a typed client may leave nulls
/// out and write a time with fewer digits, down to milliseconds.
fn says_the_same(sent: &Value, kept: &Value) -> bool {
    match (sent, kept) {
        (Value::Object(sent), Value::Object(kept)) => {
            let names = sent.keys().chain(kept.keys());
            names.into_iter().all(|name| {
                let of = |members: &Map<String, Value>| {
                    members.get(name).cloned().unwrap_or(Value::Null)
                };
                says_the_same(&of(sent), &of(kept))
            })
        }
        (Value::String(sent), Value::String(kept)) => {
            let time = |text| {
                let time = DateTime::parse_from_rfc3339(text).ok()?;
                Some(time.timestamp_millis())
            };
            sent == kept || time(sent).is_some_and(|sent| Some(sent) == time(kept))
        }
        _ => sent == kept,
    }
}

fn closed() -> Refusal {
    Refusal::invalid("status", "A closed referral cannot be changed.")
}

/// Refuses a patch of a closed referral, but for deal registrations on a won
/// one; says whether the patch is about registrations.
fn check_open(before: &Value, operations: &[Operation]) -> Result<bool, Refusal> {
    let stand = Stand::of(before);
    let is_registration = |operation: &Operation| operation.member() == registration::LIST;
    let registers = operations.iter().any(is_registration);
    if registers && !stand.is_won() {
        return Err(Refusal::invalid(
            registration::LIST,
            "A deal can be registered once its referral is won.",
        ));
    }
    if stand.is_closed() && !(registers && operations.iter().all(is_registration)) {
        return Err(closed());
    }
    Ok(registers)
}

/// Judges the outcome of a change as a whole, and stores it.
fn finish(
    state: &mut State,
    id: &str,
    before: &Value,
    mut after: Value,
    now: DateTime<Utc>,
) -> Result<Value, Refusal> {
    skeleton::tidy(&mut after);
    let (was, is) = (Stand::of(before), Stand::of(&after));
    if is_microsofts_half(before)
        && (was != is || before.get("statusReason") != after.get("statusReason"))
    {
        return Err(Refusal::access_denied(
            "status",
            "The status of Microsoft's referral is Microsoft's to set.",
        ));
    }
    check_transition(&was, &is)?;
    // A seeded referral may lack what a create must have; a change is to blame
    // only for what it spoils.
    if check_content(before).is_ok() {
        check_content(&after)?;
    }
    values::check(before, &after, state.documented_values_only)?;
    let shared = |referral: &Value| {
        referral.pointer("/consent/consentToShareReferralWithMicrosoftSellers")
            == Some(&Value::Bool(true))
    };
    if shared(before) && !shared(&after) {
        return Err(Refusal::invalid(
            "consentToShareReferralWithMicrosoftSellers",
            "A referral shared with Microsoft sellers stays shared.",
        ));
    }
    date_the_turn(before, &mut after, now);
    Ok(state.change(id, after, now))
}

#[cfg(test)]
#[path = "change_tests.rs"]
mod tests;
