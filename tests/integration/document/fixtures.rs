//! Recorded and published payloads: what the schema takes the type reads and
//! gives back, what the schema refuses the type refuses.

use std::path::Path;

use partner_referrals::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::{document, resolved, with_each_schema};

fn files(folder: &str) -> Vec<(String, Value)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("openapi")
        .join(folder);
    let entries = std::fs::read_dir(folder).unwrap();
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    assert!(!paths.is_empty());
    let read = |path: &std::path::PathBuf| {
        let text = std::fs::read_to_string(path).unwrap();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        (name, serde_json::from_str(&text).unwrap())
    };
    paths.iter().map(read).collect()
}

/// How a type reads a text and writes it again.
type Again = fn(&str) -> Result<Value, serde_json::Error>;

fn again<T: DeserializeOwned + Serialize>(text: &str) -> Result<Value, serde_json::Error> {
    let read: T = serde_json::from_str(text)?;
    // Over a text: a value would hold digits that a text does not.
    serde_json::from_str(&serde_json::to_string(&read)?)
}

fn list_of<T: DeserializeOwned + Serialize>(text: &str) -> Result<Value, serde_json::Error> {
    again::<Vec<T>>(text)
}

/// The type of a schema, alone and as a list.
fn types(schema: &str) -> Option<(Again, Again)> {
    macro_rules! find {
        ($($name:literal => $type:ty,)*) => {
            match schema {
                $($name => Some((again::<$type> as Again, list_of::<$type> as Again)),)*
                _ => None,
            }
        };
    }
    with_each_schema!(find)
}

/// The schema that a file is of, by its name: `Schema.what.json`, or
/// `operation.request.what.json`, or `operation.response.200.what.json`.
fn reader(document: &Value, file: &str) -> Again {
    let words: Vec<&str> = file.split('.').collect();
    if let Some((alone, _)) = types(words[0]) {
        return alone;
    }
    let paths = document["paths"].as_object().unwrap().values();
    let operation = paths
        .flat_map(|path| path.as_object().unwrap().values())
        .find(|operation| operation["operationId"] == words[0])
        .unwrap_or_else(|| panic!("{file}: no schema and no operation has this name"));
    let body = match words[1] {
        "request" => resolved(document, &operation["requestBody"]),
        _ => resolved(document, &operation["responses"][words[2]]),
    };
    let contents = body["content"]
        .as_object()
        .unwrap_or_else(|| panic!("{file}: no body"));
    let schema = &contents.values().next().unwrap()["schema"];
    let list = schema["type"] == "array";
    let named = if list { &schema["items"] } else { schema };
    let name = named["$ref"].as_str().unwrap().rsplit('/').next().unwrap();
    let (alone, listed) = types(name).unwrap();
    if list { listed } else { alone }
}

/// What a round trip may change: null is left out, a lone object becomes a
/// list of one, times and amounts get one spelling.
fn normal(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.retain(|_, value| !value.is_null());
            for (name, value) in members {
                let listed = name == "ids" || name == "attributes";
                if let (true, Some(object)) = (listed, value.as_object()) {
                    *value = if object.is_empty() {
                        json!([])
                    } else {
                        json!([object])
                    };
                }
                let money = ["dealValue", "price", "quantity", "value"].contains(&name.as_str());
                if money && (value.is_number() || value.is_string()) {
                    *value = json!(value.to_string().trim_matches('"'));
                }
                if name.ends_with("DateTime")
                    && let Some(time) = value
                        .as_str()
                        .and_then(|text| text.parse::<Timestamp>().ok())
                {
                    *value = json!(time);
                }
                normal(value);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(normal),
        _ => {}
    }
}

#[test]
fn every_example_is_read_by_its_type_and_comes_back_as_it_was() {
    let document = document();
    let files = files("examples");
    assert!(files.len() >= 25, "{}", files.len());
    for (name, mut value) in files {
        let read = reader(&document, &name);
        let mut written =
            read(&value.to_string()).unwrap_or_else(|error| panic!("{name}: {error}"));
        normal(&mut value);
        normal(&mut written);
        assert_eq!(written, value, "{name}");
    }
}

/// What a schema refuses and a type reads: enums are open, so that a value of
/// tomorrow does not make an answer unreadable.
const MEANT: [&str; 1] = ["PatchOperation.unknown_op.json"];

#[test]
fn what_the_schema_refuses_the_type_refuses_but_for_open_enums() {
    let document = document();
    for (name, value) in files("negative") {
        let read = reader(&document, &name);
        let result = read(&value.to_string());
        let meant = MEANT.contains(&name.as_str());
        assert_eq!(result.is_ok(), meant, "{name}: {result:?}");
    }
}

#[test]
fn every_operation_with_a_body_has_an_example_of_it() {
    let document = document();
    let files = files("examples");
    let has = |prefix: String| files.iter().any(|(name, _)| name.starts_with(&prefix));
    for path in document["paths"].as_object().unwrap().values() {
        for operation in path.as_object().unwrap().values() {
            let Some(id) = operation["operationId"].as_str() else {
                continue;
            };
            if operation.get("requestBody").is_some() {
                assert!(has(format!("{id}.request.")), "a request of {id}");
            }
            let responses = operation["responses"].as_object().unwrap();
            for (status, response) in responses {
                let content = &resolved(&document, response)["content"];
                if status.starts_with('2') && content.is_object() {
                    // Two of a kind are one example: what is created is what is read.
                    let any = ["200", "201"]
                        .iter()
                        .any(|like| has(format!("{id}.response.{like}.")));
                    assert!(any, "a response of {id}");
                }
            }
        }
    }
}
