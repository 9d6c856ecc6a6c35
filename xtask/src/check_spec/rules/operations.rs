//! Can each operation be called and its answers be told apart?

use std::collections::BTreeMap;

use heck::ToSnakeCase;
use serde_json::Value;

use super::super::report::Report;
use super::super::subject::{Kind, Node, Subject};
use crate::pipeline::document::join;
use crate::pipeline::schema::{resolve, type_name};

pub fn check(subject: &Subject<'_>, report: &mut Report) {
    ids(subject, report);
    paths(subject, report);
    security(subject, "/security", &subject.root()["security"], report);
    for node in subject.all(Kind::Operation) {
        path_parameters(subject, node, report);
        responses(subject, node, report);
        body(subject, node, report);
        tags(subject, node, report);
        let of_its_own = join(&node.pointer, "security");
        security(subject, &of_its_own, &node.value["security"], report);
    }
    for node in subject.all(Kind::Parameter) {
        required(subject, node, report);
    }
}

/// What every generated client has: functions of its own, those of the traits
/// `ClientInfo` and `ClientHooks`, and those that it calls by these names.
const TAKEN: [&str; 10] = [
    "new",
    "new_with_client",
    "api_version",
    "baseurl",
    "client",
    "inner",
    "pre",
    "post",
    "exec",
    "clone",
];

/// The generated function is named by the id.
fn ids(subject: &Subject<'_>, report: &mut Report) {
    let mut first: BTreeMap<String, &str> = BTreeMap::new();
    for node in subject.all(Kind::Operation) {
        let Some(id) = node.value["operationId"].as_str() else {
            report.add(
                subject,
                "op/no-id",
                &node.pointer,
                format!("{} has no `operationId`", shown(&node.pointer)),
                "name the operation, for example `get_referral`",
            );
            continue;
        };
        // As the generator names it: `getReferral` and `get_referral` are one.
        let name = id.to_snake_case();
        let why = if syn::parse_str::<syn::Ident>(&type_name(id)).is_err() {
            Some("gives no name of a function")
        } else if TAKEN.contains(&name.as_str()) {
            Some("names a function that the generated client has already")
        } else {
            None
        };
        if let Some(why) = why {
            report.add(
                subject,
                "op/id-name",
                join(&node.pointer, "operationId"),
                format!("`{id}` {why}"),
                "name what it does to what, for example `get_referral`",
            );
        }
        match first.get(&name) {
            Some(pointer) => {
                let at = join(&node.pointer, "operationId");
                report.add(
                    subject,
                    "op/duplicate-id",
                    &at,
                    format!("{} becomes the function `{name}` too", shown(pointer)),
                    "give each operation a name of its own",
                );
                report.related(subject, &at, join(pointer, "operationId"), "the first");
            }
            None => {
                first.insert(name, &node.pointer);
            }
        }
    }
}

/// Two paths that differ by the name of a parameter only are one path.
fn paths(subject: &Subject<'_>, report: &mut Report) {
    let mut first: BTreeMap<String, &str> = BTreeMap::new();
    for (path, _) in subject.root()["paths"].as_object().into_iter().flatten() {
        let shape: String = path
            .split('{')
            .enumerate()
            .map(|(index, part)| match (index, part.split_once('}')) {
                (1.., Some((_, rest))) => format!("{{}}{rest}"),
                _ => part.to_owned(),
            })
            .collect();
        if let Some(other) = first.insert(shape, path) {
            let at = join("/paths", path);
            report.add(
                subject,
                "op/same-path",
                &at,
                format!("`{path}` and `{other}` are the same path"),
                "put the methods of both below one",
            );
            report.related(subject, &at, join("/paths", other), "the first");
        }
    }
}

/// A scheme that is not described is one that nobody can satisfy.
fn security(subject: &Subject<'_>, pointer: &str, wanted: &Value, report: &mut Report) {
    let schemes = &subject.root()["components"]["securitySchemes"];
    for (index, one) in wanted.as_array().into_iter().flatten().enumerate() {
        for (name, _) in one.as_object().into_iter().flatten() {
            if schemes.get(name).is_none() {
                report.add(
                    subject,
                    "op/security-unknown",
                    join(&join(pointer, &index.to_string()), name),
                    format!("there is no security scheme `{name}`"),
                    "describe it under `components.securitySchemes`, or mend the name",
                );
            }
        }
    }
}

/// Tags are described once, at the top.
fn tags(subject: &Subject<'_>, node: &Node<'_>, report: &mut Report) {
    let known = subject.root()["tags"].as_array();
    let pointer = join(&node.pointer, "tags");
    for (index, tag) in node.value["tags"]
        .as_array()
        .into_iter()
        .flatten()
        .enumerate()
    {
        let described = known.is_some_and(|tags| tags.iter().any(|one| one["name"] == *tag));
        if !described {
            report.add(
                subject,
                "op/tag-unknown",
                join(&pointer, &index.to_string()),
                format!("the tag {tag} is not described"),
                "describe it under `tags`, or mend the name",
            );
        }
    }
}

/// What stands in braces in the path must be declared, and the other way round.
fn path_parameters(subject: &Subject<'_>, node: &Node<'_>, report: &mut Report) {
    let Some((item, method)) = node.pointer.rsplit_once('/') else {
        return;
    };
    let path = item
        .trim_start_matches("/paths/")
        .replace("~1", "/")
        .replace("~0", "~");
    let in_path: Vec<&str> = path
        .split('{')
        .skip(1)
        .filter_map(|rest| rest.split_once('}'))
        .map(|(name, _)| name)
        .collect();
    let mut declared = Vec::new();
    for holder in [item, &node.pointer] {
        let pointer = join(holder, "parameters");
        let parameters = subject.root().pointer(&pointer).and_then(Value::as_array);
        for (index, parameter) in parameters.into_iter().flatten().enumerate() {
            let Some(parameter) = resolve(subject.root(), parameter) else {
                continue;
            };
            if let (Some("path"), Some(name)) =
                (parameter["in"].as_str(), parameter["name"].as_str())
            {
                declared.push(name);
                if !in_path.contains(&name) {
                    report.add(
                        subject,
                        "op/path-parameter",
                        join(&pointer, &index.to_string()),
                        format!("the path `{path}` has no `{{{name}}}`"),
                        "put it into the path, or do not declare it `in: path`",
                    );
                }
            }
        }
    }
    for name in in_path {
        if !declared.contains(&name) {
            report.add(
                subject,
                "op/path-parameter",
                &node.pointer,
                format!("{method} {path} does not declare the parameter `{name}`"),
                format!("add a parameter with `name: {name}`, `in: path`, `required: true`"),
            );
        }
    }
}

/// A path without one of its parts is another path.
fn required(subject: &Subject<'_>, node: &Node<'_>, report: &mut Report) {
    if node.value["in"] != "path" || node.value["required"] == true {
        return;
    }
    let place = match node.value.get("required") {
        Some(Value::Bool(_)) => join(&node.pointer, "required"),
        Some(_) => return, // No truth value: said by the schema of OpenAPI.
        None => node.pointer.clone(),
    };
    let name = node.value["name"].as_str().unwrap_or("?");
    report.add(
        subject,
        "op/path-parameter",
        place,
        format!("the path parameter `{name}` is not required"),
        "add `required: true`",
    );
}

/// Each status by its number: the generator takes `default` for a success and
/// for an error, and a body can be judged only against what is documented.
fn responses(subject: &Subject<'_>, node: &Node<'_>, report: &mut Report) {
    let Some(responses) = node.value["responses"].as_object() else {
        return; // Said by the schema of OpenAPI.
    };
    let pointer = join(&node.pointer, "responses");
    if responses.contains_key("default") {
        report.add(
            subject,
            "op/default-response",
            join(&pointer, "default"),
            "`default` stands for successes and for errors",
            "name each status, such as '404'",
        );
    }
    let any = |digits: &[char]| responses.keys().any(|status| status.starts_with(digits));
    let missing = match (any(&['2']), any(&['4', '5'])) {
        (true, true) => return,
        (true, false) => "error",
        (false, true) => "success",
        (false, false) => "success and no error",
    };
    report.add(
        subject,
        "op/responses-one-sided",
        pointer,
        format!("{} documents no {missing}", shown(&node.pointer)),
        "document at least one success and one error status",
    );
}

/// The generated function always sends the body.
fn body(subject: &Subject<'_>, node: &Node<'_>, report: &mut Report) {
    let Some(body) = node.value.get("requestBody") else {
        return;
    };
    if resolve(subject.root(), body).is_some_and(|body| body["required"] != true) {
        report.add(
            subject,
            "op/optional-body",
            join(&node.pointer, "requestBody"),
            format!("the body of {} is optional", shown(&node.pointer)),
            "add `required: true`: the generator makes it so without a word",
        );
    }
}

/// `get /v1.0/things` for `/paths/~1v1.0~1things/get`.
fn shown(pointer: &str) -> String {
    let (path, method) = pointer.rsplit_once('/').unwrap_or(("", pointer));
    let path = path.trim_start_matches("/paths/").replace("~1", "/");
    format!("{method} {path}")
}
