//! Does every `$ref` lead to a part of the right kind in this document?

use std::collections::BTreeSet;

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
    circular(subject, report);
    unused(subject, report);
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
            .any(|(to, from)| *to == node.pointer && !from.starts_with(&inside));
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
