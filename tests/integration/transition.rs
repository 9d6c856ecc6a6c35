//! Status changes whose answer is lost.

use partner_referrals::lifecycle::{ClosingReason, Transition};
use partner_referrals::sandbox::{Fault, FaultBody, FaultPlan, FaultRule, Sandbox};
use partner_referrals::types::Referral;
use partner_referrals::{Error, Outcome, Patched, ReferralsClient};
use serde_json::json;

use crate::fault_server::{Act, FaultServer};
use crate::support::{client, json_answer, of, once, sandbox, version, writes};

async fn arrived() -> (Sandbox, Referral) {
    let sandbox = sandbox().await;
    let made = sandbox.insert(json!({"status": "New", "substatus": "Received"}));
    let id = made["id"].as_str().unwrap().parse().unwrap();
    let referral = once(&sandbox).get(&id).await.unwrap();
    (sandbox, referral)
}

fn nth(fault: Fault, nth: u64) -> FaultRule {
    FaultRule::new(fault).method("PATCH").nth(nth)
}

async fn by_name(
    client: &ReferralsClient,
    referral: &Referral,
    index: usize,
) -> Result<Patched, Error> {
    match index {
        0 => client.accept(referral).await,
        1 => client.win(referral).await,
        2 => client.lose(referral, "price & time").await,
        _ => client.decline(referral, ClosingReason::NotACustomer).await,
    }
}

#[tokio::test]
async fn a_status_change_whose_answer_was_lost_is_no_conflict_with_itself() {
    for index in 0..4 {
        for sends_again in [true, false] {
            let (sandbox, referral) = arrived().await;
            sandbox.set_faults(FaultPlan::new().rule(nth(Fault::CutAfterWrite, 1)));
            let client = match sends_again {
                true => client(&sandbox),
                false => once(&sandbox),
            };
            let now = by_name(&client, &referral, index).await.unwrap();
            let now = now.into_referral().unwrap();
            assert_ne!(now.e_tag, referral.e_tag);
            let stored = sandbox.referral(referral.id.as_str()).unwrap();
            assert_eq!(stored["status"], now.status.as_str());
            // Sent again it is answered 412, and that is not the last word.
            assert_eq!(writes(&sandbox).len(), 1 + usize::from(sends_again));
        }
    }
}

#[tokio::test]
async fn a_status_change_that_was_not_made_is_in_doubt_and_no_conflict() {
    let refused = Fault::status(412, FaultBody::Json);
    for second in [None, Some(refused)] {
        let (sandbox, referral) = arrived().await;
        let mut faults = FaultPlan::new().rule(nth(Fault::CutBeforeWrite, 1));
        let client = match second {
            // Wrongly: nobody changed anything.
            Some(second) => {
                faults = faults.rule(nth(second, 2));
                client(&sandbox)
            }
            None => once(&sandbox),
        };
        sandbox.set_faults(faults);
        let error = client.accept(&referral).await.unwrap_err();
        assert!(!error.is_precondition_failed(), "{error}");
        assert_eq!(error.outcome(), Outcome::Unknown);
        assert!(error.is_retryable(), "{error}");
        let text = error.to_string();
        assert!(text.contains("nothing was changed so far"), "{text}");
        client.accept(&referral).await.unwrap();
    }
}

#[tokio::test]
async fn somebody_elses_change_is_a_conflict_and_what_cannot_be_told_stays_in_doubt() {
    for (change, conflict) in [
        (json!({"campaignId": "theirs"}), true),
        // Ours, and then theirs, or theirs alone.
        (json!({"status": "Closed", "substatus": "Lost"}), false),
    ] {
        let (sandbox, referral) = arrived().await;
        sandbox.edit(referral.id.as_str(), |stored| {
            for (name, value) in change.as_object().unwrap() {
                stored[name] = value.clone();
            }
        });
        sandbox.set_faults(FaultPlan::new().rule(nth(Fault::CutBeforeWrite, 1)));
        let error = client(&sandbox).accept(&referral).await.unwrap_err();
        assert_eq!(error.outcome() == Outcome::Rejected, conflict, "{error}");
        assert_eq!(error.outcome() == Outcome::Unknown, !conflict, "{error}");
        assert!(error.is_precondition_failed(), "{error}");
    }
}

#[tokio::test]
async fn another_reason_than_the_one_that_was_sent_is_not_taken_for_it() {
    let (sandbox, referral) = arrived().await;
    sandbox.edit(referral.id.as_str(), |stored| {
        stored["status"] = json!("Closed");
        stored["substatus"] = json!("Lost");
        stored["statusReason"] = json!("theirs");
    });
    sandbox.set_faults(FaultPlan::new().rule(nth(Fault::CutBeforeWrite, 1)));
    let lost = Transition::lost("ours");
    let error = client(&sandbox).transition(&referral, lost).await;
    assert_eq!(error.unwrap_err().outcome(), Outcome::Unknown);
}

#[tokio::test]
async fn where_the_referral_cannot_be_read_again_the_first_error_stays() {
    let (sandbox, referral) = arrived().await;
    let blind = FaultRule::new(Fault::status(500, FaultBody::Empty)).method("GET");
    sandbox.set_faults(
        FaultPlan::new()
            .rule(nth(Fault::CutAfterWrite, 1))
            .rule(blind),
    );
    let error = once(&sandbox).accept(&referral).await.unwrap_err();
    assert_eq!((error.outcome(), error.status()), (Outcome::Unknown, None));
}

#[tokio::test]
async fn a_read_that_is_behind_is_no_proof_of_a_conflict() {
    for (read, outcome) in [(1, Outcome::Unknown), (3, Outcome::Rejected)] {
        let script = [
            json_answer("200 OK", &version(2, &[])),
            Act::Reset,
            json_answer("412 Precondition Failed", &json!({})),
            json_answer("200 OK", &version(read, &[])),
        ];
        let server = FaultServer::start(script).await;
        let client = of(&server);
        let base = client.get(&"r".parse().unwrap()).await.unwrap();
        let error = client.win(&base).await.unwrap_err();
        assert_eq!(error.outcome(), outcome, "{error}");
        // Both at once, so the outcome is to be asked first.
        assert!(error.is_precondition_failed(), "{error}");
    }
}
