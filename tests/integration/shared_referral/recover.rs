//! Answers that were lost: found again, or told as what they are.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use partner_referrals::clock::{Clock as _, ManualClock};
use partner_referrals::sandbox::{Fault, FaultBody, FaultPlan, FaultRule};
use partner_referrals::shared_referral::{
    EventKind, Half, Journal, JournalError, JournalErrorKind, JournalFuture, MemoryJournal,
    Operation, OperationId, Record, Recovery, SharedReferralError, SharedReferralPlan,
    SharedReferrals, WhenNotFound, Witness,
};
use partner_referrals::types::NewReferral;
use partner_referrals::{Outcome, RetryPolicy};
use serde_json::json;

use super::{KEY, Told, World, plan};
use crate::support::{builder, writes};

/// Everything that leaves the caller without an answer although it was done.
fn lost() -> Vec<Fault> {
    vec![
        Fault::CutAfterWrite,
        Fault::CutBody,
        Fault::Garbage,
        Fault::HtmlAfterWrite,
        Fault::status_after_write(500, FaultBody::Json),
        Fault::status_after_write(504, FaultBody::Html),
        Fault::status_after_write(408, FaultBody::Empty),
    ]
}

#[tokio::test]
async fn a_create_that_was_done_unseen_is_found_and_not_repeated() {
    for step in [1, 2] {
        for fault in lost() {
            let world = World::new().await;
            world.post(step, fault.clone());
            let told = Told::default();
            let shared = told.to(world.deals()).create(&plan()).await;
            let shared = shared.unwrap_or_else(|error| panic!("{step} {fault:?}: {error}"));
            assert_eq!(world.posts(), 2, "{fault:?}");
            assert_eq!(world.sandbox.referrals().len(), 2);
            let half = [Half::Own, Half::Connected][step - 1];
            let events = told.take();
            assert!(events.contains(&EventKind::InDoubt(half)), "{events:?}");
            let id = [&shared.own_id, &shared.connected_id][step - 1];
            let found = EventKind::Created(half, id.clone(), Witness::Search);
            assert!(events.contains(&found), "{events:?}");
            assert!(!shared.twin_possible);
        }
    }
}

#[tokio::test]
async fn the_own_referral_is_searched_for_by_the_services_clock() {
    let world = World::new().await;
    // An hour passes before the deal: the search must not begin at the start.
    world.clock.sleep(Duration::from_secs(3600)).await;
    world.post(1, Fault::CutAfterWrite);
    world.deals().create(&plan()).await.unwrap();
    // 2026-01-01T01:00:00Z, and the five minutes that clocks may be apart.
    assert_eq!(world.lists()[0], "updatedDateTime ge 2026-01-01T00:55:00Z");
    let look = world.sandbox.requests();
    let look = look
        .iter()
        .find(|one| one.query_option("$filter").is_some());
    let order = look.unwrap().query_option("$orderby");
    assert_eq!(order.as_deref(), Some("createdDateTime"));
}

#[tokio::test]
async fn a_search_of_an_old_doubt_reads_no_further_than_its_time() {
    let world = World::with(|sandbox| sandbox.page_size(2)).await;
    world.post(1, Fault::CutBeforeWrite);
    world.deals().create(&plan()).await.unwrap_err();
    world.calm();
    for hour in 0..24 {
        let created = format!("2026-01-02T{hour:02}:00:00Z");
        world.sandbox.insert(json!({ "createdDateTime": created }));
    }
    let before = world.sandbox.requests().len();
    world.deals().create(&plan()).await.unwrap_err();
    assert_eq!(world.sandbox.requests().len() - before, 1, "one page");
}

#[tokio::test]
async fn the_connected_referral_is_searched_for_by_its_engagement() {
    let world = World::new().await;
    world.post(2, Fault::CutAfterWrite);
    let shared = world.deals().create(&plan()).await.unwrap();
    let engagement = shared.engagement_id;
    assert_eq!(world.lists(), [format!("engagementId eq '{engagement}'")]);
}

#[tokio::test]
async fn where_the_service_refuses_to_compare_times_the_newest_are_read() {
    let world = World::with(|sandbox| sandbox.documented_filters_only(true).page_size(2)).await;
    let old = world
        .sandbox
        .insert(json!({ "createdDateTime": "2020-01-01T00:00:00Z" }));
    for number in 0..3 {
        world.sandbox.insert(json!({ "name": format!("{number}") }));
    }
    world.post(1, Fault::CutAfterWrite);
    let shared = world.deals().create(&plan()).await.unwrap();
    assert_eq!(world.posts(), 2);
    assert_ne!(json!(shared.own_id), old["id"]);
}

#[tokio::test]
async fn what_is_there_with_another_mark_is_not_taken() {
    let world = World::new().await;
    let twin: NewReferral = plan().with_key("another deal").own_to_send();
    world.client.create(&twin).await.unwrap();
    world.post(2, Fault::CutBeforeWrite);
    // `post` counts from now, and so do the creates.
    world.post(1, Fault::CutAfterWrite);
    let shared = world.deals().create(&plan()).await.unwrap();
    let own = world.sandbox.referral(shared.own_id.as_str()).unwrap();
    assert_eq!(own["externalReferenceId"], KEY);
    assert_eq!(world.sandbox.referrals().len(), 3);
}

#[tokio::test]
async fn what_lists_show_late_is_waited_for() {
    for step in [1, 2] {
        let delay = Duration::from_secs(6);
        let world = World::with(|sandbox| sandbox.visibility_delay(delay)).await;
        world.post(step, Fault::CutAfterWrite);
        let told = Told::default();
        told.to(world.deals()).create(&plan()).await.unwrap();
        assert_eq!(world.posts(), 2);
        let half = [Half::Own, Half::Connected][step - 1];
        let waits: Vec<_> = told
            .take()
            .into_iter()
            .filter_map(|event| match event {
                EventKind::Waiting(waiting, time) => Some((waiting, time.as_secs())),
                _ => None,
            })
            .collect();
        assert_eq!(waits, [(half, 2), (half, 5)], "looks at 0, 2 and 7 s");
    }
}

#[tokio::test]
async fn what_cannot_be_found_is_not_created_again_unless_the_caller_says_so() {
    for step in [1, 2] {
        let world = World::new().await;
        world.post(step, Fault::CutBeforeWrite);
        let deals = world.deals();
        let error = deals.create(&plan()).await.unwrap_err();
        let SharedReferralError::Ambiguous(ambiguous) = &error else {
            panic!("{error}");
        };
        assert_eq!(ambiguous.half(), [Half::Own, Half::Connected][step - 1]);
        assert_eq!(ambiguous.candidates(), []);
        assert_eq!(ambiguous.error().unwrap().outcome(), Outcome::Unknown);
        let text = error.to_string();
        assert!(text.contains(&error.operation().to_string()), "{text}");
        assert_eq!(world.posts(), step);
        assert_eq!(world.clock.elapsed(), Duration::from_secs(22));

        // As often as it is run: it looks, and does not create.
        for _ in 0..2 {
            let again = deals.create(&plan()).await.unwrap_err();
            assert!(
                matches!(again, SharedReferralError::Ambiguous(_)),
                "{again}"
            );
        }
        assert_eq!(world.posts(), step);

        let resend = Recovery::new().when_not_found(WhenNotFound::Resend);
        let shared = deals.recovery(resend).create(&plan()).await.unwrap();
        assert_eq!(world.posts(), 3);
        assert_eq!(world.sandbox.referrals().len(), 2);
        assert!(shared.twin_possible, "the first was never seen");
        // Later, when lists show all there is, there is none.
        world.clock.advance(Duration::from_secs(60));
        let lists = world.lists().len();
        for looks in [1, 1] {
            let later = world.deals().create(&plan()).await.unwrap();
            assert!(!later.twin_possible);
            assert_eq!(world.lists().len() - lists, looks, "and nobody looks again");
        }
        let sent: Vec<_> = writes(&world.sandbox)
            .iter()
            .map(|one| one.header("request-id").unwrap().to_owned())
            .collect();
        assert_eq!(sent[step - 1], sent[step], "the same id both times");
    }
}

#[tokio::test]
async fn a_twin_that_shows_after_a_create_was_repeated_is_told() {
    for step in [1, 2] {
        // Later than the last look, so that the first is taken for lost.
        let delay = Duration::from_secs(40);
        let world = World::with(|sandbox| sandbox.visibility_delay(delay)).await;
        world.post(step, Fault::CutAfterWrite);
        let resend = Recovery::new().when_not_found(WhenNotFound::Resend);
        let deals = world.deals().recovery(resend);
        let shared = deals.create(&plan()).await.unwrap();
        assert!(shared.twin_possible);
        assert_eq!(
            world.sandbox.referrals().len(),
            3,
            "doubled, as the policy risks"
        );
        world.clock.sleep(delay).await;

        let error = deals.create(&plan()).await.unwrap_err();
        let SharedReferralError::DuplicateFound(found) = &error else {
            panic!("{error}");
        };
        assert_eq!(found.half(), [Half::Own, Half::Connected][step - 1]);
        assert_eq!(found.referrals().len(), 2);
        let kept = [&shared.own_id, &shared.connected_id][step - 1];
        assert!(found.referrals().contains(kept));
        for id in found.referrals() {
            assert!(error.to_string().contains(id.as_str()), "{error}");
        }
    }
}

#[tokio::test]
async fn a_search_for_twins_that_fails_leaves_them_possible_and_the_deal_complete() {
    for step in [1, 2] {
        let world = World::new().await;
        world.post(step, Fault::CutBeforeWrite);
        world.deals().create(&plan()).await.unwrap_err();
        // The search before the create is answered, that after it is not.
        let unanswered = FaultRule::new(Fault::status(503, FaultBody::Html)).method("GET");
        world
            .sandbox
            .set_faults(FaultPlan::new().rule(unanswered.nth(2)));
        let resend = Recovery::new().when_not_found(WhenNotFound::Resend);
        let shared = world
            .deals()
            .recovery(resend)
            .create(&plan())
            .await
            .unwrap();
        assert!(shared.twin_possible);
        assert_eq!(world.sandbox.referrals().len(), 2);
    }
}

#[tokio::test]
async fn an_answer_that_says_done_is_believed_even_where_a_resend_is_allowed() {
    for fault in [Fault::Garbage, Fault::HtmlAfterWrite, Fault::CutBody] {
        let world = World::with(|sandbox| sandbox.visibility_delay(Duration::MAX)).await;
        world.post(1, fault);
        let resend = Recovery::new().when_not_found(WhenNotFound::Resend);
        let error = world.deals().recovery(resend).create(&plan()).await;
        let error = error.unwrap_err();
        assert!(
            matches!(error, SharedReferralError::Ambiguous(_)),
            "{error}"
        );
        assert_eq!(world.posts(), 1);
    }
}

#[tokio::test]
async fn an_unreadable_answer_that_shows_its_id_needs_no_search() {
    let world = World::with(|sandbox| sandbox.visibility_delay(Duration::MAX)).await;
    let there = world.sandbox.insert(json!({ "type": "Shared" }));
    // A success whose body is no referral, but names one.
    let body = json!({ "id": there["id"], "type": 7 }).to_string();
    world.post(1, Fault::status_after_write(201, FaultBody::Text(body)));
    let shared = world.deals().create(&plan()).await.unwrap();
    assert_eq!(json!(shared.own_id), there["id"]);
    let engagement = format!("engagementId eq '{}'", shared.engagement_id);
    assert_eq!(world.lists(), [engagement], "and nothing by its time");
}

#[tokio::test]
async fn two_that_fit_are_told_and_none_is_chosen() {
    for step in [1, 2] {
        let world = World::new().await;
        world.post_lost_and_search_failed(step);
        let deals = world.deals();
        let error = deals.create(&plan()).await.unwrap_err();
        let SharedReferralError::LookUpFailed(failed) = &error else {
            panic!("{error}");
        };
        assert_eq!(failed.error().status(), Some(503));
        world.calm();
        let standing = error.standing().unwrap();
        let twin = match &standing.engagement {
            None => plan().own_to_send(),
            Some(engagement) => plan().connected_for(engagement),
        };
        world.client.create(&twin).await.unwrap();

        let error = deals.create(&plan()).await.unwrap_err();
        let SharedReferralError::DuplicateFound(found) = &error else {
            panic!("{error}");
        };
        assert_eq!(found.half(), [Half::Own, Half::Connected][step - 1]);
        assert_eq!(found.referrals().len(), 2);
        assert_eq!(world.posts(), step + 1);
    }
}

#[tokio::test]
async fn one_that_may_be_it_is_named_and_not_taken() {
    let changes = [
        json!({ "name": "changed in the portal" }),
        json!({ "externalReferenceId": null }),
        json!({ "externalReferenceId": "" }),
    ];
    for change in changes {
        let world = World::new().await;
        world.post_lost_and_search_failed(1);
        let resend = Recovery::new().when_not_found(WhenNotFound::Resend);
        let deals = world.deals().recovery(resend);
        deals.create(&plan()).await.unwrap_err();
        world.calm();
        let id = world.sandbox.referrals()[0]["id"]
            .as_str()
            .unwrap()
            .to_owned();
        world.sandbox.edit(&id, |referral| {
            for (name, value) in change.as_object().unwrap() {
                referral[name] = value.clone();
            }
        });
        let error = deals.create(&plan()).await.unwrap_err();
        let SharedReferralError::Ambiguous(ambiguous) = &error else {
            panic!("{error}");
        };
        let candidates: Vec<_> = ambiguous
            .candidates()
            .iter()
            .map(|id| id.as_str())
            .collect();
        assert_eq!(candidates, [id.as_str()]);
        assert!(error.to_string().contains(&id), "{error}");
        assert_eq!(world.posts(), 1);
    }
}

#[tokio::test]
async fn one_that_cannot_be_read_keeps_another_from_being_taken_for_certain() {
    for step in [1, 2] {
        let world = World::new().await;
        world.post_lost_and_search_failed(step);
        let resend = Recovery::new().when_not_found(WhenNotFound::Resend);
        let deals = world.deals().recovery(resend);
        let error = deals.create(&plan()).await.unwrap_err();
        world.calm();
        let engagement = &error.standing().unwrap().engagement;
        let odd = world.sandbox.insert(json!({ "engagementId": engagement }));
        let odd = odd["id"].as_str().unwrap();
        world
            .sandbox
            .edit(odd, |referral| referral["target"] = json!(7));
        let others = world.sandbox.referrals();
        let made = others.iter().rfind(|one| one["id"] != odd);

        let error = deals.create(&plan()).await.unwrap_err();
        let SharedReferralError::Ambiguous(ambiguous) = &error else {
            panic!("{step} {error}");
        };
        assert_eq!(ambiguous.half(), [Half::Own, Half::Connected][step - 1]);
        assert_eq!(json!(ambiguous.candidates()), json!([made.unwrap()["id"]]));
        assert_eq!(world.posts(), step);
    }
}

#[tokio::test]
async fn a_search_that_does_not_come_to_its_end_proves_nothing() {
    for cut in [true, false] {
        let world = World::new().await;
        world.post(1, Fault::CutBeforeWrite);
        for _ in 0..5 {
            world.sandbox.insert(json!({}));
        }
        let most = if cut { 4 } else { 5 };
        let resend = Recovery::new().when_not_found(WhenNotFound::Resend);
        let deals = world.deals().recovery(resend.most_read(most));
        let result = deals.create(&plan()).await;
        assert_eq!(result.is_err(), cut);
        assert_eq!(world.posts(), if cut { 1 } else { 3 });
    }
}

#[tokio::test]
async fn what_the_service_refused_or_never_saw_is_created_by_the_next_run() {
    for step in [1, 2] {
        for (fault, outcome) in [
            (Fault::status(400, FaultBody::Json), Outcome::Rejected),
            (Fault::status(403, FaultBody::Json), Outcome::Rejected),
            (Fault::Throttle { retry_after: None }, Outcome::Rejected),
        ] {
            let world = World::new().await;
            world.post(step, fault);
            let deals = world.deals();
            let error = deals.create(&plan()).await.unwrap_err();
            let SharedReferralError::CreateFailed(failed) = &error else {
                panic!("{error}");
            };
            assert_eq!(failed.half(), [Half::Own, Half::Connected][step - 1]);
            assert_eq!(failed.outcome(), outcome);
            let step_of_two = ["step 1 of 2, the own", "step 2 of 2, the connected"];
            assert!(
                error.to_string().starts_with(step_of_two[step - 1]),
                "{error}"
            );
            assert_eq!(error.standing().unwrap().own.is_some(), step == 2);
            world.calm();
            let shared = world.deals().create(&plan()).await.unwrap();
            assert_eq!(world.posts(), 3);
            assert_eq!(world.sandbox.referrals().len(), 2);
            assert!(!shared.twin_possible);
        }
    }
}

#[tokio::test]
async fn an_operation_is_resumed_by_its_id_with_the_callers_plans() {
    let world = World::new().await;
    world.post(2, Fault::status(400, FaultBody::Json));
    let error = world.deals().create(&plan()).await.unwrap_err();
    let id = error.operation();
    world.calm();

    let missing = world.deals().resume(&id).await.unwrap_err();
    assert!(
        matches!(missing, SharedReferralError::PlanMissing(_)),
        "{missing}"
    );
    assert_eq!(missing.standing(), error.standing());
    let wrong = world
        .deals()
        .plans(|_: &Operation| Some(plan().notes_to_microsoft("x")));
    let wrong = wrong.resume(&id).await.unwrap_err();
    assert!(
        matches!(wrong, SharedReferralError::OtherContent(_)),
        "{wrong}"
    );
    let other = world
        .deals()
        .plans(|_: &Operation| Some(plan().with_key("other")));
    let other = other.resume(&id).await.unwrap_err();
    assert!(
        matches!(other, SharedReferralError::OtherContent(_)),
        "{other}"
    );
    assert_eq!(world.posts(), 2);

    let known: SharedReferralPlan = plan();
    let deals = world
        .deals()
        .plans(move |operation: &Operation| (operation.marker() == KEY).then(|| known.clone()));
    let shared = deals.resume(&id).await.unwrap();
    assert_eq!(Some(&shared.own_id), error.standing().unwrap().own.as_ref());
    assert_eq!(world.sandbox.referrals().len(), 2);
    // Again, and by the other way.
    assert_eq!(
        deals.resume(&id).await.unwrap().connected_id,
        shared.connected_id
    );
    assert_eq!(
        world.deals().resume(&id).await.unwrap().connected_id,
        shared.connected_id
    );
    assert_eq!(world.posts(), 3);

    let unknown = partner_referrals::shared_referral::OperationId::of_key("never");
    let error = deals.resume(&unknown).await.unwrap_err();
    assert!(matches!(error, SharedReferralError::Unknown(_)), "{error}");
    assert_eq!(error.operation(), unknown);
}

#[tokio::test]
async fn an_operation_taken_up_looks_before_it_creates() {
    let world = World::new().await;
    world.post(2, Fault::status(400, FaultBody::Json));
    let error = world.deals().create(&plan()).await.unwrap_err();
    world.calm();
    // Somebody finished it by hand in the meantime.
    let engagement = error.standing().unwrap().engagement.clone().unwrap();
    let by_hand = world
        .client
        .create(&plan().connected_for(&engagement))
        .await;
    let shared = world.deals().create(&plan()).await.unwrap();
    assert_eq!(shared.connected_id, by_hand.unwrap().id);
    assert_eq!(world.sandbox.referrals().len(), 2);
}

#[tokio::test]
async fn a_journal_from_a_backup_is_made_safe_by_looking_first() {
    let mut world = World::new().await;
    let first = world.deals().create(&plan()).await.unwrap();
    world.journal = Default::default();
    world.clock.advance(3 * Duration::from_secs(24 * 3600));
    let week = 7 * Duration::from_secs(24 * 3600);
    let careful = world.deals().recovery(Recovery::new().look_back(week));
    let again = careful.create(&plan()).await.unwrap();
    assert_eq!(
        (again.own_id, again.connected_id),
        (first.own_id, first.connected_id)
    );
    assert_eq!(world.posts(), 2);
}

#[tokio::test]
async fn the_age_of_a_doubt_is_told_by_the_services_clock_even_in_a_new_program() {
    // This machine's clock is a day ahead of the service's.
    let day = Duration::from_secs(24 * 3600);
    let clock = ManualClock::default();
    let time = clock.clone();
    let world = World::with(|sandbox| {
        sandbox
            .clock(move || (time.now() - day).into())
            .visibility_delay(Duration::from_secs(10))
    });
    let world = world.await;
    let client = || {
        let builder = crate::support::builder(&world.sandbox).clock(clock.clone());
        builder.retry(RetryPolicy::never()).build().unwrap()
    };
    let resend = || Recovery::new().when_not_found(WhenNotFound::Resend);
    world.post_lost_and_search_failed(1);
    let first = client()
        .shared_referrals(world.journal.clone())
        .recovery(resend());
    first.create(&plan()).await.unwrap_err();
    world.calm();
    let second = client()
        .shared_referrals(world.journal.clone())
        .recovery(resend());
    let shared = second.create(&plan()).await.unwrap();
    assert!(!shared.twin_possible, "it was waited for, not sent again");
    assert_eq!(world.posts(), 2);
}

/// The create takes as long as this, as the clocks go.
fn slow(world: &World, time: Duration) -> SharedReferrals {
    let clock = world.clock.clone();
    world.deals().on_event(move |event| {
        if let EventKind::Sending(_) = event.kind {
            clock.advance(time);
        }
    })
}

#[tokio::test]
async fn a_create_that_ran_into_its_time_out_is_waited_for_like_any_other() {
    for step in [1, 2] {
        for policy in [WhenNotFound::Stop, WhenNotFound::Resend] {
            let delay = Duration::from_secs(20);
            let world = World::with(|sandbox| sandbox.visibility_delay(delay)).await;
            world.post(step, Fault::CutAfterWrite);
            let deals = slow(&world, Duration::from_secs(60));
            let deals = deals.recovery(Recovery::new().when_not_found(policy));
            let shared = deals.create(&plan()).await.unwrap();
            assert!(!shared.twin_possible);
            assert_eq!(world.posts(), 2);
            assert_eq!(world.sandbox.referrals().len(), 2);
        }
    }
}

#[tokio::test]
async fn however_often_it_is_resumed_a_create_is_sent_again_once() {
    for step in [1, 2] {
        let world = World::with(|sandbox| sandbox.visibility_delay(Duration::MAX)).await;
        let resend = Recovery::new().when_not_found(WhenNotFound::Resend);
        if step == 2 {
            world.post(2, Fault::status(400, FaultBody::Json));
            world.deals().create(&plan()).await.unwrap_err();
        }
        let before = world.posts();
        let lost = FaultRule::new(Fault::CutAfterWrite).method("POST");
        world.sandbox.set_faults(FaultPlan::new().rule(lost));
        for _ in 0..4 {
            let deals = world.deals().recovery(resend.clone());
            let error = deals.create(&plan()).await.unwrap_err();
            assert!(
                matches!(error, SharedReferralError::Ambiguous(_)),
                "{error}"
            );
            world.clock.advance(Duration::from_secs(3600));
        }
        assert_eq!(world.posts() - before, 2, "and no third");
    }
}

#[tokio::test]
async fn where_the_services_time_was_never_told_a_wrong_clock_hides_and_doubles_nothing() {
    for policy in [WhenNotFound::Stop, WhenNotFound::Resend] {
        let mut world = World::new().await;
        // This machine is two hours slow.
        let slow = ManualClock::default();
        world.clock.advance(Duration::from_secs(7200));
        world.client = builder(&world.sandbox)
            .clock(slow.clone())
            .retry(RetryPolicy::never())
            .build()
            .unwrap();
        let untold = FaultRule::new(Fault::CutBeforeWrite).method("GET").nth(1);
        let lost = FaultRule::new(Fault::CutAfterWrite).method("POST").nth(1);
        world
            .sandbox
            .set_faults(FaultPlan::new().rule(untold).rule(lost));
        let recovery = Recovery::new().when_not_found(policy);
        let deals = world.deals().recovery(recovery);
        let shared = deals.create(&plan()).await.unwrap();
        assert_eq!(world.sandbox.referrals().len(), 2);
        assert!(!shared.twin_possible);
    }
}

#[tokio::test]
async fn beside_an_own_referral_that_was_found_microsofts_is_looked_for() {
    let world = World::new().await;
    // Another journal, which is lost, knew of the same deal.
    let before = world.client.shared_referrals(MemoryJournal::new());
    let before = before.create(&plan()).await.unwrap();
    world.post(1, Fault::CutBeforeWrite);
    let shared = world.deals().create(&plan()).await.unwrap();
    assert_eq!(shared.own_id, before.own_id);
    assert_eq!(shared.connected_id, before.connected_id);
    assert_eq!(shared.connected_by, Witness::Search);
    assert_eq!(world.sandbox.referrals().len(), 2);
}

#[tokio::test]
async fn an_order_that_was_not_asked_for_ends_no_search() {
    let world = World::new().await;
    world.post_lost_and_search_failed(1);
    let deals = world.deals();
    deals.create(&plan()).await.unwrap_err();
    let it = world.sandbox.referrals().remove(0);
    let old = |day: u32| {
        let mut old = it.clone();
        old["id"] = json!(format!("old-{day}"));
        old["externalReferenceId"] = json!("another");
        old["createdDateTime"] = json!(format!("2020-01-0{day}T00:00:00Z"));
        old
    };
    // Oldest first was asked for.
    let list = json!({ "value": [old(3), old(2), old(1), it] }).to_string();
    let answer = Fault::status(200, FaultBody::Text(list));
    let rule = FaultRule::new(answer).method("GET").nth(1);
    world.sandbox.set_faults(FaultPlan::new().rule(rule));
    let shared = deals.create(&plan()).await.unwrap();
    assert_eq!(json!(shared.own_id), it["id"]);
    assert_eq!(shared.own_by, Witness::Search);
    assert_eq!(world.posts(), 2);
}

#[tokio::test]
async fn no_search_reads_more_referrals_than_it_may() {
    let world = World::with(|sandbox| sandbox.page_size(2)).await;
    for _ in 0..9 {
        // Changed lately, and far too old to be it.
        let old = json!({ "createdDateTime": "2020-01-01T00:00:00Z" });
        world.sandbox.insert(old);
    }
    world.post(1, Fault::CutAfterWrite);
    let deals = world.deals().recovery(Recovery::new().most_read(4));
    let before = world.lists().len();
    let error = deals.create(&plan()).await.unwrap_err();
    assert!(
        matches!(error, SharedReferralError::Ambiguous(_)),
        "{error}"
    );
    // At most the page after the last one that is read, fetched ahead.
    assert!(world.lists().len() - before <= 4, "{:?}", world.lists());
}

/// A journal over a database that is away for one write.
struct Flaky {
    inner: MemoryJournal,
    writes: AtomicUsize,
    /// Which write fails, and whether it was done all the same.
    fails: (usize, bool),
}

impl Journal for Flaky {
    fn append(&self, id: OperationId, after: usize, records: Vec<Record>) -> JournalFuture<'_, ()> {
        let write = self.writes.fetch_add(1, Ordering::Relaxed);
        Box::pin(async move {
            let (fails, done) = self.fails;
            if write != fails {
                return self.inner.append(id, after, records).await;
            }
            if done {
                self.inner.append(id, after, records).await?;
            }
            let away = "the database is away";
            Err(JournalError::new(JournalErrorKind::Io, away))
        })
    }

    fn load(&self, id: OperationId) -> JournalFuture<'_, Vec<Record>> {
        self.inner.load(id)
    }

    fn list_open(&self) -> JournalFuture<'_, Vec<OperationId>> {
        self.inner.list_open()
    }
}

#[tokio::test]
async fn a_journal_that_was_away_for_one_write_leaves_no_doubt_about_what_was_not_sent() {
    for write in 0..3 {
        for done in [false, true] {
            let world = World::new().await;
            let flaky = Flaky {
                inner: world.journal.clone(),
                writes: AtomicUsize::new(0),
                fails: (write, done),
            };
            let error = world.client.shared_referrals(flaky).create(&plan()).await;
            let error = error.unwrap_err();
            assert!(matches!(error, SharedReferralError::Journal(_)), "{error}");
            assert_eq!(world.posts(), write);
            let again = world.deals().create(&plan()).await;
            // What the journal says was sent may have been sent.
            if done && write < 2 {
                let error = again.unwrap_err();
                assert!(
                    matches!(error, SharedReferralError::Ambiguous(_)),
                    "{write}: {error}"
                );
                assert_eq!(world.posts(), write);
            } else {
                let shared = again.unwrap();
                assert!(!shared.twin_possible, "{write} {done}");
                assert_eq!(world.posts(), 2, "{write} {done}");
            }
            assert!(world.sandbox.referrals().len() <= 2);
        }
    }
}
