//! A deal that changes while Microsoft is invited to it.

use partner_referrals::{Invitation, InvitationError, Invited, Outcome};
use serde_json::{Value, json};

use crate::fault_server::{Act, FaultServer, Seen, answer};
use crate::support::{json_answer, of, version};

/// The deal: an own referral with this value, shown to sellers or not.
fn own(n: u32, status: [&str; 2], value: u32, shown: bool) -> Value {
    let mut one = version(n, &["a"]);
    [one["status"], one["substatus"]] = status.map(|text| json!(text));
    one["details"]["dealValue"] = json!(value);
    one["consent"]["consentToShareReferralWithMicrosoftSellers"] = json!(shown);
    one
}

const ACTIVE: [&str; 2] = ["Active", "Accepted"];
const LOST: [&str; 2] = ["Closed", "Lost"];

/// Nothing is in the engagement, and after `then` whatever is created.
async fn invited(
    first: Value,
    then: impl IntoIterator<Item = Act>,
) -> (Result<Invited, InvitationError>, Vec<Seen>) {
    let before = [
        json_answer("200 OK", &first),
        json_answer("200 OK", &json!({ "value": [] })),
    ];
    let created = json_answer("201 Created", &own(9, ["New", "Pending"], 1, true));
    let script = before.into_iter().chain(then).chain([created]);
    let server = FaultServer::start(script).await;
    let invitation = Invitation::new("ProofOfConceptOrDemo").without_portal_rules();
    let id = "r".parse().unwrap();
    let invited = of(&server).invite_microsoft(&id, &invitation).await;
    (invited, server.requests())
}

fn methods(requests: &[Seen]) -> Vec<&str> {
    requests.iter().map(|one| one.method.as_str()).collect()
}

#[tokio::test]
async fn a_deal_that_was_lost_in_the_meantime_is_not_shared() {
    let read = json_answer("200 OK", &own(2, LOST, 10_000, true));
    let (invited, requests) = invited(own(1, ACTIVE, 10_000, true), [read]).await;
    let error = invited.unwrap_err();
    let paths: Vec<_> = error.problems().iter().map(|one| one.path()).collect();
    assert_eq!(paths, ["/status"]);
    assert!(matches!(error, InvitationError::Refused { .. }), "{error}");
    assert_eq!(methods(&requests), ["GET", "GET", "GET"]);
}

#[tokio::test]
async fn a_deal_that_was_lost_while_it_was_shown_is_told_as_shown_and_not_shared() {
    let shown = [
        json_answer("200 OK", &own(1, ACTIVE, 10_000, false)),
        json_answer("200 OK", &own(3, LOST, 10_000, true)),
    ];
    let (invited, requests) = invited(own(1, ACTIVE, 10_000, false), shown).await;
    let InvitationError::NotInvited(error) = invited.unwrap_err() else {
        panic!("it was shown");
    };
    assert_eq!(error.outcome(), Outcome::NotSent);
    let text = error.to_string();
    assert!(
        text.contains("/status") && text.contains("Active"),
        "{text}"
    );
    assert_eq!(methods(&requests), ["GET", "GET", "GET", "PATCH"]);
}

#[tokio::test]
async fn microsofts_referral_has_what_the_deal_has_when_it_is_created() {
    let now = own(2, ACTIVE, 99_000, true);
    let read = json_answer("200 OK", &now);
    let no_answer = [
        json_answer("200 OK", &own(1, ACTIVE, 10_000, false)),
        Act::Answer(answer("204 No Content", &[], String::new())),
        read.clone(),
    ];
    for then in [vec![read.clone()], no_answer.to_vec()] {
        let shown = then.len() == 1;
        let (invited, requests) = invited(own(1, ACTIVE, 10_000, shown), then).await;
        let value = invited.unwrap().own.details.unwrap().deal_value;
        assert_eq!(value, Some(99_000.into()));
        let posted: Value = serde_json::from_slice(&requests.last().unwrap().body).unwrap();
        assert_eq!(posted["details"]["dealValue"], 99_000);
    }
}
