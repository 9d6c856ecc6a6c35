//! The same, by way of an update: what nobody touched stays as it was at the
//! service, and only what was changed is sent.

use partner_referrals::sandbox::Sandbox;
use partner_referrals::types::Referral;
use partner_referrals::{ReferralId, ReferralsClient};
use serde_json::{Value, json};

use super::instance::{Choice, Instance, Kind, Schemas};
use crate::support::{client, sandbox, writes};

fn insert(sandbox: &Sandbox, instance: Instance) -> (ReferralId, Value) {
    let mut value = instance.sent;
    // What a float cannot hold, the stand-in cannot either.
    assert!(!value.to_string().contains("\"#"));
    value["status"] = json!("Active");
    value["substatus"] = json!("Accepted");
    let stored = sandbox.insert(value);
    (stored["id"].as_str().unwrap().parse().unwrap(), stored)
}

/// Makes an edit, and gives what is stored then, without what every change sets.
async fn edited(
    sandbox: &Sandbox,
    client: &ReferralsClient,
    id: &ReferralId,
    before: &Value,
    edit: impl FnMut(&mut Referral),
    what: &str,
) -> Value {
    let updated = client.update(id, edit).await;
    assert!(
        updated
            .unwrap_or_else(|error| panic!("{what}: {error}"))
            .is_changed()
    );
    let mut after = sandbox.referral(id.as_str()).unwrap();
    for name in ["eTag", "updatedDateTime"] {
        assert_ne!(after[name], before[name]);
        after[name] = before[name].clone();
    }
    after
}

/// Members of list items that the stand-in adds to whatever it stores.
fn completed(mut value: Value) -> Value {
    for list in [
        "/team",
        "/customerProfile/team",
        "/details/requirements/solutions",
    ] {
        let items = value.pointer_mut(list).and_then(Value::as_array_mut);
        for item in items.into_iter().flatten() {
            if let Some(item) = item.as_object_mut() {
                item.retain(|_, member| !member.is_null());
                if item.get("contactPreference").is_some_and(|one| {
                    one.as_object()
                        .is_some_and(|one| one.values().all(Value::is_null))
                }) {
                    item.remove("contactPreference");
                }
            }
        }
    }
    value
}

#[tokio::test]
async fn an_update_leaves_every_odd_value_that_it_does_not_touch() {
    let (schemas, sandbox) = (Schemas::load(), sandbox().await);
    let client = client(&sandbox);
    let mut count = 0;
    for place in schemas.places("Referral") {
        let form = match place.kind {
            Kind::Object | Kind::Enum | Kind::Text => Some(Choice::Odd(0)),
            Kind::Time => Some(Choice::Odd(0)),
            _ => None,
        };
        let null = (!place.required).then_some(Choice::Null);
        for choice in form.into_iter().chain(null) {
            if ["/externalReferenceId", "/status", "/substatus"].contains(&place.pointer().as_str())
            {
                continue;
            }
            let (id, before) = insert(&sandbox, schemas.with("Referral", &place, choice));
            if before["eTag"].is_null() {
                continue;
            }
            let what = format!("{} {choice:?}", place.pointer());
            let edit = |one: &mut Referral| one.external_reference_id = Some("crm-2".to_owned());
            let mut after = edited(&sandbox, &client, &id, &before, edit, &what).await;
            let sent = writes(&sandbox).pop().unwrap().json().unwrap();
            let change = json!([{
                "op": "replace", "path": "/externalReferenceId", "value": "crm-2"
            }]);
            assert_eq!(sent, change, "{what}");
            after["externalReferenceId"] = before["externalReferenceId"].clone();
            assert_eq!(completed(after), completed(before), "{what}");
            count += 1;
        }
    }
    assert!(count > 280, "{count}");
}

#[tokio::test]
async fn a_list_that_is_sent_as_a_whole_keeps_every_odd_value_in_its_items() {
    type Edit = fn(&mut Referral);
    let lists: [(&str, &str, Edit); 3] = [
        ("/team/0", "phoneNumber", |one| {
            one.team.as_mut().unwrap()[0].phone_number = Some("777".to_owned());
        }),
        ("/customerProfile/team/0", "phoneNumber", |one| {
            let customer = one.customer_profile.as_mut().unwrap();
            customer.team.as_mut().unwrap()[0].phone_number = Some("777".to_owned());
        }),
        (
            "/details/requirements/solutions/0",
            "publisherName",
            |one| {
                let details = one.details.as_mut().unwrap();
                let requirements = details.requirements.as_mut().unwrap();
                let solution = &mut requirements.solutions.as_mut().unwrap()[0];
                solution.publisher_name = Some("777".to_owned());
            },
        ),
    ];
    let (schemas, sandbox) = (Schemas::load(), sandbox().await);
    let client = client(&sandbox);
    let places = schemas.places("Referral");
    let mut count = 0;
    for (item, changed, edit) in lists {
        let within = places
            .iter()
            .filter(|place| place.pointer().starts_with(item));
        for place in within {
            let own = format!("{item}/{changed}");
            let null = (!place.required).then_some(Choice::Null);
            for choice in null.into_iter().chain([Choice::Odd(0)]) {
                if place.kind == Kind::Amount || place.pointer() == own {
                    continue;
                }
                let (id, mut before) = insert(&sandbox, schemas.with("Referral", place, choice));
                let what = format!("{} {choice:?}", place.pointer());
                let after = edited(&sandbox, &client, &id, &before, edit, &what).await;
                let sent = writes(&sandbox).pop().unwrap().json().unwrap();
                let list = item.trim_end_matches("/0");
                assert_eq!(sent[0]["path"], list, "{what}");
                before.pointer_mut(item).unwrap()[changed] = json!("777");
                assert_eq!(&sent[0]["value"], before.pointer(list).unwrap(), "{what}");
                assert_eq!(completed(after), completed(before), "{what}");
                count += 1;
            }
        }
    }
    assert!(count > 45, "{count}");
}
