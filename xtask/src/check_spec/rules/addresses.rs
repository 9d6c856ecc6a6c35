//! Where operations are found, and what they are told apart by: servers, paths,
//! parameters, tags, names of components.

use heck::ToSnakeCase;
use serde_json::Value;

use super::super::report::Report;
use super::super::subject::{Kind, Node, Subject};
use crate::pipeline::document::join;
use crate::pipeline::schema::{SCHEMAS, resolve, type_name};

pub fn check(subject: &Subject<'_>, report: &mut Report) {
    servers(subject, report);
    paths(subject, report);
    tags(subject, report);
    names(subject, report);
    for node in subject.all(Kind::Operation) {
        twice(subject, node, report);
    }
    for node in subject.all(Kind::Parameter) {
        ignored(subject, node, report);
    }
    for node in subject.all(Kind::Response) {
        without_body(subject, node, report);
    }
}

/// Tokens go to this address, so it is a whole one, and nobody reads along.
fn servers(subject: &Subject<'_>, report: &mut Report) {
    let servers = subject.root()["servers"].as_array();
    for (index, server) in servers.into_iter().flatten().enumerate() {
        let Some(url) = server["url"].as_str() else {
            continue; // Said by the schema of OpenAPI.
        };
        let at = join(&join("/servers", &index.to_string()), "url");
        if !url.starts_with("https://") {
            report.add(
                subject,
                "op/server",
                &at,
                format!("`{url}` does not begin with `https://`"),
                "write the whole address: the client sends its token there",
            );
        }
        for name in placeholders(url) {
            if server["variables"].get(name).is_none() {
                report.add(
                    subject,
                    "op/server",
                    &at,
                    format!("`{{{name}}}` is not under `variables`"),
                    "write the address out: the generated client fills nothing in",
                );
            }
        }
    }
}

fn placeholders(template: &str) -> Vec<&str> {
    let parts = template.split('{').skip(1);
    parts
        .filter_map(|part| Some(part.split_once('}')?.0))
        .collect()
}

fn paths(subject: &Subject<'_>, report: &mut Report) {
    for (path, _) in subject.root()["paths"].as_object().into_iter().flatten() {
        let mut names = placeholders(path);
        let many = names.len();
        names.sort_unstable();
        names.dedup();
        let (why, help) = if path.contains(['?', '#']) {
            (
                "has a query, which no path has",
                "describe it as parameters with `in: query`",
            )
        } else if names.len() < many {
            ("has one placeholder twice", "give each a name of its own")
        } else if path.matches('{').count() != many || path.matches('}').count() != many {
            ("has a brace without the other", "write `{name}`")
        } else {
            continue;
        };
        report.add(
            subject,
            "op/path",
            join("/paths", path),
            format!("`{path}` {why}"),
            help,
        );
    }
}

/// A tag is described once.
fn tags(subject: &Subject<'_>, report: &mut Report) {
    let tags = subject.root()["tags"].as_array();
    let tags = tags.map_or(&[][..], Vec::as_slice);
    for (index, tag) in tags.iter().enumerate() {
        let name = &tag["name"];
        if name.is_string() && tags[..index].iter().any(|other| other["name"] == *name) {
            report.add(
                subject,
                "op/tag-twice",
                join(&join("/tags", &index.to_string()), "name"),
                format!("the tag {name} is described twice"),
                "keep one of the two",
            );
        }
    }
}

/// Names of components are told apart by letters, digits, `.`, `-` and `_`.
fn names(subject: &Subject<'_>, report: &mut Report) {
    let sections = subject.root()["components"].as_object();
    for (section, parts) in sections.into_iter().flatten() {
        let pointer = join("/components", section);
        for (name, _) in parts.as_object().into_iter().flatten() {
            let is_plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
            let makes_type = || syn::parse_str::<syn::Ident>(&type_name(name)).is_ok();
            if !name.chars().all(is_plain) || (pointer == SCHEMAS && !makes_type()) {
                report.add(
                    subject,
                    "op/component-name",
                    join(&pointer, name),
                    format!("`{name}` is no name of a component that all readers take"),
                    "begin it with a letter; then letters, digits, `.`, `-` and `_`",
                );
            }
        }
    }
}

/// The generator keeps parameters by their names alone, so one of two vanishes.
fn twice(subject: &Subject<'_>, node: &Node<'_>, report: &mut Report) {
    let Some((item, _)) = node.pointer.rsplit_once('/') else {
        return;
    };
    let mut seen: Vec<(String, &Value, String, &str)> = Vec::new();
    for holder in [item, &node.pointer] {
        let pointer = join(holder, "parameters");
        let list = subject.root().pointer(&pointer).and_then(Value::as_array);
        for (index, one) in list.into_iter().flatten().enumerate() {
            let Some(parameter) = resolve(subject.root(), one) else {
                continue;
            };
            let Some(name) = parameter["name"].as_str() else {
                continue;
            };
            let at = join(&pointer, &index.to_string());
            // The argument, as the generator names it.
            let rust = name.to_snake_case();
            let same = seen.iter().find(|(other, ..)| *other == rust);
            if let Some((_, other, first, of)) = same {
                // An operation may describe a parameter of its path anew.
                let is_anew = *of != holder
                    && other["name"] == parameter["name"]
                    && other["in"] == parameter["in"];
                if !is_anew {
                    let first = first.clone();
                    report.add(
                        subject,
                        "op/parameter-twice",
                        &at,
                        format!("there is another parameter `{name}`: the generator keeps one"),
                        "take one out, or mend its name",
                    );
                    report.related(subject, &at, first, "the first");
                }
                continue;
            }
            seen.push((rust, parameter, at, holder));
        }
    }
}

fn ignored(subject: &Subject<'_>, node: &Node<'_>, report: &mut Report) {
    let Some(name) = node.value["name"].as_str() else {
        return;
    };
    let taken = ["accept", "content-type", "authorization"];
    if node.value["in"] == "header" && taken.contains(&name.to_ascii_lowercase().as_str()) {
        report.add(
            subject,
            "op/header-ignored",
            join(&node.pointer, "name"),
            format!("a header parameter `{name}` is ignored by OpenAPI"),
            "describe it by media types, or as a security scheme",
        );
    }
}

/// These statuses end with their headers.
fn without_body(subject: &Subject<'_>, node: &Node<'_>, report: &mut Report) {
    let status = node.pointer.rsplit('/').next().unwrap_or_default();
    let is_bare = ["204", "205", "304"].contains(&status) || status.starts_with('1');
    let is_of_operation = node.pointer.starts_with("/paths/");
    let has_body = resolve(subject.root(), node.value)
        .and_then(|response| response["content"].as_object())
        .is_some_and(|content| !content.is_empty());
    if is_bare && is_of_operation && has_body {
        report.add(
            subject,
            "op/body-unsent",
            &node.pointer,
            format!("an answer {status} has no body, and this one describes one"),
            "take `content` out, or mend the status",
        );
    }
}
