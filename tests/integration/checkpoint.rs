//! Checkpoints: a run that fails goes on where it was, and loses nothing.

use partner_referrals::sandbox::{Fault, FaultBody, FaultPlan, FaultRule};
use partner_referrals::{ReferralsClient, Watermark};
use serde_json::json;

use crate::fault_server::{Act, FaultServer, answer};
use crate::support::{of, once};
use crate::sync::{beginning, insert, page, run, small_pages};

/// A run that goes on until it fails, and then keeps its checkpoint.
async fn until_it_fails(client: &ReferralsClient, kept: &mut String) -> Vec<String> {
    let watermark: Watermark = serde_json::from_str(kept).unwrap();
    let mut sync = client.sync_since(&watermark);
    let mut names = Vec::new();
    while let Some(Ok(one)) = sync.next().await {
        names.extend(one.name);
    }
    assert_eq!(*sync.watermark(), watermark, "it did not fail");
    *kept = serde_json::to_string(&sync.checkpoint()).unwrap();
    names
}

fn time(kept: &str) -> String {
    let watermark: Watermark = serde_json::from_str(kept).unwrap();
    watermark.time().unwrap().to_string()
}

fn refused() -> Act {
    Act::Answer(answer("403 Forbidden", &[], String::new()))
}

#[tokio::test]
async fn a_run_that_fails_goes_on_from_its_checkpoint() {
    let (sandbox, _) = small_pages().await;
    let client = once(&sandbox);
    for minute in 0..6 {
        insert(
            &sandbox,
            &format!("{minute}"),
            &format!("10:{}0:00", minute),
        );
    }
    let failed = FaultRule::new(Fault::status(503, FaultBody::Html)).nth(3);
    sandbox.set_faults(FaultPlan::new().rule(failed));
    let mut sync = client.sync_since(&Watermark::beginning());
    assert_eq!(sync.checkpoint(), Watermark::beginning());
    let mut names = Vec::new();
    let mut kept = beginning();
    while let Some(one) = sync.next().await {
        let Ok(one) = one else { break };
        names.extend(one.name);
        kept = serde_json::to_string(&sync.checkpoint()).unwrap();
    }
    assert_eq!(names, ["0", "1", "2", "3"]);
    assert_eq!(*sync.watermark(), Watermark::beginning());

    let before = sandbox.requests().len();
    assert_eq!(run(&client, &mut kept).await, ["4", "5"]);
    let filter = sandbox.requests()[before].query_option("$filter");
    assert_eq!(
        filter.as_deref(),
        Some("updatedDateTime ge 2024-03-01T10:25:00.1234567Z")
    );
    assert!(run(&client, &mut kept).await.is_empty());
}

#[tokio::test]
async fn a_list_in_another_order_has_no_checkpoint_before_its_end() {
    let (sandbox, client) = small_pages().await;
    for (name, at) in [("a", "10:00:00"), ("b", "10:10:00"), ("c", "10:20:00")] {
        insert(&sandbox, name, at);
    }
    let all = sandbox.referrals();
    let list = json!({ "value": [all[1], all[2], all[0]] }).to_string();
    let answer = Fault::status(200, FaultBody::Text(list));
    sandbox.set_faults(FaultPlan::new().rule(FaultRule::new(answer).nth(1)));
    let mut sync = client.sync_since(&Watermark::beginning());
    for _ in 0..3 {
        sync.next().await.unwrap().unwrap();
    }
    assert_eq!(sync.checkpoint(), Watermark::beginning());
    assert!(sync.next().await.is_none());
    assert_eq!(sync.checkpoint(), *sync.watermark());
    assert_eq!(
        sync.watermark().time().unwrap().to_string(),
        "2024-03-01T10:20:00.1234567Z"
    );
}

/// A service that counts its pages from the front: `a` is changed when the first
/// page was read, and `c` moves up behind the reader. Then the run fails.
#[tokio::test]
async fn what_moved_up_before_a_run_failed_is_given_after_it_went_on_from_its_checkpoint() {
    let all = [
        ("b", 1),
        ("c", 2),
        ("d", 20),
        ("e", 25),
        ("f", 28),
        ("a'", 30),
    ];
    let script = [
        page(&[("a", 0), ("b", 1)], Some("2")),
        page(&[("d", 20), ("e", 25)], Some("3")),
        refused(),
        // From the checkpoint on: all since 10:20.
        page(&all[2..5], Some("4")),
        // Once more: what the first run saw is not forgotten by the second.
        refused(),
        page(&all[2..], None),
        page(&all, None),
        page(&all, None),
    ];
    let server = FaultServer::start(script).await;
    let client = of(&server);
    let mut kept = beginning();
    assert_eq!(
        until_it_fails(&client, &mut kept).await,
        ["a", "b", "d", "e"]
    );
    assert_eq!(until_it_fails(&client, &mut kept).await, ["f"]);
    assert_eq!(run(&client, &mut kept).await, ["a'"]);
    assert_eq!(time(&kept), "2024-03-01T10:00:00Z");
    assert_eq!(run(&client, &mut kept).await, ["c"]);
    assert!(run(&client, &mut kept).await.is_empty());
}

#[tokio::test]
async fn a_checkpoint_within_the_overlap_is_not_before_the_start_of_its_run() {
    let (sandbox, _) = small_pages().await;
    let client = once(&sandbox);
    for minute in 0..31 {
        insert(&sandbox, &minute.to_string(), &format!("10:{minute:02}:00"));
    }
    let mut kept = beginning();
    assert_eq!(run(&client, &mut kept).await.len(), 31);
    let start = time(&kept);
    for _ in 0..6 {
        let second = FaultRule::new(Fault::status(503, FaultBody::Empty)).nth(2);
        sandbox.set_faults(FaultPlan::new().rule(second));
        assert!(until_it_fails(&client, &mut kept).await.is_empty());
        assert_eq!(time(&kept), start);
    }
    sandbox.set_faults(FaultPlan::new());
    assert!(run(&client, &mut kept).await.is_empty());
}

#[tokio::test]
async fn a_pair_out_of_order_within_the_overlap_costs_no_checkpoint() {
    for (pair, checkpoint) in [([20, 16], true), ([20, 14], false)] {
        let [first, second] = pair;
        let script = [
            page(
                &[("a", 0), ("b", first), ("c", second), ("d", 40)],
                Some("2"),
            ),
            refused(),
        ];
        let server = FaultServer::start(script).await;
        let mut kept = beginning();
        let names = until_it_fails(&of(&server), &mut kept).await;
        assert_eq!(names, ["a", "b", "c", "d"]);
        assert_eq!(kept != beginning(), checkpoint, "{pair:?}: {kept}");
    }
}
