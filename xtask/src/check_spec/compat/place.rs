//! Where in the document a name of the generated code comes from.

use heck::{ToShoutySnakeCase, ToSnakeCase};
use serde_json::Value;

use crate::pipeline::document::join;
use crate::pipeline::enums::variant;
use crate::pipeline::schema::{METHODS, SCHEMAS, member_name, type_name};

/// The part that the name is made from, in the first document that has it.
pub fn of(name: &str, documents: [&Value; 2]) -> String {
    let found = documents.into_iter().find_map(|root| {
        if let Some(function) = name.strip_prefix("Client::") {
            return operation(root, function);
        }
        if let Some(found) = constant(root, name) {
            return Some(found);
        }
        let name = name.strip_prefix("types::").unwrap_or(name);
        let (name, member) = match name.split_once('.') {
            Some((name, member)) => (name, Some(member)),
            None => (name.split(':').next().unwrap_or(name), None),
        };
        if name == "Operation" {
            return operation(root, &member?.to_snake_case());
        }
        schema(root, name, member).or_else(|| inline(root, name))
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

/// A type without a name of its own has that of its operation in front.
fn inline(root: &Value, name: &str) -> Option<String> {
    let paths = root["paths"].as_object().into_iter().flatten();
    let mut operations = paths.flat_map(|(path, item)| {
        METHODS.iter().filter_map(move |method| {
            let id = item[method]["operationId"].as_str()?;
            Some((id, join(&join("/paths", path), method)))
        })
    });
    let found = operations.find(|(id, _)| name.starts_with(&type_name(id)));
    found.map(|(_, pointer)| pointer)
}

/// Of a constant the parameter, the header or the member that it names.
fn constant(root: &Value, name: &str) -> Option<String> {
    let (module, constant) = name.rsplit_once("::")?;
    let is_it = |name: &str| name.to_shouty_snake_case() == constant;
    let components = &root["components"];
    if module == "query" || module == "header" {
        for (key, one) in components["parameters"].as_object().into_iter().flatten() {
            if one["in"] == module && one["name"].as_str().is_some_and(is_it) {
                return Some(join("/components/parameters", key));
            }
        }
        let answers = components["responses"].as_object().into_iter().flatten();
        for (key, one) in answers.filter(|_| module == "header") {
            let pointer = join(&join("/components/responses", key), "headers");
            let mut headers = one["headers"].as_object().into_iter().flatten();
            if let Some((header, _)) = headers.find(|(header, _)| is_it(header)) {
                return Some(join(&pointer, header));
            }
        }
        return None;
    }
    let schemas = root.pointer(SCHEMAS)?.as_object()?;
    let (key, schema) = schemas
        .iter()
        .find(|(key, _)| key.to_snake_case() == module)?;
    let mut members = schema["properties"].as_object()?.keys();
    let member = members.find(|member| is_it(member))?;
    Some(join(&join(&join(SCHEMAS, key), "properties"), member))
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
    let values = schema["enum"].as_array().into_iter().flatten();
    let mut values = values.filter_map(Value::as_str);
    if values.any(|value| Some(variant(value).as_str()) == member) {
        return Some(join(&pointer, "enum"));
    }
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
            "components": {"schemas": {"Own": {"properties": {"eTag": {}}}, "Op": {"enum": ["add"]}},
                "parameters": {"Skip": {"in": "query", "name": "$skip"}},
                "responses": {"Gone": {"headers": {"X-Locale": {}}}}},
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
            ("types::GetATop", "/paths/~1a/get"),
            ("types::Op.Add", "/components/schemas/Op/enum"),
            ("Op.Add", "/components/schemas/Op/enum"),
            ("Operation.GetA", "/paths/~1a/get"),
            ("query::SKIP", "/components/parameters/Skip"),
            (
                "header::X_LOCALE",
                "/components/responses/Gone/headers/X-Locale",
            ),
            ("own::E_TAG", "/components/schemas/Own/properties/eTag"),
            ("types::Other", ""),
        ] {
            assert_eq!(of(name, [&new, &old]), expected, "{name}");
        }
    }
}
