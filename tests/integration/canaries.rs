//! What reaches a log: one span a call, one event a retry, and nothing of what
//! was sent or answered. Canaries are in every field, header, filter, body and
//! token; everything that tracing and the errors say is searched for them.

mod follow_up;
mod recorder;
mod spans;

use std::fmt::Write as _;

use partner_referrals::clock::ManualClock;
use partner_referrals::lifecycle::Transition;
use partner_referrals::sandbox::{Fault, FaultBody, FaultPlan, FaultRule, Sandbox};
use partner_referrals::shared_referral::{FileJournal, MemoryJournal, SharedReferralPlan};
use partner_referrals::types::{NewReferral, Referral};
use partner_referrals::{
    Continuation, ETag, ErrorKind, ListOptions, Outcome, Patch, ReferralsClient, StaticToken,
};
use serde_json::{Value, json};

use self::recorder::{Fields, Recorder};
use crate::support::{PUBLISHED, always, sandbox, writes};

const CANARY: &str = "canary";
const NUMBER: u64 = 4_242_424_242;

fn clean(shown: &str) {
    for canary in [CANARY, &NUMBER.to_string()] {
        if let Some(at) = shown.find(canary) {
            let start = shown.floor_char_boundary(at.saturating_sub(400));
            panic!("{canary} in ..{}..", &shown[start..at + canary.len()]);
        }
    }
}

/// An error and all that lies under it, in both forms.
fn shown(error: &dyn std::error::Error) -> String {
    let mut text = format!("{error} {error:?} {error:#?}");
    let mut source = error.source();
    while let Some(next) = source {
        let _ = write!(text, " {next} {next:?}");
        source = next.source();
    }
    text
}

/// Every text and number but those that decide whether it is sent at all.
fn seed(value: &mut Value, name: &str) {
    let kept = [
        "status",
        "substatus",
        "direction",
        "qualification",
        "type",
        "country",
        "currency",
    ];
    match value {
        Value::Object(members) => members
            .iter_mut()
            .for_each(|(name, value)| seed(value, name)),
        Value::Array(items) => items.iter_mut().for_each(|item| seed(item, name)),
        Value::String(text) if !kept.contains(&name) && !name.ends_with("DateTime") => {
            *text = format!("{CANARY} {name}");
        }
        Value::Number(number) => *number = NUMBER.into(),
        _ => {}
    }
}

fn canaried() -> NewReferral {
    let mut value: Value = serde_json::from_str(PUBLISHED).unwrap();
    seed(&mut value, "");
    // A size of its own stands for the closed lists, which are no free text.
    value["customerProfile"]["size"] = "10to50employees".into();
    value["externalReferenceId"] = CANARY.into();
    value["unknownMember"] = json!({ CANARY: CANARY });
    serde_json::from_value(value).unwrap()
}

/// What a service may say that quotes what it was sent. Codes and the plain
/// words of a message are shown on purpose.
fn quoting() -> FaultBody {
    let error = json!({ "error": {
        "code": "invalidRequest",
        "message": "The value 'canary' of \"canary\" (canary@contoso.com, 4242424242) is bad",
        "target": "canary@contoso.com",
        "details": [{ "code": CANARY, "message": CANARY, "target": CANARY }],
    } });
    FaultBody::Text(error.to_string())
}

fn failures() -> Vec<FaultPlan> {
    let headers = || {
        [
            "etag",
            "location",
            "set-cookie",
            "x-ms-note",
            "www-authenticate",
        ]
        .map(|name| (name.to_owned(), CANARY.to_owned()))
        .to_vec()
    };
    let status = |status, body| Fault::Status {
        status,
        body,
        headers: headers(),
    };
    let text = || FaultBody::Text(format!("{CANARY} {NUMBER}"));
    let mut plans: Vec<FaultPlan> = [
        status(500, text()),
        status(503, quoting()),
        status(429, quoting()),
        status(400, quoting()),
        status(401, text()),
        status(302, text()),
        Fault::StatusAfterWrite {
            status: 200,
            body: text(),
            headers: headers(),
        },
        Fault::StatusAfterWrite {
            status: 200,
            body: FaultBody::Text(
                json!({ "id": "an-id", "name": CANARY, CANARY: CANARY }).to_string(),
            ),
            headers: headers(),
        },
        Fault::CutBeforeWrite,
        Fault::CutAfterWrite,
        Fault::CutBody,
        Fault::Garbage,
    ]
    .map(always)
    .into();
    // The second create of a shared referral, and a call that goes well in the end.
    plans.push(FaultPlan::new().rule(FaultRule::new(status(500, text())).method("POST").nth(2)));
    plans.push(FaultPlan::new().rule(FaultRule::new(status(429, quoting())).first(2)));
    plans
}

fn loud(sandbox: &Sandbox) -> ReferralsClient {
    ReferralsClient::builder(StaticToken::new("canary-token").unwrap())
        .base_url(sandbox.base_url())
        .allow_insecure_loopback()
        .clock(ManualClock::default())
        .random(|| 0.5)
        .caller_id("canary-caller")
        .user_agent("canary-agent")
        .header("X-Locale", "canary-locale")
        .build()
        .unwrap()
}

/// Every operation once; gives what the failures say.
async fn every_operation(client: &ReferralsClient, referral: &Referral) -> (usize, String) {
    let mut said = String::new();
    let mut calls = 0;
    let mut note = |failure: Option<String>| {
        calls += 1;
        said.extend(failure);
    };
    let new = canaried();
    note(client.create(&new).await.err().map(|error| shown(&error)));
    let options = ListOptions::new()
        .filter("team/any(t:t/email eq 'canary')")
        .order_by("createdDateTime desc")
        .top(5);
    note(client.list(&options).await.err().map(|error| shown(&error)));
    let next = Continuation::try_from("$skiptoken=canary".to_owned()).unwrap();
    note(
        client
            .list_next(&next)
            .await
            .err()
            .map(|error| shown(&error)),
    );
    note(
        client
            .get(&referral.id)
            .await
            .err()
            .map(|error| shown(&error)),
    );
    let stale = ETag::new("\"canary\"").unwrap();
    for etag in [stale, referral.e_tag.clone().unwrap()] {
        let patch = Patch::new()
            .replace("/details/notes", CANARY)
            .add("/team/-", json!({ "firstName": CANARY }))
            .if_match(etag);
        let failed = client.patch(&referral.id, &patch).await.err();
        note(failed.map(|error| shown(&error)));
    }
    note(client.put(referral).await.err().map(|error| shown(&error)));
    let won = client.transition(referral, Transition::won()).await;
    let failed = won.err();
    let doubt = failed
        .as_ref()
        .is_some_and(|error| matches!(error.outcome(), Outcome::Unknown | Outcome::Done));
    note(failed.map(|error| shown(&error)));
    // After a lost answer the referral is read again.
    (calls + usize::from(doubt), said)
}

#[tokio::test]
async fn no_canary_reaches_a_log_or_an_error_in_any_operation_or_failure() {
    let (log, _guard) = Recorder::start();
    let mut calls = 0;
    let mut said = String::new();
    for plan in std::iter::once(FaultPlan::new()).chain(failures()) {
        let sandbox = sandbox().await;
        // A client for each, so that no budget and no pause is spent.
        let referral = loud(&sandbox).create(&canaried()).await.unwrap();
        sandbox.set_faults(plan.clone());
        let (more, failed) = every_operation(&loud(&sandbox), &referral).await;
        calls += 1 + more;
        said.push_str(&failed);

        sandbox.set_faults(plan);
        let before = log.spans().len();
        let plan = SharedReferralPlan::new(canaried(), "GeneralOrOther")
            .notes_to_microsoft(CANARY)
            .without_portal_rules();
        if let Err(error) = loud(&sandbox)
            .shared_referrals(MemoryJournal::new())
            .create(&plan)
            .await
        {
            said.push_str(&shown(&error));
        }
        calls += log.spans().len() - before;
        // The canaries did go out.
        let sent = &sandbox.requests()[0];
        for header in ["authorization", "user-agent", "x-caller-id", "x-locale"] {
            assert!(sent.header(header).unwrap().contains(CANARY), "{header}");
        }
        assert!(String::from_utf8_lossy(&sent.body).contains(CANARY));
    }
    assert!(said.contains("HTTP 503") && said.contains("step 2 of 2"));
    assert_eq!(log.spans().len(), calls, "one span a call");
    assert!(!log.retries().is_empty());
    clean(&said);
    clean(&log.text());
}

#[tokio::test]
async fn a_request_that_is_refused_here_shows_nothing_of_itself() {
    let (log, _guard) = Recorder::start();
    let sandbox = sandbox().await;
    let client = loud(&sandbox);
    let mut unversioned = client.create(&canaried()).await.unwrap();
    unversioned.e_tag = None;
    let mut said = String::new();
    for error in [
        client.put(&unversioned).await.unwrap_err(),
        client
            .patch(&unversioned.id, &Patch::new())
            .await
            .unwrap_err(),
        client
            .patch(&unversioned.id, &Patch::new().replace(CANARY, CANARY))
            .await
            .unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::InvalidRequest);
        said.push_str(&shown(&error));
    }
    let mut own = canaried();
    own.customer_profile.team = None;
    own.details.requirements = None;
    let plan = SharedReferralPlan::new(own, CANARY);
    said.push_str(&shown(
        &client
            .shared_referrals(MemoryJournal::new())
            .create(&plan)
            .await
            .unwrap_err(),
    ));
    assert_eq!(sandbox.requests().len(), 1);
    clean(&said);
    clean(&log.text());
}

#[tokio::test]
async fn no_canary_reaches_a_journal() {
    let sandbox = sandbox().await;
    let folder = std::env::temp_dir().join(format!("canaries-{}", uuid::Uuid::new_v4()));
    std::fs::create_dir(&folder).unwrap();
    let path = folder.join("deals.journal");
    let journal = FileJournal::open(&path).unwrap();
    let plan = SharedReferralPlan::new(canaried(), "GeneralOrOther")
        .notes_to_microsoft(CANARY)
        .with_key("crm-1")
        .without_portal_rules();
    let deals = loud(&sandbox).shared_referrals(journal);
    deals.create(&plan).await.unwrap();
    assert!(String::from_utf8_lossy(&writes(&sandbox)[0].body).contains(CANARY));
    let written = std::fs::read_to_string(&path).unwrap();
    assert!(written.contains("crm-1"));
    clean(&written);
    std::fs::remove_dir_all(folder).unwrap();
}
