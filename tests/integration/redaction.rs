//! Nothing personal is printed: canaries in every field, filter and answer.

use partner_referrals::sandbox::{Fault, FaultBody};
use partner_referrals::shared_referral::SharedReferralPlan;
use partner_referrals::types::{NewReferral, Referral};
use partner_referrals::{ListOptions, Patch};
use serde_json::Value;

use crate::support::{PUBLISHED, always, once, sandbox};

const OBSERVED: &str = include_str!("../../openapi/examples/Referral.observed_2022.json");

/// Replaces every free text by a canary; ids, times and enum values stay.
fn seed(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                let kept = ["id", "engagementId", "eTag", "status", "substatus", "type"];
                if !kept.contains(&name.as_str()) && !name.ends_with("DateTime") {
                    seed(value);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(seed),
        Value::String(text) => *text = "canary".to_owned(),
        Value::Number(number) => *number = 4_242_424_242_u64.into(),
        Value::Null | Value::Bool(_) => {}
    }
}

fn clean(shown: &str) {
    assert!(!shown.contains("canary"), "{shown}");
    assert!(!shown.contains("4242424242"), "{shown}");
}

/// The enums and ids of a request keep their values.
fn canaried<T: serde::de::DeserializeOwned>(json: &str) -> T {
    let mut value: Value = serde_json::from_str(json).unwrap();
    let (direction, qualification) = (value["direction"].clone(), value["qualification"].clone());
    seed(&mut value);
    value["qualification"] = qualification;
    if !direction.is_null() {
        value["direction"] = direction;
    }
    value["unknownMember"] = "canary".into();
    serde_json::from_value(value).unwrap()
}

#[test]
fn debug_of_a_referral_hides_every_free_text_and_number_but_shows_its_state() {
    let mut referral: Referral = canaried(OBSERVED);
    for tag in referral.target.iter_mut().flatten() {
        tag.type_ = None;
    }
    if let Some(profile) = &mut referral.customer_profile {
        profile.size = None;
        profile.ids = None;
    }
    referral.registration_status = None;
    if let Some(context) = &mut referral.invite_context {
        context.assistance_request_code = None;
    }
    let shown = format!("{referral:#?}");
    clean(&shown);
    assert!(shown.contains(referral.id.as_str()));
    assert!(shown.contains("status: Active"), "{shown}");
    assert!(shown.contains("<1 members>"), "{shown}");
}

#[test]
fn debug_of_requests_plans_and_patches_hides_them_too() {
    let mut new: NewReferral = canaried(PUBLISHED);
    new.customer_profile.size = None;
    clean(&format!("{new:?}"));
    clean(&format!(
        "{:?}",
        SharedReferralPlan::new(new, "GeneralOrOther").notes_to_microsoft("canary")
    ));
    clean(&format!(
        "{:?}",
        Patch::new().replace("/details/notes", "canary")
    ));
    clean(&format!(
        "{:?}",
        ListOptions::new().filter("email eq 'canary'")
    ));
}

#[tokio::test]
async fn errors_of_every_kind_print_no_body_token_or_filter() {
    let sandbox = sandbox().await;
    let client = once(&sandbox);
    let mut new: NewReferral = canaried(PUBLISHED);
    new.customer_profile.size = None;
    let filter = ListOptions::new().filter("team/any(t:t/email eq 'canary')");
    for fault in [
        Fault::status(500, FaultBody::Text("canary".to_owned())),
        Fault::status(
            400,
            FaultBody::Text(
                r#"{"error":{"code":"c","message":"The value 'canary' of canary@contoso.com is bad","target":"canary@contoso.com"}}"#
                    .to_owned(),
            ),
        ),
        Fault::status(503, FaultBody::Html),
        Fault::CutAfterWrite,
        Fault::CutBody,
        Fault::Garbage,
    ] {
        sandbox.set_faults(always(fault));
        let create = client.create(&new).await.unwrap_err();
        let list = client.list(&filter).await.unwrap_err();
        for error in [create, list] {
            let mut shown = format!("{error} {error:?}");
            let mut source = std::error::Error::source(&error);
            while let Some(next) = source {
                shown.push_str(&format!("{next} {next:?}"));
                source = next.source();
            }
            clean(&shown);
            assert!(!shown.contains(sandbox.token()), "{shown}");
        }
    }
    clean(&format!("{client:?}"));
    assert!(!format!("{client:?}").contains(sandbox.token()));
}
