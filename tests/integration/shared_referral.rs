//! The shared referral: two creates, and every way in which they can end.

use partner_referrals::sandbox::{Fault, FaultBody, FaultPlan, FaultRule, Sandbox};
use partner_referrals::shared_referral::{
    Half, Resume, Rule, SharedReferralError, SharedReferralPlan,
};
use partner_referrals::types::{
    AssistanceRequestCode, NewInviteContext, NewReferral, NewTarget, TargetType,
};
use partner_referrals::{ListOptions, Outcome, ReferralsClient};
use serde_json::{Value, json};

use crate::support::{PUBLISHED, once as client, published, sandbox, writes};

fn plan() -> SharedReferralPlan {
    SharedReferralPlan::new(published(), AssistanceRequestCode::ProofOfConceptOrDemo)
        .notes_to_microsoft("Can you join?")
}

/// Step 2 is the second POST.
fn at_step_2(fault: Fault) -> FaultPlan {
    FaultPlan::new().rule(FaultRule::new(fault).method("POST").nth(2))
}

async fn failed_at_step_2(fault: Fault) -> (Sandbox, ReferralsClient, SharedReferralError) {
    let sandbox = sandbox().await;
    sandbox.set_faults(at_step_2(fault));
    let client = client(&sandbox);
    let error = client.shared_referral(&plan()).await.unwrap_err();
    sandbox.set_faults(FaultPlan::new());
    (sandbox, client, error)
}

#[tokio::test]
async fn the_second_create_carries_the_engagement_of_the_first() {
    let sandbox = sandbox().await;
    let shared = client(&sandbox).shared_referral(&plan()).await.unwrap();
    assert_eq!(shared.own.engagement_id, shared.connected.engagement_id);
    assert_ne!(shared.own.id, shared.connected.id);
    assert_eq!(shared.connected.organization_id.as_deref(), Some("msft"));

    let sent = writes(&sandbox);
    assert_eq!(sent.len(), 2);
    let published: Value = serde_json::from_str(PUBLISHED).unwrap();
    assert_eq!(sent[0].json().unwrap(), published);
    assert_eq!(
        sent[1].json().unwrap(),
        json!({
            "name": published["name"],
            "engagementId": shared.own.engagement_id,
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
async fn a_connected_referral_of_the_callers_own_is_sent_as_it_is() {
    let sandbox = sandbox().await;
    let mut other: NewReferral = published();
    other.name = Some("For Microsoft".to_owned());
    other.invite_context =
        Some(NewInviteContext::new().with_assistance_request_code("GeneralOrOther"));
    other.target = Some(vec![NewTarget::new(
        TargetType::BusinessProfileLocation,
        "msft",
    )]);
    let plan = plan().connected(other);
    let shared = client(&sandbox).shared_referral(&plan).await.unwrap();
    let body = writes(&sandbox)[1].json().unwrap();
    assert_eq!(body["name"], "For Microsoft");
    assert_eq!(body["engagementId"], json!(shared.own.engagement_id));
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

    let sandbox = sandbox().await;
    let error = client(&sandbox).shared_referral(&plan).await.unwrap_err();
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
    assert!(error.own().is_none());
    assert!(sandbox.requests().is_empty());

    let relaxed = plan.without_portal_rules().problems();
    assert!(relaxed.iter().all(|problem| problem.rule() != Rule::Portal));
    assert_eq!(relaxed.len(), 4);
}

#[tokio::test]
async fn a_first_step_that_fails_sends_no_second() {
    for (fault, outcome, text) in [
        (
            Fault::status(400, FaultBody::Json),
            Outcome::Rejected,
            "nothing was created",
        ),
        (
            Fault::CutAfterWrite,
            Outcome::Unknown,
            "may have been created",
        ),
        (Fault::CutBody, Outcome::Done, "cannot be read"),
    ] {
        let sandbox = sandbox().await;
        sandbox.set_faults(FaultPlan::new().rule(FaultRule::new(fault).nth(1)));
        let error = client(&sandbox).shared_referral(&plan()).await.unwrap_err();
        let SharedReferralError::OwnFailed(failed) = &error else {
            panic!("{error}");
        };
        assert_eq!(failed.outcome(), outcome);
        assert!(error.to_string().contains(text), "{error}");
        assert_eq!(sandbox.requests().len(), 1);
        assert!(error.into_resume().is_none());
    }
}

#[tokio::test]
async fn a_second_step_that_was_refused_keeps_the_first_and_is_resumed() {
    let fault = Fault::status(400, FaultBody::Json);
    let (sandbox, client, error) = failed_at_step_2(fault).await;
    let own = error.own().unwrap().clone();
    let text = error.to_string();
    assert!(
        text.contains(own.id.as_str()) && text.contains("resume"),
        "{text}"
    );
    assert_eq!(sandbox.referrals().len(), 1);

    let resume = error.into_resume().unwrap();
    let shared = client.resume_shared_referral(resume).await.unwrap();
    assert_eq!(shared.own, own);
    assert_eq!(shared.connected.engagement_id, own.engagement_id);
    assert_eq!(sandbox.referrals().len(), 2);

    // Again: what is there is taken, nothing is created.
    let again = client
        .resume_shared_referral(Resume::new(plan(), own))
        .await
        .unwrap();
    assert_eq!(again.connected.id, shared.connected.id);
    assert_eq!(sandbox.referrals().len(), 2);
}

#[tokio::test]
async fn a_second_step_that_was_done_unseen_is_adopted_not_repeated() {
    for fault in [Fault::CutAfterWrite, Fault::CutBody, Fault::Garbage] {
        let (sandbox, client, error) = failed_at_step_2(fault).await;
        assert_eq!(sandbox.referrals().len(), 2, "it was created");
        let resume = error.into_resume().unwrap();
        let shared = client.resume_shared_referral(resume).await.unwrap();
        assert_eq!(shared.connected.organization_id.as_deref(), Some("msft"));
        assert_eq!(sandbox.referrals().len(), 2);
        assert_eq!(writes(&sandbox).len(), 2, "no third create");
    }
}

#[tokio::test]
async fn the_engagement_is_looked_up_by_its_id() {
    let (sandbox, client, error) = failed_at_step_2(Fault::CutAfterWrite).await;
    let engagement = error.own().unwrap().engagement_id.clone();
    client
        .resume_shared_referral(error.into_resume().unwrap())
        .await
        .unwrap();
    let look = sandbox.requests().pop().unwrap();
    assert_eq!(look.method, "GET");
    assert_eq!(
        look.query_option("$filter"),
        Some(format!("engagementId eq '{engagement}'"))
    );
}

#[tokio::test]
async fn what_cannot_be_proven_absent_is_not_created_unless_the_caller_says_so() {
    let sandbox = Sandbox::builder()
        .engagement_lists_microsofts_half(false)
        .start()
        .await
        .unwrap();
    sandbox.set_faults(at_step_2(Fault::CutBeforeWrite));
    let client = client(&sandbox);
    let error = client.shared_referral(&plan()).await.unwrap_err();
    let resume = error.into_resume().unwrap();

    let error = client.resume_shared_referral(resume).await.unwrap_err();
    assert!(
        matches!(error, SharedReferralError::Ambiguous(_)),
        "{error}"
    );
    assert_eq!(writes(&sandbox).len(), 2, "looked, did not create");

    let resume = error.into_resume().unwrap().create_when_not_found();
    client.resume_shared_referral(resume).await.unwrap();
    assert_eq!(writes(&sandbox).len(), 3);
    assert_eq!(sandbox.referrals().len(), 2);
}

#[tokio::test]
async fn a_lookup_that_fails_leaves_the_outcome_of_the_create_as_it_was() {
    let (sandbox, client, error) = failed_at_step_2(Fault::CutBeforeWrite).await;
    sandbox.set_faults(
        FaultPlan::new().rule(FaultRule::new(Fault::status(503, FaultBody::Html)).method("GET")),
    );
    let resume = error.into_resume().unwrap();
    let error = client.resume_shared_referral(resume).await.unwrap_err();
    let SharedReferralError::ConnectedFailed(failed) = &error else {
        panic!("{error}");
    };
    assert_eq!(failed.outcome(), Outcome::Unknown);
    sandbox.set_faults(FaultPlan::new());
    let error = client
        .resume_shared_referral(error.into_resume().unwrap())
        .await
        .unwrap_err();
    assert!(
        matches!(error, SharedReferralError::Ambiguous(_)),
        "{error}"
    );
}

#[tokio::test]
async fn two_connected_referrals_are_reported_with_their_ids() {
    let sandbox = sandbox().await;
    let client = client(&sandbox);
    let plan = plan();
    let shared = client.shared_referral(&plan).await.unwrap();
    let twin = client
        .create(&plan.connected_for(shared.engagement_id()))
        .await
        .unwrap();
    let resume = Resume::new(plan, shared.own.clone());
    let error = client.resume_shared_referral(resume).await.unwrap_err();
    let SharedReferralError::DuplicateFound(found) = &error else {
        panic!("{error}");
    };
    let mut ids = found.connected().to_vec();
    ids.sort();
    let mut expected = vec![shared.connected.id, twin.id];
    expected.sort();
    assert_eq!(ids, expected);
    assert!(error.into_resume().is_none());
}

#[tokio::test]
async fn a_lookup_that_fails_after_a_refused_create_still_ends_in_one() {
    let fault = Fault::status(400, FaultBody::Json);
    let (sandbox, client, error) = failed_at_step_2(fault).await;
    sandbox.set_faults(
        FaultPlan::new().rule(FaultRule::new(Fault::status(503, FaultBody::Html)).method("GET")),
    );
    let error = client
        .resume_shared_referral(error.into_resume().unwrap())
        .await
        .unwrap_err();
    assert!(
        error.to_string().contains("could not be looked up"),
        "{error}"
    );
    let resume = error.into_resume().unwrap();
    assert_eq!(resume.last(), Outcome::Rejected);
    sandbox.set_faults(FaultPlan::new());
    client.resume_shared_referral(resume).await.unwrap();
    assert_eq!(sandbox.referrals().len(), 2);
}

#[tokio::test]
async fn an_own_referral_that_was_found_again_is_adopted_and_completed() {
    let sandbox = Sandbox::builder()
        .engagement_lists_microsofts_half(false)
        .start()
        .await
        .unwrap();
    sandbox.set_faults(FaultPlan::new().rule(FaultRule::new(Fault::CutAfterWrite).nth(1)));
    let client = client(&sandbox);
    let error = client.shared_referral(&plan()).await.unwrap_err();
    let SharedReferralError::OwnFailed(failed) = error else {
        panic!("{error}");
    };
    let found = client
        .list(&ListOptions::new())
        .await
        .unwrap()
        .referrals
        .remove(0);
    let resume = failed.adopt(found);
    let shared = client.resume_shared_referral(resume).await.unwrap();
    assert_eq!(shared.own.engagement_id, shared.connected.engagement_id);
    assert_eq!(sandbox.referrals().len(), 2);
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
