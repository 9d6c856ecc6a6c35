//! Can a schema be understood in one way, and have a value? What other readers
//! are silent about: contradictions, formats that nobody knows, patterns that
//! do not compile.

use std::collections::BTreeSet;

use serde_json::Value;

use super::super::report::Report;
use super::super::subject::{Kind, Node, Subject};
use super::keywords;
use crate::pipeline::document::join;
use crate::pipeline::schema::{SCALARS, SCHEMAS, resolve};

pub fn check(subject: &Subject<'_>, report: &mut Report) {
    let sent_only = sent_only(subject);
    for node in subject.all(Kind::Schema) {
        if node.value.get("$ref").is_some() {
            continue;
        }
        nullable(subject, node, report);
        format(subject, node, report);
        pattern(subject, node, report);
        exclusive(subject, node, report);
        all_of(subject, node, report);
        mixed(subject, node, report);
        discriminator(subject, node, report);
        if sent_only.contains(&node.pointer) {
            read_only(subject, node, report);
        }
    }
}

/// `nullable` widens a type; without one there is nothing to widen.
fn nullable(subject: &Subject<'_>, node: &Node<'_>, report: &mut Report) {
    let typed = ["type", "allOf", "oneOf", "anyOf"]
        .iter()
        .any(|key| node.value.get(key).is_some());
    if node.value["nullable"] == true && !typed {
        report.add(
            subject,
            "schema/nullable-alone",
            join(&node.pointer, "nullable"),
            "`nullable` without a type says nothing",
            "add the `type`, or take `nullable` out",
        );
    }
}

fn format(subject: &Subject<'_>, node: &Node<'_>, report: &mut Report) {
    let Some(format) = node.value["format"].as_str() else {
        return;
    };
    let known = keywords::formats();
    if !known.contains(&format) {
        let help = super::super::explain::closest(format, &known).map_or_else(
            || "take it out, and say it in the description".to_owned(),
            |known| format!("did you mean `{known}`?"),
        );
        report.add(
            subject,
            "schema/format-unknown",
            join(&node.pointer, "format"),
            format!("no reader knows the format `{format}`; the generator takes it for none"),
            help,
        );
    }
}

/// The generated code reads patterns as JavaScript does, by this very crate.
fn pattern(subject: &Subject<'_>, node: &Node<'_>, report: &mut Report) {
    let Some(pattern) = node.value["pattern"].as_str() else {
        return;
    };
    let place = join(&node.pointer, "pattern");
    if let Err(error) = regress::Regex::new(pattern) {
        report.add(
            subject,
            "schema/pattern",
            place,
            format!("`{pattern}` is no regular expression: {error}"),
            "write it as ECMA 262 has it",
        );
    } else if !is_anchored(pattern) {
        report.add(
            subject,
            "schema/pattern-open",
            place,
            format!("`{pattern}` fits every text that contains it"),
            "begin with `^` and end with `$`",
        );
    }
}

/// Whether the pattern fits whole texts only: in `^a|b$` each end holds for one
/// of the two, and `\$` is a letter.
fn is_anchored(pattern: &str) -> bool {
    let (mut depth, mut in_class) = (0_usize, false);
    let (mut open, mut last) = (false, ' ');
    let mut letters = pattern.chars();
    while let Some(letter) = letters.next() {
        last = letter;
        match letter {
            '\\' => {
                letters.next();
                last = ' ';
            }
            '[' => in_class = true,
            ']' => in_class = false,
            _ if in_class => {}
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            '|' if depth == 0 => open = true,
            _ => {}
        }
    }
    pattern.starts_with('^') && last == '$' && !in_class && !open
}

/// In 3.0 an exclusive bound is a flag next to the bound.
fn exclusive(subject: &Subject<'_>, node: &Node<'_>, report: &mut Report) {
    for (flag, bound) in [
        ("exclusiveMinimum", "minimum"),
        ("exclusiveMaximum", "maximum"),
    ] {
        if node.value[flag] == true && node.value.get(bound).is_none() {
            report.add(
                subject,
                "schema/exclusive-alone",
                join(&node.pointer, flag),
                format!(
                    "`{flag}` without `{bound}` excludes nothing, and the generator stops there"
                ),
                format!("add the `{bound}`, or take the flag out"),
            );
        }
    }
}

/// What fits all branches must be able to exist.
fn all_of(subject: &Subject<'_>, node: &Node<'_>, report: &mut Report) {
    let mut types: Vec<&str> = Vec::new();
    let mut open: Vec<(&Value, usize)> = vec![(node.value, 0)];
    while let Some((schema, depth)) = open.pop() {
        let Some(schema) = resolve(subject.root(), schema).filter(|_| depth < 16) else {
            continue;
        };
        types.extend(schema["type"].as_str());
        let branches = schema["allOf"].as_array();
        open.extend(branches.into_iter().flatten().map(|one| (one, depth + 1)));
    }
    let other = |one: &str| {
        types.iter().find(|other| {
            let pair = [one, **other];
            one != **other && !(pair.contains(&"integer") && pair.contains(&"number"))
        })
    };
    if let Some((one, other)) = types.iter().find_map(|one| Some((one, other(one)?))) {
        report.add(
            subject,
            "schema/all-of",
            join(&node.pointer, "allOf"),
            format!("no value is {one} and {other} at once: the generated type has no value"),
            "use `oneOf` for one or the other, or mend the type",
        );
    }
}

/// One or the other of a text and an object gets an untagged enum, whose error
/// names neither.
fn mixed(subject: &Subject<'_>, node: &Node<'_>, report: &mut Report) {
    let name = node.pointer.strip_prefix(&format!("{SCHEMAS}/"));
    if SCALARS.iter().any(|(scalar, _)| Some(*scalar) == name) {
        return; // A handwritten type reads it.
    }
    for key in ["oneOf", "anyOf"] {
        let shapes: BTreeSet<bool> = node.value[key]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|branch| resolve(subject.root(), branch)?["type"].as_str())
            .map(|shape| ["object", "array"].contains(&shape))
            .collect();
        if shapes.len() > 1 {
            report.add(
                subject,
                "schema/mixed",
                join(&node.pointer, key),
                "a plain value or an object: readers cannot say why neither fits",
                "describe the one that comes, or write a type by hand and name it in build/schema.rs",
            );
        }
    }
}

/// Every branch must have the member that tells the branches apart.
fn discriminator(subject: &Subject<'_>, node: &Node<'_>, report: &mut Report) {
    let Some(name) = node.value["discriminator"]["propertyName"].as_str() else {
        return;
    };
    let branches = ["oneOf", "anyOf"]
        .iter()
        .find_map(|key| node.value[key].as_array());
    let whole = std::slice::from_ref(node.value);
    let without: Vec<&str> = branches
        .map_or(whole, Vec::as_slice)
        .iter()
        .filter(|branch| {
            resolve(subject.root(), branch).is_some_and(|schema| {
                let required = schema["required"]
                    .as_array()
                    .is_some_and(|names| names.iter().any(|one| one == name));
                schema["properties"].get(name).is_none() || !required
            })
        })
        .map(|branch| branch["$ref"].as_str().unwrap_or("the schema itself"))
        .collect();
    if !without.is_empty() {
        report.add(
            subject,
            "schema/discriminator",
            join(&join(&node.pointer, "discriminator"), "propertyName"),
            format!("`{name}` is no required property of {}", without.join(", ")),
            "declare and require it in every branch",
        );
    }
}

/// Nobody can send what only the service sets. A schema that answers have too
/// is sent back as it was read.
fn read_only(subject: &Subject<'_>, node: &Node<'_>, report: &mut Report) {
    let pointer = join(&node.pointer, "required");
    let required = node.value["required"].as_array();
    for (index, name) in required.into_iter().flatten().enumerate() {
        let property = name.as_str().map(|name| &node.value["properties"][name]);
        if property.is_some_and(|property| property["readOnly"] == true) {
            report.add(
                subject,
                "schema/read-only-required",
                join(&pointer, &index.to_string()),
                format!("{name} is set by the service only, and required of callers"),
                "take it out of `required`, or `readOnly` out of the property",
            );
        }
    }
}

/// The schemas that requests have and answers have not.
fn sent_only(subject: &Subject<'_>) -> BTreeSet<String> {
    let reach = |kind: Kind| {
        let mut found = BTreeSet::new();
        for node in subject.all(kind) {
            gather(subject.root(), node.value, &node.pointer, &mut found);
        }
        found
    };
    let read = reach(Kind::Response);
    let sent = reach(Kind::RequestBody);
    sent.difference(&read).cloned().collect()
}

/// The pointers of everything below `value`, and behind its references.
fn gather(root: &Value, value: &Value, pointer: &str, found: &mut BTreeSet<String>) {
    let mut open = vec![(value, pointer.to_owned())];
    while let Some((value, pointer)) = open.pop() {
        match value {
            Value::Object(members) => {
                if !found.insert(pointer.clone()) {
                    continue;
                }
                for (name, member) in members {
                    open.push((member, join(&pointer, name)));
                }
                let to = members.get("$ref").and_then(Value::as_str);
                if let Some(to) = to.and_then(|to| to.strip_prefix('#'))
                    && let Some(part) = root.pointer(to)
                    && !found.contains(to)
                {
                    open.push((part, to.to_owned()));
                }
            }
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    open.push((item, join(&pointer, &index.to_string())));
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_anchored_when_both_ends_hold_for_all_of_it() {
        for pattern in ["^a$", "^(a|b)$", "^[|]$", r"^a\\$", "^$"] {
            assert!(is_anchored(pattern), "{pattern}");
        }
        for pattern in ["^a|b$", r"^a\$", "a$", "^a", "^[$", ""] {
            assert!(!is_anchored(pattern), "{pattern}");
        }
    }
}
