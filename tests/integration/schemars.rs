//! JSON Schemas of the public types.

use partner_referrals::types::{NewReferral, Referral};
use serde_json::Value;

#[test]
fn public_types_have_schemas_with_the_names_of_the_wire() {
    let schema = serde_json::to_value(::schemars::schema_for!(Referral)).unwrap();
    assert!(schema["properties"]["eTag"].is_object());
    assert!(schema["properties"].get("e_tag").is_none());
    let status = &schema["$defs"]["Status"];
    assert_eq!(status["type"], "string");
    assert_eq!(status.get("enum"), None, "the enum is open");

    let schema = serde_json::to_value(::schemars::schema_for!(NewReferral)).unwrap();
    let mut required: Vec<&str> = schema["required"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(Value::as_str)
        .collect();
    required.sort_unstable();
    assert_eq!(required, ["consent", "customerProfile", "details", "type"]);
}
