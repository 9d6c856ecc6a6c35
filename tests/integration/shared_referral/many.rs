//! Many deals at once: bounded, in one journal, to be gone on with.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures::StreamExt as _;
use partner_referrals::sandbox::{Fault, FaultBody, FaultPlan, FaultRule};
use partner_referrals::shared_referral::{
    EventKind, FileJournal, Many, OperationId, SharedReferralError, SharedReferralPlan,
};
use tokio::sync::Notify;

use super::{Told, World, plan};

fn plans(count: usize) -> impl Iterator<Item = (usize, SharedReferralPlan)> + Send + 'static {
    (0..count).map(|number| (number, plan().with_key(format!("crm-{number}"))))
}

async fn slow() -> World {
    let world = World::new().await;
    let slow = FaultRule::new(Fault::Delay(Duration::from_millis(5)));
    world.sandbox.set_faults(FaultPlan::new().rule(slow));
    world
}

#[tokio::test]
async fn each_plan_has_its_outcome_and_one_that_fails_stops_no_other() {
    let world = World::new().await;
    let refused = FaultRule::new(Fault::status(400, FaultBody::Json)).method("POST");
    world
        .sandbox
        .set_faults(FaultPlan::new().rule(refused.nth(5)));
    let stream = futures::stream::iter(plans(20));
    let mut outcomes: Vec<_> = world
        .deals()
        .create_many(stream, Many::new())
        .collect()
        .await;
    outcomes.sort_by_key(|outcome| outcome.tag);
    assert_eq!(outcomes.len(), 20);
    for (number, outcome) in outcomes.iter().enumerate() {
        assert_eq!(outcome.tag, number);
        assert_eq!(
            outcome.operation,
            OperationId::of_key(&format!("crm-{number}"))
        );
        if let Ok(shared) = &outcome.result {
            assert_eq!(shared.operation, outcome.operation);
        }
    }
    let failed: Vec<_> = outcomes
        .iter()
        .filter_map(|one| one.result.as_ref().err())
        .collect();
    assert_eq!(failed.len(), 1);
    assert!(matches!(failed[0], SharedReferralError::CreateFailed(_)));

    // The same call again completes what is left, and nothing else is sent.
    let before = world.posts();
    let stream = futures::stream::iter(plans(20));
    let again: Vec<_> = world
        .deals()
        .create_many(stream, Many::new())
        .collect()
        .await;
    assert!(again.iter().all(|outcome| outcome.result.is_ok()));
    assert_eq!(world.sandbox.referrals().len(), 40);
    assert!(world.posts() - before <= 2);
}

#[tokio::test]
async fn no_more_than_the_allowed_number_run_and_no_plan_is_taken_early() {
    let world = slow().await;
    let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (now, peak) = (Arc::clone(&running), Arc::clone(&most));
    let deals = world.deals().on_event(move |event| match event.kind {
        EventKind::Begun => {
            let now = now.fetch_add(1, Ordering::Relaxed) + 1;
            peak.fetch_max(now, Ordering::Relaxed);
        }
        EventKind::Finished => {
            now.fetch_sub(1, Ordering::Relaxed);
        }
        _ => {}
    });
    let taken = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&taken);
    let stream = futures::stream::iter(plans(40).inspect(move |_| {
        count.fetch_add(1, Ordering::Relaxed);
    }));
    let mut outcomes = deals.create_many(stream, Many::new().concurrency(5));
    assert_eq!(
        taken.load(Ordering::Relaxed),
        0,
        "nothing before it is asked"
    );
    let mut ended = 0;
    while let Some(outcome) = outcomes.next().await {
        outcome.result.unwrap();
        ended += 1;
        let held = taken.load(Ordering::Relaxed) - ended;
        assert!(held <= 5, "{held} plans are held");
    }
    assert_eq!(ended, 40);
    assert_eq!(most.load(Ordering::Relaxed), 5);
}

#[tokio::test]
async fn after_the_signal_no_new_one_begins_and_those_under_way_end() {
    let world = slow().await;
    let told = Told::default();
    let deals = told.to(world.deals());
    let stop = Arc::new(Notify::new());
    let signal = Arc::clone(&stop);
    let many = Many::new()
        .concurrency(4)
        .until(async move { signal.notified().await });
    let mut outcomes = deals.create_many(futures::stream::iter(plans(50)), many);
    let mut ended = 0;
    while let Some(outcome) = outcomes.next().await {
        outcome.result.unwrap();
        ended += 1;
        if ended == 10 {
            stop.notify_one();
        }
    }
    let events = told.take();
    let count = |kind: &EventKind| events.iter().filter(|event| *event == kind).count();
    assert_eq!(count(&EventKind::Begun), count(&EventKind::Finished));
    assert!((10..=14).contains(&ended), "{ended}");
    assert_eq!(deals.open().await.unwrap(), []);

    let posts = world.posts();
    let rest = deals.create_many(futures::stream::iter(plans(50)), Many::new());
    assert_eq!(
        rest.filter(|one| std::future::ready(one.result.is_ok()))
            .count()
            .await,
        50
    );
    assert_eq!(world.posts() - posts, (50 - ended) * 2);
    assert_eq!(world.sandbox.referrals().len(), 100);
}

#[tokio::test]
async fn a_dropped_stream_leaves_a_journal_from_which_the_same_call_goes_on() {
    let world = slow().await;
    for take in [1, 3, 7] {
        let deals = world.deals();
        let outcomes = deals.create_many(futures::stream::iter(plans(30)), Many::new());
        let ended: Vec<_> = outcomes.take(take).collect().await;
        assert_eq!(ended.len(), take);
        // A request that was dropped on its way ends before the next search.
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
    let deals = world.deals();
    let mut left: Vec<_> = deals
        .create_many(futures::stream::iter(plans(30)), Many::new())
        .filter_map(|one| std::future::ready(one.result.err()))
        .collect()
        .await;
    // What a dropped request may have done is looked for; where it did nothing,
    // somebody has to say so.
    left.retain(|error| !matches!(error, SharedReferralError::Ambiguous(_)));
    assert!(left.is_empty(), "{left:?}");
    let referrals = world.sandbox.referrals();
    let mut halves: Vec<_> = referrals
        .iter()
        .map(|one| {
            (
                one["engagementId"].to_string(),
                one["organizationId"] == "msft",
            )
        })
        .collect();
    halves.sort();
    let before = halves.len();
    halves.dedup();
    assert_eq!(halves.len(), before, "no half is there twice");
    let mut marks: Vec<_> = referrals
        .iter()
        .filter_map(|one| one["externalReferenceId"].as_str())
        .collect();
    let own = marks.len();
    marks.sort_unstable();
    marks.dedup();
    assert_eq!(marks.len(), own, "no deal is there twice");
}

#[tokio::test]
async fn the_same_key_twice_in_one_call_is_one_deal() {
    let world = World::new().await;
    let twice = [
        (1, plan()),
        (2, plan()),
        (3, plan().notes_to_microsoft("another")),
    ];
    let outcomes = world
        .deals()
        .create_many(futures::stream::iter(twice), Many::new());
    let mut outcomes: Vec<_> = outcomes.collect().await;
    outcomes.sort_by_key(|outcome| outcome.tag);
    let ok: Vec<_> = outcomes
        .iter()
        .map(|outcome| outcome.result.is_ok())
        .collect();
    assert_eq!(ok, [true, true, false]);
    assert_eq!(world.sandbox.referrals().len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_at_once_cost_less_than_four_syncs_each() {
    const DEALS: usize = 400;
    let world = World::new().await;
    let folder = std::env::temp_dir().join(format!("many-{}", uuid::Uuid::new_v4()));
    std::fs::create_dir(&folder).unwrap();
    let journal = FileJournal::open(folder.join("deals.journal")).unwrap();
    let client = crate::support::builder(&world.sandbox).max_in_flight(32);
    let deals = client.build().unwrap().shared_referrals(journal.clone());
    for (at_once, most) in [(1, 3.0), (32, 3.0)] {
        let before = journal.syncs();
        let plans = plans(DEALS).map(move |(number, plan)| {
            let key = format!("{at_once}-{number}");
            (number, plan.with_key(key))
        });
        let many = Many::new().concurrency(at_once);
        let outcomes = deals.create_many(futures::stream::iter(plans), many);
        let ok = outcomes
            .filter(|one| std::future::ready(one.result.is_ok()))
            .count()
            .await;
        assert_eq!(ok, DEALS);
        let each = (journal.syncs() - before) as f64 / DEALS as f64;
        println!("{at_once:>3} at once: {each:.2} syncs a deal");
        assert!(each <= most, "{each}");
    }
    drop((deals, journal));
    std::fs::remove_dir_all(folder).unwrap();
}

const URL: &str = "MANY_URL";
const COUNT: &str = "MANY_COUNT";

/// A process that creates so many deals, and tells its largest size in KiB.
#[cfg(target_os = "linux")]
#[tokio::test]
#[ignore = "the child process of the test below, which starts it"]
async fn child() {
    let (Ok(url), Ok(count)) = (std::env::var(URL), std::env::var(COUNT)) else {
        return;
    };
    let count: usize = count.parse().unwrap();
    let folder = std::env::temp_dir().join(format!("many-{}", uuid::Uuid::new_v4()));
    std::fs::create_dir(&folder).unwrap();
    let journal = FileJournal::open(folder.join("deals.journal")).unwrap();
    let token = partner_referrals::StaticToken::new("many").unwrap();
    let client = partner_referrals::ReferralsClient::builder(token)
        .base_url(url)
        .allow_insecure_loopback()
        .build()
        .unwrap();
    let named = plans(count).map(move |(number, plan)| {
        let key = format!("{count}-{number}");
        (number, plan.with_key(key))
    });
    let deals = client.shared_referrals(journal);
    let outcomes = deals.create_many(futures::stream::iter(named), Many::new());
    let ok = outcomes
        .filter(|one| std::future::ready(one.result.is_ok()))
        .count()
        .await;
    assert_eq!(ok, count);
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let peak = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .unwrap();
    println!("peak{}", peak.trim_end_matches("kB"));
    std::fs::remove_dir_all(folder).unwrap();
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn memory_does_not_grow_with_the_number_of_plans() {
    let world = World::new().await;
    let mut peaks = Vec::new();
    for count in [200, 2000] {
        let url = world.sandbox.base_url();
        let output = tokio::task::spawn_blocking(move || {
            std::process::Command::new(std::env::current_exe().unwrap())
                .args(["--exact", "shared_referral::many::child"])
                .args(["--ignored", "--nocapture"])
                .env(URL, url)
                .env(COUNT, count.to_string())
                .output()
                .unwrap()
        });
        let output = output.await.unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let peak = text
            .lines()
            .find_map(|line| line.strip_prefix("peak"))
            .expect(&text);
        let peak: usize = peak.trim().parse().unwrap();
        println!("{count:>5} deals: {peak} KiB at most");
        peaks.push(peak);
    }
    assert_eq!(world.sandbox.referrals().len(), 2 * 2200);
    // A plan and its referrals are some 20 KiB: 1,800 of them would be 35 MiB.
    assert!(peaks[1] < peaks[0] + 4 * 1024, "{peaks:?}");
}
