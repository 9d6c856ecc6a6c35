//! Deal registrations: the one request, what becomes of a lost answer, and of
//! the registration.

mod corrections;
mod rules;

use chrono::{DateTime, TimeDelta, Utc};
use partner_referrals::registration::{RegistrationError, RegistrationRule as Rule};
use partner_referrals::sandbox::{Fault, FaultBody, FaultPlan, FaultRule, Sandbox};
use partner_referrals::types::{
    ContractTerm, NewMarketplaceTransaction, NewRegistration, NewRegistrationContract,
    NewRegistrationSolution, Referral, Registration, RegistrationStatus, RegistrationType,
};
use partner_referrals::{Amount, ErrorKind, Outcome, ReferralId, ReferralsClient, Timestamp};
use serde_json::{Value, json};

use crate::support::{client, once, patched, sandbox, writes};

fn days_ago(days: i64) -> Timestamp {
    (Utc::now() - TimeDelta::days(days)).into()
}

/// A partner-led deal that was won.
fn won() -> Value {
    json!({
        "status": "Closed", "substatus": "Won", "type": "Independent",
        "createdDateTime": days_ago(30), "closedDateTime": days_ago(5),
        "consent": {"consentToShareReferralWithMicrosoftSellers": true},
        "details": {"dealValue": 50_000, "currency": "USD"},
    })
}

fn new() -> NewRegistration {
    let (begun, signed) = (days_ago(3), days_ago(4));
    let value: Amount = "50000.10".parse().unwrap();
    let term = ContractTerm::Finite;
    let mut contract = NewRegistrationContract::new(value, "USD", term, begun, signed);
    contract.end_date_time = Some(days_ago(-300));
    let solution = NewRegistrationSolution::new("SOL-1", value, "USD");
    NewRegistration::new(RegistrationType::AzureIpCoSell, contract, vec![solution])
}

fn insert(sandbox: &Sandbox, value: Value) -> ReferralId {
    let made = sandbox.insert(value);
    made["id"].as_str().unwrap().parse().unwrap()
}

async fn deal() -> (Sandbox, ReferralsClient, ReferralId) {
    let sandbox = sandbox().await;
    let client = client(&sandbox);
    let id = insert(&sandbox, won());
    (sandbox, client, id)
}

fn rules(error: &RegistrationError) -> Vec<(Rule, &str)> {
    let problems = error.problems().iter();
    problems.map(|one| (one.rule(), one.path())).collect()
}

fn stored(sandbox: &Sandbox, id: &ReferralId) -> Value {
    sandbox.referral(id.as_str()).unwrap()
}

#[tokio::test]
async fn a_won_deal_is_registered_once_with_the_etag_that_was_read() {
    let (sandbox, client, id) = deal().await;
    let before = stored(&sandbox, &id);
    let made = client.register_deal(&id, &new()).await.unwrap();
    let sent = &writes(&sandbox)[0];
    assert_eq!(sent.method, "PATCH");
    assert_eq!(sent.path, format!("/v1.0/engagements/referrals/{id}"));
    assert_eq!(sent.header("if-match"), before["eTag"].as_str());
    assert_eq!(sent.header("prefer"), Some("return=representation"));
    let value = serde_json::to_value(new()).unwrap();
    let body = sent.json().unwrap();
    assert_eq!(
        (&body[0]["op"], &body[0]["path"]),
        (&json!("add"), &json!("/registrations/-"))
    );
    assert_eq!(body.as_array().unwrap().len(), 1);
    for member in ["type", "solutionDetails"] {
        assert_eq!(body[0]["value"][member], value[member]);
    }
    let text = String::from_utf8(sent.body.to_vec()).unwrap();
    assert!(text.contains(r#""value":50000.10"#), "{text}");
    let registrations = made.into_referral().unwrap().registrations.unwrap();
    assert_eq!(
        registrations[0].status,
        Some(RegistrationStatus::ReviewPending)
    );
    assert!(!registrations[0].has_ended());

    let same = one_of(&sandbox, &id);
    let again = client.register_deal(&id, &same).await.unwrap();
    assert!(!again.is_changed());
    assert_eq!(writes(&sandbox).len(), 1);
}

/// The registration that was sent, times and all.
fn one_of(sandbox: &Sandbox, id: &ReferralId) -> NewRegistration {
    let mut made = stored(sandbox, id)["registrations"][0].clone();
    made["type"] = json!("AzureIPCoSell");
    made["solutionDetails"][0]["currency"] = json!("USD");
    for name in ["id", "status", "statusReason", "statusHistory"] {
        made.as_object_mut().unwrap().remove(name);
    }
    serde_json::from_value(made).unwrap()
}

#[tokio::test]
async fn a_co_sell_deal_is_registered_once_microsoft_has_accepted_it() {
    let sandbox = sandbox().await;
    let client = client(&sandbox);
    let mut deal = won();
    deal["type"] = json!("Shared");
    deal["engagementId"] = json!("an-engagement");
    let id = insert(&sandbox, deal);
    let half = json!({
        "organizationId": "msft", "engagementId": "an-engagement", "type": "Shared",
        "status": "New", "substatus": "Pending", "createdDateTime": days_ago(3),
    });
    let half = insert(&sandbox, half);
    let error = client.register_deal(&id, &new()).await.unwrap_err();
    assert_eq!(
        rules(&error),
        [
            (Rule::MicrosoftAccepted, "/engagementId"),
            (
                Rule::SignedAfterInvitation,
                "/registrations/-/contract/signDateTime"
            ),
        ]
    );
    let looked = &sandbox.requests()[1];
    assert_eq!(
        looked.query_option("$filter").as_deref(),
        Some("engagementId eq 'an-engagement'")
    );
    assert!(writes(&sandbox).is_empty());

    sandbox.edit(half.as_str(), |half| {
        half["createdDateTime"] = json!(days_ago(30));
        half["status"] = json!("Closed");
        half["substatus"] = json!("Declined");
    });
    let error = client.register_deal(&id, &new()).await.unwrap_err();
    assert_eq!(rules(&error), [(Rule::MicrosoftAccepted, "/engagementId")]);
    // What a service lists that ignores the filter is not of this deal.
    let mut other = sandbox.referral(half.as_str()).unwrap();
    other["engagementId"] = json!("another");
    let body = FaultBody::Text(json!({"value": [other]}).to_string());
    let ignores = FaultRule::new(Fault::status(200, body))
        .method("GET")
        .nth(2);
    let refused = FaultRule::new(Fault::status(403, FaultBody::Empty)).method("PATCH");
    sandbox.set_faults(FaultPlan::new().rule(ignores).rule(refused));
    let error = client.register_deal(&id, &new()).await.unwrap_err();
    assert!(matches!(error, RegistrationError::Failed(_)), "{error}");
    assert_eq!(writes(&sandbox).len(), 1);
    sandbox.set_faults(FaultPlan::new());

    // Declined once, and accepted when it was invited again.
    sandbox.insert(json!({
        "organizationId": "msft", "engagementId": "an-engagement", "type": "Shared",
        "status": "Active", "substatus": "Accepted", "createdDateTime": days_ago(30),
    }));
    client.register_deal(&id, &new()).await.unwrap();
    assert_eq!(writes(&sandbox).len(), 2);
    // A half that cannot be looked for stops it, and nothing is sent.
    let down = FaultRule::new(Fault::status(
        500,
        partner_referrals::sandbox::FaultBody::Empty,
    ));
    sandbox.set_faults(FaultPlan::new().rule(down.method("GET").nth(2)));
    let client = once(&sandbox);
    let error = client.register_deal(&id, &new()).await.unwrap_err();
    assert!(
        matches!(error, RegistrationError::LookUpFailed(_)),
        "{error}"
    );
    assert_eq!(writes(&sandbox).len(), 2);
}

#[tokio::test]
async fn the_status_of_a_failed_registration_is_not_that_of_the_one_beside_it() {
    let (sandbox, client, id) = deal().await;
    let registration = new();
    client.register_deal(&id, &registration).await.unwrap();
    sandbox.edit(id.as_str(), |stored| {
        let mut failed = stored["registrations"][0].clone();
        let mut fresh = failed.clone();
        failed["status"] = json!("Failed");
        fresh["status"] = Value::Null;
        stored["registrations"] = json!([failed, fresh]);
        stored["registrationStatus"] = json!("Failed");
    });
    let again = client
        .register_deal_unchecked(&id, &registration)
        .await
        .unwrap();
    assert!(!again.is_changed());
    assert_eq!(writes(&sandbox).len(), 1);
}

#[tokio::test]
async fn one_that_failed_is_not_told_as_registered() {
    for (status, stands) in [
        ("Failed", false),
        ("Closed", false),
        ("Approved", true),
        ("ReviewPending", true),
    ] {
        let (sandbox, client, id) = deal().await;
        client.register_deal(&id, &new()).await.unwrap();
        let same = one_of(&sandbox, &id);
        sandbox.edit(id.as_str(), |stored| {
            stored["registrations"][0]["status"] = json!(status);
        });
        let again = client.register_deal(&id, &same).await;
        match again {
            Ok(again) => assert!(stands && !again.is_changed(), "{status}"),
            Err(error) => {
                assert!(!stands, "{status}: {error}");
                let ended = (Rule::NotEnded, "/registrationStatus");
                assert_eq!(rules(&error), [ended]);
            }
        }
        assert_eq!(writes(&sandbox).len(), 1, "{status}");
        // Unchecked, it is for the service to say; the stand-in refuses it.
        let unchecked = client.register_deal_unchecked(&id, &same).await;
        assert_eq!(unchecked.is_err(), !stands, "{status}");
        assert_eq!(writes(&sandbox).len(), 1 + usize::from(!stands), "{status}");
    }
}

#[tokio::test]
async fn a_lost_answer_is_looked_for_and_nothing_is_registered_twice() {
    for (lost, sends_again, reaches) in [
        (Fault::CutAfterWrite, true, true),
        (Fault::CutAfterWrite, false, true),
        (Fault::CutBody, false, true),
        (Fault::CutBeforeWrite, true, true),
        (Fault::CutBeforeWrite, false, false),
    ] {
        let (sandbox, client, id) = deal().await;
        let rule = FaultRule::new(lost.clone()).method("PATCH").nth(1);
        sandbox.set_faults(FaultPlan::new().rule(rule));
        let client = if sends_again { client } else { once(&sandbox) };
        let result = client.register_deal(&id, &new()).await;
        let made = stored(&sandbox, &id)["registrations"].clone();
        let made = made.as_array().map_or(0, Vec::len);
        assert_eq!(made, usize::from(reaches), "{lost:?}");
        match result {
            Ok(updated) => assert!(reaches && updated.is_changed(), "{lost:?}"),
            Err(RegistrationError::Failed(error)) => {
                assert!(!reaches, "{lost:?}: {error}");
                assert_eq!(error.outcome(), Outcome::Unknown);
            }
            Err(other) => panic!("{lost:?}: {other}"),
        }
    }
}

#[tokio::test]
async fn an_unchecked_registration_leaves_the_judgement_to_the_service() {
    let (sandbox, client, _) = deal().await;
    let mut open = won();
    open["status"] = json!("Active");
    open["substatus"] = json!("Accepted");
    let id = insert(&sandbox, open);
    let RegistrationError::Failed(error) = client
        .register_deal_unchecked(&id, &new())
        .await
        .unwrap_err()
    else {
        panic!("it was refused here");
    };
    assert_eq!(
        (error.status(), error.outcome()),
        (Some(400), Outcome::Rejected)
    );
    assert_eq!(writes(&sandbox).len(), 1);
}

#[tokio::test]
async fn the_history_tells_each_status_in_the_order_it_was_reached() {
    let clock = std::sync::Arc::new(std::sync::Mutex::new(Utc::now()));
    let now = std::sync::Arc::clone(&clock);
    let sandbox = Sandbox::builder().clock(move || *now.lock().unwrap());
    let sandbox = sandbox.seed(7).start().await.unwrap();
    let client = client(&sandbox);
    let id = insert(&sandbox, won());
    client.register_deal(&id, &new()).await.unwrap();
    let mut expected = vec![RegistrationStatus::ReviewPending];
    for status in ["Passed", "ActionRequired", "Revived", "Approved"] {
        *clock.lock().unwrap() += TimeDelta::hours(1);
        assert!(sandbox.registration_reviewed(id.as_str(), status, None));
        expected.push(status.into());
    }
    let one = client
        .get(&id)
        .await
        .unwrap()
        .registrations
        .unwrap()
        .remove(0);
    let (reached, times): (Vec<_>, Vec<Timestamp>) = one.history().into_iter().unzip();
    assert_eq!(reached, expected);
    assert!(times.is_sorted() && times[0].utc() < DateTime::<Utc>::MAX_UTC);
    assert_eq!(Some(times[0]), one.registration_date_time);
    assert!(one.has_ended());
}
