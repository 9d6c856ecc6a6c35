//! Are the extensions of the document ones that something reads, and where it
//! reads them? A misspelt one is ignored by every tool: a member that says
//! `x-ms-mutabilty` may be changed.

use serde_json::Value;

use super::super::explain::closest;
use super::super::report::Report;
use super::super::subject::{Kind, Subject};
use crate::pipeline::document::join;

/// The extensions that the pipeline or the rules read, and of what kind of part.
const KNOWN: [(&str, Kind); 13] = [
    ("x-any", Kind::Schema),
    ("x-ended", Kind::Schema),
    ("x-enum-descriptions", Kind::Schema),
    ("x-examples", Kind::Schema),
    ("x-known-paths", Kind::Schema),
    ("x-lifecycle", Kind::Schema),
    ("x-microsoft-half", Kind::Schema),
    ("x-ms-mutability", Kind::Schema),
    ("x-own-patch-paths", Kind::Schema),
    ("x-rules", Kind::Schema),
    ("x-set-by-transport", Kind::Parameter),
    ("x-stays", Kind::Schema),
    ("x-unread", Kind::Schema),
];

/// Those that are there or not: their value is `true`.
const MARKS: [&str; 5] = [
    "x-any",
    "x-own-patch-paths",
    "x-set-by-transport",
    "x-stays",
    "x-unread",
];

pub fn check(subject: &Subject<'_>, report: &mut Report) {
    for node in &subject.nodes {
        part(subject, &node.pointer, node.value, Some(node.kind), report);
    }
    let root = subject.root();
    for pointer in ["", "/info", "/info/contact", "/info/license", "/components"] {
        if let Some(value) = root.pointer(pointer) {
            part(subject, pointer, value, None, report);
        }
    }
    for holder in ["/paths", "/servers", "/tags", "/components/securitySchemes"] {
        for (name, value) in entries(root.pointer(holder)) {
            part(subject, &join(holder, &name), value, None, report);
        }
    }
}

/// The parts of an object or a list, by their names or numbers.
fn entries(holder: Option<&Value>) -> Vec<(String, &Value)> {
    match holder {
        Some(Value::Object(members)) => members
            .iter()
            .map(|(name, value)| (name.clone(), value))
            .collect(),
        Some(Value::Array(items)) => items
            .iter()
            .enumerate()
            .map(|(index, value)| (index.to_string(), value))
            .collect(),
        _ => Vec::new(),
    }
}

fn part(
    subject: &Subject<'_>,
    pointer: &str,
    value: &Value,
    kind: Option<Kind>,
    report: &mut Report,
) {
    let members = value.as_object().into_iter().flatten();
    for (name, value) in members.filter(|(name, _)| name.starts_with("x-")) {
        let at = join(pointer, name);
        let Some((_, of)) = KNOWN.iter().find(|(known, _)| known == name) else {
            let known = KNOWN.map(|(known, _)| known);
            let help = match closest(name, &known) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => format!("one of {}", known.join(", ")),
            };
            report.add(
                subject,
                "oas/unknown-extension",
                at,
                format!("nothing reads `{name}`"),
                help,
            );
            continue;
        };
        if kind != Some(*of) {
            report.add(
                subject,
                "oas/unknown-extension",
                at,
                format!("nothing reads `{name}` here"),
                format!("it belongs to a part of another kind: {of:?}"),
            );
        } else if MARKS.contains(&name.as_str()) && *value != Value::Bool(true) {
            report.add(
                subject,
                "oas/unknown-extension",
                at,
                format!("`{name}` is either `true` or not there"),
                "write `true`, or take it out",
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    /// Everything that reads the document, but this file and tests.
    fn sources(folder: &Path, out: &mut String) {
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            let path = entry.path();
            let name = entry.file_name().to_string_lossy().into_owned();
            if path.is_dir() && name != "tests" {
                sources(&path, out);
            } else if name.ends_with(".rs") && name != "extensions.rs" {
                out.push_str(&std::fs::read_to_string(path).unwrap());
            }
        }
    }

    #[test]
    fn every_extension_that_is_known_is_read_and_explained() {
        let root = crate::workspace_root();
        let mut all = String::new();
        sources(&root.join("build"), &mut all);
        sources(&root.join("xtask/src/check_spec"), &mut all);
        for (name, _) in KNOWN {
            assert!(all.contains(&format!("\"{name}\"")), "{name}");
        }
        let explained = std::fs::read_to_string(root.join("openapi/README.md")).unwrap();
        for (name, _) in KNOWN {
            assert!(explained.contains(&format!("\n| `{name}` |")), "{name}");
        }
        for mark in MARKS {
            assert!(KNOWN.iter().any(|(known, _)| *known == mark), "{mark}");
        }
    }
}
