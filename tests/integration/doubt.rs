//! Updates whose answer is lost: what was made counts as made, and nothing else.

use std::cell::Cell;

use partner_referrals::sandbox::{Fault, FaultPlan, FaultRule, Sandbox};
use partner_referrals::types::Referral;
use partner_referrals::{Outcome, ReferralId};
use serde_json::{Value, json};

use crate::fault_server::{Act, FaultServer};
use crate::support::{client, once, sandbox, writes};
use crate::support::{json_answer, of, version};

/// Values that are alike before a change and after it.
fn insert(sandbox: &Sandbox) -> ReferralId {
    let made = sandbox.insert(json!({
        "status": "Active", "substatus": "Accepted", "externalReferenceId": "7",
        "details": {"notes": "A &amp; B"},
        "team": [{"firstName": "Ada", "lastName": "Lovelace", "phoneNumber": "555", "email": ""}],
    }));
    made["id"].as_str().unwrap().parse().unwrap()
}

type Edit = fn(&mut Referral);

/// Each with where it is to be seen.
const EDITS: [(Edit, &str); 3] = [
    (
        |one| one.external_reference_id = Some("007".to_owned()),
        "/externalReferenceId",
    ),
    (
        |one| one.team.as_mut().unwrap()[0].phone_number = None,
        "/team/0/phoneNumber",
    ),
    (
        |one| one.details.as_mut().unwrap().notes = Some("A & B".to_owned()),
        "/details/notes",
    ),
];

fn first_patch(fault: Fault) -> FaultPlan {
    FaultPlan::new().rule(FaultRule::new(fault).method("PATCH").nth(1))
}

fn stored(sandbox: &Sandbox, id: &ReferralId) -> Value {
    sandbox.referral(id.as_str()).unwrap()
}

#[tokio::test]
async fn what_never_reached_the_service_is_not_told_as_made_however_alike_it_is() {
    for (edit, place) in EDITS {
        let sandbox = sandbox().await;
        let id = insert(&sandbox);
        let before = stored(&sandbox, &id);
        sandbox.set_faults(first_patch(Fault::CutBeforeWrite));
        let error = once(&sandbox).update(&id, edit).await.unwrap_err();
        assert_eq!(error.outcome(), Outcome::Unknown, "{place}");
        assert_eq!(stored(&sandbox, &id), before, "{place}");
    }
}

#[tokio::test]
async fn what_was_not_made_because_somebody_was_faster_is_made_anew_however_alike_it_is() {
    for (edit, place) in EDITS {
        let sandbox = sandbox().await;
        let id = insert(&sandbox);
        let before = stored(&sandbox, &id);
        sandbox.set_faults(first_patch(Fault::CutBeforeWrite));
        let rounds = Cell::new(0);
        // The lost request is sent again, and answered 412.
        let client = client(&sandbox);
        let updated = client.update(&id, |one| {
            rounds.set(rounds.get() + 1);
            if rounds.get() == 1 {
                sandbox.edit(id.as_str(), |stored| stored["campaignId"] = json!("theirs"));
            }
            edit(one);
        });
        assert!(updated.await.unwrap().is_changed(), "{place}");
        assert_eq!(rounds.get(), 2, "{place}");
        let after = stored(&sandbox, &id);
        assert_ne!(after.pointer(place), before.pointer(place), "{place}");
        assert_eq!(after["campaignId"], "theirs");
    }
}

#[tokio::test]
async fn what_was_made_is_found_however_alike_it_was_before() {
    for (edit, place) in EDITS {
        let sandbox = sandbox().await;
        let id = insert(&sandbox);
        let before = stored(&sandbox, &id);
        sandbox.set_faults(first_patch(Fault::CutAfterWrite));
        let updated = once(&sandbox).update(&id, edit).await.unwrap();
        assert!(updated.is_changed(), "{place}");
        let after = stored(&sandbox, &id);
        assert_ne!(after.pointer(place), before.pointer(place), "{place}");
        assert_eq!(writes(&sandbox).len(), 1, "{place}");
    }
}

#[tokio::test]
async fn a_doubt_that_was_settled_does_not_come_back_in_a_later_round() {
    let sandbox = sandbox().await;
    let id = insert(&sandbox);
    sandbox.set_faults(first_patch(Fault::CutBeforeWrite));
    let rounds = Cell::new(0);
    let client = client(&sandbox);
    let updated = client.update(&id, |one| {
        rounds.set(rounds.get() + 1);
        let theirs = |stored: &mut Value| match rounds.get() {
            // Round 1 is lost and then answered 412, round 2 is answered 412.
            1 => stored["campaignId"] = json!("theirs"),
            2 => stored["details"]["notes"] = json!("theirs"),
            _ => {}
        };
        if rounds.get() <= 2 {
            sandbox.edit(id.as_str(), theirs);
        }
        one.details.as_mut().unwrap().notes = Some("mine".to_owned());
    });
    assert!(updated.await.unwrap().is_changed());
    assert_eq!(rounds.get(), 3);
    assert_eq!(stored(&sandbox, &id)["details"]["notes"], "mine");
}

#[tokio::test]
async fn the_last_round_ends_with_a_conflict_where_the_change_was_provably_not_made() {
    let sandbox = sandbox().await;
    let id = insert(&sandbox);
    // The fifth, sent again, is the sixth request.
    let lost = FaultRule::new(Fault::CutBeforeWrite).method("PATCH").nth(5);
    sandbox.set_faults(FaultPlan::new().rule(lost));
    let rounds = Cell::new(0);
    let client = client(&sandbox);
    let updated = client.update(&id, |one| {
        rounds.set(rounds.get() + 1);
        sandbox.edit(id.as_str(), |stored| {
            stored["campaignId"] = json!(format!("theirs {}", rounds.get()))
        });
        one.details.as_mut().unwrap().notes = Some("mine".to_owned());
    });
    let error = updated.await.unwrap_err();
    assert!(error.is_precondition_failed(), "{error}");
    assert_eq!((error.outcome(), rounds.get()), (Outcome::Rejected, 5));
}

#[tokio::test]
async fn a_text_that_reads_as_the_same_time_is_not_told_as_made() {
    let sandbox = sandbox().await;
    let made = sandbox.insert(json!({
        "status": "Active", "substatus": "Accepted", "externalReferenceId": "2024-11-14",
    }));
    let id: ReferralId = made["id"].as_str().unwrap().parse().unwrap();
    sandbox.set_faults(first_patch(Fault::CutBeforeWrite));
    let rounds = Cell::new(0);
    let client = client(&sandbox);
    let updated = client.update(&id, |one| {
        rounds.set(rounds.get() + 1);
        if rounds.get() == 1 {
            sandbox.edit(id.as_str(), |stored| stored["campaignId"] = json!("theirs"));
        }
        one.external_reference_id = Some("2024-11-14T00:00:00Z".to_owned());
    });
    assert!(updated.await.unwrap().is_changed());
    let after = stored(&sandbox, &id);
    assert_eq!(after["externalReferenceId"], "2024-11-14T00:00:00Z");
}

fn refused(status: &str) -> Act {
    json_answer(status, &json!({}))
}

/// What was appended is there, and the next read is one of before it all.
#[tokio::test]
async fn a_read_that_is_behind_is_no_proof_that_nothing_was_appended() {
    let conflict = || refused("412 Precondition Failed");
    let script = [
        json_answer("200 OK", &version(2, &["a"])),
        // Carried out: version 3.
        Act::Reset,
        conflict(),
        json_answer("200 OK", &version(1, &["a"])),
        conflict(),
        json_answer("200 OK", &version(3, &["a", "x"])),
        json_answer("200 OK", &version(4, &["a", "x", "x"])),
    ];
    let server = FaultServer::start(script).await;
    let person = version(0, &["x"])["team"][0].clone();
    let (client, id) = (of(&server), "r".parse().unwrap());
    let updated = client.update(&id, |one| {
        let person = serde_json::from_value(person.clone()).unwrap();
        one.team.as_mut().unwrap().push(person);
    });
    let team = updated.await.unwrap().into_referral().unwrap().team;
    assert_eq!(team.unwrap().len(), 2);
}

#[tokio::test]
async fn a_doubt_outlasts_what_ends_a_later_round() {
    // A refusal of the service, and one of the rules: it was closed, it seems.
    let mut closed = version(1, &["a"]);
    closed["status"] = json!("Closed");
    closed["substatus"] = json!("Lost");
    for (behind, end) in [
        (version(2, &["a"]), refused("403 Forbidden")),
        (closed, refused("404 Not Found")),
    ] {
        let script = [
            json_answer("200 OK", &version(2, &["a"])),
            Act::Reset,
            refused("412 Precondition Failed"),
            json_answer("200 OK", &behind),
            end,
        ];
        let server = FaultServer::start(script).await;
        let edit = |one: &mut Referral| one.campaign_id = Some("mine".to_owned());
        let updated = of(&server).update(&"r".parse().unwrap(), edit).await;
        let error = updated.unwrap_err();
        assert_eq!(error.outcome(), Outcome::Unknown, "{error}");
    }
}
