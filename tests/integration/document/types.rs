//! The shapes of the types, as schemars sees them, against the document's.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::{Value, json};

use super::shape::{is_nullable, of};
use super::{HANDWRITTEN, document, with_each_schema};

/// Differences that are meant: lists that are read in either shape and written
/// in one.
const MEANT: [(&str, &str); 4] = [
    (
        "AdditionalRequirements.attributes",
        "RequirementAttributes? is [RequirementAttribute]?",
    ),
    (
        "CustomerProfile.ids",
        "CustomerProfileIds? is [CustomerProfileId]?",
    ),
    (
        "CustomerProfileIds",
        "[CustomerProfileId]|object is [CustomerProfileId]",
    ),
    (
        "RequirementAttributes",
        "RequirementAttribute|[RequirementAttribute] is [RequirementAttribute]",
    ),
];

type Make = fn(&mut SchemaGenerator) -> schemars::Schema;

fn makers() -> BTreeMap<&'static str, Make> {
    macro_rules! all {
        ($($name:literal => $type:ty,)*) => {
            BTreeMap::from([$(($name, <$type as schemars::JsonSchema>::json_schema as Make),)*])
        };
    }
    with_each_schema!(all)
}

/// Each member with its shape; `?` behind those that may be absent, `0` behind
/// those that must be there and may be null.
fn members(schema: &Value) -> BTreeMap<String, String> {
    let required = schema["required"].as_array().cloned().unwrap_or_default();
    let properties = schema["properties"].as_object();
    let one = |(name, schema): (&String, &Value)| {
        let mark = match required.contains(&json!(name)) {
            // A type cannot tell null from absence, and need not.
            false => "?",
            true if is_nullable(schema) => "0",
            true => "",
        };
        (name.clone(), format!("{}{mark}", of(schema)))
    };
    properties.into_iter().flatten().map(one).collect()
}

/// One difference a line, `place: the document's is the type's`.
fn differences(name: &str, written: &Value, made: &Value) -> Vec<(String, String)> {
    let mut all = BTreeMap::from([(name.to_owned(), [of(written), of(made)])]);
    for (side, schema) in [written, made].into_iter().enumerate() {
        for (member, shape) in members(schema) {
            all.entry(format!("{name}.{member}")).or_default()[side] = shape;
        }
    }
    all.into_iter()
        .filter(|(_, [written, made])| written != made)
        .map(|(place, [written, made])| (place, format!("{written} is {made}")))
        .collect()
}

#[test]
fn every_type_has_the_shape_of_its_schema() {
    let document = document();
    let mut generator = SchemaSettings::openapi3().into_generator();
    let mut found = Vec::new();
    let mut compared = 0;
    for (name, make) in makers() {
        let written = &document["components"]["schemas"][name];
        compared += 1 + members(written).len();
        found.extend(differences(name, written, make(&mut generator).as_value()));
    }
    let meant = MEANT.map(|(place, what)| (place.to_owned(), what.to_owned()));
    assert_eq!(found, meant);
    assert!(compared > 300, "{compared}");
}

#[test]
fn a_difference_between_a_type_and_its_schema_is_seen() {
    let schema = json!({
        "type": "object", "required": ["a", "b"],
        "properties": {"a": {"type": "string"}, "b": {"type": "string", "nullable": true}, "c": {"type": "integer"}}
    });
    assert_eq!(differences("A", &schema, &schema), []);
    let changes: [(&str, Value, (&str, &str)); 5] = [
        ("/type", json!("array"), ("A", "object is [any]")),
        ("/required", json!(["b"]), ("A.a", "string is string?")),
        (
            "/properties/a/type",
            json!("number"),
            ("A.a", "string is number"),
        ),
        (
            "/properties/b/nullable",
            json!(false),
            ("A.b", "string0 is string"),
        ),
        (
            "/properties",
            json!({"a": {"type": "string"}, "b": {"type": "string", "nullable": true}}),
            ("A.c", "integer? is "),
        ),
    ];
    for (pointer, value, (place, what)) in changes {
        let mut made = schema.clone();
        *made.pointer_mut(pointer).unwrap() = value;
        assert_eq!(
            differences("A", &schema, &made),
            [(place.to_owned(), what.to_owned())]
        );
    }
}

/// `cargo xtask check-spec` has no types at hand: it holds the document against
/// this. To accept a change: `INSTA_UPDATE=always cargo test --all-features
/// handwritten`.
#[test]
fn the_shapes_of_the_handwritten_types_are_the_committed_ones() {
    let mut generator = SchemaSettings::openapi3().into_generator();
    let makers = makers();
    let mut lines = String::new();
    for name in HANDWRITTEN {
        let made = makers[name](&mut generator);
        let _ = writeln!(lines, "{name}: {}", of(made.as_value()));
    }
    insta::with_settings!({snapshot_path => "../../snapshots", prepend_module_to_snapshot => false, omit_expression => true}, {
        insta::assert_snapshot!("handwritten_types", lines);
    });
}
