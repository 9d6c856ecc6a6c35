//! People of a referral: who is the same, and where nobody can be added.

use partner_referrals::sandbox::Sandbox;
use partner_referrals::types::NewMember;
use partner_referrals::{ErrorKind, Outcome, ReferralId};
use serde_json::{Value, json};

use crate::support::{client, sandbox, writes};

fn insert(sandbox: &Sandbox, customer: Value) -> ReferralId {
    let made = sandbox.insert(json!({
        "status": "Active", "substatus": "Accepted", "customerProfile": customer,
    }));
    made["id"].as_str().unwrap().parse().unwrap()
}

fn names(sandbox: &Sandbox, id: &ReferralId, list: &str) -> Vec<String> {
    let stored = sandbox.referral(id.as_str()).unwrap();
    let team = stored.pointer(list).unwrap().as_array().unwrap().iter();
    team.map(|one| one["firstName"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn people_without_an_address_are_told_apart_by_names_and_phone_number() {
    let sandbox = sandbox().await;
    let client = client(&sandbox);
    let id = insert(&sandbox, json!({"name": "Contoso", "team": []}));
    let people = [
        ("Ada", "555", "", true),
        ("Grace", "555", "", true),
        ("Grace", "556", "  ", true),
        ("grace", "555", " ", false),
        ("Ada", "555", "", false),
        ("Ada", "555", "ada@contoso.com", true),
        ("Augusta", "1", "ADA@contoso.com ", false),
    ];
    for (first, phone, email, added) in people {
        let one = NewMember::new(first, "L", phone, email);
        let updated = client.append_team_member(&id, &one).await.unwrap();
        assert_eq!(updated.is_changed(), added, "{first} {phone} {email}");
        let updated = client.append_customer_contact(&id, &one).await.unwrap();
        assert_eq!(updated.is_changed(), added, "{first} {phone} {email}");
    }
    let expected = ["Ada", "Grace", "Grace", "Ada"];
    assert_eq!(names(&sandbox, &id, "/team"), expected);
    assert_eq!(names(&sandbox, &id, "/customerProfile/team"), expected);
}

#[tokio::test]
async fn somebody_whom_the_service_gives_back_escaped_is_not_appended_twice() {
    let sandbox = sandbox().await;
    let client = client(&sandbox);
    for one in [
        NewMember::new("Sales & Co", "L", "555", ""),
        NewMember::new("Pat", "O'Brien", "555", "pat.o'brien@contoso.com"),
    ] {
        for apostrophe in ["&#39;", "&#x27;", "&apos;"] {
            let id = insert(&sandbox, json!({"name": "Contoso", "team": []}));
            let first = client.append_team_member(&id, &one).await.unwrap();
            assert!(first.is_changed());
            sandbox.edit(id.as_str(), |stored| {
                let text = stored["team"].to_string().replace('&', "&amp;");
                stored["team"] = serde_json::from_str(&text.replace('\'', apostrophe)).unwrap();
            });
            let second = client.append_team_member(&id, &one).await.unwrap();
            assert!(!second.is_changed(), "{apostrophe}");
        }
    }
}

#[tokio::test]
async fn a_contact_at_no_customer_is_refused_and_not_left_out() {
    let sandbox = sandbox().await;
    let id = insert(&sandbox, Value::Null);
    let ada = NewMember::new("Ada", "Lovelace", "555", "ada@contoso.com");
    let error = client(&sandbox)
        .append_customer_contact(&id, &ada)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    assert_eq!(error.outcome(), Outcome::NotSent);
    let text = error.to_string();
    assert!(
        text.contains("customerProfile") && text.contains(id.as_str()),
        "{text}"
    );
    assert!(writes(&sandbox).is_empty());
}
