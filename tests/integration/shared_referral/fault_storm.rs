//! A thousand deals while everything goes wrong: each kind of fault at one
//! request of twenty, and the process killed and started again twenty times.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use futures::StreamExt as _;
use partner_referrals::sandbox::{Fault, FaultPlan, Sandbox};
use partner_referrals::shared_referral::{
    FileJournal, Many, Recovery, SharedReferralPlan, SharedReferrals, Stage, WhenNotFound,
};
use partner_referrals::{ReferralsClient, RetryPolicy, StaticToken};

use super::plan;

const DEALS: usize = 1000;
const KILLS: usize = 20;
const SEED: u64 = 4711;
/// A storm has twelve kinds, all as frequent: 5 % of each.
const RATE: f64 = 0.6;
/// The child says so when deals are left for another run.
const LEFT: i32 = 3;

const URL: &str = "FAULT_STORM_URL";
const JOURNAL: &str = "FAULT_STORM_JOURNAL";

fn deal(number: usize) -> SharedReferralPlan {
    plan().with_key(format!("crm-{number}"))
}

fn deals(url: &str, journal: FileJournal) -> SharedReferrals {
    // More attempts than usual: a search of many pages must get through at all.
    let policy = RetryPolicy::new()
        .attempts(10)
        .base(Duration::from_millis(1))
        .floor(Duration::from_millis(1))
        .cap(Duration::from_millis(5))
        .budget(u32::MAX);
    let client = ReferralsClient::builder(StaticToken::new("storm").unwrap())
        .base_url(url)
        .allow_insecure_loopback()
        .retry(policy)
        .build()
        .unwrap();
    // The stand-in shows at once what it has, so what one look does not find is
    // not there.
    let recovery = Recovery::new()
        .settle([])
        .skew(Duration::from_secs(1))
        .horizon(Duration::from_secs(30))
        .when_not_found(WhenNotFound::Resend)
        .most_resends(u32::MAX);
    client.shared_referrals(journal).recovery(recovery)
}

/// The process that dies: creates all deals, as often as it is started.
#[tokio::test]
#[ignore = "the child process of the test below, which starts it"]
async fn child() {
    let (Ok(url), Some(journal)) = (std::env::var(URL), std::env::var_os(JOURNAL)) else {
        return;
    };
    let deals = deals(&url, FileJournal::open(PathBuf::from(journal)).unwrap());
    let plans = futures::stream::iter((0..DEALS).map(|number| (number, deal(number))));
    let many = Many::new().concurrency(16);
    let left = deals
        .create_many(plans, many)
        .filter(|outcome| std::future::ready(outcome.result.is_err()))
        .count()
        .await;
    std::process::exit(if left == 0 { 0 } else { LEFT });
}

fn start(url: &str, journal: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "shared_referral::fault_storm::child",
            "--ignored",
        ])
        .env(URL, url)
        .env(JOURNAL, journal)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Waits for the child's end, or kills it after so many requests. True where it
/// was killed.
async fn live(mut child: Child, sandbox: &Sandbox, requests: usize) -> (bool, Option<i32>) {
    let until = sandbox.requests_so_far().saturating_add(requests);
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return (false, status.code());
        }
        if sandbox.requests_so_far() >= until {
            child.kill().unwrap();
            let status = child.wait().unwrap();
            return (status.code().is_none(), status.code());
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fault_storm() {
    let folder = Folder(std::env::temp_dir().join(format!("storm-{}", uuid::Uuid::new_v4())));
    std::fs::create_dir(&folder.0).unwrap();
    let journal = folder.0.join("deals.journal");
    let sandbox = Sandbox::builder()
        .seed(SEED)
        .page_size(500)
        .faults(FaultPlan::storm(SEED, RATE))
        .start()
        .await
        .unwrap();
    let url = sandbox.base_url();

    let mut kills = 0;
    while kills < KILLS {
        // Other numbers than any rhythm of the work itself.
        let requests = 60 + (kills * 37) % 101;
        let (killed, code) = live(start(&url, &journal), &sandbox, requests).await;
        assert!(
            killed || code == Some(LEFT),
            "the work ended early: {code:?}"
        );
        kills += usize::from(killed);
    }
    let mut runs = 0;
    loop {
        runs += 1;
        assert!(runs <= 40, "it does not come to its end");
        match live(start(&url, &journal), &sandbox, usize::MAX).await {
            (false, Some(0)) => break,
            (false, Some(LEFT)) => {}
            (_, code) => panic!("{code:?}"),
        }
    }

    let mut engagements: BTreeMap<String, Vec<bool>> = BTreeMap::new();
    for referral in sandbox.referrals() {
        let engagement = referral["engagementId"].as_str().unwrap().to_owned();
        let connected = referral["organizationId"] == "msft";
        engagements.entry(engagement).or_default().push(connected);
    }
    let whole = engagements
        .values()
        .filter(|halves| **halves == [false, true])
        .count();
    let mut kinds: BTreeMap<String, usize> = BTreeMap::new();
    let requests = sandbox.requests();
    for request in &requests {
        let kind = match &request.fault {
            None => "none".to_owned(),
            Some(Fault::Status { status, .. }) => format!("{status} before"),
            Some(Fault::StatusAfterWrite { status, .. }) => format!("{status} after"),
            Some(fault) => format!("{fault:?}")
                .split(['(', ' '])
                .next()
                .unwrap()
                .to_owned(),
        };
        *kinds.entry(kind).or_default() += 1;
    }
    println!("killed {kills} times, then {runs} runs to the end");
    println!("{:>6} requests", requests.len());
    for (kind, count) in &kinds {
        println!(
            "{count:>6} {kind} ({:.1} %)",
            *count as f64 * 100.0 / requests.len() as f64
        );
    }
    let posts = requests.iter().filter(|one| one.method == "POST").count();
    println!("{posts:>6} creates sent");
    println!("{:>6} referrals", sandbox.referrals().len());
    println!(
        "{:>6} engagements, {whole} of them with exactly two",
        engagements.len()
    );
    assert_eq!(kinds.len(), 13, "every kind came: {kinds:?}");
    assert_eq!((engagements.len(), whole), (DEALS, DEALS));

    // And the journal knows it.
    let deals = deals(&url, FileJournal::open(&journal).unwrap());
    assert_eq!(deals.open().await.unwrap(), []);
    for number in 0..DEALS {
        let id = deal(number).operation_id();
        let operation = deals.operation(&id).await.unwrap().unwrap();
        assert_eq!(operation.stage(), Stage::Complete);
        let own = sandbox
            .referral(operation.own_id().unwrap().as_str())
            .unwrap();
        assert_eq!(own["externalReferenceId"], format!("crm-{number}"));
        let engagement = operation.engagement_id().unwrap();
        assert_eq!(own["engagementId"], engagement.as_str());
        let connected = operation.connected_id().unwrap().as_str();
        let connected = sandbox.referral(connected).unwrap();
        assert_eq!(connected["engagementId"], engagement.as_str());
    }
}
