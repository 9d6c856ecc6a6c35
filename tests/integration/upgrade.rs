//! From a private deal to a partner-led one to a co-sell one.

use partner_referrals::sandbox::{Fault, FaultBody, FaultPlan, FaultRule, Sandbox};
use partner_referrals::types::{NewReferral, Referral};
use partner_referrals::{
    DealType, Invitation, InvitationError, Outcome, ReferralId, ReferralsClient,
};
use serde_json::{Value, json};

use crate::support::{PUBLISHED, client, once, sandbox, writes};

/// A private deal that may be shared: the published one, for oneself.
async fn private() -> (Sandbox, ReferralsClient, Referral) {
    let sandbox = sandbox().await;
    let client = client(&sandbox);
    let mut new: Value = serde_json::from_str(PUBLISHED).unwrap();
    new["type"] = json!("Independent");
    new["consent"]["consentToShareReferralWithMicrosoftSellers"] = json!(false);
    new["consent"]["consentToMicrosoftToContactSpecificPartners"] = json!(true);
    new["inviteContext"] = json!({});
    new["customerProfile"]["ids"] = json!([{"profileType": "Duns", "id": "795986822"}]);
    let new: NewReferral = serde_json::from_value(new).unwrap();
    let referral = client.create(&new).await.unwrap();
    assert_eq!(DealType::of(&referral), Some(DealType::Private));
    (sandbox, client, referral)
}

fn invitation() -> Invitation {
    Invitation::new("ProofOfConceptOrDemo").notes("a demo on the 14th")
}

fn halves(sandbox: &Sandbox) -> Vec<Value> {
    let mut all = sandbox.referrals();
    all.retain(|one| one["organizationId"] == "msft");
    all
}

#[tokio::test]
async fn a_private_deal_is_shown_and_microsoft_invited_with_what_the_deal_has() {
    let (sandbox, client, referral) = private().await;
    let exact = client
        .update(&referral.id, |one| {
            let details = one.details.as_mut().unwrap();
            details.deal_value = "9007199254740993.01".parse().ok();
        })
        .await;
    // The stand-in keeps a float; what it gives is what is sent on.
    let referral = exact.unwrap().into_referral().unwrap();
    sandbox.edit(referral.id.as_str(), |stored| {
        stored["details"]["later"] = json!("of no request");
    });
    let before = writes(&sandbox).len();
    let invited = client
        .invite_microsoft(&referral.id, &invitation())
        .await
        .unwrap();
    let sent = &writes(&sandbox)[before..];
    assert_eq!(sent.len(), 2);
    assert_eq!(sent[0].method, "PATCH");
    assert!(sent[0].header("if-match").is_some());
    assert_eq!(
        sent[0].json().unwrap(),
        json!([{
            "op": "replace",
            "path": "/consent/consentToShareReferralWithMicrosoftSellers",
            "value": true
        }])
    );
    assert_eq!(
        (sent[1].method.as_str(), sent[1].path.as_str()),
        ("POST", "/v1.0/engagements/referrals")
    );
    let body = sent[1].json().unwrap();
    let own = sandbox.referral(referral.id.as_str()).unwrap();
    assert_eq!(body["engagementId"], own["engagementId"]);
    assert_eq!(body["type"], "Shared");
    assert_eq!(
        body["target"],
        json!([{"type": "BusinessProfileLocation", "id": "msft"}])
    );
    assert_eq!(
        body["inviteContext"],
        json!({
            "assistanceRequestCode": "ProofOfConceptOrDemo", "notes": "a demo on the 14th"
        })
    );
    let published: Value = serde_json::from_str(PUBLISHED).unwrap();
    for member in ["name", "qualification"] {
        assert_eq!(body[member], published[member]);
    }
    let (customer, old) = (&body["customerProfile"], &published["customerProfile"]);
    for member in ["name", "size"] {
        assert_eq!(customer[member], old[member]);
    }
    let address = old["address"].as_object().unwrap().iter();
    for (name, value) in address.filter(|(_, value)| **value != "") {
        assert_eq!(&customer["address"][name], value, "{name}");
    }
    assert_eq!(
        customer["team"].as_array().map(Vec::len),
        old["team"].as_array().map(Vec::len)
    );
    assert_eq!(customer["team"][0]["email"], old["team"][0]["email"]);
    assert_eq!(
        customer["ids"],
        json!([{"profileType": "Duns", "id": "795986822"}])
    );
    for (name, value) in published["consent"].as_object().unwrap() {
        assert_eq!(&body["consent"][name], value, "{name}");
    }
    assert_eq!(
        body["consent"]["consentToShareReferralWithMicrosoftSellers"],
        true
    );
    assert_eq!(
        body["consent"]["consentToMicrosoftToContactSpecificPartners"],
        true
    );
    for member in ["currency", "notes", "closingDateTime"] {
        assert_eq!(body["details"][member], own["details"][member], "{member}");
    }
    assert!(body["details"].get("later").is_none());
    let solutions = "/details/requirements/solutions/0/id";
    assert_eq!(body.pointer(solutions), published.pointer(solutions));
    for only_own in [
        "id",
        "status",
        "eTag",
        "team",
        "externalReferenceId",
        "links",
    ] {
        assert!(body.get(only_own).is_none(), "{only_own}");
    }

    assert_eq!(DealType::of(&invited.own), Some(DealType::PartnerLed));
    assert_eq!(DealType::of(&invited.connected), Some(DealType::CoSell));
    let both = [invited.own.clone(), invited.connected.clone()];
    assert_eq!(DealType::of_engagement(&both), Some(DealType::CoSell));
    assert_eq!(halves(&sandbox)[0]["id"], json!(invited.connected.id));
    let again = client
        .invite_microsoft(&referral.id, &invitation())
        .await
        .unwrap();
    assert_eq!(again.connected.id, invited.connected.id);
    assert_eq!(writes(&sandbox).len(), before + 2);
    let looked = sandbox.requests().pop().unwrap();
    let engagement = own["engagementId"].as_str().unwrap();
    assert_eq!(
        looked.query_option("$filter"),
        Some(format!("engagementId eq '{engagement}'"))
    );
}

#[tokio::test]
async fn a_partner_led_deal_is_not_shown_again_and_another_body_is_sent_as_it_is() {
    let (sandbox, client, referral) = private().await;
    client
        .show_to_microsoft_sellers(&referral.id)
        .await
        .unwrap();
    let before = writes(&sandbox).len();
    let mut other: Value = serde_json::from_str(PUBLISHED).unwrap();
    other["name"] = json!("Another name");
    other["target"] = json!([{"type": "BusinessProfileLocation", "id": "msft"}]);
    other["inviteContext"] = json!({"assistanceRequestCode": "GeneralOrOther"});
    let other: NewReferral = serde_json::from_value(other).unwrap();
    let own = invitation().connected(other);
    client.invite_microsoft(&referral.id, &own).await.unwrap();
    let sent = &writes(&sandbox)[before..];
    assert_eq!(sent.len(), 1);
    let body = sent[0].json().unwrap();
    assert_eq!(body["name"], "Another name");
    assert_eq!(
        body["inviteContext"]["assistanceRequestCode"],
        "GeneralOrOther"
    );
    assert_eq!(body["engagementId"], json!(referral.engagement_id));
}

#[tokio::test]
async fn all_that_is_wrong_is_told_at_once_and_nothing_is_sent() {
    let (sandbox, client, _) = private().await;
    let made = sandbox.insert(json!({
        "status": "New", "substatus": "Pending", "organizationId": "msft-not",
        "consent": null, "customerProfile": {"name": "Contoso", "address": {"city": "Paris"}},
    }));
    let id: ReferralId = made["id"].as_str().unwrap().parse().unwrap();
    let error = client
        .invite_microsoft(&id, &Invitation::new("Unknown"))
        .await
        .unwrap_err();
    let paths: Vec<&str> = error.problems().iter().map(|one| one.path()).collect();
    for path in [
        "/status",
        "/inviteContext/assistanceRequestCode",
        "/name",
        "/consent/consentToToShareInfoWithOthers",
        "/customerProfile/address/addressLine1",
        "/customerProfile/address/country",
        "/customerProfile/team/0",
        "/team",
        "/details/dealValue",
        "/details/requirements/solutions",
    ] {
        assert!(paths.contains(&path), "{path}: {paths:?}");
    }
    assert!(
        !paths.contains(&"/type") && !paths.contains(&"/customerProfile/name"),
        "{paths:?}"
    );
    let shown = error.to_string();
    assert!(
        shown.contains(id.as_str()) && shown.contains("nothing was sent"),
        "{shown}"
    );
    assert!(!shown.contains("Contoso"), "{shown}");

    let error = client
        .invite_microsoft(&id, &invitation().without_portal_rules())
        .await
        .unwrap_err();
    let paths: Vec<&str> = error.problems().iter().map(|one| one.path()).collect();
    assert_eq!(paths, ["/status"]);
    let half = json!({"organizationId": "msft", "engagementId": "another"});
    let half = sandbox.insert(half)["id"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    // Its engagement has Microsoft's half already: itself.
    let invited = client.invite_microsoft(&half, &invitation()).await.unwrap();
    assert_eq!(invited.connected.id, half);
    assert_eq!(writes(&sandbox).len(), 1, "the create of the private deal");
    let sandbox = Sandbox::builder().engagement_lists_microsofts_half(false);
    let sandbox = sandbox.start().await.unwrap();
    let half = json!({"organizationId": "msft"});
    let half = sandbox.insert(half)["id"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    let invitation = invitation().without_portal_rules();
    let error = crate::support::client(&sandbox)
        .invite_microsoft(&half, &invitation)
        .await
        .unwrap_err();
    let paths: Vec<&str> = error.problems().iter().map(|one| one.path()).collect();
    assert_eq!(paths, ["/organizationId"]);
}

#[tokio::test]
async fn what_of_a_deal_a_new_referral_cannot_have_costs_nothing_else_and_is_told() {
    let (sandbox, client, referral) = private().await;
    sandbox.edit(referral.id.as_str(), |stored| {
        let requirements = &mut stored["details"]["requirements"];
        // The first says nothing; it is not missed.
        requirements["products"] = json!([{"id": null}, {"id": "Azure"}]);
    });
    let own = sandbox.referral(referral.id.as_str()).unwrap();
    let before = writes(&sandbox).len();
    for invitation in [invitation(), invitation().without_portal_rules()] {
        // Of these one cannot be had without losing something.
        sandbox.edit(referral.id.as_str(), |stored| {
            stored["details"]["requirements"]["services"] = json!([{"id": null, "later": "x"}]);
            stored["customerProfile"]["ids"] = json!([{"profileType": null, "id": "1"}]);
        });
        let error = client.invite_microsoft(&referral.id, &invitation).await;
        let error = error.unwrap_err();
        let paths: Vec<&str> = error.problems().iter().map(|one| one.path()).collect();
        assert_eq!(
            paths,
            ["/details/requirements/services/0", "/customerProfile/ids/0"]
        );
        assert_eq!(writes(&sandbox).len(), before);
    }
    sandbox.edit(referral.id.as_str(), |stored| {
        stored["details"]["requirements"]["services"] = json!([]);
        stored["customerProfile"]["ids"] = json!([]);
    });
    let invitation = invitation().without_portal_rules();
    client
        .invite_microsoft(&referral.id, &invitation)
        .await
        .unwrap();
    let body = writes(&sandbox).pop().unwrap().json().unwrap();
    for member in ["currency", "notes", "closingDateTime", "dealValue"] {
        assert_eq!(body["details"][member], own["details"][member], "{member}");
    }
    let requirements = &body["details"]["requirements"];
    assert_eq!(requirements["products"], json!([{"id": "Azure"}]));
    let solutions = &own["details"]["requirements"]["solutions"];
    assert_eq!(requirements["solutions"][0]["id"], solutions[0]["id"]);
}

#[tokio::test]
async fn each_failure_says_how_far_it_came_and_the_same_call_goes_on_from_there() {
    type Is = fn(&InvitationError) -> bool;
    let cases: [(&str, Fault, Is, usize); 5] = [
        (
            "GET",
            Fault::status(500, FaultBody::Empty),
            |error| matches!(error, InvitationError::LookUpFailed(_)),
            0,
        ),
        (
            "PATCH",
            Fault::status(403, FaultBody::Empty),
            |error| matches!(error, InvitationError::NotShown(_)),
            0,
        ),
        (
            "POST",
            Fault::status(403, FaultBody::Empty),
            |error| matches!(error, InvitationError::NotInvited(_)),
            0,
        ),
        (
            "POST",
            Fault::CutBeforeWrite,
            |error| matches!(error, InvitationError::Unclear(error) if error.outcome() == Outcome::Unknown),
            0,
        ),
        // Made, and found although its answer was lost.
        ("POST", Fault::CutAfterWrite, |_| false, 1),
    ];
    for (method, fault, is, made) in cases {
        let (sandbox, _, referral) = private().await;
        let client = once(&sandbox);
        let rule = FaultRule::new(fault.clone()).method(method).nth(1);
        sandbox.set_faults(FaultPlan::new().rule(rule));
        match client.invite_microsoft(&referral.id, &invitation()).await {
            Ok(invited) => {
                assert_eq!(made, 1, "{fault:?}");
                assert_eq!(halves(&sandbox)[0]["id"], json!(invited.connected.id));
            }
            Err(error) => assert!(is(&error), "{method} {fault:?}: {error}"),
        }
        assert_eq!(halves(&sandbox).len(), made, "{method} {fault:?}");
        client
            .invite_microsoft(&referral.id, &invitation())
            .await
            .unwrap();
        assert_eq!(halves(&sandbox).len(), 1, "{method} {fault:?}");
        let posts = writes(&sandbox)
            .iter()
            .filter(|one| one.method == "POST")
            .count();
        let failed = usize::from(method == "POST" && made == 0);
        assert_eq!(posts, 2 + failed, "{method} {fault:?}");
    }
}
