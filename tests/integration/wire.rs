//! Odd values of the wire, and what reading them gives.

use partner_referrals::types::{Referral, ServiceError, Status};
use serde_json::{Value, json};

fn examples(prefix: &str) -> Vec<(String, Value)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi/examples");
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        if name.starts_with(prefix) {
            let text = std::fs::read_to_string(entry.path()).unwrap();
            found.push((name, serde_json::from_str(&text).unwrap()));
        }
    }
    assert!(!found.is_empty(), "no example begins with {prefix}");
    found
}

#[test]
fn each_error_example_is_told_from_the_others() {
    let read = |prefix: &str| -> ServiceError {
        serde_json::from_value(examples(prefix)[0].1.clone()).unwrap()
    };
    assert!(matches!(read("ErrorBody"), ServiceError::ErrorBody(_)));
    assert!(matches!(
        read("PartnerCenterErrorBody"),
        ServiceError::PartnerCenterErrorBody(_)
    ));
    assert!(matches!(
        read("ThrottlingErrorBody"),
        ServiceError::ThrottlingErrorBody(_)
    ));
}

fn observed() -> Value {
    examples("Referral.observed").remove(0).1
}

#[test]
fn an_unknown_value_survives_and_does_not_fail_the_referral() {
    let mut value = observed();
    for member in [
        "status",
        "substatus",
        "type",
        "qualification",
        "direction",
        "registrationStatus",
    ] {
        value[member] = json!("FromTheFuture");
    }
    let referral: Referral = serde_json::from_value(value).unwrap();
    assert_eq!(referral.status, Status::from("FromTheFuture"));
    assert!(!referral.status.is_known());
    let written = serde_json::to_value(&referral).unwrap();
    assert_eq!(written["status"], "FromTheFuture");
    assert_eq!(written["direction"], "FromTheFuture");
}

/// Sets every member that may be null to null, one at a time and at any depth.
#[test]
fn null_is_read_wherever_the_document_allows_it() {
    let required = [
        "id",
        "engagementId",
        "status",
        "substatus",
        "type",
        "createdDateTime",
        "updatedDateTime",
    ];
    let mut pointers = Vec::new();
    fn collect(value: &Value, pointer: &str, out: &mut Vec<String>) {
        if let Value::Object(members) = value {
            for (name, value) in members {
                let here = format!("{pointer}/{name}");
                collect(value, &here, out);
                out.push(here);
            }
        }
    }
    collect(&observed(), "", &mut pointers);
    let mut checked = 0;
    for pointer in pointers {
        if required.iter().any(|name| pointer == format!("/{name}")) {
            continue;
        }
        let mut value = observed();
        *value.pointer_mut(&pointer).unwrap() = Value::Null;
        if let Err(error) = serde_json::from_value::<Referral>(value) {
            panic!("{pointer}: {error}");
        }
        checked += 1;
    }
    assert!(checked > 60, "{checked}");
}

#[test]
fn the_referral_of_the_vendors_tables_alone_is_enough() {
    let least = json!({
        "id": "a", "engagementId": "b", "status": "New", "substatus": "Pending", "type": "Shared",
        "createdDateTime": "2019-02-23T02:05:23Z", "updatedDateTime": "2019-02-23T02:05:23Z"
    });
    let referral: Referral = serde_json::from_value(least.clone()).unwrap();
    assert_eq!(serde_json::to_value(&referral).unwrap(), least);
    for bad in ["", ".", "..", "a/b"] {
        let mut value = least.clone();
        value["id"] = json!(bad);
        assert!(
            serde_json::from_value::<Referral>(value).is_err(),
            "{bad:?}"
        );
    }
}

#[test]
fn a_blank_where_a_value_should_be_does_not_lose_the_referral() {
    let mut value = observed();
    for pointer in [
        "/eTag",
        "/acceptedDateTime",
        "/closedDateTime",
        "/details/closingDateTime",
        "/details/dealValue",
    ] {
        *value.pointer_mut(pointer).unwrap() = json!("");
    }
    let referral: Referral = serde_json::from_value(value).unwrap();
    assert_eq!((&referral.e_tag, referral.closed_date_time), (&None, None));
    assert_eq!(referral.details.unwrap().deal_value, None);

    // Digits survive the same way in.
    let text = observed().to_string().replacen(
        r#""dealValue":10000"#,
        r#""dealValue":9007199254740993.01"#,
        1,
    );
    let referral: Referral = serde_json::from_str(&text).unwrap();
    let amount = referral.details.unwrap().deal_value.unwrap();
    assert_eq!(amount.to_string(), "9007199254740993.01");
}
