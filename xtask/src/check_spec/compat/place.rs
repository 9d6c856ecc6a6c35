//! Where in the document a name of the generated code comes from.

use heck::ToSnakeCase;
use serde_json::Value;

use crate::pipeline::document::join;
use crate::pipeline::schema::{METHODS, SCHEMAS, member_name, type_name};

/// The part that the name is made from, in the first document that has it.
pub fn of(name: &str, documents: [&Value; 2]) -> String {
    let found = documents.into_iter().find_map(|root| {
        if let Some(function) = name.strip_prefix("Client::") {
            return operation(root, function);
        }
        let name = name.strip_prefix("types::").unwrap_or(name);
        let (name, member) = match name.split_once('.') {
            Some((name, member)) => (name, Some(member)),
            None => (name.split(':').next().unwrap_or(name), None),
        };
        schema(root, name, member)
    });
    found.unwrap_or_default()
}

fn operation(root: &Value, function: &str) -> Option<String> {
    for (path, item) in root["paths"].as_object()? {
        for method in METHODS {
            let id = item[method]["operationId"].as_str();
            if id.is_some_and(|id| id.to_snake_case() == function) {
                return Some(join(&join("/paths", path), method));
            }
        }
    }
    None
}

fn schema(root: &Value, name: &str, member: Option<&str>) -> Option<String> {
    let schemas = root.pointer(SCHEMAS)?.as_object()?;
    let (key, schema) = schemas.iter().find(|(key, _)| type_name(key) == name)?;
    let pointer = join(SCHEMAS, key);
    let properties = schema["properties"].as_object();
    let property = properties
        .into_iter()
        .flatten()
        .find(|(key, _)| Some(member_name(key).as_str()) == member);
    match (member, property) {
        (None, _) => Some(pointer),
        (Some(_), Some((key, _))) => Some(join(&join(&pointer, "properties"), key)),
        // The other document may have it.
        (Some(_), None) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn names_of_rust_are_found_in_the_document_that_has_them() {
        let old = json!({
            "paths": {"/a": {"get": {"operationId": "getA"}}},
            "components": {"schemas": {"Own": {"properties": {"eTag": {}}}}},
        });
        let new = json!({"components": {"schemas": {"Own": {"properties": {}}}}});
        for (name, expected) in [
            ("Client::get_a", "/paths/~1a/get"),
            ("types::Own", "/components/schemas/Own"),
            ("types::Own: Clone", "/components/schemas/Own"),
            ("Own::new", "/components/schemas/Own"),
            (
                "types::Own.e_tag",
                "/components/schemas/Own/properties/eTag",
            ),
            ("types::Other", ""),
        ] {
            assert_eq!(of(name, [&new, &old]), expected, "{name}");
        }
    }
}
