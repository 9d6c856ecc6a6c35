//! Every rule, on both sides of its border, and all that are broken at once.

use partner_referrals::registration::problems;

use super::*;

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
    let example = include_str!("../../../openapi/examples/create_referral.response.200.json");
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
    let second = TimeDelta::seconds(1);
    let days = TimeDelta::days;
    // A whole day counts, from its first second to its last.
    let midnight = now.utc().date_naive().and_time(chrono::NaiveTime::MIN);
    let today = move |offset: TimeDelta| Timestamp::from(midnight.and_utc() + offset);
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
        (signed(today(days(1) - second)), None),
        (signed(today(days(1))), Some(Rule::SignedAlready)),
        (signed(today(-days(60))), None),
        (signed(today(-days(60) - second)), Some(Rule::SignedLately)),
        (
            Box::new(move |one, new| {
                one.created_date_time = today(-days(20) + TimeDelta::hours(10));
                new.contract.sign_date_time = today(-days(20));
            }),
            None,
        ),
        (
            Box::new(move |one, new| {
                one.created_date_time = today(-days(20));
                new.contract.sign_date_time = today(-days(20) - second);
            }),
            Some(Rule::SignedAfterCreation),
        ),
        (begun(today(-days(90))), None),
        (begun(today(-days(90) - second)), Some(Rule::BegunLately)),
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
