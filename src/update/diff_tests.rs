//! The differ against an interpreter of JSON Patch of its own.

use super::*;
use crate::generated::client::types::Referral;
use proptest::prelude::*;
use serde_json::{Value, json};

fn referral() -> Value {
    let example = include_str!("../../openapi/examples/create_referral.response.200.json");
    serde_json::from_str(example).unwrap()
}

/// What an edit of a referral that was read from `raw` sends.
fn changes(raw: &str, edit: impl FnOnce(&mut Referral)) -> Result<Vec<Change>, Refusal> {
    let before: Referral = serde_json::from_str(raw).unwrap();
    let mut after = before.clone();
    edit(&mut after);
    let text = |referral: &Referral| serde_json::to_string(referral).unwrap();
    diff(raw, &text(&before), &text(&after))
}

fn shown(changes: &[Change]) -> Vec<(String, String, String)> {
    changes
        .iter()
        .map(|one| (one.op.to_string(), one.pointer(), one.value.clone()))
        .collect()
}

/// RFC 6902, as far as the service has it.
fn apply(document: &mut Value, changes: &[Change]) {
    for change in changes {
        let value: Value = serde_json::from_str(&change.value).unwrap();
        let mut pointer = change.pointer();
        if change.append {
            pointer.truncate(pointer.len() - 2);
            let list = document.pointer_mut(&pointer).unwrap();
            list.as_array_mut().unwrap().push(value);
            continue;
        }
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        let name = name.replace("~1", "/").replace("~0", "~");
        let parent = document
            .pointer_mut(parent)
            .unwrap()
            .as_object_mut()
            .unwrap();
        let there = parent.contains_key(&name);
        assert_eq!(there, change.op == PatchOp::Replace, "{pointer}");
        parent.insert(name, value);
    }
}

#[test]
fn an_edit_of_nothing_is_no_change_whatever_the_service_sent() {
    let mut raw = referral();
    raw["later"] = json!({"a": [1, null, {"b": 0.1}]});
    raw["details"]["later"] = json!(1e30);
    raw["details"]["notes"] = Value::Null;
    raw["status"] = json!("Paused");
    raw["updatedDateTime"] = json!("2024-01-01T00:00:00.123456Z");
    raw["name"] = json!("A &amp; B");
    assert_eq!(changes(&raw.to_string(), |_| {}), Ok(vec![]));
}

#[test]
fn members_are_added_where_they_lack_and_replaced_where_they_are_or_are_null() {
    let mut raw = referral();
    raw["campaignId"] = Value::Null;
    raw.as_object_mut().unwrap().remove("salesStage");
    raw["details"] = json!({"notes": "old", "a/b~c": 1});
    let found = changes(&raw.to_string(), |referral| {
        referral.campaign_id = Some("c".to_owned());
        referral.sales_stage = Some("Close".to_owned());
        let details = referral.details.as_mut().unwrap();
        details.notes = Some("new".to_owned());
        details.deal_value = Some("9007199254740993.01".parse().unwrap());
        details.extra.insert("a/b~c".to_owned(), json!(2));
    });
    let text = |text: &str| text.to_owned();
    let row = |op, path, value| (text(op), text(path), text(value));
    let mut found = shown(&found.unwrap());
    found.sort();
    assert_eq!(
        found,
        [
            row("add", "/details/dealValue", "9007199254740993.01"),
            row("add", "/salesStage", "\"Close\""),
            row("replace", "/campaignId", "\"c\""),
            row("replace", "/details/a~1b~0c", "2"),
            row("replace", "/details/notes", "\"new\""),
        ]
    );
}

#[test]
fn a_list_is_appended_to_or_sent_as_a_whole_with_what_the_service_wrote() {
    let mut raw = referral();
    let sue = json!({"firstName": "Sue", "later": "digits", "phoneNumber": null});
    raw["team"].as_array_mut().unwrap().insert(0, sue);
    // Digits that a tree of JSON cannot hold.
    let raw = raw.to_string();
    let raw = raw.replace("\"digits\"", "1234567890.123456789012345");
    let team = |raw: &str| {
        let raw: Value = serde_json::from_str(raw).unwrap();
        raw["team"].as_array().unwrap().len()
    };
    assert_eq!(team(&raw), 2);
    let ada: crate::types::Member = serde_json::from_value(json!({"firstName": "Ada"})).unwrap();
    let appended = changes(&raw, |referral| {
        let team = referral.team.as_mut().unwrap();
        team.extend([ada.clone(), ada.clone()]);
    });
    let one = (
        "add".to_owned(),
        "/team/-".to_owned(),
        "{\"firstName\":\"Ada\"}".to_owned(),
    );
    assert_eq!(shown(&appended.unwrap()), [one.clone(), one]);

    let edited = changes(&raw, |referral| {
        referral.team.as_mut().unwrap()[0].first_name = Some("Susan".to_owned());
    });
    let edited = edited.unwrap();
    assert_eq!((edited.len(), edited[0].pointer().as_str()), (1, "/team"));
    let sent = &edited[0].value;
    assert!(sent.contains("1234567890.123456789012345"), "{sent}");
    assert!(
        sent.contains("\"phoneNumber\":null") && sent.contains("Susan"),
        "{sent}"
    );

    let shorter = changes(&raw, |referral| {
        referral.team.as_mut().unwrap().pop();
    });
    let shorter = shorter.unwrap();
    assert_eq!(shorter[0].op, PatchOp::Replace);
    assert!(shorter[0].value.contains("1234567890.123456789012345"));

    let without = changes(&raw, |referral| referral.tags = None);
    assert!(without.is_ok() || matches!(without, Err(Refusal::ReadOnly(_))));
}

#[test]
fn what_cannot_be_changed_is_refused_and_named() {
    let mut raw = referral();
    raw["details"]["notes"] = json!("canary");
    raw["later"] = json!({"b": "canary"});
    raw["consent"]["consentToShareReferralWithMicrosoftSellers"] = json!(true);
    let raw = raw.to_string();
    let refused = |edit: fn(&mut Referral)| changes(&raw, edit).unwrap_err();
    let consent = "/consent/consentToShareReferralWithMicrosoftSellers".to_owned();
    for (refusal, expected) in [
        (
            refused(|one| one.details.as_mut().unwrap().notes = None),
            Refusal::Remove("/details/notes".to_owned()),
        ),
        (
            refused(|one| one.details = None),
            Refusal::Remove("/details".to_owned()),
        ),
        (
            refused(|one| {
                one.extra["later"].as_object_mut().unwrap().remove("b");
            }),
            Refusal::Remove("/later/b".to_owned()),
        ),
        (
            refused(|one| one.id = crate::ReferralId::new("other").unwrap()),
            Refusal::ReadOnly("/id".to_owned()),
        ),
        (
            refused(|one| one.e_tag = None),
            Refusal::ReadOnly("/eTag".to_owned()),
        ),
        (
            refused(|one| one.updated_date_time = chrono::DateTime::UNIX_EPOCH.into()),
            Refusal::ReadOnly("/updatedDateTime".to_owned()),
        ),
        (
            refused(|one| one.type_ = "Other".into()),
            Refusal::CreateOnly("/type".to_owned()),
        ),
        (
            refused(|one| one.mpn_id = Some("1".to_owned())),
            Refusal::CreateOnly("/mpnId".to_owned()),
        ),
        (
            refused(|one| one.customer_profile.as_mut().unwrap().name = Some("x".to_owned())),
            Refusal::CreateOnly("/customerProfile/name".to_owned()),
        ),
        (
            refused(|one| {
                let consent = one.consent.as_mut().unwrap();
                consent.consent_to_share_referral_with_microsoft_sellers = Some(false);
            }),
            Refusal::StaysTrue(consent.clone()),
        ),
        (
            refused(|one| {
                let consent = one.consent.as_mut().unwrap();
                consent.consent_to_share_referral_with_microsoft_sellers = None;
            }),
            Refusal::StaysTrue(consent),
        ),
        (
            refused(|one| {
                one.registrations = Some(vec![serde_json::from_value(json!({})).unwrap()]);
            }),
            Refusal::OwnPaths("/registrations".to_owned()),
        ),
    ] {
        assert_eq!(refusal, expected);
        assert!(!refusal.to_string().contains("canary"), "{refusal}");
    }
}

#[test]
fn what_reads_as_nothing_is_sent_with_its_list_as_it_was_written() {
    let mut raw = referral();
    raw["details"]["requirements"] = json!({"solutions": [
        {"id": "a", "name": "old", "price": "", "closingDateTime": "", "publisherName": null},
    ]});
    let found = changes(&raw.to_string(), |one| {
        let details = one.details.as_mut().unwrap();
        let requirements = details.requirements.as_mut().unwrap();
        let solution = &mut requirements.solutions.as_mut().unwrap()[0];
        solution.name = Some("new".to_owned());
    });
    let sent: Value = serde_json::from_str(&found.unwrap()[0].value).unwrap();
    assert_eq!(
        sent,
        json!([
            {"id": "a", "name": "new", "price": "", "closingDateTime": "", "publisherName": null},
        ])
    );
}

/// Values of every kind that a member may have.
fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "[a-z/~é\"]{0,6}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[a-c/~]{1,2}", inner, 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    /// Whatever an edit does to members that nobody models: the changes make of
    /// the one referral exactly the other, or the edit is refused because
    /// something is gone.
    #[test]
    fn the_changes_make_what_was_edited(old in values(), new in values(), notes in ".{0,12}") {
        let mut raw = referral();
        raw["later"] = old;
        raw["details"]["notes"] = Value::Null;
        let text = raw.to_string();
        let mut after: Referral = serde_json::from_str(&text).unwrap();
        after.extra.insert("later".to_owned(), new.clone());
        after.details.as_mut().unwrap().notes = Some(notes.clone());
        let found = changes(&text, |referral| *referral = after.clone());
        match found {
            Ok(changes) => {
                apply(&mut raw, &changes);
                prop_assert_eq!(&raw["later"], &new);
                prop_assert_eq!(&raw["details"]["notes"], &json!(notes));
                let read: Referral = serde_json::from_value(raw).unwrap();
                prop_assert_eq!(read, after);
            }
            Err(refusal) => prop_assert!(matches!(refusal, Refusal::Remove(_)), "{}", refusal),
        }
    }
}
