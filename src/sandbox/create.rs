//! POST: a referral is born.
//!
//! From the published create example (docs 2019-05): a partner's own referral
//! goes straight to Active/Accepted whatever legal pair was sent, ids and eTag
//! are the service's. Two equal bodies are two referrals: no key of the service
//! is known to prevent that. Microsoft's half of a shared deal is the referral
//! with target `BusinessProfileLocation`/`msft` and the engagement id of the
//! first; that it comes back as Microsoft's, incoming and with 14 days to answer
//! is put together from payloads of 2018 and 2022 and the user docs of 2023.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use super::answer::Refusal;
use super::chance::wire_time;
use super::lifecycle;
use super::skeleton::{self, MICROSOFT, OWN_ORGANIZATION};
use super::state::{State, answer_by, set, text};
use super::values;
use crate::types::NewReferral;

/// Creates what the body describes; lists show it from `visible_from` on.
pub(super) fn create(
    state: &mut State,
    body: &[u8],
    now: DateTime<Utc>,
    visible_from: DateTime<Utc>,
) -> Result<Value, Refusal> {
    let mut referral = read(body)?;
    lifecycle::check_given(text(&referral, "status"), text(&referral, "substatus"))?;
    let for_microsoft = is_for_microsoft(&referral);
    let engagement_id = engagement(state, &referral, for_microsoft)?;

    for member in skeleton::SERVER_SET {
        if let Some(members) = referral.as_object_mut() {
            members.remove(member);
        }
    }
    skeleton::complete(&mut referral);
    check_content(&referral)?;

    let id = state.ids.guid();
    let created = json!(wire_time(now));
    set(&mut referral, "links", skeleton::links(&id, &engagement_id));
    set(&mut referral, "id", json!(id));
    set(&mut referral, "engagementId", json!(engagement_id));
    set(&mut referral, "eTag", json!(state.ids.etag(now)));
    set(&mut referral, "createdDateTime", created.clone());
    set(&mut referral, "updatedDateTime", created.clone());
    if for_microsoft {
        set(&mut referral, "organizationId", json!(MICROSOFT.0));
        set(&mut referral, "organizationName", json!(MICROSOFT.1));
        set(&mut referral, "direction", json!("Incoming"));
        set(&mut referral, "status", json!("New"));
        set(&mut referral, "substatus", json!("Pending"));
        set(&mut referral, "expirationDateTime", json!(answer_by(now)));
    } else {
        set(&mut referral, "organizationId", json!(OWN_ORGANIZATION.0));
        set(&mut referral, "organizationName", json!(OWN_ORGANIZATION.1));
        set(&mut referral, "direction", json!("Outgoing"));
        set(&mut referral, "status", json!("Active"));
        set(&mut referral, "substatus", json!("Accepted"));
        set(&mut referral, "acceptedDateTime", created);
    }
    values::check(&Value::Null, &referral, state.documented_values_only)?;
    state.store(&id, referral.clone(), visible_from);
    Ok(referral)
}

/// The body as an object with the members that a referral must have.
fn read(body: &[u8]) -> Result<Value, Refusal> {
    let members = object(body)?;
    let referral = Value::Object(skeleton::normalise_names(members));
    check_required(&referral)?;
    if let Err(error) = serde_json::from_value::<NewReferral>(referral.clone()) {
        let message = error.to_string();
        let target = missing_member(&message).unwrap_or("referral").to_owned();
        return Err(Refusal::invalid(&target, message));
    }
    Ok(referral)
}

/// A body that must be a JSON object.
pub(super) fn object(body: &[u8]) -> Result<Map<String, Value>, Refusal> {
    match serde_json::from_slice(body) {
        Ok(Value::Object(members)) => Ok(members),
        Ok(_) => Err(Refusal::invalid("referral", "The body must be an object.")),
        Err(_) => Err(Refusal::invalid("referral", "The body is not valid JSON.")),
    }
}

/// The four members that the documentation marks as required, 2019 to 2024.
pub(super) fn check_required(referral: &Value) -> Result<(), Refusal> {
    let lacks = |member: &str| {
        Err(Refusal::invalid(
            member,
            format!("Required field {member} is missing or not of its type."),
        ))
    };
    if text(referral, "type").is_none_or(str::is_empty) {
        return lacks("type");
    }
    for member in ["customerProfile", "consent", "details"] {
        if !referral.get(member).is_some_and(Value::is_object) {
            return lacks(member);
        }
    }
    Ok(())
}

/// What the content of a referral must be, at creation and after every change.
pub(super) fn check_content(referral: &Value) -> Result<(), Refusal> {
    check_required(referral)?;
    // User docs of 2021 and 2023: a deal without the consent to share is neither
    // created nor updated. Which flag that is, is our reading of its name.
    if referral.pointer("/consent/consentToToShareInfoWithOthers") == Some(&Value::Bool(false)) {
        return Err(Refusal::invalid(
            "consentToToShareInfoWithOthers",
            "The customer's consent to share its information is required.",
        ));
    }
    match referral.pointer("/details/dealValue") {
        None | Some(Value::Null | Value::Number(_)) => Ok(()),
        Some(_) => Err(Refusal::invalid(
            "dealValue",
            "The deal value must be a decimal number.",
        )),
    }
}

fn is_for_microsoft(referral: &Value) -> bool {
    let targets = referral.get("target").and_then(Value::as_array);
    targets.into_iter().flatten().any(|target| {
        text(target, "type") == Some("BusinessProfileLocation")
            && text(target, "id").is_some_and(|id| id.eq_ignore_ascii_case(MICROSOFT.0))
    })
}

/// The engagement that the new referral belongs to.
fn engagement(state: &mut State, referral: &Value, for_microsoft: bool) -> Result<String, Refusal> {
    match referral.get("engagementId") {
        None | Some(Value::Null) if for_microsoft => Err(Refusal::invalid(
            "engagementId",
            "A referral for Microsoft needs the engagement that it belongs to.",
        )),
        None | Some(Value::Null) => Ok(state.ids.guid()),
        Some(Value::String(given)) if state.has_engagement(given) => Ok(given.clone()),
        Some(_) => Err(Refusal::invalid(
            "engagementId",
            "There is no such engagement.",
        )),
    }
}

/// The member that serde's message names between back quotes.
fn missing_member(message: &str) -> Option<&str> {
    let (_, rest) = message.split_once("missing field `")?;
    rest.split_once('`').map(|(member, _)| member)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::sandbox::chance::Ids;

    fn body() -> Value {
        json!({
            "name": "Contoso deal",
            "type": "Shared",
            "status": "New",
            "substatus": "Pending",
            "target": [{ "type": "SolutionProfile", "id": "SOL-34104-EBB" }],
            "customerProfile": { "name": "Contoso", "address": {
                "addressLine1": "One Microsoft Way", "city": "Redmond", "country": "US" } },
            "consent": { "ConsentToToShareInfoWithOthers": true, "consentToContact": true },
            "details": { "dealValue": 50000, "currency": "USD",
                         "closingDateTime": "2024-11-14T00:00:00Z" },
            "tomorrow": "kept",
        })
    }

    fn post(state: &mut State, body: &Value) -> Result<Value, Refusal> {
        let now = DateTime::parse_from_rfc3339("2024-01-01T00:00:00Z")
            .unwrap()
            .to_utc();
        create(state, body.to_string().as_bytes(), now, now)
    }

    fn refused(body: &Value) -> String {
        let mut state = State::new(Ids::new(Some(1)));
        let refusal = post(&mut state, body).unwrap_err();
        assert_eq!(refusal.status, 400);
        assert_eq!(state.all().count(), 0);
        let target = refusal.body()["error"]["target"].clone();
        target.as_str().unwrap().to_owned()
    }

    fn with(member: &str, value: Value) -> Value {
        let mut body = body();
        set(&mut body, member, value);
        body
    }

    #[test]
    fn an_own_referral_comes_back_active_with_every_member_of_a_real_answer() {
        let mut state = State::new(Ids::new(Some(1)));
        let created = post(&mut state, &body()).unwrap();
        assert_eq!(created["status"], "Active");
        assert_eq!(created["substatus"], "Accepted");
        assert_eq!(created["direction"], "Outgoing");
        assert_eq!(created["expirationDateTime"], Value::Null);
        assert_eq!(created["acceptedDateTime"], created["createdDateTime"]);
        assert_eq!(
            created["details"]["closingDateTime"],
            "2024-11-14T00:00:00Z"
        );
        assert_eq!(created["consent"]["consentToToShareInfoWithOthers"], true);
        assert_eq!(created["tomorrow"], "kept");
        let tag = created["eTag"].as_str().unwrap();
        assert!(tag.starts_with('"') && tag.ends_with('"') && tag.len() == 38);
        let keys: BTreeSet<_> = created
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect();
        for key in [
            "id",
            "engagementId",
            "name",
            "organizationId",
            "organizationName",
            "lastModifiedVia",
            "lastRunId",
            "externalReferenceId",
            "createdDateTime",
            "updatedDateTime",
            "expirationDateTime",
            "status",
            "substatus",
            "statusReason",
            "qualification",
            "type",
            "referralSource",
            "eTag",
            "favorite",
            "campaignId",
            "salesStage",
            "quality",
            "isSpam",
            "direction",
            "mpnId",
            "referralProgram",
            "dealSensitivity",
            "createdVia",
            "tags",
            "acceptedDateTime",
            "closedDateTime",
            "callToAction",
            "registrationStatus",
            "target",
            "customerProfile",
            "consent",
            "details",
            "team",
            "inviteContext",
            "links",
            "trackingInfo",
            "registrations",
        ] {
            assert!(keys.contains(key), "{key}");
        }
    }

    #[test]
    fn the_published_requests_are_taken() {
        let mut state = State::new(Ids::new(Some(1)));
        for published in [
            include_str!("../../openapi/examples/create_referral.request.json"),
            include_str!("../../openapi/examples/create_referral.request.private_2024.json"),
        ] {
            let created = post(&mut state, &serde_json::from_str(published).unwrap()).unwrap();
            assert_eq!(created["consent"]["consentToToShareInfoWithOthers"], true);
        }
    }

    #[test]
    fn a_member_missing_further_in_is_named() {
        let profile = json!({ "name": "Contoso", "address": { "city": "Redmond" } });
        let target = refused(&with("customerProfile", profile));
        assert!(
            ["addressLine1", "country"].contains(&target.as_str()),
            "{target}"
        );
    }

    #[test]
    fn a_missing_member_is_named() {
        for member in ["type", "customerProfile", "consent", "details"] {
            assert_eq!(refused(&with(member, Value::Null)), member);
        }
    }

    #[test]
    fn a_body_that_is_no_object_is_refused() {
        let mut state = State::new(Ids::new(Some(1)));
        for body in [&b""[..], b"[]", b"{", b"null", b"\xff"] {
            assert!(create(&mut state, body, Utc::now(), Utc::now()).is_err());
        }
    }

    #[test]
    fn an_illegal_pair_is_refused() {
        assert_eq!(refused(&with("substatus", json!("Accepted"))), "substatus");
        assert_eq!(refused(&with("status", json!("Open"))), "status");
    }

    #[test]
    fn without_the_consent_to_share_nothing_is_created() {
        let consent = json!({
            "consentToToShareInfoWithOthers": false, "consentToContact": true
        });
        assert_eq!(
            refused(&with("consent", consent)),
            "consentToToShareInfoWithOthers"
        );
    }

    #[test]
    fn an_engagement_must_exist() {
        assert_eq!(refused(&with("engagementId", json!("e"))), "engagementId");
        let target = json!([{ "type": "BusinessProfileLocation", "id": "msft" }]);
        assert_eq!(refused(&with("target", target)), "engagementId");
    }

    #[test]
    fn the_connected_referral_is_microsofts_and_waits_for_its_answer() {
        let mut state = State::new(Ids::new(Some(1)));
        let own = post(&mut state, &body()).unwrap();
        let mut second = with(
            "target",
            json!([{ "type": "BusinessProfileLocation", "id": "msft" }]),
        );
        set(&mut second, "engagementId", own["engagementId"].clone());
        let half = post(&mut state, &second).unwrap();
        assert_eq!(half["engagementId"], own["engagementId"]);
        assert_eq!(half["organizationId"], "msft");
        assert_eq!(half["organizationName"], "Microsoft");
        assert_eq!(half["direction"], "Incoming");
        assert_eq!(half["status"], "New");
        assert_eq!(half["expirationDateTime"], "2024-01-15T00:00:00.0000000Z");
    }

    #[test]
    fn the_same_body_twice_is_two_referrals() {
        let mut state = State::new(Ids::new(Some(1)));
        let body = with("externalReferenceId", json!("crm-1"));
        let (a, b) = (
            post(&mut state, &body).unwrap(),
            post(&mut state, &body).unwrap(),
        );
        assert_ne!(a["id"], b["id"]);
        assert_ne!(a["engagementId"], b["engagementId"]);
    }

    #[test]
    fn members_that_only_the_service_sets_are_ignored() {
        let mut state = State::new(Ids::new(Some(1)));
        let created = post(&mut state, &with("id", json!("mine"))).unwrap();
        assert_ne!(created["id"], "mine");
    }
}
