//! What comes to light later: after a sleep of the machine, beside an id that
//! an answer named, in between two writers, in what was given up.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use partner_referrals::clock::{Clock, ManualClock, Sleep};
use partner_referrals::lifecycle::Transition;
use partner_referrals::sandbox::{Fault, FaultBody, FaultPlan, FaultRule, Sandbox};
use partner_referrals::shared_referral::{
    FileJournal, Half, Journal, JournalError, JournalErrorKind, JournalFuture, MemoryJournal,
    OperationId, Record, Recovery, SharedReferralError, SharedReferrals, WhenNotFound,
};
use partner_referrals::{ReferralId, RetryPolicy};
use serde_json::json;

use super::{World, plan};
use crate::support::builder;

/// Longer than the settle times.
const LAG: Duration = Duration::from_secs(40);

fn declined() -> Transition {
    Transition::declined("Others")
}

fn own_of(world: &World) -> ReferralId {
    let referrals = world.sandbox.referrals();
    ReferralId::new(referrals[0]["id"].as_str().unwrap()).unwrap()
}

/// The time of day goes on while the machine sleeps, and the other clock stands
/// still, as that of Linux does.
#[derive(Clone, Default)]
struct Sleeper {
    awake: ManualClock,
    asleep: Arc<Mutex<Duration>>,
}

impl Clock for Sleeper {
    fn now(&self) -> SystemTime {
        self.awake.now() + *self.asleep.lock().unwrap()
    }

    fn elapsed(&self) -> Duration {
        self.awake.elapsed()
    }

    fn sleep(&self, duration: Duration) -> Sleep {
        self.awake.sleep(duration)
    }

    fn limit(&self, duration: Duration) -> Sleep {
        self.awake.limit(duration)
    }
}

#[tokio::test]
async fn after_the_machine_slept_a_lost_answer_is_found_and_nothing_is_sent_twice() {
    for policy in [WhenNotFound::Stop, WhenNotFound::Resend] {
        let clock = Sleeper::default();
        let time = clock.clone();
        let sandbox = Sandbox::builder()
            .seed(7)
            .clock(move || time.now().into())
            .start()
            .await
            .unwrap();
        let client = builder(&sandbox)
            .clock(clock.clone())
            .retry(RetryPolicy::never())
            .build()
            .unwrap();
        let recovery = Recovery::new().when_not_found(policy);
        let deals = client
            .shared_referrals(MemoryJournal::new())
            .recovery(recovery);
        deals.create(&plan().with_key("before")).await.unwrap();

        *clock.asleep.lock().unwrap() += Duration::from_secs(8 * 3600);
        // Connections do not outlive a sleep: the answer is lost.
        let lost = FaultRule::new(Fault::CutAfterWrite).method("POST").nth(1);
        sandbox.set_faults(FaultPlan::new().rule(lost));
        let shared = deals.create(&plan()).await.unwrap();
        assert!(!shared.twin_possible);
        assert_eq!(sandbox.referrals().len(), 4, "{policy:?}");
    }
}

fn answered_with(id: &serde_json::Value, nth: usize) -> FaultRule {
    let body = json!({ "id": id, "type": 7 }).to_string();
    FaultRule::new(Fault::status(201, FaultBody::Text(body)))
        .method("POST")
        .nth(nth as u64)
}

#[tokio::test]
async fn an_id_that_an_answer_named_is_no_proof_that_there_is_no_twin() {
    let world = World::with(|sandbox| sandbox.visibility_delay(LAG)).await;
    let there = world.sandbox.insert(json!({ "type": "Shared" }));
    let lost = FaultRule::new(Fault::CutAfterWrite).method("POST").nth(1);
    let faults = FaultPlan::new()
        .rule(lost)
        .rule(answered_with(&there["id"], 2));
    world.sandbox.set_faults(faults);
    let resend = Recovery::new().when_not_found(WhenNotFound::Resend);
    let deals = world.deals().recovery(resend);
    let shared = deals.create(&plan()).await.unwrap();
    assert!(shared.twin_possible);
    assert_eq!(json!(shared.own_id), there["id"]);

    world.clock.sleep(LAG).await;
    world.clock.sleep(LAG).await;
    let error = deals.create(&plan()).await.unwrap_err();
    assert!(
        matches!(error, SharedReferralError::DuplicateFound(_)),
        "{error}"
    );
}

#[tokio::test]
async fn an_id_that_may_not_be_read_stops_neither_the_search_nor_giving_up() {
    for status in [403, 404] {
        let world = World::new().await;
        let id = json!("4111fffc-f9ee-4d53-bba6-569135228642");
        let refused = FaultRule::new(Fault::status(status, FaultBody::Json))
            .method("GET")
            .path(|path| path.contains("4111fffc"));
        world
            .sandbox
            .set_faults(FaultPlan::new().rule(answered_with(&id, 2)).rule(refused));
        let deals = world.deals();
        for _ in 0..2 {
            let error = deals.create(&plan()).await.unwrap_err();
            let SharedReferralError::Ambiguous(ambiguous) = &error else {
                panic!("{status}: {error}");
            };
            assert_eq!(ambiguous.half(), Half::Connected);
            let named = [ReferralId::new(id.as_str().unwrap()).unwrap()];
            assert_eq!(ambiguous.candidates(), named, "{error}");
        }
        assert_eq!(world.posts(), 2);
        let operation = plan().operation_id();
        deals.abandon(&operation, declined()).await.unwrap();
        assert_eq!(world.sandbox.referrals()[0]["status"], "Closed");
    }
}

#[tokio::test]
async fn what_is_adopted_after_giving_up_is_closed_by_giving_up_again() {
    let path = std::env::temp_dir().join(format!("later-{}.journal", uuid::Uuid::new_v4()));
    let world = World::with(|sandbox| sandbox.visibility_delay(LAG)).await;
    world.post(1, Fault::CutAfterWrite);
    let journal = FileJournal::open(&path).unwrap();
    let deals = world.client.shared_referrals(journal);
    let id = deals.create(&plan()).await.unwrap_err().operation();
    world.calm();
    let given_up = deals.abandon(&id, declined()).await.unwrap();
    assert!(!given_up.is_open() && given_up.own_id().is_none());

    world.clock.sleep(LAG).await;
    let own = own_of(&world);
    let adopted = deals.adopt(&id, Half::Own, &own).await.unwrap();
    assert!(adopted.is_open(), "its own referral is to be closed");
    assert_eq!(deals.open().await.unwrap(), [id]);
    let closed = deals.abandon(&id, declined()).await.unwrap();
    assert!(!closed.is_open());
    assert_eq!(world.sandbox.referrals()[0]["status"], "Closed");
    drop(deals);
    let again = FileJournal::open(&path).unwrap();
    assert_eq!(again.list_open().await.unwrap(), []);
    drop(again);
    let _ = std::fs::remove_file(&path);
    let _ = std::fs::remove_file(path.with_extension("journal.lock"));
}

#[tokio::test]
async fn an_own_referral_that_somebody_closed_is_not_shared() {
    let world = World::new().await;
    world.post_lost_and_search_failed(1);
    let deals = world.deals();
    deals.create(&plan()).await.unwrap_err();
    world.calm();
    let own = own_of(&world);
    let read = world.client.get(&own).await.unwrap();
    world.client.transition(&read, declined()).await.unwrap();
    let error = deals.create(&plan()).await.unwrap_err();
    let SharedReferralError::Ambiguous(ambiguous) = &error else {
        panic!("{error}");
    };
    assert_eq!(ambiguous.candidates(), [own]);
    assert_eq!(world.posts(), 1);
}

/// Lets somebody else act before the first append that has such a record.
struct Between<F> {
    inner: MemoryJournal,
    before: fn(&Record) -> bool,
    act: F,
    done: AtomicBool,
}

impl<F, A> Journal for Between<F>
where
    F: Fn(OperationId) -> A + Send + Sync,
    A: Future<Output = ()> + Send,
{
    fn append(&self, id: OperationId, after: usize, records: Vec<Record>) -> JournalFuture<'_, ()> {
        Box::pin(async move {
            if records.iter().any(self.before) && !self.done.swap(true, Ordering::Relaxed) {
                (self.act)(id).await;
            }
            self.inner.append(id, after, records).await
        })
    }

    fn load(&self, id: OperationId) -> JournalFuture<'_, Vec<Record>> {
        self.inner.load(id)
    }

    fn list_open(&self) -> JournalFuture<'_, Vec<OperationId>> {
        self.inner.list_open()
    }
}

fn between<F, A>(world: &World, before: fn(&Record) -> bool, act: F) -> SharedReferrals
where
    F: Fn(OperationId) -> A + Send + Sync + 'static,
    A: Future<Output = ()> + Send + 'static,
{
    world.client.shared_referrals(Between {
        inner: world.journal.clone(),
        before,
        act,
        done: AtomicBool::new(false),
    })
}

#[tokio::test]
async fn an_adoption_that_was_overtaken_is_judged_again() {
    let world = World::new().await;
    world.post(2, Fault::status(400, FaultBody::Json));
    let deals = world.deals();
    let id = deals.create(&plan()).await.unwrap_err().operation();
    world.calm();
    let twin = world.client.create(&plan().own_to_send()).await.unwrap();
    let other = deals.clone();
    let here = between(
        &world,
        |_| true,
        move |_| {
            let other = other.clone();
            async move { drop(other.create(&plan()).await.unwrap()) }
        },
    );
    let error = here.adopt(&id, Half::Own, &twin.id).await.unwrap_err();
    assert!(
        matches!(error, SharedReferralError::NotFitting(_)),
        "the deal is complete with the other: {error}"
    );
    let shared = deals.create(&plan()).await.unwrap();
    assert_ne!(shared.own_id, twin.id);
    let connected = world
        .sandbox
        .referral(shared.connected_id.as_str())
        .unwrap();
    assert_eq!(connected["engagementId"], json!(shared.engagement_id));
}

#[tokio::test]
async fn a_deal_that_was_given_up_while_it_was_completed_is_not_told_as_made() {
    let world = World::new().await;
    world.post(2, Fault::status(400, FaultBody::Json));
    let deals = world.deals();
    deals.create(&plan()).await.unwrap_err();
    // Who gives up does not see what is under way.
    let unseen = Fault::status(200, FaultBody::Text(r#"{"value":[]}"#.to_owned()));
    let unseen = FaultRule::new(unseen).method("GET").nth(2);
    world.sandbox.set_faults(FaultPlan::new().rule(unseen));
    let made: fn(&Record) -> bool = |record| {
        let half = Half::Connected;
        matches!(record, Record::Created { half: of, .. } if *of == half)
    };
    let other = deals.clone();
    let here = between(&world, made, move |id| {
        let other = other.clone();
        async move { drop(other.abandon(&id, declined()).await.unwrap()) }
    });
    let error = here.create(&plan()).await.unwrap_err();
    let SharedReferralError::Abandoned(standing) = &error else {
        panic!("{error}");
    };
    assert!(standing.connected.is_some(), "it is there: {error}");
}

#[tokio::test]
async fn of_a_deal_of_which_nothing_was_made_a_list_that_ends_early_hides_nothing() {
    let unreadable = Fault::status(200, FaultBody::Text(r#"{"value":[{"id":7}]}"#.to_owned()));
    for (fault, recovery) in [
        (Some(unreadable), Recovery::new()),
        (None, Recovery::new().most_read(3)),
    ] {
        let world = World::new().await;
        world.post(1, Fault::status(400, FaultBody::Json));
        let deals = world.deals();
        deals.create(&plan()).await.unwrap_err();
        world.calm();
        for number in 0..4 {
            world.sandbox.insert(json!({ "name": format!("{number}") }));
        }
        if let Some(fault) = fault {
            let rule = FaultRule::new(fault).method("GET").nth(1);
            world.sandbox.set_faults(FaultPlan::new().rule(rule));
        }
        deals.recovery(recovery).create(&plan()).await.unwrap();
        assert_eq!(world.posts(), 3);
    }
}

#[tokio::test]
async fn the_failure_of_one_create_is_not_told_as_that_of_the_other() {
    let world = World::new().await;
    let lost = FaultRule::new(Fault::CutAfterWrite).method("POST").nth(1);
    let list = Fault::status(200, FaultBody::Text(r#"{"value":[{"id":7}]}"#.to_owned()));
    let unclear = FaultRule::new(list).method("GET").nth(3);
    let faults = FaultPlan::new().rule(lost).rule(unclear);
    world.sandbox.set_faults(faults);
    let error = world.deals().create(&plan()).await.unwrap_err();
    let SharedReferralError::Ambiguous(ambiguous) = &error else {
        panic!("{error}");
    };
    assert_eq!(ambiguous.half(), Half::Connected);
    assert!(ambiguous.error().is_none(), "{:?}", ambiguous.error());
}

/// Takes so many appends, and none after.
struct Failing(MemoryJournal, Mutex<usize>);

impl Journal for Failing {
    fn append(&self, id: OperationId, after: usize, records: Vec<Record>) -> JournalFuture<'_, ()> {
        let left = {
            let mut left = self.1.lock().unwrap();
            *left = left.saturating_sub(1);
            *left
        };
        if left == 0 {
            let error = JournalError::new(JournalErrorKind::Io, "the disk is full");
            return Box::pin(async { Err(error) });
        }
        self.0.append(id, after, records)
    }

    fn load(&self, id: OperationId) -> JournalFuture<'_, Vec<Record>> {
        self.0.load(id)
    }

    fn list_open(&self) -> JournalFuture<'_, Vec<OperationId>> {
        self.0.list_open()
    }
}

#[tokio::test]
async fn a_journal_that_fails_after_a_lost_answer_tells_what_may_be_there() {
    for (appends, in_doubt) in [(1, None), (2, Some(Half::Own))] {
        let world = World::new().await;
        world.post(1, Fault::CutAfterWrite);
        let journal = Failing(MemoryJournal::new(), Mutex::new(appends));
        let deals = world.client.shared_referrals(journal);
        let error = deals.create(&plan()).await.unwrap_err();
        let SharedReferralError::Journal(failed) = &error else {
            panic!("{error}");
        };
        assert_eq!(failed.in_doubt(), in_doubt, "{error}");
        let told = error.to_string().contains("may have been created");
        assert_eq!(told, in_doubt.is_some(), "{error}");
        assert_eq!(world.posts(), appends - 1);
    }
}

#[cfg(unix)]
#[test]
fn a_link_that_leads_to_no_file_is_refused_at_once() {
    let folder = std::env::temp_dir().join(format!("later-{}", uuid::Uuid::new_v4()));
    std::fs::create_dir(&folder).unwrap();
    let link = folder.join("deals.journal");
    std::os::unix::fs::symlink(folder.join("gone.journal"), &link).unwrap();
    let (to, from) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let opened = FileJournal::open(link);
        let _ = to.send(opened.map(drop).map_err(|error| error.kind()));
    });
    let opened = from.recv_timeout(Duration::from_secs(60)).unwrap();
    assert_eq!(opened, Err(JournalErrorKind::Io));
    std::fs::remove_dir_all(folder).unwrap();
}
