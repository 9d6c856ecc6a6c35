//! Schemas of OpenAPI 3.0 as JSON Schema, to judge examples with.
//!
//! OpenAPI 3.0 took draft 4 and changed little: `nullable`, `readOnly`, and
//! formats of its own. In both, what stands next to a `$ref` is ignored.

use jsonschema::{Draft, Validator};
use serde_json::{Map, Value, json};

use super::subject::Direction;
use crate::pipeline::schema::resolve;

/// From which side a schema is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct View {
    /// Which way the body travels.
    pub direction: Direction,
    /// Whether enums may have values that are not listed, as readers of the
    /// service must expect.
    pub open_enums: bool,
}

/// A judge of values of `schema`, a schema of the document `root`.
pub fn validator(root: &Value, schema: &Value, view: View) -> Result<Validator, String> {
    let mut schemas = Map::new();
    for (name, one) in root["components"]["schemas"]
        .as_object()
        .into_iter()
        .flatten()
    {
        schemas.insert(name.clone(), convert(root, one, view));
    }
    let judge = json!({
        "allOf": [convert(root, schema, view)],
        "components": {"schemas": schemas},
    });
    jsonschema::options()
        .with_draft(Draft::Draft4)
        .should_validate_formats(true)
        .with_format("uuid", is_uuid)
        .build(&judge)
        .map_err(|error| error.to_string())
}

fn convert(root: &Value, schema: &Value, view: View) -> Value {
    let Some(members) = schema.as_object() else {
        return schema.clone();
    };
    if let Some(reference) = members.get("$ref") {
        return json!({"$ref": reference});
    }
    let mut out = Map::new();
    for (key, value) in members {
        let converted = match key.as_str() {
            "nullable" | "example" | "default" | "description" | "title" => continue,
            _ if key.starts_with("x-") => continue,
            "enum" if view.open_enums && schema["type"] == "string" => continue,
            "items" | "not" | "additionalProperties" => convert(root, value, view),
            "allOf" | "oneOf" | "anyOf" => value
                .as_array()
                .map(|branches| {
                    branches
                        .iter()
                        .map(|one| convert(root, one, view))
                        .collect()
                })
                .unwrap_or_default(),
            "properties" => Value::Object(
                value
                    .as_object()
                    .into_iter()
                    .flatten()
                    .map(|(name, one)| (name.clone(), convert(root, one, view)))
                    .collect(),
            ),
            "required" => match required(root, schema, view) {
                names if names.is_empty() => continue,
                names => json!(names),
            },
            _ => value.clone(),
        };
        out.insert(key.clone(), converted);
    }
    let bounds = match (schema["type"].as_str(), schema["format"].as_str()) {
        (Some("integer"), Some("int32")) => Some((json!(i32::MIN), json!(i32::MAX))),
        (Some("integer"), Some("int64")) => Some((json!(i64::MIN), json!(i64::MAX))),
        _ => None,
    };
    if let Some((least, most)) = bounds {
        out.entry("minimum").or_insert(least);
        out.entry("maximum").or_insert(most);
    }
    // The service writes `""` for an enum member that has no value.
    if view.direction == Direction::Response
        && let Some(values) = out.get_mut("enum").and_then(Value::as_array_mut)
    {
        values.push(json!(""));
    }
    if schema["nullable"] == true {
        or_null(out)
    } else {
        Value::Object(out)
    }
}

/// `nullable` is meant as it reads, also where OpenAPI strictly wants a `type`
/// next to it: the generator reads it so too.
fn or_null(mut schema: Map<String, Value>) -> Value {
    let combined = ["allOf", "oneOf", "anyOf", "not"]
        .iter()
        .any(|key| schema.contains_key(*key));
    if combined {
        return json!({"anyOf": [{"type": "null"}, schema]});
    }
    if let Some(type_) = schema.get("type").cloned() {
        schema.insert("type".to_owned(), json!([type_, "null"]));
    }
    if let Some(values) = schema.get_mut("enum").and_then(Value::as_array_mut)
        && !values.contains(&Value::Null)
    {
        values.push(Value::Null);
    }
    Value::Object(schema)
}

/// What must be there, seen from this side.
fn required<'v>(root: &'v Value, schema: &'v Value, view: View) -> Vec<&'v str> {
    let absent = match view.direction {
        Direction::Request => "readOnly",
        Direction::Response => "writeOnly",
    };
    schema["required"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .filter(|name| {
            schema["properties"]
                .get(name)
                .and_then(|property| resolve(root, property))
                .is_none_or(|property| property[absent] != true)
        })
        .collect()
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.chars().enumerate().all(|(index, c)| match index {
            8 | 13 | 18 | 23 => c == '-',
            _ => c.is_ascii_hexdigit(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    const STRICT: View = View {
        direction: Direction::Response,
        open_enums: false,
    };

    fn fits(schema: Value, view: View, value: Value) -> bool {
        let root = json!({"components": {"schemas": {"S": schema}}});
        validator(&root, &json!({"$ref": "#/components/schemas/S"}), view)
            .unwrap()
            .is_valid(&value)
    }

    #[test]
    fn nullable_is_kept_with_and_without_a_type_next_to_it() {
        let typed = json!({"type": "string", "enum": ["a"], "nullable": true});
        assert!(fits(typed.clone(), STRICT, json!(null)));
        assert!(!fits(typed, STRICT, json!("b")));
        let combined = json!({"allOf": [{"type": "string"}], "nullable": true});
        assert!(fits(combined.clone(), STRICT, json!(null)));
        assert!(!fits(combined, STRICT, json!(1)));
    }

    #[test]
    fn what_only_the_service_sets_may_be_absent_from_a_request() {
        let schema = json!({
            "type": "object",
            "required": ["id"],
            "properties": {"id": {"type": "string", "readOnly": true}},
        });
        let request = View {
            direction: Direction::Request,
            open_enums: false,
        };
        assert!(fits(schema.clone(), request, json!({})));
        assert!(!fits(schema, STRICT, json!({})));
    }

    #[test]
    fn the_service_may_write_nothing_for_an_enum_and_callers_may_not() {
        let schema = json!({"type": "string", "enum": ["a"]});
        let request = View {
            direction: Direction::Request,
            open_enums: false,
        };
        assert!(fits(schema.clone(), STRICT, json!("")));
        assert!(!fits(schema, request, json!("")));
    }

    #[test]
    fn open_enums_take_any_text_and_nothing_else() {
        let schema = json!({"type": "string", "enum": ["a"]});
        let open = View {
            direction: Direction::Response,
            open_enums: true,
        };
        assert!(fits(schema.clone(), open, json!("b")));
        assert!(!fits(schema, open, json!(1)));
    }

    #[test]
    fn formats_are_judged() {
        let time = json!({"type": "string", "format": "date-time"});
        assert!(fits(
            time.clone(),
            STRICT,
            json!("2026-01-01T00:00:00.1234567Z")
        ));
        assert!(!fits(time, STRICT, json!("yesterday")));
        let id = json!({"type": "string", "format": "uuid"});
        assert!(!fits(id, STRICT, json!("1b9a3c52")));
        let small = json!({"type": "integer", "format": "int32"});
        assert!(!fits(small, STRICT, json!(3_000_000_000_i64)));
    }
}
