//! Can each operation be called and its answers be told apart?

use std::collections::BTreeMap;

use serde_json::Value;

use super::super::report::Report;
use super::super::subject::{Kind, Node, Subject};
use crate::pipeline::document::join;
use crate::pipeline::schema::resolve;

pub fn check(subject: &Subject<'_>, report: &mut Report) {
    ids(subject, report);
    for node in subject.all(Kind::Operation) {
        path_parameters(subject, node, report);
        responses(subject, node, report);
        body(subject, node, report);
    }
    for node in subject.all(Kind::Parameter) {
        required(subject, node, report);
    }
}

/// The generated function is named by the id.
fn ids(subject: &Subject<'_>, report: &mut Report) {
    let mut first: BTreeMap<&str, &str> = BTreeMap::new();
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
        match first.get(id) {
            Some(pointer) => report.add(
                subject,
                "op/duplicate-id",
                join(&node.pointer, "operationId"),
                format!("{} has the `operationId` `{id}` too", shown(pointer)),
                "give each operation a name of its own",
            ),
            None => {
                first.insert(id, &node.pointer);
            }
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
        Some(_) => join(&node.pointer, "required"),
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
