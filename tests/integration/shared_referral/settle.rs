//! What only the caller decides: which referral is the one, and that a deal is
//! given up.

use std::sync::atomic::{AtomicBool, Ordering};

use partner_referrals::ReferralId;
use partner_referrals::lifecycle::Transition;
use partner_referrals::sandbox::{Fault, FaultBody, FaultPlan, FaultRule};
use partner_referrals::shared_referral::{
    FileJournal, Half, Journal, JournalFuture, OperationId, Record, Recovery, SharedReferralError,
    SharedReferrals, Stage, WhenNotFound,
};
use serde_json::json;

use super::{World, plan};
use crate::support::writes;

async fn ambiguous(world: &World, step: usize) -> SharedReferralError {
    world.post(step, Fault::CutBeforeWrite);
    let error = world.deals().create(&plan()).await.unwrap_err();
    assert!(
        matches!(error, SharedReferralError::Ambiguous(_)),
        "{error}"
    );
    world.calm();
    error
}

fn declined() -> Transition {
    Transition::declined("Others")
}

#[tokio::test]
async fn a_referral_that_the_caller_found_is_adopted_and_completed() {
    for step in [1, 2] {
        let world = World::new().await;
        let error = ambiguous(&world, step).await;
        let by_hand = match &error.standing().unwrap().engagement {
            None => plan().own_to_send(),
            Some(engagement) => plan().connected_for(engagement),
        };
        let seen = world.client.create(&by_hand).await.unwrap();
        let half = [Half::Own, Half::Connected][step - 1];
        let deals = world.deals();
        let operation = deals
            .adopt(&error.operation(), half, &seen.id)
            .await
            .unwrap();
        let stage = [Stage::OwnCreated, Stage::Complete][step - 1];
        assert_eq!(operation.stage(), stage);
        assert_eq!(
            deals.operation(&error.operation()).await.unwrap(),
            Some(operation)
        );

        let shared = deals.create(&plan()).await.unwrap();
        assert_eq!([&shared.own_id, &shared.connected_id][step - 1], &seen.id);
        assert_eq!(world.sandbox.referrals().len(), 2);
    }
}

#[tokio::test]
async fn after_a_duplicate_the_one_to_keep_is_named_and_the_matter_is_settled() {
    for step in [1, 2] {
        let delay = std::time::Duration::from_secs(40);
        let world = World::with(|sandbox| sandbox.visibility_delay(delay)).await;
        world.post(step, Fault::CutAfterWrite);
        let resend = Recovery::new().when_not_found(WhenNotFound::Resend);
        let deals = world.deals().recovery(resend);
        let shared = deals.create(&plan()).await.unwrap();
        partner_referrals::clock::Clock::sleep(&world.clock, delay).await;
        let error = deals.create(&plan()).await.unwrap_err();
        assert!(
            matches!(error, SharedReferralError::DuplicateFound(_)),
            "{error}"
        );

        let half = [Half::Own, Half::Connected][step - 1];
        let kept = [&shared.own_id, &shared.connected_id][step - 1];
        deals.adopt(&shared.operation, half, kept).await.unwrap();
        let again = deals.create(&plan()).await.unwrap();
        assert_eq!(
            (again.own_id, again.connected_id),
            (shared.own_id, shared.connected_id)
        );
        assert!(!again.twin_possible);
    }
}

#[tokio::test]
async fn what_cannot_be_the_one_is_not_adopted() {
    let world = World::new().await;
    let shared = world
        .deals()
        .create(&plan().with_key("another"))
        .await
        .unwrap();
    let error = ambiguous(&world, 1).await;
    let (deals, id) = (world.deals(), error.operation());
    let journal = deals.operation(&id).await.unwrap();
    for (half, referral, why) in [
        (Half::Own, &shared.connected_id, "it is Microsoft's"),
        (
            Half::Own,
            &shared.own_id,
            "neither the mark nor the content",
        ),
        (
            Half::Connected,
            &shared.connected_id,
            "the own referral is not known yet",
        ),
    ] {
        let error = deals.adopt(&id, half, referral).await.unwrap_err();
        assert!(
            matches!(error, SharedReferralError::NotFitting(_)),
            "{error}"
        );
        assert!(error.to_string().contains(why), "{error}");
        assert!(error.to_string().contains(referral.as_str()), "{error}");
    }
    assert_eq!(deals.operation(&id).await.unwrap(), journal);

    let nowhere = ReferralId::new("4111fffc-f9ee-4d53-bba6-569135228642").unwrap();
    let error = deals.adopt(&id, Half::Own, &nowhere).await.unwrap_err();
    let SharedReferralError::LookUpFailed(failed) = &error else {
        panic!("{error}");
    };
    assert!(failed.error().is_not_found());
    let error = deals
        .adopt(&OperationId::of_key("never"), Half::Own, &nowhere)
        .await;
    assert!(matches!(error, Err(SharedReferralError::Unknown(_))));
}

#[tokio::test]
async fn a_connected_referral_of_another_engagement_or_of_our_own_is_not_adopted() {
    let world = World::new().await;
    let other = world
        .deals()
        .create(&plan().with_key("another"))
        .await
        .unwrap();
    let error = ambiguous(&world, 2).await;
    let standing = error.standing().unwrap().clone();
    for (referral, why) in [
        (other.connected_id, "another engagement"),
        (standing.own.unwrap(), "not Microsoft's"),
    ] {
        let error = world
            .deals()
            .adopt(&standing.operation, Half::Connected, &referral)
            .await;
        let error = error.unwrap_err();
        assert!(error.to_string().contains(why), "{error}");
    }
}

#[tokio::test]
async fn a_deal_that_is_given_up_is_closed_with_its_reason_and_sends_nothing_more() {
    let world = World::new().await;
    world.post(2, Fault::status(400, FaultBody::Json));
    let error = world.deals().create(&plan()).await.unwrap_err();
    world.calm();
    let (deals, id) = (world.deals(), error.operation());
    let own = error.standing().unwrap().own.clone().unwrap();
    let etag = world.sandbox.referral(own.as_str()).unwrap()["eTag"].clone();
    let operation = deals.abandon(&id, declined()).await.unwrap();
    assert_eq!(
        (operation.stage(), operation.is_open()),
        (Stage::Abandoned, false)
    );

    let closed = world.sandbox.referral(own.as_str()).unwrap();
    assert_eq!(closed["status"], "Closed");
    assert_eq!(closed["substatus"], "Declined");
    assert_eq!(closed["statusReason"], "Others");
    let patch = writes(&world.sandbox).pop().unwrap();
    assert_eq!(patch.method, "PATCH");
    assert_eq!(patch.header("if-match"), etag.as_str());

    assert_eq!(deals.open().await.unwrap(), []);
    let requests = world.sandbox.requests().len();
    for error in [
        deals.create(&plan()).await.unwrap_err(),
        deals.resume(&id).await.unwrap_err(),
    ] {
        assert!(
            matches!(error, SharedReferralError::Abandoned(_)),
            "{error}"
        );
        assert_eq!(error.standing().unwrap().own.as_ref(), Some(&own));
    }
    assert_eq!(deals.abandon(&id, declined()).await.unwrap(), operation);
    assert_eq!(world.sandbox.requests().len(), requests);
}

#[tokio::test]
async fn what_is_complete_is_not_given_up_even_where_that_was_not_known() {
    let world = World::new().await;
    let shared = world.deals().create(&plan()).await.unwrap();
    let error = world.deals().abandon(&shared.operation, declined()).await;
    assert!(matches!(error, Err(SharedReferralError::Complete(_))));

    // The answer to the second create is lost, and so is the search for it.
    let world = World::new().await;
    world.post_lost_and_search_failed(2);
    let error = world.deals().create(&plan()).await.unwrap_err();
    assert!(
        matches!(error, SharedReferralError::LookUpFailed(_)),
        "{error}"
    );
    let id = error.operation();
    let error = world.deals().abandon(&id, declined()).await.unwrap_err();
    let SharedReferralError::Complete(standing) = &error else {
        panic!("{error}");
    };
    assert!(standing.connected.is_some());
    let stage = world.deals().operation(&id).await.unwrap().unwrap().stage();
    assert_eq!(stage, Stage::Complete, "what was found is kept");
    assert!(
        writes(&world.sandbox)
            .iter()
            .all(|one| one.method == "POST")
    );
}

#[tokio::test]
async fn an_own_referral_that_shows_late_is_closed_too() {
    let world = World::new().await;
    world.post_lost_and_search_failed(1);
    let error = world.deals().create(&plan()).await.unwrap_err();
    world
        .deals()
        .abandon(&error.operation(), declined())
        .await
        .unwrap();
    let own = &world.sandbox.referrals()[0];
    assert_eq!(own["status"], "Closed");
}

#[tokio::test]
async fn where_nothing_is_found_nothing_is_closed() {
    let world = World::new().await;
    let error = ambiguous(&world, 1).await;
    let operation = world
        .deals()
        .abandon(&error.operation(), declined())
        .await
        .unwrap();
    assert!(!operation.is_open());
    assert_eq!(world.posts(), 1);
    assert!(world.sandbox.referrals().is_empty());
}

#[tokio::test]
async fn a_close_that_fails_is_done_by_the_next_call() {
    for lost in [false, true] {
        let world = World::new().await;
        world.post(2, Fault::status(400, FaultBody::Json));
        let error = world.deals().create(&plan()).await.unwrap_err();
        let id = error.operation();
        let fault = match lost {
            true => Fault::CutAfterWrite,
            false => Fault::status(403, FaultBody::Json),
        };
        let rule = FaultRule::new(fault).method("PATCH");
        // Nor can it be seen whether it was closed.
        let unseen = FaultRule::new(Fault::status(403, FaultBody::Json)).method("GET");
        let faults = FaultPlan::new().rule(rule).rule(unseen.nth(2));
        world.sandbox.set_faults(faults);
        let error = world.deals().abandon(&id, declined()).await.unwrap_err();
        assert!(
            matches!(error, SharedReferralError::CloseFailed(_)),
            "{error}"
        );
        assert_eq!(world.deals().open().await.unwrap(), [id]);
        let stopped = world.deals().create(&plan()).await.unwrap_err();
        assert!(
            matches!(stopped, SharedReferralError::Abandoned(_)),
            "{stopped}"
        );

        world.calm();
        world.deals().abandon(&id, declined()).await.unwrap();
        assert_eq!(world.deals().open().await.unwrap(), []);
        assert_eq!(world.sandbox.referrals()[0]["substatus"], json!("Declined"));
        let patches = writes(&world.sandbox);
        let patches = patches.iter().filter(|one| one.method == "PATCH").count();
        assert_eq!(patches, if lost { 1 } else { 2 });
    }
}

/// A journal in front of which somebody else completes the operation, just when
/// it is to be given up.
struct Overtaken<J> {
    inner: J,
    other: SharedReferrals,
    done: AtomicBool,
}

impl<J: Journal> Journal for Overtaken<J> {
    fn append(&self, id: OperationId, after: usize, records: Vec<Record>) -> JournalFuture<'_, ()> {
        Box::pin(async move {
            let given_up = |record: &Record| matches!(record, Record::Abandoned { .. });
            if records.iter().any(given_up) && !self.done.swap(true, Ordering::Relaxed) {
                self.other.create(&plan()).await.unwrap();
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

async fn given_up_while_another_completes(world: &World, journal: impl Journal + Clone + 'static) {
    let deals = world.client.shared_referrals(journal.clone());
    world.post(2, Fault::status(400, FaultBody::Json));
    let error = deals.create(&plan()).await.unwrap_err();
    world.calm();
    let overtaken = Overtaken {
        inner: journal,
        other: deals.clone(),
        done: AtomicBool::new(false),
    };
    let operation = error.operation();
    let here = world.client.shared_referrals(overtaken);
    let error = here.abandon(&operation, declined()).await.unwrap_err();
    assert!(matches!(error, SharedReferralError::Complete(_)), "{error}");
    for referral in world.sandbox.referrals() {
        assert_ne!(referral["status"], "Closed");
    }
    // And the journal is as good as before.
    let shared = deals.create(&plan()).await.unwrap();
    assert_eq!(shared.operation, operation);
    deals.create(&plan().with_key("another")).await.unwrap();
}

#[tokio::test]
async fn what_another_completes_in_between_is_not_given_up() {
    let world = World::new().await;
    given_up_while_another_completes(&world, world.journal.clone()).await;

    let world = World::new().await;
    let folder = std::env::temp_dir().join(format!("given-up-{}", uuid::Uuid::new_v4()));
    std::fs::create_dir(&folder).unwrap();
    let path = folder.join("deals.journal");
    let journal = FileJournal::open(&path).unwrap();
    given_up_while_another_completes(&world, journal).await;
    let journal = FileJournal::open(&path).unwrap();
    assert_eq!(journal.list_open().await.unwrap(), []);
    std::fs::remove_dir_all(&folder).unwrap();
}

#[tokio::test]
async fn of_two_own_referrals_either_can_be_kept_as_long_as_nothing_hangs_on_one() {
    let delay = std::time::Duration::from_secs(40);
    let world = World::with(|sandbox| sandbox.visibility_delay(delay)).await;
    // Found, doubled by the policy, and not shared yet.
    let lost = FaultRule::new(Fault::CutAfterWrite).method("POST").nth(1);
    let refused = FaultRule::new(Fault::status(400, FaultBody::Json)).method("POST");
    world
        .sandbox
        .set_faults(FaultPlan::new().rule(lost).rule(refused.nth(3)));
    let resend = Recovery::new().when_not_found(WhenNotFound::Resend);
    let deals = world.deals().recovery(resend);
    let error = deals.create(&plan()).await.unwrap_err();
    let operation = error.operation();
    let known = error.standing().unwrap().own.clone().unwrap();
    partner_referrals::clock::Clock::sleep(&world.clock, delay).await;
    let error = deals.create(&plan()).await.unwrap_err();
    let SharedReferralError::DuplicateFound(found) = &error else {
        panic!("{error}");
    };
    let other = found.referrals().iter().find(|id| **id != known).unwrap();

    // The one that is closed is not kept.
    let spare = world.client.get(&known).await.unwrap();
    world.client.transition(&spare, declined()).await.unwrap();
    let refused = deals.adopt(&operation, Half::Own, &known).await;
    let refused = refused.unwrap_err().to_string();
    assert!(refused.contains("it is closed"), "{refused}");

    deals.adopt(&operation, Half::Own, other).await.unwrap();
    let shared = deals.create(&plan()).await.unwrap();
    assert_eq!(shared.own_id, *other);
    let connected = shared.connected_id.as_str();
    let connected = world.sandbox.referral(connected).unwrap();
    assert_eq!(connected["engagementId"], json!(shared.engagement_id));
    assert!(!shared.twin_possible);

    // Now something hangs on it.
    let refused = deals.adopt(&operation, Half::Own, &known).await;
    let refused = refused.unwrap_err().to_string();
    assert!(refused.contains("another engagement"), "{refused}");
}
