//! Deal registrations: the one request, every broken rule at once, corrections,
//! and what becomes of a lost answer.

use chrono::{DateTime, TimeDelta, Utc};
use partner_referrals::registration::{RegistrationError, RegistrationRule as Rule, problems};
use partner_referrals::sandbox::{Fault, FaultPlan, FaultRule, Sandbox};
use partner_referrals::types::{
    ContractTerm, NewMarketplaceTransaction, NewRegistration, NewRegistrationContract,
    NewRegistrationSolution, Referral, Registration, RegistrationStatus, RegistrationType,
};
use partner_referrals::{Amount, ErrorKind, Outcome, ReferralId, ReferralsClient, Timestamp};
use serde_json::{Value, json};

use crate::support::{client, once, sandbox, writes};

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
async fn every_broken_rule_is_told_at_once_with_its_place_and_nothing_is_sent() {
    let sandbox = sandbox().await;
    let client = client(&sandbox);
    let mut bad = won();
    bad["substatus"] = json!("Lost");
    bad["consent"]["consentToShareReferralWithMicrosoftSellers"] = json!(false);
    bad["createdDateTime"] = json!(days_ago(6));
    bad["details"]["dealValue"] = json!(24_999.99);
    bad["registrationStatus"] = json!("Approved");
    let id = insert(&sandbox, bad);
    let mut registration = new();
    registration.contract.sign_date_time = days_ago(61);
    registration.contract.start_date_time = days_ago(91);
    registration.contract.end_date_time = None;
    registration.solution_details[0].value = "50000.11".parse().unwrap();
    registration.solution_details[0].marketplace_transaction_details =
        Some(NewMarketplaceTransaction::new(true));
    let error = client.register_deal(&id, &registration).await.unwrap_err();
    let at = "/registrations/-";
    let contract = format!("{at}/contract");
    let solution = format!("{at}/solutionDetails/0");
    let expected = [
        (Rule::Won, "/status".to_owned()),
        (
            Rule::NotPrivate,
            "/consent/consentToShareReferralWithMicrosoftSellers".to_owned(),
        ),
        (Rule::WonInTime, "/closedDateTime".to_owned()),
        (Rule::DealValue, "/details/dealValue".to_owned()),
        (Rule::NotEnded, "/registrationStatus".to_owned()),
        (Rule::SignedLately, format!("{contract}/signDateTime")),
        (
            Rule::SignedAfterCreation,
            format!("{contract}/signDateTime"),
        ),
        (Rule::BegunLately, format!("{contract}/startDateTime")),
        (Rule::End, format!("{contract}/endDateTime")),
        (Rule::SolutionWithinContract, format!("{solution}/value")),
        (
            Rule::TransactionTime,
            format!("{solution}/marketplaceTransactionDetails/marketplaceTransactionDateTime"),
        ),
    ];
    let expected: Vec<_> = expected.iter().map(|one| (one.0, one.1.as_str())).collect();
    assert_eq!(rules(&error), expected);
    let shown = error.to_string();
    assert!(shown.contains("breaks 11 of the portal's rules"), "{shown}");
    assert!(
        shown.contains(id.as_str()) && shown.contains("nothing was sent"),
        "{shown}"
    );
    assert!(
        shown.contains("/details/dealValue must be 25,000 US dollars or more (portal 2023)"),
        "{shown}"
    );
    assert!(!shown.contains("24999"), "{shown}");
    assert!(writes(&sandbox).is_empty());
}

fn example() -> Referral {
    let example = include_str!("../../openapi/examples/create_referral.response.200.json");
    let mut value: Value = serde_json::from_str(example).unwrap();
    for (name, member) in won().as_object().unwrap() {
        value[name] = member.clone();
    }
    serde_json::from_value(value).unwrap()
}

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

type Change = Box<dyn Fn(&mut Referral, &mut NewRegistration)>;

fn judge(change: &Change, now: Timestamp) -> Vec<Rule> {
    let (mut referral, mut registration) = (example(), new());
    change(&mut referral, &mut registration);
    let found = problems(&referral, None, &registration, now);
    found.iter().map(|one| one.rule()).collect()
}

#[test]
fn the_border_of_each_rule_is_on_the_right_side() {
    // To the digits that the wire has.
    let now = time(&Timestamp::from(Utc::now()).to_string());
    let at = move |offset: TimeDelta| Timestamp::from(now.utc() + offset);
    let second = TimeDelta::seconds(1);
    let ago = move |days, more: TimeDelta| at(-TimeDelta::days(days) - more);
    let zero = TimeDelta::zero();
    let signed = move |when: Timestamp| -> Change {
        Box::new(move |one, new| {
            one.created_date_time = days_ago(100);
            new.contract.sign_date_time = when;
        })
    };
    let opened = |open: TimeDelta| -> Change {
        Box::new(move |one, new| {
            let created = one.closed_date_time.unwrap().utc() - open;
            one.created_date_time = created.into();
            new.contract.sign_date_time = created.into();
        })
    };
    let worth = |value: &'static str, currency: &'static str| -> Change {
        Box::new(move |one, _| {
            let details = one.details.as_mut().unwrap();
            details.deal_value = value.parse().ok();
            details.currency = Some(currency.to_owned());
        })
    };
    let begun = |when| -> Change { Box::new(move |_, new| new.contract.start_date_time = when) };
    let cases: Vec<(Change, Option<Rule>)> = vec![
        (Box::new(|_, _| {}), None),
        (worth("25000", "USD"), None),
        (worth("24999.99", "USD"), Some(Rule::DealValue)),
        (worth("24999.99", "usd"), Some(Rule::DealValue)),
        (worth("1", "EUR"), None),
        (opened(TimeDelta::hours(72)), None),
        (opened(TimeDelta::hours(72) - second), Some(Rule::WonInTime)),
        (signed(now), None),
        (signed(at(second)), Some(Rule::SignedAlready)),
        (signed(ago(60, zero)), None),
        (signed(ago(60, second)), Some(Rule::SignedLately)),
        (
            Box::new(|one, new| new.contract.sign_date_time = one.created_date_time),
            None,
        ),
        (begun(ago(90, zero)), None),
        (begun(ago(90, second)), Some(Rule::BegunLately)),
        (
            Box::new(|_, new| new.contract.end_date_time = None),
            Some(Rule::End),
        ),
        (
            Box::new(|_, new| {
                new.contract.term = ContractTerm::Perpetual;
                new.contract.value = 200_000.into();
                new.contract.end_date_time = None;
            }),
            None,
        ),
        (
            Box::new(|_, new| new.contract.end_date_time = Some(new.contract.start_date_time)),
            Some(Rule::EndAfterStart),
        ),
        (
            Box::new(|_, new| new.solution_details.clear()),
            Some(Rule::Solution),
        ),
        (
            Box::new(|_, new| {
                new.solution_details[0].value = 60_000.into();
                new.solution_details[0].currency = "JPY".to_owned();
            }),
            None,
        ),
        (
            Box::new(|_, new| {
                let mut sale = NewMarketplaceTransaction::new(true);
                sale.marketplace_transaction_date_time = Some(days_ago(1));
                new.solution_details[0].marketplace_transaction_details = Some(sale);
            }),
            None,
        ),
        (
            Box::new(|_, new| {
                let sale = NewMarketplaceTransaction::new(false);
                new.solution_details[0].marketplace_transaction_details = Some(sale);
            }),
            None,
        ),
        (
            Box::new(|one, _| one.registration_status = Some("ActionRequired".into())),
            None,
        ),
        (
            Box::new(|one, _| {
                let ended = r#"[{"status": "ReviewPending"}, {"status": "Closed"}]"#;
                one.registrations = serde_json::from_str(ended).unwrap();
            }),
            Some(Rule::NotEnded),
        ),
        // What a referral does not say is not judged.
        (
            Box::new(|one, _| {
                one.closed_date_time = None;
                one.details = None;
                one.consent = None;
            }),
            None,
        ),
    ];
    for (index, (change, rule)) in cases.iter().enumerate() {
        let expected: Vec<_> = rule.iter().copied().collect();
        assert_eq!(judge(change, now), expected, "case {index}");
    }
}

#[test]
fn a_year_of_the_contract_is_worth_more_than_25_000_dollars() {
    let now = time("2024-02-20T00:00:00Z");
    for (start, end, value, kept) in [
        // Two years to the day, over a leap day.
        (
            "2024-02-01T00:00:00Z",
            "2026-02-01T00:00:00Z",
            "50000",
            false,
        ),
        (
            "2024-02-01T00:00:00Z",
            "2026-02-01T00:00:00Z",
            "50000.01",
            true,
        ),
        // A day less than two years.
        (
            "2024-02-01T00:00:00Z",
            "2026-01-31T00:00:00Z",
            "50000",
            true,
        ),
        // Half a year, and half a dollar.
        (
            "2024-02-01T00:00:00Z",
            "2024-08-02T00:00:00Z",
            "12500.01",
            true,
        ),
        (
            "2024-02-01T00:00:00Z",
            "2024-08-02T00:00:00Z",
            "12500",
            false,
        ),
        // One without an end counts for six years.
        ("2024-02-01T00:00:00Z", "", "150000", false),
        ("2024-02-01T00:00:00Z", "", "150000.01", true),
        (
            "2024-02-01T00:00:00Z",
            "2026-02-01T00:00:00Z",
            "79228162514264337593543950335",
            true,
        ),
        (
            "2024-02-01T00:00:00Z",
            "9999-02-01T00:00:00Z",
            "100000000",
            false,
        ),
        (
            "2024-02-01T00:00:00Z",
            "9999-02-01T00:00:00Z",
            "200000000",
            true,
        ),
    ] {
        let change: Change = Box::new(move |one, new| {
            one.created_date_time = time("2024-01-01T00:00:00Z");
            one.closed_date_time = Some(time("2024-02-19T00:00:00Z"));
            new.contract.sign_date_time = time("2024-01-20T00:00:00Z");
            new.contract.start_date_time = time(start);
            new.contract.end_date_time = end.parse().ok();
            if end.is_empty() {
                new.contract.term = ContractTerm::Perpetual;
            }
            new.contract.value = value.parse().unwrap();
            new.solution_details[0].value = 1.into();
        });
        let expected: &[Rule] = if kept { &[] } else { &[Rule::YearlyValue] };
        assert_eq!(judge(&change, now), expected, "{start} {end} {value}");
    }
    let euros: Change = Box::new(|_, new| {
        new.contract.value = 1.into();
        new.contract.currency = "EUR".to_owned();
        new.solution_details[0].value = 1.into();
    });
    assert!(judge(&euros, Utc::now().into()).is_empty());
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
        half["status"] = json!("Active");
        half["substatus"] = json!("Accepted");
    });
    client.register_deal(&id, &new()).await.unwrap();
    assert_eq!(writes(&sandbox).len(), 1);

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
    assert_eq!(writes(&sandbox).len(), 1);
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
async fn a_correction_sends_each_member_by_its_own_path() {
    let (sandbox, client, id) = deal().await;
    client.register_deal(&id, &new()).await.unwrap();
    sandbox.edit(id.as_str(), |stored| {
        stored["registrations"][0]["later"] = json!({"kept": 1});
    });
    let before = stored(&sandbox, &id);
    let changed = client
        .update_registration(&id, |one| {
            let contract = one.contract.as_mut().unwrap();
            contract.value = "130000.10".parse().ok();
            let solution = &mut one.solution_details.as_mut().unwrap()[0];
            solution.is_deployed_on_azure = Some(true);
        })
        .await
        .unwrap();
    let sent = writes(&sandbox).pop().unwrap();
    assert_eq!(sent.header("if-match"), before["eTag"].as_str());
    let body = String::from_utf8(sent.body.to_vec()).unwrap();
    assert!(body.contains(r#""value":130000.10"#), "{body}");
    let paths: Vec<_> = sent
        .json()
        .unwrap()
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            format!(
                "{} {}",
                one["op"].as_str().unwrap(),
                one["path"].as_str().unwrap()
            )
        })
        .collect();
    assert_eq!(
        paths,
        [
            "replace /registrations/0/contract/value",
            "add /registrations/0/solutionDetails/0/isDeployedOnAzure"
        ]
    );
    let after = stored(&sandbox, &id)["registrations"][0].clone();
    assert_eq!(after["later"], json!({"kept": 1}));
    assert_eq!(after["id"], before["registrations"][0]["id"]);
    let one = changed
        .into_referral()
        .unwrap()
        .registrations
        .unwrap()
        .remove(0);
    assert_eq!(one.contract.unwrap().value, "130000.10".parse().ok());
    let same = client.update_registration(&id, |_| {}).await.unwrap();
    assert!(!same.is_changed());
}

fn signed(one: &mut Registration, when: Timestamp) {
    one.contract.as_mut().unwrap().sign_date_time = Some(when);
}

#[tokio::test]
async fn a_correction_is_refused_for_what_it_breaks_and_not_for_what_was_broken() {
    let (sandbox, client, id) = deal().await;
    let nothing = client.update_registration(&id, |_| {}).await.unwrap_err();
    let RegistrationError::Failed(nothing) = nothing else {
        panic!("{nothing}");
    };
    assert_eq!(nothing.kind(), ErrorKind::InvalidRequest);
    assert!(nothing.to_string().contains("no registration"), "{nothing}");
    client.register_deal(&id, &new()).await.unwrap();
    // Registered 50 days ago: the days count to then.
    sandbox.edit(id.as_str(), |stored| {
        stored["createdDateTime"] = json!(days_ago(200));
        let one = &mut stored["registrations"][0];
        one["registrationDateTime"] = json!(days_ago(50));
        one["contract"]["value"] = json!(1);
    });
    let sent = writes(&sandbox).len();
    client
        .update_registration(&id, |one| signed(one, days_ago(109)))
        .await
        .unwrap();
    let error = client
        .update_registration(&id, |one| signed(one, days_ago(111)))
        .await
        .unwrap_err();
    let path = "/registrations/0/contract/signDateTime";
    assert_eq!(rules(&error), [(Rule::SignedLately, path)]);
    let error = client
        .update_registration(&id, |one| {
            one.contract.as_mut().unwrap().currency = Some("EUR".to_owned());
        })
        .await
        .unwrap_err();
    let RegistrationError::Failed(error) = error else {
        panic!("{error}");
    };
    let shown = error.to_string();
    assert!(
        shown.contains("/registrations/0/contract/currency"),
        "{shown}"
    );

    assert!(sandbox.registration_reviewed(id.as_str(), "Failed", Some("too late")));
    let error = client
        .update_registration(&id, |one| signed(one, days_ago(108)))
        .await
        .unwrap_err();
    assert_eq!(rules(&error), [(Rule::NotEnded, "/registrations/0/status")]);
    assert_eq!(writes(&sandbox).len(), sent + 1);
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
