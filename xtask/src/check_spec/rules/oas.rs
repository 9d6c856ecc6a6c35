//! Is it OpenAPI 3.0? Judged by the published schema of OpenAPI documents.

use jsonschema::Draft;
use serde_json::{Map, Value, json};

use super::super::explain;
use super::super::report::Report;
use super::super::subject::Subject;

/// From the OpenAPI Initiative; see `xtask/schema/README.md`.
const META_SCHEMA: &str = include_str!("../../../schema/openapi-3.0.json");

pub fn check(subject: &Subject<'_>, report: &mut Report) {
    let version = &subject.root()["openapi"];
    if !version
        .as_str()
        .is_some_and(|version| version.starts_with("3.0."))
    {
        let said = if version.is_null() {
            "no version of OpenAPI is given".to_owned()
        } else {
            format!("{version} is not a version of OpenAPI 3.0")
        };
        report.add(
            subject,
            "oas/version",
            "/openapi",
            said,
            "write `openapi: 3.0.3`: the generator reads no other",
        );
        // The rest would be measured with the wrong measure.
        return;
    }
    let schema = match serde_json::from_str(META_SCHEMA) {
        Ok(schema) => pointed(&schema, &schema),
        Err(error) => return broken(subject, report, &error.to_string()),
    };
    let validator = match jsonschema::options()
        .with_draft(Draft::Draft7)
        .should_validate_formats(true)
        .build(&schema)
    {
        Ok(validator) => validator,
        Err(error) => return broken(subject, report, &error.to_string()),
    };
    for reason in explain::reasons(&validator, &schema, subject.root()) {
        report.add(
            subject,
            "oas/invalid",
            reason.pointer,
            reason.message,
            reason.help,
        );
    }
}

fn broken(subject: &Subject<'_>, report: &mut Report, error: &str) {
    report.add(
        subject,
        "internal/meta-schema",
        "",
        format!("xtask/schema/openapi-3.0.json cannot be used: {error}"),
        "restore the file",
    );
}

/// The schema rewritten so that a mistake is reported where it stands.
///
/// The original says "this, or a reference" and "one of these kinds" with
/// `oneOf`, whose only error is "none of them". Whether a part is a reference,
/// and of which kind it is, can be seen from one member, so it becomes an `if`.
fn pointed(root: &Value, value: &Value) -> Value {
    let Some(members) = value.as_object() else {
        return match value {
            Value::Array(items) => items.iter().map(|item| pointed(root, item)).collect(),
            other => other.clone(),
        };
    };
    let mut out = Map::new();
    for (key, member) in members {
        match (key.as_str(), member) {
            ("id", Value::String(_)) => {}
            ("$schema", Value::String(_)) => {}
            // Draft 4 made the bound exclusive by a flag next to it.
            ("exclusiveMinimum", Value::Bool(_)) => {
                if let Some(bound) = members.get("minimum") {
                    out.insert(key.clone(), bound.clone());
                }
            }
            ("oneOf", Value::Array(branches)) => {
                let branches: Vec<Value> = branches
                    .iter()
                    .map(|branch| pointed(root, branch))
                    .collect();
                let choice = or_reference(&branches).or_else(|| by_tag(root, &branches));
                match choice {
                    Some(choice) => {
                        out.insert("allOf".to_owned(), json!([choice]));
                    }
                    None => {
                        out.insert(key.clone(), Value::Array(branches));
                    }
                }
            }
            _ => {
                out.insert(key.clone(), pointed(root, member));
            }
        }
    }
    Value::Object(out)
}

fn or_reference(branches: &[Value]) -> Option<Value> {
    let reference = json!({"$ref": "#/definitions/Reference"});
    let rest: Vec<&Value> = branches.iter().filter(|one| **one != reference).collect();
    if rest.len() == branches.len() {
        return None;
    }
    let otherwise = match rest[..] {
        [one] => one.clone(),
        _ => json!({"anyOf": rest}),
    };
    Some(json!({
        "if": {"type": "object", "required": ["$ref"]},
        "then": reference,
        "else": otherwise,
    }))
}

/// `in` tells the kinds of parameter apart, `type` those of security schemes.
fn by_tag(root: &Value, branches: &[Value]) -> Option<Value> {
    let tag_of = |branch: &Value, tag: &str| -> Option<Value> {
        let branch = match branch["$ref"].as_str() {
            Some(reference) => root.pointer(reference.strip_prefix('#')?)?,
            None => branch,
        };
        match &branch["properties"][tag]["enum"].as_array()?[..] {
            [one] => Some(one.clone()),
            _ => None,
        }
    };
    ["in", "type"].into_iter().find_map(|tag| {
        let tags: Vec<Value> = branches
            .iter()
            .map(|branch| tag_of(branch, tag))
            .collect::<Option<_>>()?;
        let mut choice = json!({"properties": {tag: {"enum": tags}}});
        for (branch, value) in branches.iter().zip(&tags).rev() {
            choice = json!({
                "if": {"required": [tag], "properties": {tag: {"enum": [value]}}},
                "then": branch,
                "else": choice,
            });
        }
        Some(choice)
    })
}
