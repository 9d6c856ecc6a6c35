//! Has an example a member that is called almost as one of its schema that is
//! missing? Objects are open, so a misspelt name fits any schema, in the schema
//! as in the example; real payloads tell which of the two is wrong.

use serde_json::{Map, Value};

use super::super::explain::closest;
use crate::pipeline::document::join;
use crate::pipeline::schema::resolve;

/// Deeper than any example; schemas may refer to themselves.
const DEEPEST: usize = 32;

/// The places of such members in the value, and what may be meant.
pub fn nearly_known(root: &Value, schema: &Value, value: &Value) -> Vec<(String, String)> {
    let mut found = Vec::new();
    walk(root, schema, value, &mut Vec::new(), &mut found);
    found
}

fn walk(
    root: &Value,
    schema: &Value,
    value: &Value,
    path: &mut Vec<String>,
    found: &mut Vec<(String, String)>,
) {
    if path.len() >= DEEPEST {
        return;
    }
    let mut parts = Vec::new();
    of(root, schema, 0, &mut parts);
    match value {
        Value::Object(members) => object(root, &parts, members, path, found),
        Value::Array(items) => {
            for part in &parts {
                let Some(schema) = part.get("items") else {
                    continue;
                };
                for (index, item) in items.iter().enumerate() {
                    path.push(index.to_string());
                    walk(root, schema, item, path, found);
                    path.pop();
                }
            }
        }
        _ => {}
    }
}

fn object(
    root: &Value,
    parts: &[&Value],
    members: &Map<String, Value>,
    path: &mut Vec<String>,
    found: &mut Vec<(String, String)>,
) {
    let properties = || {
        parts
            .iter()
            .filter_map(|part| part["properties"].as_object())
            .flatten()
    };
    let free: Vec<&String> = properties()
        .map(|(name, _)| name)
        .filter(|name| !members.contains_key(*name))
        .collect();
    for (name, value) in members {
        path.push(name.clone());
        match properties().find(|(known, _)| *known == name) {
            Some((_, schema)) => walk(root, schema, value, path, found),
            None => {
                if let Some(meant) = closest(name, &free) {
                    let pointer = path.iter().fold(String::new(), |at, step| join(&at, step));
                    found.push((pointer, meant.to_owned()));
                }
            }
        }
        path.pop();
    }
}

/// The schemas that all hold: the one named, and those of `allOf`. What is one
/// of several is left out, for which one is meant is for the judge to say.
fn of<'v>(root: &'v Value, schema: &'v Value, depth: usize, parts: &mut Vec<&'v Value>) {
    let Some(schema) = resolve(root, schema).filter(|_| depth < DEEPEST) else {
        return;
    };
    if schema.get("$ref").is_some() {
        return of(root, schema, depth + 1, parts);
    }
    parts.push(schema);
    for part in schema["allOf"].as_array().into_iter().flatten() {
        of(root, part, depth + 1, parts);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_name_that_is_almost_one_that_is_missing_is_found_at_any_depth() {
        let root = json!({"components": {"schemas": {
            "Person": {"allOf": [{"properties": {"firstName": {}, "lastName": {}}}]}
        }}});
        let schema = json!({"properties": {
            "team": {"items": {"$ref": "#/components/schemas/Person"}},
            "status": {}, "statusReason": {}
        }});
        let value = json!({
            "team": [{"firstName": "A", "lastName": "B"}, {"fristName": "A", "title": "C"}],
            "status": "New",
            // Almost `status`, which is there.
            "statuss": 1,
            "engagementId": 1
        });
        assert_eq!(
            nearly_known(&root, &schema, &value),
            [("/team/1/fristName".to_owned(), "firstName".to_owned())]
        );
    }

    #[test]
    fn a_schema_that_is_itself_ends() {
        let root = json!({"components": {"schemas": {
            "A": {"allOf": [{"$ref": "#/components/schemas/A"}]},
            "B": {"properties": {"b": {"$ref": "#/components/schemas/B"}}}
        }}});
        let mut deep = json!({"bb": 1});
        for _ in 0..100 {
            deep = json!({"b": deep});
        }
        for name in ["A", "B"] {
            let schema = json!({"$ref": format!("#/components/schemas/{name}")});
            assert_eq!(nearly_known(&root, &schema, &deep), []);
        }
    }
}
