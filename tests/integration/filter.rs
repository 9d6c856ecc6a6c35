//! Filters from parts: what goes over the wire, and what the stand-in's own
//! reader of filters finds by it.

use partner_referrals::filter::{self, Filter};
use partner_referrals::sandbox::Sandbox;
use partner_referrals::types::{Direction, Qualification, ReferralType, Status, Substatus};
use partner_referrals::{EngagementId, ErrorKind, ListOptions, Outcome, ReferralsClient};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::json;

use crate::support::{client, sandbox};

const ENGAGEMENT: &str = "65edc0b5-3485-41b7-a17e-dfa9ef4706e2";

fn insert(sandbox: &Sandbox, name: &str, email: &str, country: &str) {
    sandbox.insert(json!({
        "name": name, "engagementId": ENGAGEMENT,
        "status": "New", "substatus": "Pending", "direction": "Incoming",
        "type": "Shared", "qualification": "SalesQualified",
        "customerProfile": {"name": "Contoso", "address": {"country": country}},
        "team": [{"email": "first@contoso.com"}, {"email": email}],
    }));
}

async fn found(client: &ReferralsClient, filter: Filter) -> Vec<String> {
    let page = client.list(&ListOptions::new().filter(filter)).await;
    let referrals = page.unwrap().referrals.into_iter();
    referrals.filter_map(|one| one.name).collect()
}

#[tokio::test]
async fn every_documented_form_finds_what_it_should_where_only_those_are_taken() {
    let sandbox = Sandbox::builder().documented_filters_only(true);
    let sandbox = sandbox.start().await.unwrap();
    insert(&sandbox, "a", "a@contoso.com", "US");
    sandbox.insert(json!({"name": "b"}));
    let client = client(&sandbox);
    let all = filter::status()
        .eq(Status::New)
        .and(filter::substatus().eq(Substatus::Pending))
        .and(filter::referral_type().eq(ReferralType::Shared))
        .and(filter::qualification().eq(Qualification::SalesQualified))
        .and(filter::direction().eq(Direction::Incoming))
        .and(filter::engagement_id().eq(EngagementId::new(ENGAGEMENT).unwrap()))
        .and(filter::country().eq("US"))
        .and(filter::team_email().eq("a@contoso.com"));
    assert!(all.is_documented());
    let text = all.as_str().unwrap().to_owned();
    assert_eq!(found(&client, all).await, ["a"]);
    let sent = sandbox.requests()[0].query_option("$filter");
    assert_eq!(sent.as_deref(), Some(text.as_str()));
    assert_eq!(
        text,
        format!(
            "status eq 'New' and substatus eq 'Pending' and type eq 'Shared' and \
             qualification eq 'SalesQualified' and direction eq 'Incoming' and \
             engagementId eq '{ENGAGEMENT}' and customerProfile/address/country eq 'US' and \
             team/any(t:t/email eq 'a@contoso.com')"
        )
    );
}

#[tokio::test]
async fn times_are_compared_without_quotes_and_to_the_last_of_seven_digits() {
    let sandbox = sandbox().await;
    let at = "2024-03-01T10:00:00.1234567Z";
    sandbox.insert(json!({"name": "a", "updatedDateTime": at, "createdDateTime": at}));
    let client = client(&sandbox);
    let time = |text: &str| text.parse::<partner_referrals::Timestamp>().unwrap();
    let (same, later) = (time(at), time("2024-03-01T10:00:00.1234568Z"));
    for (filter, passes) in [
        (filter::updated().ge(same), true),
        (filter::updated().ge(later), false),
        (filter::updated().gt(same), false),
        (filter::updated().le(same), true),
        (filter::updated().lt(same), false),
        (filter::updated().lt(later), true),
        (filter::created().ge(same), true),
        (filter::created().gt(same), false),
        (filter::created().le(later), true),
        (filter::created().lt(same), false),
    ] {
        let text = filter.as_str().unwrap().to_owned();
        assert!(!filter.is_documented() && !text.contains('\''), "{text}");
        let expected: &[&str] = if passes { &["a"] } else { &[] };
        assert_eq!(found(&client, filter).await, expected, "{text}");
    }
}

/// The stand-in reads a filter with a reader of its own; what it finds shows
/// that it read one comparison with exactly this value.
#[test]
fn no_value_can_change_what_a_filter_says() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let mut runner = TestRunner::new(Config::with_cases(48));
    let nasty = prop_oneof![
        "[^\\p{Cc}]{1,24}",
        "['()= /:a-z]{1,24}",
        Just("x') or (status eq 'New".to_owned()),
        Just("' or '1' eq '1".to_owned()),
    ];
    runner
        .run(&nasty, |value| {
            runtime.block_on(async {
                let sandbox = sandbox().await;
                insert(&sandbox, "it", &value, &value);
                insert(&sandbox, "decoy", "decoy@contoso.com", "decoy");
                let client = client(&sandbox);
                for filter in [
                    filter::team_email().eq(value.clone()),
                    filter::country().eq(value.clone()),
                    filter::status()
                        .eq("New")
                        .and(filter::country().eq(value.clone()))
                        .and(filter::direction().eq("Incoming")),
                ] {
                    assert_eq!(found(&client, filter).await, ["it"], "{value:?}");
                }
                let unknown = filter::status().eq(value.as_str());
                assert!(found(&client, unknown).await.is_empty(), "{value:?}");
            });
            Ok(())
        })
        .unwrap();
}

#[tokio::test]
async fn a_filter_that_cannot_be_right_or_is_too_long_is_not_sent() {
    let sandbox = sandbox().await;
    let client = client(&sandbox);
    let long = "é".repeat(ListOptions::MAX_QUERY / 6);
    for (filter, why) in [
        (filter::country().eq("U\u{7f}S"), "control character"),
        (Filter::raw(" "), "empty"),
        (filter::team_email().eq(long), "8000 are allowed"),
    ] {
        let options = ListOptions::new().filter(filter);
        let error = client.list(&options).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidRequest);
        assert_eq!(error.outcome(), Outcome::NotSent);
        assert!(error.to_string().contains(why), "{error}");
    }
    assert!(sandbox.requests().is_empty());

    // What is let through is no longer than promised.
    let most = "'".repeat(1_300);
    assert!(
        found(&client, filter::team_email().eq(most))
            .await
            .is_empty()
    );
    let sent = sandbox.requests()[0].query.clone().unwrap();
    assert!(
        sent.len() <= ListOptions::MAX_QUERY && sent.len() > 7_800,
        "{}",
        sent.len()
    );
}
