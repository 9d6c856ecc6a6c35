//! How PATCH and PUT treat a referral, without a connection in between.

#[path = "registration_tests.rs"]
mod registrations;

use super::*;
use crate::sandbox::chance::Ids;
use crate::sandbox::create::create;

fn start() -> DateTime<Utc> {
    DateTime::parse_from_rfc3339("2024-01-01T00:00:00Z")
        .unwrap()
        .to_utc()
}

struct Desk {
    state: State,
    referral: Value,
}

impl Desk {
    fn new() -> Self {
        let body = json!({
            "type": "Independent",
            "customerProfile": { "name": "Contoso", "address": {
                "addressLine1": "One Microsoft Way", "city": "Redmond", "country": "US" } },
            "consent": { "consentToToShareInfoWithOthers": true, "consentToContact": true },
            "details": { "notes": "first", "dealValue": 1, "tomorrow": "nested" },
            "tomorrow": "kept",
        });
        let mut state = State::new(Ids::new(Some(1)));
        let referral = create(&mut state, body.to_string().as_bytes(), start(), start()).unwrap();
        Self { state, referral }
    }

    fn id(&self) -> String {
        text(&self.referral, "id").unwrap().to_owned()
    }

    fn tag(&self) -> String {
        text(&self.referral, "eTag").unwrap().to_owned()
    }

    fn patch(&mut self, if_match: Option<&str>, operations: Value) -> Result<Value, Refusal> {
        let body = operations.to_string();
        let id = self.id();
        patch(&mut self.state, &id, if_match, body.as_bytes(), start())
    }

    fn put(&mut self, if_match: Option<&str>, body: &Value) -> Result<Value, Refusal> {
        let id = self.id();
        put(
            &mut self.state,
            &id,
            if_match,
            body.to_string().as_bytes(),
            start(),
        )
    }

    fn stored(&self) -> &Value {
        self.state.get(&self.id()).unwrap()
    }

    fn close(&mut self, substatus: &str) {
        self.patch(None, status("Closed", substatus)).unwrap();
    }
}

fn replace(path: &str, value: Value) -> Value {
    json!([{ "op": "replace", "path": path, "value": value }])
}

fn status(status: &str, substatus: &str) -> Value {
    json!([
        { "op": "replace", "path": "/status", "value": status },
        { "op": "replace", "path": "/substatus", "value": substatus },
    ])
}

#[test]
fn every_change_gives_a_new_etag_and_keeps_unknown_members() {
    let mut desk = Desk::new();
    let tag = desk.tag();
    let after = desk
        .patch(Some(&tag), replace("/details/notes", json!("second")))
        .unwrap();
    assert_ne!(after["eTag"], desk.referral["eTag"]);
    assert_eq!(after["tomorrow"], "kept");
    assert_eq!(after["details"]["tomorrow"], "nested");
    let stale = desk
        .patch(Some(&tag), replace("/details/notes", json!("third")))
        .unwrap_err();
    assert_eq!(stale.status, 412);
    assert_eq!(desk.stored(), &after);
}

#[test]
fn a_patch_without_if_match_overwrites() {
    let mut desk = Desk::new();
    desk.patch(None, replace("/details/notes", json!("second")))
        .unwrap();
    desk.patch(None, replace("/details/notes", json!("third")))
        .unwrap();
    assert_eq!(desk.stored()["details"]["notes"], "third");
}

#[test]
fn a_patch_that_fails_half_way_changes_nothing() {
    let mut desk = Desk::new();
    let operations = json!([
        { "op": "replace", "path": "/details/notes", "value": "lost" },
        { "op": "add", "path": "/nowhere/at/all", "value": 1 },
    ]);
    assert_eq!(desk.patch(None, operations).unwrap_err().status, 400);
    assert_eq!(desk.stored(), &desk.referral);
}

#[test]
fn the_table_decides_the_status_as_a_whole() {
    let mut desk = Desk::new();
    let alone = replace("/status", json!("Closed"));
    assert_eq!(desk.patch(None, alone).unwrap_err().status, 400);
    assert_eq!(
        desk.patch(None, status("New", "Pending"))
            .unwrap_err()
            .status,
        400
    );
    let won = desk.patch(None, status("Closed", "Won")).unwrap();
    assert_eq!(won["closedDateTime"], "2024-01-01T00:00:00.0000000Z");
}

#[test]
fn sharing_with_microsoft_sellers_cannot_be_taken_back() {
    let mut desk = Desk::new();
    let path = "/consent/consentToShareReferralWithMicrosoftSellers";
    desk.patch(None, replace(path, json!(true))).unwrap();
    assert_eq!(
        desk.patch(None, replace(path, json!(false)))
            .unwrap_err()
            .status,
        400
    );
}

#[test]
fn a_deal_value_sent_as_a_string_is_stored_as_a_number() {
    let mut desk = Desk::new();
    let after = desk
        .patch(None, replace("/details/dealValue", json!("10000")))
        .unwrap();
    assert_eq!(after["details"]["dealValue"], 10000);
    let odd = replace("/details/dealValue", json!("a lot"));
    assert_eq!(desk.patch(None, odd).unwrap_err().status, 400);
}

#[test]
fn microsofts_status_is_not_the_partners_to_set() {
    let mut desk = Desk::new();
    let half = json!({ "id": "half", "organizationId": "msft", "status": "New",
                       "substatus": "Pending", "type": "Shared", "customerProfile": {},
                       "consent": {}, "details": {} });
    desk.referral = desk.state.insert(half, start());
    assert_eq!(
        desk.patch(None, status("Active", "Accepted"))
            .unwrap_err()
            .status,
        403
    );
    assert!(
        desk.patch(None, replace("/details/notes", json!("x")))
            .is_ok()
    );
}

#[test]
fn a_replace_needs_if_match_and_no_links() {
    let mut desk = Desk::new();
    let tag = desk.tag();
    let mut body = desk.referral.clone();
    assert_eq!(desk.put(Some(&tag), &body).unwrap_err().status, 400);
    body.as_object_mut().unwrap().remove("links");
    assert_eq!(desk.put(None, &body).unwrap_err().status, 400);
    assert_eq!(desk.put(Some("\"old\""), &body).unwrap_err().status, 412);
    set(&mut body, "name", json!("renamed"));
    let after = desk.put(Some(&tag), &body).unwrap();
    assert_eq!(after["name"], "renamed");
    assert_eq!(after["tomorrow"], "kept");
    assert_eq!(after["links"], desk.referral["links"]);
    assert_ne!(after["eTag"], desk.referral["eTag"]);
}

#[test]
fn a_replace_clears_the_known_members_that_it_leaves_out_and_no_others() {
    let mut desk = Desk::new();
    let tag = desk.tag();
    let body = json!({ "type": "Independent", "customerProfile": { "name": "Contoso" },
                       "consent": {}, "details": { "dealValue": 2 } });
    let after = desk.put(Some(&tag), &body).unwrap();
    assert_eq!(after["details"]["notes"], Value::Null);
    assert_eq!(after["id"], desk.referral["id"]);
    assert_eq!(after["status"], "Active");
    assert_eq!(after["tomorrow"], "kept");
    assert_eq!(after["details"]["tomorrow"], "nested");
}

#[test]
fn a_replace_may_not_touch_what_the_service_sets() {
    let mut desk = Desk::new();
    let tag = desk.tag();
    let mut body = desk.referral.clone();
    body.as_object_mut().unwrap().remove("links");
    set(&mut body, "engagementId", json!("another"));
    assert_eq!(desk.put(Some(&tag), &body).unwrap_err().status, 400);
}

#[test]
fn a_replace_may_send_what_the_service_sets_in_another_spelling() {
    let mut desk = Desk::new();
    let tag = desk.tag();
    let mut body = desk.referral.clone();
    body.as_object_mut().unwrap().remove("links");
    set(&mut body, "createdDateTime", json!("2024-01-01T00:00:00Z"));
    set(&mut body, "trackingInfo", json!({}));
    let after = desk.put(Some(&tag), &body).unwrap();
    assert_eq!(after["createdDateTime"], desk.referral["createdDateTime"]);
    assert_eq!(after["trackingInfo"], desk.referral["trackingInfo"]);
}

#[test]
fn a_required_member_cannot_be_taken_away() {
    let mut desk = Desk::new();
    let gone = replace("/details", Value::Null);
    assert_eq!(desk.patch(None, gone).unwrap_err().status, 400);
    let tag = desk.tag();
    let body = json!({ "type": "Independent", "customerProfile": {}, "consent": {} });
    assert_eq!(desk.put(Some(&tag), &body).unwrap_err().status, 400);
}

#[test]
fn a_seeded_referral_that_lacks_much_can_be_changed() {
    let mut desk = Desk::new();
    desk.referral = desk.state.insert(json!({ "id": "bare" }), start());
    assert!(desk.patch(None, replace("/name", json!("new"))).is_ok());
}

#[test]
fn a_replace_may_write_times_with_fewer_digits_and_no_others() {
    let mut desk = Desk::new();
    let (id, tag) = (desk.id(), desk.tag());
    let at = "2024-01-01T00:00:00.1234567Z";
    let mut body = desk.stored().clone();
    set(&mut body, "createdDateTime", json!(at));
    desk.state.store(&id, body.clone(), start());
    body.as_object_mut().unwrap().remove("links");
    let other = json!("2024-01-01T00:00:00.124Z");
    set(&mut body, "createdDateTime", other);
    assert!(desk.put(Some(&tag), &body).is_err());
    let same = json!("2024-01-01T00:00:00.123456+00:00");
    set(&mut body, "createdDateTime", same);
    let replaced = desk.put(Some(&tag), &body).unwrap();
    assert_eq!(replaced["createdDateTime"], at);
}

#[test]
fn an_unknown_referral_is_not_found() {
    let mut state = State::new(Ids::new(Some(1)));
    assert_eq!(
        patch(&mut state, "x", None, b"[]", start())
            .unwrap_err()
            .status,
        404
    );
    let body = br#"{"type":"Independent","customerProfile":{},"consent":{},"details":{}}"#;
    assert_eq!(
        put(&mut state, "x", Some("*"), body, start())
            .unwrap_err()
            .status,
        404
    );
}
