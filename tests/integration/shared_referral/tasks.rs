//! The same operation from several tasks, programs and dropped futures.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use futures::future::join_all;
use partner_referrals::sandbox::{Fault, FaultBody, FaultPlan, FaultRule};
use partner_referrals::shared_referral::{
    EventKind, Journal, JournalError, JournalErrorKind, JournalFuture, MemoryJournal, OperationId,
    Record, SharedReferralError, Stage,
};

use super::{KEY, Told, World, plan};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_deal_from_many_tasks_is_one_deal() {
    let world = World::new().await;
    let deals = world.deals();
    let tasks = (0..16).map(|_| {
        let deals = deals.clone();
        tokio::spawn(async move { deals.create(&plan()).await.unwrap() })
    });
    let mut ids: Vec<_> = join_all(tasks)
        .await
        .into_iter()
        .map(|shared| shared.unwrap())
        .map(|shared| (shared.own_id, shared.connected_id))
        .collect();
    ids.dedup();
    assert_eq!(ids.len(), 1);
    assert_eq!(world.posts(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_programs_at_one_journal_do_not_both_begin() {
    // Each has its own turns: only the journal stands between them.
    let world = World::new().await;
    let slow = FaultRule::new(Fault::DelayAfterWrite(std::time::Duration::from_millis(30)));
    world
        .sandbox
        .set_faults(FaultPlan::new().rule(slow.method("POST")));
    let tasks = (0..4).map(|_| {
        let deals = world.deals();
        tokio::spawn(async move { deals.create(&plan()).await })
    });
    let results: Vec<_> = join_all(tasks)
        .await
        .into_iter()
        .map(Result::unwrap)
        .collect();
    assert!(results.iter().any(Result::is_ok), "{results:?}");
    for result in &results {
        // Whoever comes while another is at it may have to stop, and no more.
        if let Err(error) = result {
            assert!(
                matches!(error, SharedReferralError::Ambiguous(_)),
                "{error}"
            );
        }
    }
    assert_eq!(world.posts(), 2);
    assert_eq!(world.sandbox.referrals().len(), 2);
    let finished = world.deals().create(&plan()).await.unwrap();
    assert!(!finished.twin_possible);
}

#[tokio::test]
async fn a_dropped_call_is_taken_up_by_the_next() {
    // Polled a little further each time, then dropped, until one comes through.
    let world = World::new().await;
    let deals = world.deals();
    let (plan, mut dropped) = (plan(), 0);
    for patience in 1.. {
        let mut call = Box::pin(deals.create(&plan));
        let mut ended = None;
        for _ in 0..patience {
            if let std::task::Poll::Ready(result) = futures::poll!(&mut call) {
                ended = Some(result);
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(2)).await;
        }
        drop(call);
        match ended {
            Some(Ok(_)) => break,
            Some(Err(SharedReferralError::Ambiguous(_))) | None => dropped += 1,
            Some(Err(error)) => panic!("{error}"),
        }
        // A request that was dropped on its way ends before the next search.
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert!(dropped > 0);
    let own = |own: bool| {
        let referrals = world.sandbox.referrals();
        referrals
            .iter()
            .filter(|one| (one["organizationId"] != "msft") == own)
            .count()
    };
    assert_eq!((own(true), own(false)), (1, 1));
}

#[tokio::test]
async fn open_operations_are_listed_in_their_order_and_resumed_by_one_call() {
    use futures::StreamExt as _;
    use partner_referrals::shared_referral::{Many, Operation};
    let world = World::new().await;
    let keys = ["a", "b", "c", "d"];
    let fault = FaultRule::new(Fault::status(400, FaultBody::Json)).method("POST");
    // Each second create is refused; the third deal is complete.
    world
        .sandbox
        .set_faults(FaultPlan::new().rule(fault.every(2)));
    for key in keys {
        if key == "c" {
            world.calm();
        }
        let result = world.deals().create(&plan().with_key(key)).await;
        assert_eq!(result.is_ok(), ["c", "d"].contains(&key));
    }
    let open = world.deals().open().await.unwrap();
    assert_eq!(open, ["a", "b"].map(OperationId::of_key));

    let deals = world
        .deals()
        .plans(|operation: &Operation| Some(plan().with_key(operation.marker())));
    let outcomes = deals.resume_open(Many::new()).await.unwrap();
    let mut done: Vec<_> = outcomes.collect().await;
    done.sort_by_key(|outcome| open.iter().position(|id| *id == outcome.operation));
    assert_eq!(done.len(), 2);
    assert!(
        done.iter().all(|outcome| outcome.result.is_ok()),
        "{done:?}"
    );
    assert_eq!(world.deals().open().await.unwrap(), []);
    assert_eq!(world.sandbox.referrals().len(), 8);
    let again: Vec<_> = deals
        .resume_open(Many::new())
        .await
        .unwrap()
        .collect()
        .await;
    assert!(again.is_empty());
}

/// A journal whose appends fail from the `n`th on.
#[derive(Clone)]
struct Failing {
    inner: MemoryJournal,
    left: Arc<AtomicUsize>,
    kind: JournalErrorKind,
    broken: Arc<AtomicBool>,
}

impl Journal for Failing {
    fn append(&self, id: OperationId, after: usize, records: Vec<Record>) -> JournalFuture<'_, ()> {
        let left = self.left.load(Ordering::Relaxed);
        if left == 0 || self.broken.load(Ordering::Relaxed) {
            self.broken.store(true, Ordering::Relaxed);
            let error = JournalError::new(self.kind, "the disk is full");
            return Box::pin(std::future::ready(Err(error)));
        }
        self.left.store(left - 1, Ordering::Relaxed);
        self.inner.append(id, after, records)
    }

    fn load(&self, id: OperationId) -> JournalFuture<'_, Vec<Record>> {
        self.inner.load(id)
    }

    fn list_open(&self) -> JournalFuture<'_, Vec<OperationId>> {
        self.inner.list_open()
    }
}

#[tokio::test]
async fn nothing_is_sent_that_the_journal_does_not_take_and_what_was_made_is_told() {
    for (appends, kind) in (0..3).flat_map(|appends| {
        [JournalErrorKind::Io, JournalErrorKind::Conflict].map(|kind| (appends, kind))
    }) {
        let world = World::new().await;
        let journal = Failing {
            inner: world.journal.clone(),
            left: Arc::new(AtomicUsize::new(appends)),
            kind,
            broken: Arc::default(),
        };
        let told = Told::default();
        let deals = told.to(world.client.shared_referrals(journal));
        let error = deals.create(&plan()).await.unwrap_err();
        let SharedReferralError::Journal(failed) = &error else {
            panic!("{error}");
        };
        assert_eq!(failed.error().kind(), kind);
        // The first append is before the first create, the second before the
        // second, the third after it.
        assert_eq!(world.posts(), appends);
        let standing = error.standing().unwrap();
        let made = world.sandbox.referrals();
        assert_eq!(standing.own.is_some(), appends > 0);
        assert_eq!(standing.connected.is_some(), appends > 1);
        if let Some(own) = &standing.own {
            assert_eq!(made[0]["id"], own.as_str());
            assert!(error.to_string().contains(own.as_str()), "{error}");
            let engagement = standing.engagement.as_ref().unwrap();
            assert!(error.to_string().contains(engagement.as_str()), "{error}");
        }
        assert_eq!(told.take().last(), Some(&EventKind::Stopped));

        // With the journal as it is, the deal is completed and not doubled.
        world.deals().create(&plan()).await.unwrap();
        assert_eq!(world.posts(), 2);
    }
}

#[tokio::test]
async fn records_that_make_no_sense_send_nothing() {
    let world = World::new().await;
    let id = OperationId::of_key(KEY);
    let at = "2026-01-01T00:00:00Z".parse().unwrap();
    world
        .journal
        .append(id, 0, vec![Record::Closed { at }])
        .await
        .unwrap();
    for error in [
        world.deals().create(&plan()).await.unwrap_err(),
        world.deals().resume(&id).await.unwrap_err(),
    ] {
        let SharedReferralError::Journal(failed) = &error else {
            panic!("{error}");
        };
        assert_eq!(failed.error().kind(), JournalErrorKind::Damaged);
    }
    assert!(world.sandbox.requests().is_empty());
}

#[tokio::test]
async fn what_happens_is_told_in_order() {
    use partner_referrals::shared_referral::{Half, Witness};
    let world = World::new().await;
    let told = Told::default();
    let deals = told.to(world.deals());
    let shared = deals.create(&plan()).await.unwrap();
    assert_eq!(
        told.take(),
        [
            EventKind::Begun,
            EventKind::Sending(Half::Own),
            EventKind::Created(Half::Own, shared.own_id, Witness::Answer),
            EventKind::Sending(Half::Connected),
            EventKind::Created(Half::Connected, shared.connected_id, Witness::Answer),
            EventKind::Finished,
        ]
    );
    deals.create(&plan()).await.unwrap();
    assert_eq!(told.take(), [EventKind::TakenUp, EventKind::Finished]);
    let stage = deals
        .operation(&shared.operation)
        .await
        .unwrap()
        .unwrap()
        .stage();
    assert_eq!(stage, Stage::Complete);
}
