//! How the stand-in treats deal registrations.

use super::*;

fn add_registration() -> Value {
    json!([
        { "op": "add", "path": "/registrations/-", "value": {
            "type": "AzureIPCoSell",
            "contract": { "term": "Perpetual", "currency": "USD", "value": 1 },
            "solutionDetails": [{ "id": "SOL-1", "currency": "USD", "value": 1 }],
        } },
    ])
}

impl Desk {
    /// A deal that was won, and that Microsoft's sellers see.
    fn won() -> Self {
        let mut desk = Self::new();
        let shown = replace(SHOWN, json!(true));
        desk.referral = desk.patch(None, shown).unwrap();
        desk.close("Won");
        desk
    }
}

const SHOWN: &str = "/consent/consentToShareReferralWithMicrosoftSellers";

#[test]
fn a_closed_referral_takes_registrations_only_and_only_if_won_and_not_private() {
    let mut desk = Desk::new();
    let refused = |desk: &mut Desk| desk.patch(None, add_registration()).unwrap_err().status;
    assert_eq!(refused(&mut desk), 400);
    desk.close("Won");
    assert_eq!(refused(&mut desk), 400, "it is private");
    let mut lost = Desk::new();
    lost.close("Lost");
    assert_eq!(refused(&mut lost), 400);

    let mut desk = Desk::won();
    let notes = replace("/details/notes", json!("late"));
    assert_eq!(desk.patch(None, notes).unwrap_err().status, 400);
    let after = desk.patch(None, add_registration()).unwrap();
    let made = &after["registrations"][0];
    assert_eq!(made["status"], "ReviewPending");
    assert_eq!(after["registrationStatus"], "ReviewPending");
    assert_eq!(
        made["statusHistory"]["reviewPendingDateTime"],
        made["registrationDateTime"]
    );
    assert!(
        made["id"].is_string() && made.get("type").is_none(),
        "{made}"
    );
    assert_eq!(made["contract"]["currency"], "USD");
    assert_eq!(
        made["solutionDetails"],
        json!([{ "id": "SOL-1", "value": 1 }])
    );
    let value = replace("/registrations/0/contract/value", json!(2));
    let after = desk.patch(None, value).unwrap();
    assert_eq!(after["registrations"][0]["contract"]["value"], 2);
    assert_eq!(after["registrations"][0]["id"], made["id"]);
}

#[test]
fn a_registration_lacks_nothing_that_its_other_members_ask_for() {
    let mut desk = Desk::won();
    desk.patch(None, add_registration()).unwrap();
    let finite = replace("/registrations/0/contract/term", json!("Finite"));
    assert_eq!(desk.patch(None, finite).unwrap_err().status, 400);
    let path = "/registrations/0/solutionDetails/0/marketplaceTransactionDetails";
    let mut sale = json!({ "isMarketplaceTransacted": true });
    let sold = json!([{ "op": "add", "path": path, "value": sale }]);
    assert_eq!(desk.patch(None, sold).unwrap_err().status, 400);
    set(
        &mut sale,
        "marketplaceTransactionDateTime",
        json!("2024-01-01T00:00:00Z"),
    );
    let sold = json!([{ "op": "add", "path": path, "value": sale }]);
    assert!(desk.patch(None, sold).is_ok());
}

#[test]
fn what_the_service_sets_of_a_registration_and_one_that_has_ended_cannot_be_changed() {
    let mut desk = Desk::won();
    desk.patch(None, add_registration()).unwrap();
    for member in ["id", "status", "statusHistory/approvedDateTime"] {
        let path = format!("/registrations/0/{member}");
        let patch = json!([{ "op": "add", "path": path, "value": "x" }]);
        assert_eq!(desk.patch(None, patch).unwrap_err().status, 400, "{member}");
    }
    let mut reviewed = desk.stored().clone();
    assert!(registration::review(
        &mut reviewed,
        "Failed",
        Some("late"),
        start()
    ));
    assert_eq!(reviewed["registrationStatus"], "Failed");
    assert_eq!(reviewed["registrations"][0]["statusReason"], "late");
    let history = &reviewed["registrations"][0]["statusHistory"];
    assert!(history["reviewPendingDateTime"].is_string() && history["failedDateTime"].is_string());
    desk.referral = desk.state.insert(reviewed, start());
    let value = replace("/registrations/0/contract/value", json!(2));
    assert_eq!(desk.patch(None, value).unwrap_err().status, 400);
    assert_eq!(
        desk.patch(None, add_registration()).unwrap_err().status,
        400
    );
}

#[test]
fn a_deal_that_microsoft_has_not_accepted_cannot_be_registered() {
    let mut desk = Desk::won();
    let mut half = json!({ "id": "half", "organizationId": "msft", "status": "New",
                       "substatus": "Pending", "engagementId": desk.referral["engagementId"] });
    desk.state.insert(half.clone(), start());
    assert_eq!(
        desk.patch(None, add_registration()).unwrap_err().status,
        400
    );
    set(&mut half, "status", json!("Active"));
    set(&mut half, "substatus", json!("Accepted"));
    desk.state.insert(half, start());
    assert!(desk.patch(None, add_registration()).is_ok());
}
