//! What is sent when nothing goes wrong, and what is refused before.

use partner_referrals::shared_referral::{
    Half, OperationId, Rule, SharedReferralError, SharedReferralPlan, Stage,
};
use partner_referrals::types::{
    AssistanceRequestCode, NewInviteContext, NewReferral, NewTarget, TargetType,
};
use serde_json::{Value, json};

use super::{KEY, World, plan};
use crate::support::{PUBLISHED, published, writes};

#[tokio::test]
async fn the_second_create_carries_the_engagement_of_the_first() {
    let world = World::new().await;
    let shared = world.deals().create(&plan()).await.unwrap();
    let (own, connected) = (shared.own.unwrap(), shared.connected.unwrap());
    assert_eq!(
        (&own.id, &connected.id),
        (&shared.own_id, &shared.connected_id)
    );
    assert_eq!(own.engagement_id, shared.engagement_id);
    assert_eq!(connected.engagement_id, shared.engagement_id);
    assert_ne!(own.id, connected.id);
    assert_eq!(connected.organization_id.as_deref(), Some("msft"));
    assert_eq!(shared.operation, OperationId::of_key(KEY));
    assert!(!shared.twin_possible);

    let sent = writes(&world.sandbox);
    assert_eq!(sent.len(), 2);
    let mut published: Value = serde_json::from_str(PUBLISHED).unwrap();
    published["externalReferenceId"] = json!(KEY);
    assert_eq!(sent[0].json().unwrap(), published);
    assert_eq!(
        sent[1].json().unwrap(),
        json!({
            "name": published["name"],
            "engagementId": shared.engagement_id,
            "type": "Shared",
            "qualification": "SalesQualified",
            "target": [{"type": "BusinessProfileLocation", "id": "msft"}],
            "inviteContext": {"assistanceRequestCode": "ProofOfConceptOrDemo", "notes": "Can you join?"},
            "customerProfile": published["customerProfile"],
            "consent": published["consent"],
            "details": published["details"],
        })
    );
}

#[tokio::test]
async fn a_plan_without_a_key_is_marked_with_its_operation() {
    let world = World::new().await;
    let keyless = SharedReferralPlan::new(published(), AssistanceRequestCode::ProofOfConceptOrDemo);
    for (blank, plan) in [
        (None, keyless.clone()),
        (Some(" "), keyless.clone().with_key(" ")),
    ] {
        assert_eq!(plan.key(), None);
        let own = plan.own_to_send();
        assert_eq!(
            own.external_reference_id,
            Some(plan.operation_id().to_string()),
            "{blank:?}"
        );
    }
    let shared = world.deals().create(&keyless).await.unwrap();
    assert_eq!(shared.operation, keyless.operation_id());
    let sent = writes(&world.sandbox)[0].json().unwrap();
    assert_eq!(sent["externalReferenceId"], shared.operation.to_string());
    let other = keyless.clone().notes_to_microsoft("Another");
    assert_ne!(other.operation_id(), keyless.operation_id());
}

#[tokio::test]
async fn a_connected_referral_of_the_callers_own_is_sent_as_it_is() {
    let world = World::new().await;
    let mut other: NewReferral = published();
    other.name = Some("For Microsoft".to_owned());
    other.invite_context =
        Some(NewInviteContext::new().with_assistance_request_code("GeneralOrOther"));
    other.target = Some(vec![NewTarget::new(
        TargetType::BusinessProfileLocation,
        "msft",
    )]);
    let plan = plan().connected(other);
    let shared = world.deals().create(&plan).await.unwrap();
    let body = writes(&world.sandbox)[1].json().unwrap();
    assert_eq!(body["name"], "For Microsoft");
    assert_eq!(body["engagementId"], json!(shared.engagement_id));
}

#[tokio::test]
async fn all_problems_of_a_plan_come_at_once_and_nothing_is_sent() {
    let mut own = published();
    own.type_ = "Independent".into();
    own.customer_profile.address.country = "USA".to_owned();
    own.customer_profile.team = None;
    own.consent.consent_to_share_referral_with_microsoft_sellers = Some(false);
    own.substatus = Some("Accepted".into());
    own.details.deal_value = Some(0.into());
    own.details.requirements = None;
    let plan = SharedReferralPlan::new(own, AssistanceRequestCode::Unknown);

    let world = World::new().await;
    let error = world.deals().create(&plan).await.unwrap_err();
    let SharedReferralError::InvalidPlan(invalid) = &error else {
        panic!("{error}");
    };
    let found: Vec<(Half, &str)> = invalid
        .problems()
        .iter()
        .map(|problem| (problem.half(), problem.path()))
        .collect();
    assert_eq!(
        found,
        [
            (Half::Own, "/type"),
            (
                Half::Own,
                "/consent/consentToShareReferralWithMicrosoftSellers"
            ),
            (Half::Connected, "/inviteContext/assistanceRequestCode"),
            (Half::Own, "/substatus"),
            (Half::Own, "/customerProfile/address/country"),
            (Half::Own, "/customerProfile/team/0"),
            (Half::Own, "/details/dealValue"),
            (Half::Own, "/details/requirements/solutions"),
        ]
    );
    let text = error.to_string();
    assert!(text.contains("8 problem(s), nothing was sent"), "{text}");
    assert_eq!(error.operation(), plan.operation_id());
    assert!(error.standing().is_none());
    assert!(world.sandbox.requests().is_empty());
    assert_eq!(world.deals().open().await.unwrap(), []);

    let relaxed = plan.without_portal_rules().problems();
    assert!(relaxed.iter().all(|problem| problem.rule() != Rule::Portal));
    assert_eq!(relaxed.len(), 4);
}

#[test]
fn a_connected_referral_of_the_callers_own_is_checked_as_well() {
    let mut other = published();
    other.customer_profile.address.country = "USA".to_owned();
    let problems = plan().connected(other).problems();
    let found: Vec<(Half, &str)> = problems
        .iter()
        .map(|problem| (problem.half(), problem.path()))
        .collect();
    assert_eq!(
        found,
        [
            (Half::Connected, "/target"),
            (Half::Connected, "/inviteContext/assistanceRequestCode"),
            (Half::Connected, "/customerProfile/address/country"),
        ]
    );
}

#[tokio::test]
async fn the_same_plan_again_is_the_same_deal_and_costs_no_request() {
    let world = World::new().await;
    let first = world.deals().create(&plan()).await.unwrap();
    let requests = world.sandbox.requests().len();
    for _ in 0..2 {
        let again = world.deals().create(&plan()).await.unwrap();
        assert_eq!(
            (again.own_id, again.connected_id, again.engagement_id),
            (
                first.own_id.clone(),
                first.connected_id.clone(),
                first.engagement_id.clone()
            )
        );
        assert!(again.own.is_none() && again.connected.is_none());
    }
    assert_eq!(world.sandbox.requests().len(), requests);
    assert_eq!(world.sandbox.referrals().len(), 2);
}

#[tokio::test]
async fn the_same_key_with_another_content_is_refused_before_anything_is_sent() {
    let world = World::new().await;
    let first = world.deals().create(&plan()).await.unwrap();
    let requests = world.sandbox.requests().len();
    let mut other = published();
    other.details.deal_value = Some(7.into());
    for other in [
        SharedReferralPlan::new(other, AssistanceRequestCode::ProofOfConceptOrDemo)
            .notes_to_microsoft("Can you join?")
            .with_key(KEY),
        plan().notes_to_microsoft("Something else"),
        SharedReferralPlan::new(published(), AssistanceRequestCode::GeneralOrOther)
            .notes_to_microsoft("Can you join?")
            .with_key(KEY),
    ] {
        let error = world.deals().create(&other).await.unwrap_err();
        let SharedReferralError::OtherContent(standing) = &error else {
            panic!("{error}");
        };
        assert_eq!(standing.own.as_ref(), Some(&first.own_id));
        assert_eq!(error.operation(), first.operation);
        assert!(error.to_string().contains(first.own_id.as_str()), "{error}");
    }
    assert_eq!(world.sandbox.requests().len(), requests);
}

#[tokio::test]
async fn the_journal_tells_how_far_an_operation_has_come() {
    let world = World::new().await;
    let deals = world.deals();
    let id = plan().operation_id();
    assert_eq!(deals.operation(&id).await.unwrap(), None);
    let shared = deals.create(&plan()).await.unwrap();
    let operation = deals.operation(&id).await.unwrap().unwrap();
    assert_eq!(operation.stage(), Stage::Complete);
    assert_eq!(operation.marker(), KEY);
    assert_eq!(operation.content(), plan().fingerprint());
    assert_eq!(operation.own_id(), Some(&shared.own_id));
    assert_eq!(operation.connected_id(), Some(&shared.connected_id));

    // Both creates were sent under the id that the journal has for them.
    let sent: Vec<_> = writes(&world.sandbox)
        .iter()
        .map(|request| request.header("request-id").unwrap().to_owned())
        .collect();
    let written = [Half::Own, Half::Connected].map(|half| operation.request_id(half).unwrap());
    assert_eq!(sent, written.map(|id| id.to_string()));
    assert_ne!(sent[0], sent[1]);
}

#[tokio::test]
async fn one_small_read_tells_the_services_clock_and_no_second_is_made() {
    let world = World::new().await;
    let deals = world.deals();
    deals.create(&plan()).await.unwrap();
    deals.create(&plan().with_key("another")).await.unwrap();
    let more = (0..8).map(|number| plan().with_key(number.to_string()));
    let requests = world.sandbox.requests();
    let fresh = World::new().await;
    let deals = fresh.deals();
    let plans: Vec<_> = more.collect();
    futures::future::join_all(plans.iter().map(|plan| deals.create(plan))).await;
    assert_eq!(
        fresh.sandbox.requests().len() - fresh.posts(),
        1,
        "one asks for all"
    );
    let methods: Vec<&str> = requests.iter().map(|one| one.method.as_str()).collect();
    assert_eq!(methods, ["GET", "POST", "POST", "POST", "POST"]);
    assert_eq!(requests[0].query_option("$top").as_deref(), Some("1"));
}

#[test]
fn a_plan_that_was_written_down_is_the_same_plan() {
    let own = published();
    let help = AssistanceRequestCode::ProofOfConceptOrDemo;
    let bare = SharedReferralPlan::new(own.clone(), help.clone());
    let full = bare
        .clone()
        .with_key(KEY)
        .notes_to_microsoft("Can you join?");
    let full = full.connected(own).without_portal_rules();
    for plan in [bare, full] {
        let text = serde_json::to_string(&plan).unwrap();
        let read: SharedReferralPlan = serde_json::from_str(&text).unwrap();
        assert!(read == plan);
        assert_eq!(read.operation_id(), plan.operation_id());
        assert_eq!(read.fingerprint(), plan.fingerprint());
        // What this version would leave out must not be created without it.
        let newer = text.replacen('{', r#"{"approvedBy":"me","#, 1);
        assert!(serde_json::from_str::<SharedReferralPlan>(&newer).is_err());
    }
}
