//! Is everything said in words too? The words become the documentation of the
//! generated types, and the only place that says what a member is for.

use serde_json::Value;

use super::super::explain::closest;
use super::super::report::Report;
use super::super::subject::{Kind, Node, Subject};
use crate::pipeline::document::join;
use crate::pipeline::schema::SCHEMAS;

pub fn check(subject: &Subject<'_>, report: &mut Report) {
    for node in &subject.nodes {
        if node.value.get("$ref").is_some() {
            continue; // What it refers to has the words.
        }
        if !node.value.is_object() {
            continue; // Said by the schema of OpenAPI.
        }
        let what = match node.kind {
            Kind::Operation => "operation",
            Kind::Parameter => "parameter",
            Kind::Header => "header",
            Kind::RequestBody => "request body",
            Kind::Response => "response",
            Kind::Schema => match named(&node.pointer) {
                Some(what) => what,
                None => continue,
            },
            Kind::MediaType | Kind::Example => continue,
        };
        if !is_said(&node.value["description"]) && !is_misspelt(node, report) {
            report.add(
                subject,
                "docs/no-description",
                &node.pointer,
                format!("the {what} has no description"),
                "say in a sentence what it is, and where that is known from",
            );
        }
        if node.kind == Kind::Schema {
            values(subject, node, report);
        }
    }
}

/// Whether the description stands under a name that OpenAPI does not know: that
/// is said already.
fn is_misspelt(node: &Node<'_>, report: &Report) -> bool {
    report.errors().any(|error| {
        let name = error.pointer.strip_prefix(&format!("{}/", node.pointer));
        error.code == "oas/invalid"
            && name.is_some_and(|name| closest(name, &["description"]).is_some())
    })
}

fn is_said(text: &Value) -> bool {
    text.as_str().is_some_and(|text| !text.trim().is_empty())
}

/// Schemas that have a name of their own; a branch or an item has not.
fn named(pointer: &str) -> Option<&'static str> {
    let (parent, _) = pointer.rsplit_once('/')?;
    if parent == SCHEMAS {
        Some("schema")
    } else if parent.ends_with("/properties") {
        Some("property")
    } else {
        None
    }
}

/// Every value of an enum has a text, and every text a value.
fn values(subject: &Subject<'_>, node: &Node<'_>, report: &mut Report) {
    let Some(values) = node.value["enum"]
        .as_array()
        .filter(|_| node.value["type"] == "string")
    else {
        return;
    };
    let pointer = join(&node.pointer, "x-enum-descriptions");
    let texts = node.value["x-enum-descriptions"].as_object();
    for (index, value) in values.iter().enumerate() {
        let Some(value) = value.as_str() else {
            continue;
        };
        if !texts.is_some_and(|texts| texts.get(value).is_some_and(is_said)) {
            report.add(
                subject,
                "docs/enum-values",
                join(&join(&node.pointer, "enum"), &index.to_string()),
                format!("the value `{value}` has no description"),
                format!("add `{value}: ..` under `x-enum-descriptions`"),
            );
        }
    }
    for (name, _) in texts.into_iter().flatten() {
        if !values.iter().any(|value| value == name) {
            report.add(
                subject,
                "docs/enum-values",
                join(&pointer, name),
                format!("`{name}` is described but is not a value of the enum"),
                "mend the name, or add the value",
            );
        }
    }
}
