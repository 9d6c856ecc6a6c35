//! What a caller gets: the ids, or why there are none.

use std::time::{Duration, Instant};

use partner_referrals::lifecycle::Transition;
use partner_referrals::restate::{
    Failure, FailureCode, RestateClient, RestateError, Worker, listen,
};
use partner_referrals::sandbox::{Fault, FaultBody, FaultPlan, FaultRule, Sandbox};
use partner_referrals::shared_referral::{
    Half, OperationId, Recovery, SharedReferralPlan, Stage, Witness,
};
use partner_referrals::types::{AssistanceRequestCode, NewReferral};
use partner_referrals::{ReferralId, ReferralsClient, RetryPolicy, StaticToken};
use tokio::sync::oneshot;

use super::cluster::{Restate, free, server};

const CANARY: &str = "Canary Ltd";

fn plan(key: &str) -> SharedReferralPlan {
    let own = include_str!("../../openapi/examples/create_referral.request.json");
    let mut own: NewReferral = serde_json::from_str(own).unwrap();
    own.customer_profile.name = CANARY.to_owned();
    SharedReferralPlan::new(own, AssistanceRequestCode::ProofOfConceptOrDemo)
        .notes_to_microsoft("Can you join?")
        .with_key(key)
}

struct World {
    sandbox: Sandbox,
    restate: RestateClient,
}

impl World {
    fn posts(&self) -> usize {
        let requests = self.sandbox.requests();
        requests.iter().filter(|one| one.method == "POST").count()
    }

    fn next_post(&self, fault: Fault) {
        let rule = FaultRule::new(fault).method("POST").nth(1);
        self.sandbox.set_faults(FaultPlan::new().rule(rule));
    }

    fn next_but_one_post(&self, fault: Fault) {
        let rule = FaultRule::new(fault).method("POST").nth(2);
        self.sandbox.set_faults(FaultPlan::new().rule(rule));
    }

    async fn fails(&self, plan: &SharedReferralPlan, code: FailureCode) -> Failure {
        let error = self.restate.create(plan).await.unwrap_err();
        let RestateError::Failed(failure) = &error else {
            panic!("{error}: {error:?}");
        };
        assert_eq!(failure.code, code, "{failure}");
        for text in [
            error.to_string(),
            format!("{error:?}"),
            format!("{failure:?}"),
        ] {
            assert!(!text.contains("Canary"), "{text}");
        }
        Failure::clone(failure)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_gets_the_ids_or_why_there_are_none() {
    let Some(program) = server() else { return };
    let sandbox = Sandbox::builder()
        .seed(7)
        .engagement_lists_microsofts_half(false)
        .start()
        .await
        .unwrap();
    let client = ReferralsClient::builder(StaticToken::new(sandbox.token()).unwrap())
        .base_url(sandbox.base_url())
        .allow_insecure_loopback()
        .retry(RetryPolicy::never())
        .build()
        .unwrap();
    let address = free();
    let (stop, stopped) = oneshot::channel();
    let worker = Worker::new(client).recovery(Recovery::new().settle([]));
    let worker = tokio::spawn(worker.serve(listen(address).unwrap(), async {
        let _: Result<(), _> = stopped.await;
    }));
    let restate = Restate::start(&program, address).await;
    let world = World {
        sandbox,
        restate: restate.client(),
    };

    it_is_made_once(&world).await;
    other_content_is_refused(&world).await;
    a_bad_plan_is_refused_with_all_its_problems(&world).await;
    a_refused_create_can_be_mended(&world).await;
    what_cannot_be_found_comes_back_with_what_is_there(&world).await;
    a_deal_can_be_handed_over(&world).await;
    what_the_caller_found_is_adopted(&world).await;
    what_cannot_be_the_one_is_not_adopted(&world).await;
    a_deal_that_is_given_up_is_closed_once(&world).await;
    what_is_complete_or_unknown_is_not_given_up(&world).await;

    // And a worker that is told to stop does.
    stop.send(()).unwrap();
    let ended = tokio::time::timeout(Duration::from_secs(10), worker).await;
    ended.unwrap().unwrap().unwrap();
}

async fn it_is_made_once(world: &World) {
    let shared = world.restate.create(&plan("once")).await.unwrap();
    assert_eq!(shared.operation, OperationId::of_key("once"));
    assert_eq!(
        (shared.own_by, shared.connected_by),
        (Witness::Answer, Witness::Answer)
    );
    assert_eq!((&shared.own, &shared.connected), (&None, &None));
    let own = world.sandbox.referral(shared.own_id.as_str()).unwrap();
    assert_eq!(own["externalReferenceId"], "once");
    assert_eq!(own["customerProfile"]["name"], CANARY);
    assert_eq!(own["engagementId"], shared.engagement_id.as_str());
    let other = world
        .sandbox
        .referral(shared.connected_id.as_str())
        .unwrap();
    assert_eq!(other["engagementId"], shared.engagement_id.as_str());
    assert_eq!(other["inviteContext"]["notes"], "Can you join?");

    let (one, other) = (plan("once"), plan("once"));
    let again = tokio::join!(world.restate.create(&one), world.restate.create(&other));
    assert_eq!(
        (again.0.unwrap(), again.1.unwrap()),
        (shared.clone(), shared.clone())
    );
    assert_eq!(world.posts(), 2);
    let progress = world
        .restate
        .progress(&shared.operation)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(progress.stage, Stage::Complete);
    assert_eq!(progress.standing.connected, Some(shared.connected_id));
}

async fn other_content_is_refused(world: &World) {
    let posts = world.posts();
    let other = plan("once").notes_to_microsoft("Please do not.");
    let failure = world.fails(&other, FailureCode::OtherContent).await;
    let standing = failure.standing.unwrap();
    assert!(standing.own.is_some() && standing.connected.is_some());
    assert_eq!(world.posts(), posts);
}

async fn a_bad_plan_is_refused_with_all_its_problems(world: &World) {
    let posts = world.posts();
    let mut own = plan("bad").own().clone();
    own.name = None;
    own.team = None;
    let bad = SharedReferralPlan::new(own, AssistanceRequestCode::ProofOfConceptOrDemo);
    let failure = world.fails(&bad, FailureCode::InvalidPlan).await;
    assert!(
        failure.message.contains("/name") && failure.message.contains("/team"),
        "{failure}"
    );
    assert_eq!(failure.standing, None);
    assert_eq!(world.posts(), posts);
    let progress = world.restate.progress(&bad.operation_id()).await.unwrap();
    assert_eq!(progress, None);
}

async fn a_refused_create_can_be_mended(world: &World) {
    world.next_but_one_post(Fault::status(400, FaultBody::Json));
    let failure = world
        .fails(&plan("refused"), FailureCode::CreateFailed)
        .await;
    assert_eq!(failure.half, Some(Half::Connected));
    assert!(failure.message.contains("HTTP 400"), "{failure}");
    let standing = failure.standing.unwrap();
    let progress = world
        .restate
        .progress(&standing.operation)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (progress.stage, progress.standing),
        (Stage::OwnCreated, standing.clone())
    );

    let posts = world.posts();
    let shared = world.restate.create(&plan("refused")).await.unwrap();
    assert_eq!(Some(shared.own_id), standing.own);
    assert_eq!(world.posts(), posts + 1);
}

async fn what_cannot_be_found_comes_back_with_what_is_there(world: &World) {
    // Lists do not show Microsoft's half, and the answer to its create is lost.
    world.next_but_one_post(Fault::CutAfterWrite);
    let failure = world.fails(&plan("lost"), FailureCode::Ambiguous).await;
    assert_eq!(failure.half, Some(Half::Connected));
    assert!(failure.message.contains("; the create: "), "{failure}");
    let standing = failure.standing.unwrap();
    assert!(standing.own.is_some() && standing.engagement.is_some());
    assert_eq!(standing.connected, None);

    // The own referral is found where its answer was lost.
    world.next_post(Fault::CutAfterWrite);
    let shared = world.restate.create(&plan("found")).await.unwrap();
    assert_eq!(shared.own_by, Witness::Search);

    // And nothing is sent again.
    let posts = world.posts();
    world.fails(&plan("lost"), FailureCode::Ambiguous).await;
    assert_eq!(world.posts(), posts);
}

async fn what_the_caller_found_is_adopted(world: &World) {
    world.next_but_one_post(Fault::CutAfterWrite);
    let failure = world.fails(&plan("adopted"), FailureCode::Ambiguous).await;
    let standing = failure.standing.unwrap();
    let engagement = standing.engagement.unwrap();
    let is_it = |one: &&serde_json::Value| {
        one["organizationId"] == "msft" && one["engagementId"] == engagement.as_str()
    };
    let all = world.sandbox.referrals();
    let there = all.iter().find(is_it).unwrap()["id"].as_str().unwrap();
    let there = ReferralId::new(there).unwrap();
    let posts = world.posts();
    let (restate, operation) = (&world.restate, &standing.operation);
    let progress = restate.adopt(operation, Half::Connected, &there).await;
    let progress = progress.unwrap();
    assert_eq!(progress.stage, Stage::Complete);
    assert_eq!(progress.standing.connected.as_ref(), Some(&there));
    let shared = restate.create(&plan("adopted")).await.unwrap();
    assert_eq!(shared.connected_id, there);
    assert_eq!(shared.connected_by, Witness::Caller);
    assert_eq!(world.posts(), posts, "and nothing is sent");
}

async fn what_cannot_be_the_one_is_not_adopted(world: &World) {
    let other = world.restate.create(&plan("other")).await.unwrap();
    world.next_but_one_post(Fault::CutAfterWrite);
    let failure = world.fails(&plan("unfit"), FailureCode::Ambiguous).await;
    let operation = failure.standing.unwrap().operation;
    let refused = world
        .restate
        .adopt(&operation, Half::Connected, &other.connected_id)
        .await;
    let refused = refused.unwrap_err();
    let failure = refused.failure().unwrap();
    assert_eq!(failure.code, FailureCode::NotFitting);
    assert!(failure.message.contains("another engagement"), "{failure}");
    let nowhere = ReferralId::new("4111fffc-f9ee-4d53-bba6-569135228642").unwrap();
    let refused = world.restate.adopt(&operation, Half::Connected, &nowhere);
    let refused = refused.await.unwrap_err();
    let code = refused.failure().unwrap().code;
    assert_eq!(code, FailureCode::LookUpFailed);
    let progress = world.restate.progress(&operation).await.unwrap().unwrap();
    assert_eq!(progress.stage, Stage::ConnectedInDoubt);
}

async fn a_deal_that_is_given_up_is_closed_once(world: &World) {
    world.next_but_one_post(Fault::status(400, FaultBody::Json));
    let failure = world
        .fails(&plan("given up"), FailureCode::CreateFailed)
        .await;
    let standing = failure.standing.unwrap();
    let own = standing.own.unwrap();
    let changes = || {
        let requests = world.sandbox.requests();
        let patches = requests.iter().filter(|one| one.method == "PATCH");
        patches.count()
    };
    let before = changes();
    for _ in 0..2 {
        let given_up = world
            .restate
            .abandon(&standing.operation, Transition::declined("Others"))
            .await
            .unwrap();
        assert_eq!(given_up.stage, Stage::Abandoned);
        let closed = world.sandbox.referral(own.as_str()).unwrap();
        assert_eq!(
            (&closed["status"], &closed["substatus"]),
            (&"Closed".into(), &"Declined".into())
        );
        assert_eq!(closed["statusReason"], "Others");
        assert_eq!(changes() - before, 1);
    }
    let posts = world.posts();
    world.fails(&plan("given up"), FailureCode::Abandoned).await;
    assert_eq!(world.posts(), posts);
}

async fn what_is_complete_or_unknown_is_not_given_up(world: &World) {
    let never = OperationId::of_key("never begun");
    let once = OperationId::of_key("once");
    for (operation, code) in [(never, FailureCode::Unknown), (once, FailureCode::Complete)] {
        let declined = Transition::declined("Others");
        let refused = world.restate.abandon(&operation, declined).await;
        let refused = refused.unwrap_err();
        assert_eq!(refused.failure().unwrap().code, code, "{refused}");
    }
    let there = world.sandbox.referrals();
    let closed = there.iter().filter(|one| one["status"] == "Closed");
    assert_eq!(closed.count(), 1, "the one that was given up before");
}

async fn a_deal_can_be_handed_over(world: &World) {
    let operation = world.restate.submit(&plan("handed over")).await.unwrap();
    let begin = Instant::now();
    loop {
        let progress = world.restate.progress(&operation).await.unwrap();
        if progress.is_some_and(|progress| progress.stage == Stage::Complete) {
            break;
        }
        assert!(begin.elapsed() < Duration::from_secs(20));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
