//! The named steps that make a copy of the document fit for the generator.
//!
//! A step says what it changes, asserts that it is there, and says what to do
//! when it is not: a step that has nothing left to change is deleted.

use serde_json::{Value, json};

use super::document::{Document, join};
use super::problem::Problem;
use super::schema::{METHODS, SCHEMAS, resolve};

/// One named change of the copy.
pub struct Step {
    /// What the step does, for messages.
    pub name: &'static str,
    /// Does it.
    pub run: fn(&Document, &mut Value) -> Result<(), Problem>,
}

/// The copy that the client is generated from.
pub const CLIENT: &[Step] = &[
    Step {
        name: "drop error responses",
        run: drop_error_responses,
    },
    Step {
        name: "take mixed successes as bytes",
        run: take_mixed_successes_as_bytes,
    },
    Step {
        name: "leave the transport's headers to it",
        run: leave_transport_headers,
    },
    Step {
        name: "keep unknown members",
        run: keep_unknown_members,
    },
    Step {
        name: "tell an empty list from none",
        run: tell_empty_lists_from_none,
    },
];

/// The copy that the httpmock helpers are generated from: the same types, and
/// the documented errors with them.
pub const HTTPMOCK: &[Step] = &[
    Step {
        name: "leave the transport's headers to it",
        run: leave_transport_headers,
    },
    Step {
        name: "keep unknown members",
        run: keep_unknown_members,
    },
    Step {
        name: "tell an empty list from none",
        run: tell_empty_lists_from_none,
    },
];

fn for_each_operation(
    copy: &mut Value,
    mut visit: impl FnMut(&str, &mut Value) -> Result<(), Problem>,
) -> Result<(), Problem> {
    let Some(paths) = copy.get_mut("paths").and_then(Value::as_object_mut) else {
        return Ok(());
    };
    for (path, item) in paths {
        for method in METHODS {
            if let Some(operation) = item.get_mut(method) {
                visit(&join(&join("/paths", path), method), operation)?;
            }
        }
    }
    Ok(())
}

/// progenitor reads a documented error status into the documented body, and
/// when the body is another (empty, HTML) it loses status and headers. Without
/// the documented errors every failure arrives as the raw response.
fn drop_error_responses(document: &Document, copy: &mut Value) -> Result<(), Problem> {
    for_each_operation(copy, |pointer, operation| {
        let Some(responses) = operation
            .get_mut("responses")
            .and_then(Value::as_object_mut)
        else {
            return Err(document.problem(
                "op/no-responses",
                pointer,
                "the operation has no `responses`",
                "document its success and its errors",
            ));
        };
        let all = responses.len();
        responses.retain(|status, _| status.starts_with('2'));
        if responses.is_empty() || responses.len() == all {
            return Err(document.problem(
                "op/responses-one-sided",
                join(pointer, "responses"),
                "the operation needs a success and at least one error status, each by its number",
                "add the missing response; do not use `default`",
            ));
        }
        Ok(())
    })
}

/// progenitor can return one success type per operation. PATCH answers 200
/// with a referral or 204 with nothing, as `Prefer` asked: it is generated as
/// bytes, and the client reads the referral when there is one.
fn take_mixed_successes_as_bytes(document: &Document, copy: &mut Value) -> Result<(), Problem> {
    let root = copy.clone();
    let mut changed = 0;
    for_each_operation(copy, |_, operation| {
        let Some(responses) = operation
            .get_mut("responses")
            .and_then(Value::as_object_mut)
        else {
            return Ok(());
        };
        let mut bodies = responses
            .values()
            .map(|response| resolve(&root, response).map(|response| &response["content"]));
        let first = bodies.next();
        if !bodies.all(|body| Some(body) == first) {
            changed += 1;
            *responses = [(
                "2XX".to_owned(),
                json!({
                    "description": "The referral, or nothing.",
                    "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
                }),
            )]
            .into_iter()
            .collect();
        }
        Ok(())
    })?;
    if changed == 0 {
        return Err(document.problem(
            "steps/nothing-to-do",
            "/paths",
            "no operation has two kinds of success any more",
            "delete the step `take mixed successes as bytes` from build/steps.rs",
        ));
    }
    Ok(())
}

/// Headers marked `x-set-by-transport` are set for every request by
/// `src/transport/`, so they are no arguments of the generated functions.
fn leave_transport_headers(document: &Document, copy: &mut Value) -> Result<(), Problem> {
    let root = copy.clone();
    let mut dropped = 0;
    let mut prune = |holder: &mut Value| {
        if let Some(parameters) = holder.get_mut("parameters").and_then(Value::as_array_mut) {
            let all = parameters.len();
            parameters.retain(|parameter| {
                resolve(&root, parameter)
                    .is_none_or(|parameter| parameter["x-set-by-transport"] != true)
            });
            dropped += all - parameters.len();
        }
    };
    if let Some(paths) = copy.get_mut("paths").and_then(Value::as_object_mut) {
        paths.values_mut().for_each(&mut prune);
    }
    for_each_operation(copy, |_, operation| {
        prune(operation);
        Ok(())
    })?;
    if dropped == 0 {
        return Err(document.problem(
            "steps/nothing-to-do",
            "/components/parameters",
            "no parameter is marked `x-set-by-transport`",
            "mark `client-request-id` and its like, or delete the step from build/steps.rs",
        ));
    }
    Ok(())
}

/// OpenAPI leaves an object open unless told otherwise; typify drops what it
/// does not know unless told to keep it.
fn keep_unknown_members(document: &Document, copy: &mut Value) -> Result<(), Problem> {
    let Some(schemas) = copy
        .pointer_mut("/components/schemas")
        .and_then(Value::as_object_mut)
    else {
        return Ok(());
    };
    for (name, schema) in schemas {
        let pointer = join(SCHEMAS, name);
        if !schema["properties"].is_object() {
            continue;
        }
        if schema["additionalProperties"] == false {
            return Err(document.problem(
                "schema/closed",
                join(&pointer, "additionalProperties"),
                format!("`{name}` refuses unknown members"),
                "leave it open: the service adds members without notice",
            ));
        }
        if schema["properties"].get("extra").is_some() {
            return Err(document.problem(
                "schema/extra",
                join(&join(&pointer, "properties"), "extra"),
                "a property named `extra` would hide the map of unknown members",
                "rename the map in build/steps.rs first",
            ));
        }
        schema["additionalProperties"] = json!({});
    }
    Ok(())
}

/// `[]` and a missing list are two things on the wire. typify makes one of
/// them, and fails on `null`, unless the list may be null.
fn tell_empty_lists_from_none(document: &Document, copy: &mut Value) -> Result<(), Problem> {
    let Some(schemas) = copy
        .pointer_mut("/components/schemas")
        .and_then(Value::as_object_mut)
    else {
        return Ok(());
    };
    let mut changed = 0;
    for schema in schemas.values_mut() {
        let required = schema["required"].clone();
        let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) else {
            continue;
        };
        for (name, property) in properties {
            let is_required = required
                .as_array()
                .is_some_and(|required| required.iter().any(|one| one == name));
            if property["type"] == "array" && !is_required {
                property["nullable"] = json!(true);
                changed += 1;
            }
        }
    }
    if changed == 0 {
        return Err(document.problem(
            "steps/nothing-to-do",
            SCHEMAS,
            "no schema has an optional list",
            "delete the step `tell an empty list from none` from build/steps.rs",
        ));
    }
    Ok(())
}
