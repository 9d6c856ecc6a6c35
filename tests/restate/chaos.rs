//! Workers and the server are killed, within steps and between them, while many
//! deals are under way: each is made once.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::process::Command;
use std::time::{Duration, Instant};

use partner_referrals::restate::{FailureCode, RestateClient, Worker, listen};
use partner_referrals::sandbox::{Fault, FaultPlan, FaultRule, Sandbox};
use partner_referrals::shared_referral::{
    Recovery, SharedReferral, SharedReferralPlan, Stage, WhenNotFound, Witness,
};
use partner_referrals::types::AssistanceRequestCode;
use partner_referrals::{ReferralsClient, StaticToken};

use super::cluster::{Process, Restate, free, server};

const DEALS: usize = 60;
const WORKERS: usize = 3;
const SERVER_KILLS: usize = 3;
const EVERY: Duration = Duration::from_millis(250);
/// Ten times what it takes: only what hangs comes to it.
const LIMIT: Duration = Duration::from_secs(300);

const ADDRESS: &str = "RESTATE_TEST_ADDRESS";
const SERVICE: &str = "RESTATE_TEST_SERVICE";
/// Milliseconds, for the counter-proof: with a lease of 100 and a landing of 0,
/// which is less than what comes late here, deals are doubled.
const LANDING: &str = "RESTATE_TEST_LANDING";
const LEASE: &str = "RESTATE_TEST_LEASE";

fn deal(number: usize) -> SharedReferralPlan {
    let own = include_str!("../../openapi/examples/create_referral.request.json");
    let own = serde_json::from_str(own).unwrap();
    SharedReferralPlan::new(own, AssistanceRequestCode::ProofOfConceptOrDemo)
        .with_key(format!("crm-{number}"))
}

fn milliseconds(name: &str, default: u64) -> Duration {
    let set = std::env::var(name).ok().and_then(|text| text.parse().ok());
    Duration::from_millis(set.unwrap_or(default))
}

/// The process that dies.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "the worker process of the test below, which starts it"]
async fn worker() {
    let (Ok(address), Ok(url)) = (std::env::var(ADDRESS), std::env::var(SERVICE)) else {
        return;
    };
    let orphaned = tokio::task::spawn_blocking(|| {
        let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
        std::process::exit(0)
    });
    let client = ReferralsClient::builder(StaticToken::new("chaos").unwrap())
        .base_url(url)
        .allow_insecure_loopback()
        .attempt_timeout(Duration::from_secs(1))
        .deadline(Duration::from_secs(1))
        .max_in_flight(64)
        .build()
        .unwrap();
    // The stand-in shows at once what it has.
    let recovery = Recovery::new()
        .settle([])
        .when_not_found(WhenNotFound::Resend)
        .most_resends(u32::MAX);
    let listener = listen(address.parse().unwrap()).unwrap();
    Worker::new(client)
        .recovery(recovery)
        .lease(milliseconds(LEASE, 500))
        .landing(milliseconds(LANDING, 2_000))
        .serve(listener, async {
            let _: Result<(), _> = orphaned.await;
        })
        .await
        .unwrap();
}

fn start(address: SocketAddr, sandbox: &Sandbox) -> Process {
    let program = std::env::current_exe().unwrap();
    Process::start(
        Command::new(program)
            .args(["--exact", "chaos::worker", "--ignored"])
            .env(ADDRESS, address.to_string())
            .env(SERVICE, sandbox.base_url()),
    )
}

/// As a caller does that wants the deal: again, until it is there. Counts the
/// runs that ended without.
async fn create(client: RestateClient, number: usize) -> (SharedReferral, usize) {
    let plan = deal(number);
    for runs in 0.. {
        match client.create(&plan).await {
            Ok(shared) => return (shared, runs),
            Err(error) => match error.failure() {
                // One create that was sent again got lost as well, or its call
                // took too long.
                Some(failure)
                    if failure.code == FailureCode::Ambiguous && failure.referrals.is_empty()
                        || failure.code == FailureCode::CreateFailed
                        || failure.code == FailureCode::LookUpFailed => {}
                Some(failure) => panic!("crm-{number}: {failure}"),
                // The server is down.
                None => tokio::time::sleep(Duration::from_millis(100)).await,
            },
        }
    }
    unreachable!()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_deal_is_made_once_whatever_is_killed() {
    let Some(program) = server() else { return };
    let post = |fault| FaultRule::new(fault).method("POST");
    // So that there is always a create under way, before its effect, after it,
    // or with one that comes late.
    let faults = FaultPlan::new()
        .rule(post(Fault::LateWrite(Duration::from_millis(700))).every(3))
        .rule(post(Fault::DelayAfterWrite(Duration::from_millis(300))).every(2))
        .rule(post(Fault::Delay(Duration::from_millis(200))));
    let sandbox = Sandbox::builder()
        .seed(4711)
        .faults(faults)
        .start()
        .await
        .unwrap();
    let address = free();
    let mut workers: Vec<_> = (0..WORKERS).map(|_| start(address, &sandbox)).collect();
    let mut restate = Restate::start(&program, address).await;

    let begin = Instant::now();
    let deals: Vec<_> = (0..DEALS)
        .map(|number| tokio::spawn(create(restate.client(), number)))
        .collect();
    let (mut kills, mut server_kills) = (0, 0);
    while deals.iter().any(|deal| !deal.is_finished()) || server_kills < SERVER_KILLS {
        assert!(begin.elapsed() < LIMIT, "it does not come to its end");
        tokio::time::sleep(EVERY).await;
        let victim = kills % WORKERS;
        // Killed when it is dropped, which is before the next one is there.
        drop(workers.remove(victim));
        workers.insert(victim, start(address, &sandbox));
        kills += 1;
        if server_kills < SERVER_KILLS && kills % 2 == 0 {
            restate.kill().await;
            server_kills += 1;
        }
    }
    let seconds = begin.elapsed().as_secs_f32();
    let mut made = Vec::new();
    for deal in deals {
        made.push(deal.await.unwrap());
    }
    // What comes late, if it does.
    tokio::time::sleep(Duration::from_secs(1)).await;

    let mut owns: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut connected: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for referral in sandbox.referrals() {
        let text = |name: &str| referral[name].as_str().unwrap_or_default().to_owned();
        if referral["organizationId"] == "msft" {
            let of = connected.entry(text("engagementId")).or_default();
            of.push(text("id"));
        } else {
            let of = owns.entry(text("externalReferenceId")).or_default();
            of.push(text("id"));
        }
    }
    let requests = sandbox.requests();
    let posts = requests.iter().filter(|one| one.method == "POST").count();
    let again: usize = made.iter().map(|(_, runs)| runs).sum();
    let found = made
        .iter()
        .flat_map(|(shared, _)| [shared.own_by, shared.connected_by])
        .filter(|by| *by == Witness::Search)
        .count();
    let twins: usize = owns.values().chain(connected.values()).map(Vec::len).sum();
    println!(
        "{DEALS} deals in {seconds:.1} s; {kills} workers and {server_kills} servers killed; \
         {posts} creates sent, {found} found by a search, {again} calls made again; \
         {twins} referrals"
    );
    for (number, (shared, _)) in made.iter().enumerate() {
        let own = &owns[&format!("crm-{number}")];
        assert_eq!(*own, [shared.own_id.as_str()], "crm-{number}");
        let connected = &connected[shared.engagement_id.as_str()];
        assert_eq!(*connected, [shared.connected_id.as_str()], "crm-{number}");
    }
    assert_eq!((owns.len(), connected.len()), (DEALS, DEALS), "no orphans");
    assert!(found > 0, "no kill met a create that was carried out");

    let client = restate.client();
    for (shared, _) in &made {
        let progress = client.progress(&shared.operation).await.unwrap().unwrap();
        assert_eq!(progress.stage, Stage::Complete);
        assert_eq!(progress.standing.own.as_ref(), Some(&shared.own_id));
    }
}
