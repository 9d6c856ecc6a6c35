//! What a schema says, in words that do not depend on who wrote it down: the
//! document by hand, or schemars from a type.

use serde_json::{Value, json};

/// `string/date-time`, `[Solution]`, `number|string`, `any`.
pub fn of(schema: &Value) -> String {
    if let Some(name) = schema["$ref"].as_str() {
        return name.rsplit('/').next().unwrap_or(name).to_owned();
    }
    for branches in ["allOf", "anyOf", "oneOf"] {
        if let Some(branches) = schema[branches].as_array() {
            return joined(branches.iter().filter(|one| !is_null(one)).map(of));
        }
    }
    let format = schema["format"].as_str();
    let format = format.map_or_else(String::new, |format| format!("/{format}"));
    let one = |type_: &str| match type_ {
        "array" => format!("[{}]", of(&schema["items"])),
        other => format!("{other}{format}"),
    };
    match &schema["type"] {
        Value::String(type_) => one(type_),
        Value::Array(types) => {
            let types = types.iter().filter_map(Value::as_str);
            joined(types.filter(|type_| *type_ != "null").map(one))
        }
        _ => "any".to_owned(),
    }
}

/// How schemars says that a value may be null.
fn is_null(schema: &Value) -> bool {
    schema["type"] == "null" || schema["enum"] == json!([null])
}

fn joined(shapes: impl Iterator<Item = String>) -> String {
    let mut all: Vec<String> = shapes.collect();
    all.sort();
    all.dedup();
    all.join("|")
}

/// Whether null is a value of it, as OpenAPI 3.0 says it.
pub fn is_nullable(schema: &Value) -> bool {
    let branches = ["anyOf", "oneOf"]
        .iter()
        .filter_map(|key| schema[key].as_array());
    let types = schema["type"].as_array();
    schema["nullable"] == true
        || branches.flatten().any(is_null)
        || types.is_some_and(|types| types.contains(&json!("null")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_said_in_two_ways_has_one_shape() {
        for (schemas, shape, null) in [
            (
                vec![
                    json!({"$ref": "#/components/schemas/A"}),
                    json!({"allOf": [{"$ref": "#/a/A"}]}),
                ],
                "A",
                false,
            ),
            (
                vec![
                    json!({"allOf": [{"$ref": "#/a/A"}], "nullable": true}),
                    json!({"anyOf": [{"$ref": "#/a/A"}, {"enum": [null], "nullable": true}]}),
                ],
                "A",
                true,
            ),
            (
                vec![
                    json!({"oneOf": [{"type": "string"}, {"type": "number"}]}),
                    json!({"type": ["number", "string"]}),
                ],
                "number|string",
                false,
            ),
            (
                vec![json!({"type": "array", "items": {"type": "string", "format": "uri"}})],
                "[string/uri]",
                false,
            ),
            (
                vec![
                    json!({"type": "string", "nullable": true}),
                    json!({"type": ["string", "null"]}),
                ],
                "string",
                true,
            ),
            (
                vec![json!({}), json!({"description": "Any."})],
                "any",
                false,
            ),
        ] {
            for schema in schemas {
                assert_eq!(
                    (of(&schema).as_str(), is_nullable(&schema)),
                    (shape, null),
                    "{schema}"
                );
            }
        }
    }
}
