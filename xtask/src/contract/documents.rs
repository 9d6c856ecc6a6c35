//! The document as the judges get it: the file itself, or a copy whose examples
//! stand in it, for those that do not read the files it names.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::tools;
use crate::pipeline::document::Document;
use crate::pipeline::schema;

/// The ids of the operations, which a judge must have looked at.
pub fn operations(file: &Path) -> Result<Vec<String>, String> {
    let document = read(file)?;
    let operations =
        schema::operations(&document).map_err(|problem| problem.render(&file.to_string_lossy()))?;
    let ids: Vec<String> = operations
        .iter()
        .map(|operation| operation.id.to_owned())
        .collect();
    if ids.is_empty() {
        return Err(format!("{} has no operations", file.display()));
    }
    Ok(ids)
}

/// A copy with each `externalValue` replaced by what the file holds; the copy
/// and how many there were.
pub fn with_examples(file: &Path) -> Result<(PathBuf, usize), String> {
    let mut document = read(file)?.value;
    let count = inline(&mut document, folder(file))?;
    let copy = write("with-examples.json", &document)?;
    Ok((copy, count))
}

/// Such a copy, in which a reference that may be null is written out:
/// `anyOf` of the reference and null. By the letter of OpenAPI 3.0.3, `nullable`
/// without a `type` means nothing, and there are readers who then check nothing
/// of the whole answer, without a word.
pub fn with_plain_nulls(file: &Path) -> Result<(PathBuf, usize), String> {
    let mut document = read(file)?.value;
    let count = inline(&mut document, folder(file))?;
    plain_nulls(&mut document);
    let copy = write("with-plain-nulls.json", &document)?;
    Ok((copy, count))
}

/// A copy in which a schema within itself has no members but those it names, the
/// one thing of the document that openapi-generator's Rust cannot say: it boxes
/// no model that may have others (7.26.0), so its type would be of infinite size.
pub fn closed_within_itself(file: &Path) -> Result<PathBuf, String> {
    let mut document = read(file)?.value;
    close_within_itself(&mut document);
    write("closed-within-itself.json", &document)
}

fn close_within_itself(document: &mut Value) {
    let schemas = document.pointer_mut("/components/schemas");
    let schemas = schemas.and_then(Value::as_object_mut);
    for (name, schema) in schemas.into_iter().flatten() {
        let itself = json!([{ "$ref": format!("#/components/schemas/{name}") }]);
        let members = schema.get("properties").and_then(Value::as_object);
        let mut members = members.into_iter().flatten();
        if members.any(|(_, member)| member.get("allOf") == Some(&itself))
            && let Some(schema) = schema.as_object_mut()
        {
            schema.remove("additionalProperties");
        }
    }
}

/// A copy with plain nulls that no answer of the service keeps to: its page and
/// its referral ask for a member that nobody sends. Who finds nothing there
/// checks no answers.
pub fn that_nothing_keeps_to(file: &Path) -> Result<PathBuf, String> {
    let mut document = read(file)?.value;
    inline(&mut document, folder(file))?;
    plain_nulls(&mut document);
    for schema in ["Referral", "ReferralList"] {
        let schema = &mut document["components"]["schemas"][schema];
        if !schema.is_object() {
            return Err(format!("{} has no {schema}", file.display()));
        }
        let mut required = schema["required"].as_array().cloned().unwrap_or_default();
        required.push(NOBODY_SENDS.into());
        schema["required"] = required.into();
    }
    write("that-nothing-keeps-to.json", &document)
}

/// A member that is in no answer.
const NOBODY_SENDS: &str = "nobodySendsThis";

fn folder(file: &Path) -> &Path {
    file.parent().unwrap_or(Path::new("."))
}

fn write(name: &str, document: &Value) -> Result<PathBuf, String> {
    let copies = tools::folder().join("documents");
    fs::create_dir_all(&copies)
        .map_err(|error| format!("{} cannot be made: {error}", copies.display()))?;
    let copy = copies.join(name);
    fs::write(&copy, document.to_string())
        .map_err(|error| format!("{} cannot be written: {error}", copy.display()))?;
    Ok(copy)
}

fn plain_nulls(value: &mut Value) {
    match value {
        Value::Object(members) => {
            let untyped = !members.contains_key("type") && members.contains_key("allOf");
            if untyped && members.get("nullable") == Some(&Value::Bool(true)) {
                members.remove("nullable");
                let all = members.remove("allOf").unwrap_or_default();
                let either = json!([{ "allOf": all }, { "enum": [null] }]);
                members.insert("anyOf".to_owned(), either);
            }
            members.values_mut().for_each(plain_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(plain_nulls),
        _ => {}
    }
}

fn read(file: &Path) -> Result<Document, String> {
    let text = fs::read_to_string(file)
        .map_err(|error| format!("{} cannot be read: {error}", file.display()))?;
    Document::parse(&text).map_err(|problem| problem.render(&file.to_string_lossy()))
}

fn inline(value: &mut Value, folder: &Path) -> Result<usize, String> {
    let mut count = 0;
    match value {
        Value::Object(members) => {
            if let Some(Value::String(name)) = members.remove("externalValue") {
                let file = folder.join(&name);
                let bytes = fs::read(&file)
                    .map_err(|error| format!("{} cannot be read: {error}", file.display()))?;
                let example = serde_json::from_slice(&bytes)
                    .map_err(|error| format!("{} is not JSON: {error}", file.display()))?;
                members.insert("value".to_owned(), example);
                return Ok(1);
            }
            for member in members.values_mut() {
                count += inline(member, folder)?;
            }
        }
        Value::Array(items) => {
            for item in items {
                count += inline(item, folder)?;
            }
        }
        _ => {}
    }
    Ok(count)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace_root;

    #[test]
    fn the_operations_of_the_document_have_ids() {
        let file = workspace_root().join("openapi/referrals.yaml");
        let ids = operations(&file).unwrap();
        assert!(ids.contains(&"create_referral".to_owned()), "{ids:?}");
        assert_eq!(ids.len(), 5);
    }

    #[test]
    fn an_example_in_a_file_is_put_in_its_place() {
        let mut document = json!({ "examples": {
            "closing": { "summary": "s", "externalValue": "examples/ClosingReason.portal.json" },
            "plain": { "value": 1 },
        } });
        let folder = workspace_root().join("openapi");
        assert_eq!(inline(&mut document, &folder), Ok(1));
        let example = &document["examples"]["closing"];
        assert!(example.get("externalValue").is_none());
        assert!(!example["value"].is_null());
    }

    #[test]
    fn a_null_of_a_reference_is_plain_and_other_nulls_stay() {
        let mut document = json!({ "properties": {
            "a": { "allOf": [{ "$ref": "#/A" }], "nullable": true, "description": "d" },
            "b": { "type": "string", "nullable": true },
        } });
        plain_nulls(&mut document);
        assert_eq!(
            document,
            json!({ "properties": {
                "a": { "anyOf": [{ "allOf": [{ "$ref": "#/A" }] }, { "enum": [null] }],
                       "description": "d" },
                "b": { "type": "string", "nullable": true },
            } })
        );
    }

    #[test]
    fn only_a_schema_within_itself_is_closed() {
        let of = |name: &str| {
            let reference = format!("#/components/schemas/{name}");
            json!({ "properties": { "a": { "allOf": [{ "$ref": reference }] } },
                    "additionalProperties": {} })
        };
        let mut document = json!({ "components": { "schemas": { "A": of("A"), "B": of("A") } } });
        close_within_itself(&mut document);
        let schemas = &document["components"]["schemas"];
        assert!(schemas["A"].get("additionalProperties").is_none());
        assert_eq!(schemas["B"], of("A"));
    }

    #[test]
    fn a_missing_example_is_named() {
        let mut document = json!({ "externalValue": "examples/none.json" });
        let error = inline(&mut document, Path::new("openapi")).unwrap_err();
        assert!(error.contains("none.json cannot be read"), "{error}");
    }
}
