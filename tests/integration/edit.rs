//! Updates by an edit: what is sent, what is not, and what becomes of it when
//! somebody else is faster or an answer is lost.

use std::cell::Cell;

use partner_referrals::lifecycle::{Status, Substatus};
use partner_referrals::sandbox::{Fault, FaultBody, FaultPlan, FaultRule, Sandbox};
use partner_referrals::types::{Member, NewMember, Referral};
use partner_referrals::{ErrorKind, Outcome, Patched, ReferralsClient, Updated};
use serde_json::{Value, json};

use crate::support::{client, once, patched, published, sandbox, writes};

/// A referral with members that nobody models, at every level.
async fn created() -> (Sandbox, ReferralsClient, Referral) {
    let sandbox = sandbox().await;
    let client = client(&sandbox);
    let referral = client.create(&published()).await.unwrap();
    sandbox.edit(referral.id.as_str(), |stored| {
        stored["later"] = json!({"kept": [1, null, "x"]});
        stored["details"]["later"] = json!(0.1);
        stored["details"]["notes"] = json!("Old &amp; good");
        stored["customerProfile"]["later"] = json!([]);
        stored["team"][0]["later"] = json!({"deep": 1.5});
        stored["team"][0]["contactPreference"] = Value::Null;
        stored["salesStage"] = Value::Null;
        stored["qualification"] = json!("Tomorrows");
    });
    let referral = client.get(&referral.id).await.unwrap();
    (sandbox, client, referral)
}

fn patches(sandbox: &Sandbox) -> Vec<Value> {
    let patches = writes(sandbox)
        .into_iter()
        .filter(|one| one.method == "PATCH");
    patches.map(|one| one.json().unwrap()).collect()
}

fn notes(referral: &mut Referral, notes: &str) {
    referral.details.as_mut().unwrap().notes = Some(notes.to_owned());
}

fn ada() -> NewMember {
    NewMember::new("Ada", "Lovelace", "555", "ada@contoso.com")
}

fn fault(fault: Fault) -> FaultPlan {
    FaultPlan::new().rule(FaultRule::new(fault).method("PATCH").nth(1))
}

#[tokio::test]
async fn only_what_changed_is_sent_with_the_etag_that_was_read() {
    let (sandbox, client, referral) = created().await;
    let before = sandbox.referral(referral.id.as_str()).unwrap();
    let updated = client
        .update(&referral.id, |referral| {
            notes(referral, "new");
            referral.sales_stage = Some("Close".to_owned());
            let details = referral.details.as_mut().unwrap();
            details.deal_value = Some("9007199254740993.01".parse().unwrap());
        })
        .await
        .unwrap();
    let sent = writes(&sandbox).pop().unwrap();
    assert_eq!(sent.method, "PATCH");
    assert_eq!(
        sent.path,
        format!("/v1.0/engagements/referrals/{}", referral.id)
    );
    assert_eq!(sent.header("if-match"), before["eTag"].as_str());
    assert_eq!(sent.header("prefer"), Some("return=representation"));
    let body = String::from_utf8(sent.body.to_vec()).unwrap();
    assert!(body.contains(r#""value":9007199254740993.01"#), "{body}");
    let mut paths = patched(&sent);
    paths.sort();
    assert_eq!(
        paths,
        [
            "replace /details/dealValue",
            "replace /details/notes",
            "replace /salesStage"
        ]
    );
    let mut after = sandbox.referral(referral.id.as_str()).unwrap();
    assert_eq!(
        updated
            .into_referral()
            .unwrap()
            .details
            .unwrap()
            .notes
            .as_deref(),
        Some("new")
    );
    for name in ["salesStage", "eTag", "updatedDateTime", "details"] {
        after[name] = before[name].clone();
    }
    assert_eq!(after, before, "nothing else changed");
}

#[tokio::test]
async fn an_edit_that_changes_nothing_sends_nothing() {
    let (sandbox, client, referral) = created().await;
    let sent = writes(&sandbox).len();
    let updated = client.update(&referral.id, |_| {}).await.unwrap();
    assert!(!updated.is_changed());
    assert_eq!(updated, Updated::Unchanged(Box::new(referral)));
    assert_eq!(writes(&sandbox).len(), sent);
}

#[tokio::test]
async fn an_edit_that_cannot_be_made_is_not_sent_and_names_the_member() {
    let (sandbox, client, referral) = created().await;
    let sent = writes(&sandbox).len();
    type Edit = fn(&mut Referral);
    let edits: [(Edit, &str); 6] = [
        (
            |one| one.details.as_mut().unwrap().notes = None,
            "/details/notes",
        ),
        (
            |one| one.engagement_id = partner_referrals::EngagementId::new("x").unwrap(),
            "/engagementId",
        ),
        (|one| one.mpn_id = Some("1".to_owned()), "/mpnId"),
        (
            |one| {
                let consent = one.consent.as_mut().unwrap();
                consent.consent_to_share_referral_with_microsoft_sellers = Some(false);
            },
            "/consent/consentToShareReferralWithMicrosoftSellers",
        ),
        (|one| one.status = Status::New, "Active may not become New"),
        (
            |one| one.substatus = Substatus::Won,
            "Active may not have the substatus Won",
        ),
    ];
    sandbox.edit(referral.id.as_str(), |stored| {
        stored["consent"]["consentToShareReferralWithMicrosoftSellers"] = json!(true);
    });
    for (edit, why) in edits {
        let error = client.update(&referral.id, edit).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidRequest, "{error}");
        assert_eq!(error.outcome(), Outcome::NotSent);
        assert_eq!(error.referral_id(), Some(referral.id.as_str()));
        assert!(error.to_string().contains(why), "{error}");
    }
    client
        .transition(
            &client.get(&referral.id).await.unwrap(),
            (Status::Closed, Substatus::Won),
        )
        .await
        .unwrap();
    let error = client
        .update(&referral.id, |one| notes(one, "late"))
        .await
        .unwrap_err();
    assert!(error.to_string().contains("Closed/Won"), "{error}");
    assert_eq!(writes(&sandbox).len(), sent + 1, "the transition alone");
}

#[tokio::test]
async fn somebody_elses_change_is_kept_and_the_edit_is_made_anew() {
    let (sandbox, client, referral) = created().await;
    let rounds = Cell::new(0);
    client
        .update(&referral.id, |one| {
            rounds.set(rounds.get() + 1);
            if rounds.get() <= 2 {
                sandbox.edit(referral.id.as_str(), |stored| {
                    stored["campaignId"] = json!(format!("theirs {}", rounds.get()));
                });
            }
            notes(one, &format!("mine, after {:?}", one.campaign_id));
        })
        .await
        .unwrap();
    let stored = sandbox.referral(referral.id.as_str()).unwrap();
    assert_eq!(rounds.get(), 3);
    assert_eq!(stored["campaignId"], "theirs 2");
    assert_eq!(stored["details"]["notes"], "mine, after Some(\"theirs 2\")");
}

#[tokio::test]
async fn where_somebody_else_is_always_faster_the_update_ends_with_the_conflict() {
    let (sandbox, client, referral) = created().await;
    let rounds = Cell::new(0);
    let edit = |one: &mut Referral| {
        rounds.set(rounds.get() + 1);
        sandbox.edit(referral.id.as_str(), |stored| {
            stored["campaignId"] = json!(format!("theirs {}", rounds.get()))
        });
        notes(one, "mine");
    };
    let error = client.update(&referral.id, edit).await.unwrap_err();
    assert!(error.is_precondition_failed(), "{error}");
    assert_eq!(error.outcome(), Outcome::Rejected);
    assert_eq!((rounds.get(), patches(&sandbox).len()), (5, 5));
}

/// Every fault at the patch, with a client that sends again and one that does not.
#[tokio::test]
async fn a_lost_answer_is_looked_after_and_nothing_is_appended_twice() {
    for (lost, sends_again, reaches) in [
        (Fault::CutAfterWrite, true, true),
        (Fault::CutAfterWrite, false, true),
        (
            Fault::StatusAfterWrite {
                status: 503,
                body: FaultBody::Empty,
                headers: vec![],
            },
            true,
            true,
        ),
        (
            Fault::StatusAfterWrite {
                status: 504,
                body: FaultBody::Empty,
                headers: vec![],
            },
            false,
            true,
        ),
        (Fault::CutBody, true, true),
        (Fault::CutBeforeWrite, true, true),
        (Fault::CutBeforeWrite, false, false),
    ] {
        let (sandbox, client, referral) = created().await;
        sandbox.set_faults(fault(lost.clone()));
        let client = if sends_again { client } else { once(&sandbox) };
        let result = client.append_team_member(&referral.id, &ada()).await;
        let stored = sandbox.referral(referral.id.as_str()).unwrap();
        let team = stored["team"].as_array().unwrap();
        let adas = team
            .iter()
            .filter(|one| one["email"] == "ada@contoso.com")
            .count();
        assert_eq!(adas, usize::from(reaches), "{lost:?}");
        match result {
            Ok(updated) => assert!(reaches && updated.is_changed(), "{lost:?}"),
            Err(error) => {
                assert!(!reaches, "{lost:?}: {error}");
                assert_eq!(error.outcome(), Outcome::Unknown);
            }
        }
        for patch in writes(&sandbox).iter().filter(|one| one.method == "PATCH") {
            assert!(patch.header("if-match").is_some());
        }
    }
}

#[tokio::test]
async fn a_lost_answer_and_somebody_elses_change_of_the_same_member_stay_in_doubt() {
    let (sandbox, _, referral) = created().await;
    let client = once(&sandbox);
    sandbox.set_faults(fault(Fault::CutAfterWrite));
    // The read after the lost answer shows what somebody else wrote over it.
    let race = FaultRule::new(Fault::Delay(std::time::Duration::from_millis(300)))
        .method("GET")
        .nth(2);
    sandbox.set_faults(fault(Fault::CutAfterWrite).rule(race));
    let edit = client.update(&referral.id, |one| notes(one, "mine"));
    let over = async {
        while !patches(&sandbox).iter().any(|_| true)
            || sandbox.referral(referral.id.as_str()).unwrap()["details"]["notes"] != "mine"
        {
            tokio::time::sleep(std::time::Duration::from_millis(2)).await;
        }
        sandbox.edit(referral.id.as_str(), |stored| {
            stored["details"]["notes"] = json!("theirs")
        });
    };
    let (result, ()) = futures::join!(edit, over);
    let error = result.unwrap_err();
    assert_eq!(error.outcome(), Outcome::Unknown, "{error}");
    assert_eq!(patches(&sandbox).len(), 1);
    assert_eq!(
        sandbox.referral(referral.id.as_str()).unwrap()["details"]["notes"],
        "theirs"
    );
}

#[tokio::test]
async fn somebody_is_appended_once_and_found_by_the_address() {
    let (sandbox, client, referral) = created().await;
    let first = client
        .append_team_member(&referral.id, &ada())
        .await
        .unwrap();
    assert!(matches!(first, Updated::Changed(Patched::Referral(_))));
    assert_eq!(
        patches(&sandbox)[0],
        json!([{"op": "add", "path": "/team/-", "value": {
            "firstName": "Ada", "lastName": "Lovelace", "phoneNumber": "555", "email": "ada@contoso.com"
        }}])
    );
    let shouted = NewMember::new("A", "L", "5", "ADA@contoso.com");
    let again = client
        .append_team_member(&referral.id, &shouted)
        .await
        .unwrap();
    assert!(!again.is_changed());
    client
        .append_customer_contact(&referral.id, &ada())
        .await
        .unwrap();
    assert_eq!(patches(&sandbox).len(), 2);
    assert_eq!(patches(&sandbox)[1][0]["path"], "/customerProfile/team/-");
    let stored = sandbox.referral(referral.id.as_str()).unwrap();
    assert_eq!(stored["team"][0]["later"], json!({"deep": 1.5}));
}

#[tokio::test]
async fn a_changed_item_sends_the_list_with_what_nobody_models() {
    let (sandbox, client, referral) = created().await;
    client
        .update(&referral.id, |one| {
            let member: &mut Member = &mut one.team.as_mut().unwrap()[0];
            member.phone_number = Some("777".to_owned());
        })
        .await
        .unwrap();
    let patch = &patches(&sandbox)[0][0];
    assert_eq!(
        (&patch["op"], &patch["path"]),
        (&json!("replace"), &json!("/team"))
    );
    assert_eq!(patch["value"][0]["later"], json!({"deep": 1.5}));
    assert_eq!(patch["value"][0]["contactPreference"], Value::Null);
    assert!(
        patch["value"][0]
            .as_object()
            .unwrap()
            .contains_key("contactPreference")
    );
    assert_eq!(patch["value"][0]["phoneNumber"], "777");
}
