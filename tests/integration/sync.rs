//! Everything since the last time: nothing lost, nothing twice.

use std::time::Duration;

use partner_referrals::sandbox::{Fault, FaultBody, FaultPlan, FaultRule, Sandbox};
use partner_referrals::{ReferralsClient, Timestamp, Watermark};
use serde_json::{Value, json};

use crate::fault_server::{Act, FaultServer, answer};
use crate::support::{client, json_answer, of, once};

const EXAMPLE: &str = include_str!("../../openapi/examples/create_referral.response.200.json");

pub async fn small_pages() -> (Sandbox, ReferralsClient) {
    let sandbox = Sandbox::builder()
        .page_size(2)
        .seed(7)
        .start()
        .await
        .unwrap();
    let client = client(&sandbox);
    (sandbox, client)
}

pub fn insert(sandbox: &Sandbox, name: &str, updated: &str) -> String {
    let at = format!("2024-03-01T{updated}.1234567Z");
    let made =
        sandbox.insert(json!({ "name": name, "updatedDateTime": at, "createdDateTime": at }));
    made["id"].as_str().unwrap().to_owned()
}

/// A run; the watermark goes through text, as a caller keeps it.
pub async fn run(client: &ReferralsClient, kept: &mut String) -> Vec<String> {
    let watermark: Watermark = serde_json::from_str(kept).unwrap();
    let mut sync = client.sync_since(&watermark);
    let mut names = Vec::new();
    while let Some(one) = sync.next().await {
        names.extend(one.unwrap().name);
    }
    *kept = serde_json::to_string(sync.watermark()).unwrap();
    names
}

pub fn beginning() -> String {
    serde_json::to_string(&Watermark::beginning()).unwrap()
}

/// A page of referrals, each a name and the minute of its last change; not the
/// last one, where it names a next.
pub fn page(referrals: &[(&str, u32)], next: Option<&str>) -> Act {
    let one = |(name, minute): &(&str, u32)| {
        let mut one: Value = serde_json::from_str(EXAMPLE).unwrap();
        one["id"] = json!(name.trim_end_matches('\''));
        one["name"] = json!(name);
        one["updatedDateTime"] = json!(format!("2024-03-01T10:{minute:02}:00Z"));
        one
    };
    let mut body = json!({ "value": referrals.iter().map(one).collect::<Vec<_>>() });
    if let Some(next) = next {
        body["@odata.nextLink"] = json!(format!("http://h/?$skiptoken={next}"));
    }
    json_answer("200 OK", &body)
}

#[tokio::test]
async fn each_run_gives_what_is_new_once_and_what_came_late_within_the_overlap() {
    let (sandbox, client) = small_pages().await;
    for (name, at) in [("a", "10:00:00"), ("b", "10:01:00"), ("c", "10:02:00")] {
        insert(&sandbox, name, at);
    }
    let mut kept = beginning();
    assert_eq!(run(&client, &mut kept).await, ["a", "b", "c"]);
    assert_eq!(
        sandbox.requests()[0].query_option("$orderby").as_deref(),
        Some("updatedDateTime")
    );
    assert_eq!(sandbox.requests()[0].query_option("$filter"), None);
    assert!(run(&client, &mut kept).await.is_empty());

    insert(&sandbox, "late", "09:58:00");
    insert(&sandbox, "too late", "09:50:00");
    insert(&sandbox, "new", "10:03:00");
    let before = sandbox.requests().len();
    assert_eq!(run(&client, &mut kept).await, ["late", "new"]);
    let filter = sandbox.requests()[before].query_option("$filter");
    assert_eq!(
        filter.as_deref(),
        Some("updatedDateTime ge 2024-03-01T09:57:00.1234567Z")
    );
    assert!(run(&client, &mut kept).await.is_empty());
}

#[tokio::test]
async fn an_update_is_given_again() {
    let (sandbox, client) = small_pages().await;
    let id = insert(&sandbox, "a", "10:00:00");
    insert(&sandbox, "b", "10:01:00");
    let mut kept = beginning();
    run(&client, &mut kept).await;
    sandbox.edit(&id, |stored| stored["name"] = json!("a, changed"));
    assert_eq!(run(&client, &mut kept).await, ["a, changed"]);
    assert!(run(&client, &mut kept).await.is_empty());
}

#[tokio::test]
async fn what_changes_while_it_is_read_is_given_once_and_again_the_next_time() {
    let (sandbox, client) = small_pages().await;
    let id = insert(&sandbox, "a", "10:00:00");
    for (name, at) in [("b", "10:01:00"), ("c", "10:02:00"), ("d", "10:03:00")] {
        insert(&sandbox, name, at);
    }
    let mut sync = client.sync_since(&Watermark::beginning());
    let mut names = vec![sync.next().await.unwrap().unwrap().name.unwrap()];
    sandbox.edit(&id, |stored| stored["name"] = json!("a, changed"));
    insert(&sandbox, "far ahead", "23:59:00");
    while let Some(one) = sync.next().await {
        names.extend(one.unwrap().name);
    }
    names.sort();
    names.dedup();
    let again = names.iter().filter(|name| name.starts_with('a')).count();
    assert_eq!(again, 1, "{names:?}");
    let mut kept = serde_json::to_string(sync.watermark()).unwrap();
    let mut rest = run(&client, &mut kept).await;
    rest.retain(|name| name != "far ahead");
    assert_eq!(rest, ["a, changed"]);
}

#[tokio::test]
async fn where_times_cannot_be_compared_the_newest_are_read_until_they_are_old_enough() {
    let sandbox = Sandbox::builder()
        .page_size(2)
        .documented_filters_only(true);
    let sandbox = sandbox.start().await.unwrap();
    let client = client(&sandbox);
    for hour in 0..20 {
        insert(
            &sandbox,
            &format!("old {hour}"),
            &format!("{hour:02}:00:00"),
        );
    }
    let at = "2024-03-01T19:30:00Z".parse::<Timestamp>().unwrap();
    insert(&sandbox, "a", "20:00:00");
    insert(&sandbox, "b", "21:00:00");
    let mut kept = serde_json::to_string(&Watermark::at(at)).unwrap();
    assert_eq!(run(&client, &mut kept).await, ["b", "a"]);
    let requests = sandbox.requests();
    assert_eq!(
        requests[1].query_option("$orderby").as_deref(),
        Some("updatedDateTime desc")
    );
    assert!(requests.len() <= 5, "{}", requests.len());
    assert!(run(&client, &mut kept).await.is_empty());
}

#[tokio::test]
async fn a_run_that_fails_leaves_the_watermark_where_it_was() {
    let (sandbox, _) = small_pages().await;
    let client = once(&sandbox);
    for (name, at) in [("a", "10:00:00"), ("b", "10:01:00"), ("c", "10:02:00")] {
        insert(&sandbox, name, at);
    }
    let cut = FaultRule::new(Fault::status(503, FaultBody::Empty))
        .method("GET")
        .nth(2);
    sandbox.set_faults(FaultPlan::new().rule(cut));
    let mut sync = client.sync_since(&Watermark::beginning());
    let mut given = Vec::new();
    let error = loop {
        match sync.next().await.unwrap() {
            Ok(one) => given.extend(one.name),
            Err(error) => break error,
        }
    };
    assert_eq!((given.len(), error.status()), (2, Some(503)));
    assert!(sync.next().await.is_none());
    assert_eq!(sync.watermark(), &Watermark::beginning());
    let mut kept = beginning();
    assert_eq!(run(&client, &mut kept).await, ["a", "b", "c"]);
}

#[tokio::test]
async fn another_refusal_than_that_of_the_filter_ends_a_run() {
    for (status, asked) in [(403, 1), (500, 1), (400, 2), (501, 2)] {
        let (sandbox, _) = small_pages().await;
        let client = once(&sandbox);
        insert(&sandbox, "a", "10:00:00");
        let refusal = FaultRule::new(Fault::status(status, FaultBody::Empty)).nth(1);
        sandbox.set_faults(FaultPlan::new().rule(refusal));
        let at: Timestamp = "2024-03-01T09:00:00Z".parse().unwrap();
        let mut sync = client.sync_since(&Watermark::at(at));
        let first = sync.next().await.unwrap();
        assert_eq!(first.is_ok(), asked == 2, "{status}");
        assert_eq!(sandbox.requests().len(), asked, "{status}");
    }
}

#[tokio::test]
async fn what_is_dated_ahead_of_the_service_does_not_carry_the_watermark_with_it() {
    let (sandbox, client) = small_pages().await;
    let insert_at = |name: &str, at: &str| {
        sandbox.insert(json!({ "name": name, "updatedDateTime": at, "createdDateTime": at }))
    };
    insert(&sandbox, "a", "10:00:00");
    insert_at("ahead", "2099-01-01T00:00:00Z");
    let mut kept = beginning();
    assert_eq!(run(&client, &mut kept).await, ["a", "ahead"]);
    let now = || Timestamp::from(chrono::Utc::now()).to_string();
    insert_at("new", &now());
    assert_eq!(run(&client, &mut kept).await, ["new"]);
    assert!(run(&client, &mut kept).await.is_empty());
    // One that was carried away by an earlier version comes back.
    let ahead = "2099-01-01T00:00:00Z".parse::<Timestamp>();
    let mut kept = serde_json::to_string(&Watermark::at(ahead.unwrap())).unwrap();
    run(&client, &mut kept).await;
    insert_at("newer", &now());
    let mut names = run(&client, &mut kept).await;
    names.retain(|name| name == "newer");
    assert_eq!(names, ["newer"]);
}

#[tokio::test]
async fn an_overlap_of_ones_own_finds_what_came_later_still() {
    let (sandbox, client) = small_pages().await;
    insert(&sandbox, "a", "10:00:00");
    let hour = Watermark::beginning().overlap(Duration::from_secs(3600));
    let mut kept = serde_json::to_string(&hour).unwrap();
    assert_eq!(run(&client, &mut kept).await, ["a"]);
    insert(&sandbox, "late", "09:10:00");
    insert(&sandbox, "too late", "08:59:00");
    assert_eq!(run(&client, &mut kept).await, ["late"]);
    assert!(run(&client, &mut kept).await.is_empty());
}

/// A service that counts its pages from the front: `a` is changed when the first
/// page was read and moves to the end, and `c` from the third place to the second.
#[tokio::test]
async fn a_referral_that_moves_up_behind_the_reader_is_given_by_the_next_run() {
    let moved = [
        page(&[("a", 0), ("b", 1)], Some("2")),
        page(&[("d", 20), ("a'", 30)], None),
    ];
    // Handed out by this run, or by one before it.
    for before in [false, true] {
        let first = before.then(|| page(&[("a", 0)], None));
        let rest = page(&[("b", 1), ("c", 2), ("d", 20), ("a'", 30)], None);
        let script = first.into_iter().chain(moved.clone()).chain([rest]);
        let server = FaultServer::start(script).await;
        let client = of(&server);
        let mut kept = beginning();
        if before {
            assert_eq!(run(&client, &mut kept).await, ["a"]);
        }
        let given: &[&str] = match before {
            true => &["b", "d", "a'"],
            false => &["a", "b", "d"],
        };
        assert_eq!(run(&client, &mut kept).await, given);
        let held: Watermark = serde_json::from_str(&kept).unwrap();
        assert_eq!(held.time(), "2024-03-01T10:00:00Z".parse().ok());
        let given: &[&str] = if before { &["c"] } else { &["c", "a'"] };
        assert_eq!(run(&client, &mut kept).await, given);
        let filter = server.requests().pop().unwrap().target;
        assert!(filter.contains("09%3A55%3A00"), "{filter}");
    }
}

/// `b` was handed out by an earlier run, within the overlap.
#[tokio::test]
async fn a_change_within_the_overlap_does_not_carry_the_watermark_back_behind_its_start() {
    let all = [("a", 23), ("b", 26), ("d", 30)];
    let script = [
        page(&all, None),
        page(&[("b", 26), ("d", 30)], Some("2")),
        page(&[("n", 40), ("b'", 41)], None),
        page(&[("d", 30), ("n", 40), ("b'", 41)], None),
    ];
    let server = FaultServer::start(script).await;
    let client = of(&server);
    let mut kept = beginning();
    assert_eq!(run(&client, &mut kept).await, ["a", "b", "d"]);
    assert_eq!(run(&client, &mut kept).await, ["n", "b'"]);
    let after: Watermark = serde_json::from_str(&kept).unwrap();
    assert_eq!(after.time(), "2024-03-01T10:30:00Z".parse().ok());
    assert!(run(&client, &mut kept).await.is_empty());
}

#[tokio::test]
async fn without_a_date_of_the_service_this_machines_clock_does_not_hold_the_watermark() {
    let mut one: Value = serde_json::from_str(EXAMPLE).unwrap();
    one["updatedDateTime"] = json!("2026-03-01T10:00:00Z");
    for (date, held) in [(None, false), (Some("Sun, 01 Feb 2026 00:00:00 GMT"), true)] {
        let mut headers = vec![("content-type", "application/json")];
        headers.extend(date.map(|date| ("date", date)));
        let body = json!({ "value": [one] }).to_string();
        let server = FaultServer::start([Act::Answer(answer("200 OK", &headers, body))]).await;
        let mut kept = beginning();
        run(&of(&server), &mut kept).await;
        let after: Watermark = serde_json::from_str(&kept).unwrap();
        let listed = "2026-03-01T10:00:00Z".parse().ok();
        assert_eq!(after.time() < listed, held, "{date:?} {after:?}");
    }
}
