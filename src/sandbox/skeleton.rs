//! The members that the service puts into every referral.
//!
//! The key set is that of real responses (2022); values that a create leaves out
//! come back as null, `[]`, or the neutral word of their enum. Members that the
//! sandbox does not know stay as they were sent: a service of tomorrow has some.

use serde_json::{Map, Value, json};

/// The organization that the sandbox's tenant belongs to, from the published example.
pub(super) const OWN_ORGANIZATION: (&str, &str) =
    ("7d23e5ca-19dc-4eaa-aac8-5e6b559f0d1d", "Contoso Company");
/// Microsoft's own half is held by this organization.
pub(super) const MICROSOFT: (&str, &str) = ("msft", "Microsoft");

/// Members that only the service sets. A create ignores them, a replace keeps
/// the stored ones, a patch of them is refused; all three are our reading, no
/// source says what the service does.
pub(super) const SERVER_SET: [&str; 20] = [
    "id",
    "engagementId",
    "eTag",
    "organizationId",
    "organizationName",
    "createdDateTime",
    "updatedDateTime",
    "expirationDateTime",
    "acceptedDateTime",
    "closedDateTime",
    "direction",
    "links",
    "trackingInfo",
    "quality",
    "isSpam",
    "registrationStatus",
    "createdVia",
    "lastModifiedVia",
    "lastRunId",
    "tags",
];

/// Whether only the service sets this member.
pub(super) fn is_server_set(member: &str) -> bool {
    member.starts_with('@') || SERVER_SET.contains(&member)
}

/// Members that are null until somebody sets them.
const NULL: [&str; 14] = [
    "name",
    "lastModifiedVia",
    "lastRunId",
    "externalReferenceId",
    "expirationDateTime",
    "statusReason",
    "referralSource",
    "campaignId",
    "salesStage",
    "referralProgram",
    "createdVia",
    "acceptedDateTime",
    "closedDateTime",
    "callToAction",
];

/// Every member that a caller may leave out, at its neutral value.
fn neutral() -> Value {
    let mut neutral = json!({
        "qualification": "None",
        "favorite": false,
        "quality": "Unknown",
        "isSpam": false,
        "mpnId": "1209668",
        "dealSensitivity": "None",
        "tags": [],
        "registrationStatus": "None",
        "target": [],
        "customerProfile": neutral_customer(),
        "consent": {
            "consentToToShareInfoWithOthers": null,
            "consentToContact": null,
            "consentToShareReferralWithMicrosoftSellers": false,
        },
        "details": neutral_details(),
        "team": [],
        "inviteContext": {
            "notes": null,
            "assistanceRequestCode": "Unknown",
            "invitedMpnId": null,
        },
        "trackingInfo": {
            "microsoftMsxId": null,
            "microsoftUSFedOpportunityId": null,
            "microsoftUSFedLeadId": null,
            "migratedPSCDealId": null,
            "migratedPSCPartnerDealId": null,
        },
        "registrations": [],
    });
    if let Some(members) = neutral.as_object_mut() {
        members.extend(NULL.map(|name| (name.to_owned(), Value::Null)));
    }
    neutral
}

fn neutral_customer() -> Value {
    json!({
        "name": null,
        "size": null,
        "isMatchingComplete": false,
        "address": {
            "addressLine1": null,
            "addressLine2": null,
            "city": null,
            "state": null,
            "postalCode": null,
            "country": null,
            "region": null,
        },
        "team": [],
        "ids": [],
    })
}

fn neutral_details() -> Value {
    json!({
        "notes": null,
        "dealValue": null,
        "currency": null,
        "closingDateTime": null,
        "customerRequestedContact": null,
        "customerAction": null,
        "incentiveLevel": null,
        "requirements": {
            "industries": [],
            "products": [],
            "services": [],
            "solutions": [],
            "offers": [],
            "salesPlays": [],
            "additionalRequirements": { "iot": {
                "customerLicenseAgreementNumber": null,
                "deviceCategory": null,
                "siliconType": null,
                "azureCertifiedDevice": null,
                "attachServices": false,
            }},
        },
    })
}

fn neutral_member() -> Value {
    json!({
        "title": null,
        "contactPreference": { "locale": null, "disableNotifications": null },
    })
}

fn neutral_solution() -> Value {
    json!({
        "name": null, "type": null, "price": null, "quantity": null, "currency": null,
        "publisherName": null, "solutionType": null, "closingDateTime": null,
    })
}

/// Every member name that a referral of the sandbox can have at its top level.
pub(super) fn is_known_member(name: &str) -> bool {
    matches!(name, "status" | "substatus" | "type")
        || SERVER_SET.contains(&name)
        || neutral().get(name).is_some()
}

/// Adds to `value` what it lacks of `defaults`, objects within objects included.
fn fill(value: &mut Value, defaults: Value) {
    let (Value::Object(members), Value::Object(defaults)) = (value, defaults) else {
        return;
    };
    for (name, default) in defaults {
        match members.get_mut(&name) {
            Some(given) => fill(given, default),
            None => {
                members.insert(name, default);
            }
        }
    }
}

/// Carries over what the sandbox does not know and a replace did not send: a
/// member that came after this code was written is not the old client's to drop.
pub(super) fn keep_unknown(after: &mut Value, before: &Value) {
    keep(after, before, &neutral());
}

fn keep(after: &mut Value, before: &Value, known: &Value) {
    let (Value::Object(after), Value::Object(before)) = (after, before) else {
        return;
    };
    for (name, old) in before {
        match (after.get_mut(name), known.get(name)) {
            (Some(new), known) => keep(new, old, known.unwrap_or(&Value::Null)),
            (None, None) => {
                after.insert(name.clone(), old.clone());
            }
            (None, Some(_)) => {}
        }
    }
}

/// Completes a referral's body to the key set of a real answer, and brings the
/// members that the service stores differently into its form.
pub(super) fn complete(referral: &mut Value) {
    let shared = referral.get("type").and_then(Value::as_str) == Some("Shared");
    let mut defaults = neutral();
    if shared
        && let Some(flag) =
            defaults.pointer_mut("/consent/consentToShareReferralWithMicrosoftSellers")
    {
        // A deal that asks Microsoft for help is visible to it (user docs 2023),
        // and the published shared example does not send the flag.
        *flag = Value::Bool(true);
    }
    fill(referral, defaults);
    complete_inviter(referral);
    tidy(referral);
}

/// What every write brings into the stored form: list items with all their
/// members, and a deal value that is a number even if it came as a string.
pub(super) fn tidy(referral: &mut Value) {
    for (items, default) in [
        ("/team", neutral_member()),
        ("/customerProfile/team", neutral_member()),
        ("/details/requirements/solutions", neutral_solution()),
    ] {
        if let Some(Value::Array(items)) = referral.pointer_mut(items) {
            for item in items {
                fill(item, default.clone());
            }
        }
    }
    if let Some(value) = referral.pointer_mut("/details/dealValue")
        && let Some(number) = value.as_str().and_then(number)
    {
        *value = number;
    }
}

/// The JSON number that a string of digits stands for; the patch samples of the
/// documentation send the deal value as a string.
fn number(text: &str) -> Option<Value> {
    let parsed = serde_json::from_str::<Value>(text.trim()).ok()?;
    parsed.is_number().then_some(parsed)
}

fn complete_inviter(referral: &mut Value) {
    let Some(Value::Object(invite)) = referral.get_mut("inviteContext") else {
        return;
    };
    let (own, own_name) = OWN_ORGANIZATION;
    let inviter = invite
        .entry("invitedBy")
        .or_insert_with(|| json!({ "organizationId": own }));
    let name = match inviter.get("organizationId").and_then(Value::as_str) {
        Some(id) if id == MICROSOFT.0 => json!(MICROSOFT.1),
        Some(id) if id == own => json!(own_name),
        _ => Value::Null,
    };
    fill(inviter, json!({ "organizationName": name }));
}

/// Puts top-level and consent names into camel case. A sample of 2024 mixes both
/// cases in one consent object, so the service seems to bind names without
/// regard to case; doing it for the first letter covers what was published.
pub(super) fn normalise_names(body: Map<String, Value>) -> Map<String, Value> {
    let mut body = lower_first(body);
    if let Some(Value::Object(consent)) = body.get_mut("consent") {
        *consent = lower_first(std::mem::take(consent));
    }
    body
}

fn lower_first(members: Map<String, Value>) -> Map<String, Value> {
    members
        .into_iter()
        .map(|(name, value)| {
            let mut letters = name.chars();
            let name = match letters.next() {
                Some(first) => first.to_ascii_lowercase().to_string() + letters.as_str(),
                None => name,
            };
            (name, value)
        })
        .collect()
}

/// The `links` of a referral. They name the real service, as the real ones do: a
/// client that follows them instead of building its own address leaves loopback.
pub(super) fn links(id: &str, engagement_id: &str) -> Value {
    let base = "https://api.partner.microsoft.com/v1.0/engagements/referrals";
    json!({
        "relatedReferrals": {
            "uri": format!("{base}?$filter=engagementId eq {engagement_id}"),
            "method": "GET",
        },
        "self": { "uri": format!("{base}/{id}"), "method": "GET" },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sent_stays_and_what_lacks_is_filled() {
        let mut referral = json!({
            "type": "Independent",
            "customerProfile": { "name": "Contoso", "tomorrow": 1 },
            "team": [{ "firstName": "Sue" }],
            "target": [{ "type": "SolutionProfile", "id": "SOL-1" }],
        });
        complete(&mut referral);
        assert_eq!(referral["customerProfile"]["tomorrow"], 1);
        assert_eq!(referral["customerProfile"]["address"]["city"], Value::Null);
        assert_eq!(referral["team"][0]["title"], Value::Null);
        assert_eq!(referral["target"].as_array().unwrap().len(), 1);
        assert_eq!(
            referral["inviteContext"]["invitedBy"]["organizationName"],
            "Contoso Company"
        );
    }

    #[test]
    fn a_deal_value_sent_as_a_string_is_stored_as_a_number() {
        for (sent, stored) in [
            (json!("10000"), json!(10000)),
            (json!("12.5"), json!(12.5)),
            (json!("lots"), json!("lots")),
            (json!("[1]"), json!("[1]")),
        ] {
            let mut referral = json!({ "details": { "dealValue": sent } });
            tidy(&mut referral);
            assert_eq!(referral["details"]["dealValue"], stored);
        }
    }

    #[test]
    fn consent_names_are_taken_in_either_case() {
        let body = json!({ "Consent": { "ConsentToContact": true, "consentToX": false } });
        let Value::Object(body) = body else { return };
        let body = Value::Object(normalise_names(body));
        assert_eq!(
            body,
            json!({ "consent": { "consentToContact": true, "consentToX": false } })
        );
    }
}
