//! Does every `$ref` lead to a part of the right kind in this document?

use std::collections::BTreeSet;

use serde_json::Value;

use super::super::report::Report;
use super::super::subject::{Kind, Node, Subject};
use crate::pipeline::document::join;

pub fn check(subject: &Subject<'_>, report: &mut Report) {
    for node in &subject.nodes {
        if let Some(reference) = node.value.get("$ref") {
            match reference.as_str() {
                Some(reference) => one(subject, node, reference, report),
                // Said by the schema of OpenAPI.
                None => continue,
            }
        }
    }
    unvisited(subject, report);
    circular(subject, report);
    unused(subject, report);
}

/// References of parts that no other rule looks at: callbacks and links, and
/// paths that stand elsewhere.
fn unvisited(subject: &Subject<'_>, report: &mut Report) {
    let root = subject.root();
    let mut open: Vec<(String, &Value)> = Vec::new();
    for (path, item) in root["paths"].as_object().into_iter().flatten() {
        let pointer = join("/paths", path);
        if item.get("$ref").is_some() {
            report.add(
                subject,
                "ref/path-item",
                join(&pointer, "$ref"),
                "a path that stands elsewhere, where the generator does not look",
                "write its operations here",
            );
        }
    }
    for node in &subject.nodes {
        let member = match node.kind {
            Kind::Operation => "callbacks",
            Kind::Response => "links",
            _ => continue,
        };
        if let Some(part) = node.value.get(member) {
            open.push((join(&node.pointer, member), part));
        }
    }
    for section in ["callbacks", "links"] {
        if let Some(part) = root["components"].get(section) {
            open.push((join("/components", section), part));
        }
    }
    for (at, reference) in references(open) {
        let Some(pointer) = reference.strip_prefix('#') else {
            continue; // Nobody follows it.
        };
        if root.pointer(pointer).is_none() {
            report.add(
                subject,
                "ref/dangling",
                at,
                format!("there is no `{reference}`"),
                "mend the name, or add the part under `components`",
            );
        }
    }
}

/// Every reference in these parts, with its place.
fn references(mut open: Vec<(String, &Value)>) -> Vec<(String, &str)> {
    let mut found = Vec::new();
    while let Some((pointer, value)) = open.pop() {
        match value {
            Value::Object(members) => {
                for (name, member) in members {
                    let at = join(&pointer, name);
                    match member.as_str().filter(|_| name == "$ref") {
                        Some(reference) => found.push((at, reference)),
                        None => open.push((at, member)),
                    }
                }
            }
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    open.push((join(&pointer, &index.to_string()), item));
                }
            }
            _ => {}
        }
    }
    found
}

/// A reference that comes back to itself, by however many steps, names nothing:
/// whoever follows it never ends. Of schemas `schema/endless` says so.
fn circular(subject: &Subject<'_>, report: &mut Report) {
    for node in subject.nodes.iter().filter(|one| one.kind != Kind::Schema) {
        let start = node.pointer.as_str();
        let mut chain = vec![start];
        let mut part = Some(node.value);
        while let Some(next) = part.and_then(|part| part["$ref"].as_str()?.strip_prefix('#')) {
            if next == start {
                // Each part of a circle comes back to itself; one says it.
                if chain.iter().all(|one| *one >= start) {
                    report.add(
                        subject,
                        "ref/circular",
                        join(start, "$ref"),
                        "this reference leads back to itself, so there is no such part",
                        "write the part out where the circle begins",
                    );
                }
                break;
            }
            if chain.contains(&next) {
                break;
            }
            chain.push(next);
            part = subject.root().pointer(next);
        }
    }
}

fn one(subject: &Subject<'_>, node: &Node<'_>, reference: &str, report: &mut Report) {
    let place = join(&node.pointer, "$ref");
    let Some(pointer) = reference.strip_prefix('#') else {
        report.add(
            subject,
            "ref/external",
            place,
            format!("`{reference}` is in another file"),
            "copy it under `components`: the generator reads one file",
        );
        return;
    };
    if subject.root().pointer(pointer).is_none() {
        report.add(
            subject,
            "ref/dangling",
            place,
            format!("there is no `{reference}`"),
            "mend the name, or add the part under `components`",
        );
        return;
    }
    if let Some(section) = node.kind.section() {
        let name = pointer.strip_prefix(&format!("/components/{section}/"));
        if name.is_none_or(|name| name.contains('/')) {
            report.add(
                subject,
                "ref/wrong-section",
                &place,
                format!("`{reference}` does not stand in `components.{section}`"),
                format!("name the part under `components.{section}` and refer to it there"),
            );
        }
    }
    for (name, _) in node.value.as_object().into_iter().flatten() {
        if name != "$ref" {
            report.add(
                subject,
                "ref/siblings",
                join(&node.pointer, name),
                format!("`{name}` next to a `$ref` is ignored"),
                if node.kind == Kind::Schema {
                    "put the reference into `allOf: [..]`, or take the sibling out"
                } else {
                    "move it to the part that is referred to, or take it out"
                },
            );
        }
    }
}

/// What nothing refers to is a part that nobody keeps right. A schema with
/// `x-examples` is shown on purpose.
fn unused(subject: &Subject<'_>, report: &mut Report) {
    let used: BTreeSet<(&str, &str)> = subject
        .nodes
        .iter()
        .filter_map(|node| {
            let pointer = node.value["$ref"].as_str()?.strip_prefix('#')?;
            Some((pointer, node.pointer.as_str()))
        })
        .collect();
    // A part under a name that OpenAPI does not know would be read, were the
    // name mended.
    let broken = report.errors().filter(|one| one.code == "oas/invalid");
    let broken = broken.filter_map(|one| {
        let part = subject.root().pointer(&one.pointer)?;
        Some((one.pointer.clone(), part))
    });
    let others = ["callbacks", "links"];
    let others = others.iter().filter_map(|section| {
        let part = subject.root()["components"].get(section)?;
        Some((join("/components", section), part))
    });
    let of_operations = subject.nodes.iter().filter_map(|node| {
        let part = node.value.get("callbacks").or(node.value.get("links"))?;
        Some((node.pointer.clone(), part))
    });
    let unread = references(broken.chain(others).chain(of_operations).collect());
    for node in &subject.nodes {
        let Some(section) = node.kind.section() else {
            continue;
        };
        let is_component = node
            .pointer
            .strip_prefix(&format!("/components/{section}/"))
            .is_some_and(|name| !name.contains('/'));
        if !is_component || node.value.get("x-examples").is_some() {
            continue;
        }
        let inside = format!("{}/", node.pointer);
        let is_used = used
            .iter()
            .any(|(to, from)| *to == node.pointer && !from.starts_with(&inside))
            || unread
                .iter()
                .any(|(_, to)| to.strip_prefix('#') == Some(&node.pointer));
        if !is_used {
            report.add(
                subject,
                "ref/unused",
                &node.pointer,
                "nothing refers to this part",
                "refer to it, take it out, or give it `x-examples`",
            );
        }
    }
}
