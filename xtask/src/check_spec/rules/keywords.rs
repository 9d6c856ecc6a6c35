//! Do the keywords of a schema fit its type, and each other? The generator and
//! other readers skip what does not, without a word.

use serde_json::Value;

use super::super::report::Report;
use super::super::subject::{Kind, Node, Subject};
use crate::pipeline::document::join;
use crate::pipeline::schema::resolve;

/// The types that a keyword or a format says something about.
type Of = (&'static [&'static str], &'static [&'static str]);

const NUMBERS: &[&str] = &["integer", "number"];

const KEYWORDS: [Of; 4] = [
    (&["minLength", "maxLength", "pattern"], &["string"]),
    (
        &[
            "minimum",
            "maximum",
            "exclusiveMinimum",
            "exclusiveMaximum",
            "multipleOf",
        ],
        NUMBERS,
    ),
    (
        &["items", "minItems", "maxItems", "uniqueItems"],
        &["array"],
    ),
    (
        &[
            "properties",
            "additionalProperties",
            "required",
            "minProperties",
            "maxProperties",
        ],
        &["object"],
    ),
];

/// The formats of OpenAPI 3.0, and those of its registry that are in use.
const FORMATS: [Of; 4] = [
    (&["int32", "int64"], &["integer"]),
    (&["float", "double"], &["number"]),
    (&["decimal"], &["number", "string"]),
    (
        &[
            "byte",
            "binary",
            "date",
            "date-time",
            "time",
            "duration",
            "password",
            "email",
            "hostname",
            "uri",
            "uuid",
            "ipv4",
        ],
        &["string"],
    ),
];

/// Every format that readers know.
pub(super) fn formats() -> Vec<&'static str> {
    FORMATS
        .iter()
        .flat_map(|(formats, _)| *formats)
        .copied()
        .collect()
}

pub fn check(subject: &Subject<'_>, report: &mut Report) {
    for node in subject.all(Kind::Schema) {
        if node.value.get("$ref").is_some() {
            continue;
        }
        untyped(subject, node, report);
        of_the_type(subject, node, report);
        items(subject, node, report);
        branches(subject, node, report);
        values_in_common(subject, node, report);
        direction(subject, node, report);
        room(subject, node, report);
    }
}

/// A schema that says nothing at all is open on purpose; one that describes
/// something and forgets its type is not told from it by the generator.
fn untyped(subject: &Subject<'_>, node: &Node<'_>, report: &mut Report) {
    // Of `nullable` without a type another rule says the same.
    let says = [
        "type", "allOf", "oneOf", "anyOf", "not", "enum", "x-any", "nullable",
    ];
    let Some(members) = node.value.as_object().filter(|schema| !schema.is_empty()) else {
        return;
    };
    if says.iter().all(|name| !members.contains_key(*name)) {
        report.add(
            subject,
            "schema/untyped",
            &node.pointer,
            "a schema without a type: the generator makes it anything",
            "give it a `type`, or `x-any: true` where nobody knows what it is",
        );
    } else if let (Some(type_), true) = (members.get("type"), members.contains_key("x-any")) {
        report.add(
            subject,
            "schema/untyped",
            join(&node.pointer, "x-any"),
            format!("it is anything, and of the type {type_}"),
            "keep one of the two",
        );
    }
}

fn of_the_type(subject: &Subject<'_>, node: &Node<'_>, report: &mut Report) {
    let Some(type_) = node.value["type"].as_str() else {
        return;
    };
    for (keywords, types) in KEYWORDS {
        for keyword in keywords.iter().filter(|_| !types.contains(&type_)) {
            if node.value.get(keyword).is_some() {
                report.add(
                    subject,
                    "schema/keyword-type",
                    join(&node.pointer, keyword),
                    format!("`{keyword}` says nothing of the type {type_}"),
                    format!("take it out, or mend the type: {}", types.join(" or ")),
                );
            }
        }
    }
    let Some(format) = node.value["format"].as_str() else {
        return;
    };
    let of = FORMATS
        .iter()
        .find(|(formats, _)| formats.contains(&format));
    if let Some((_, types)) = of.filter(|(_, types)| !types.contains(&type_)) {
        report.add(
            subject,
            "schema/format-type",
            join(&node.pointer, "format"),
            format!("the format `{format}` is not one of the type {type_}: it is read as without"),
            format!("take it out, or mend the type: {}", types.join(" or ")),
        );
    }
}

fn items(subject: &Subject<'_>, node: &Node<'_>, report: &mut Report) {
    if node.value["type"] == "array" && node.value.get("items").is_none() {
        report.add(
            subject,
            "schema/no-items",
            join(&node.pointer, "type"),
            "a list without `items`: the generator makes it one of anything",
            "say by `items` what stands in it",
        );
    }
}

fn branches(subject: &Subject<'_>, node: &Node<'_>, report: &mut Report) {
    for key in ["allOf", "oneOf", "anyOf"] {
        let listed = node.value[key].as_array();
        for (index, part) in listed.into_iter().flatten().enumerate() {
            if listed.is_some_and(|listed| listed[..index].contains(part)) {
                report.add(
                    subject,
                    "schema/same-twice",
                    join(&join(&node.pointer, key), &index.to_string()),
                    format!("this stands twice in `{key}`"),
                    "keep one of the two",
                );
            }
        }
        if listed.is_some_and(Vec::is_empty) {
            report.add(
                subject,
                "schema/no-branch",
                join(&node.pointer, key),
                format!("`{key}` without a branch: no reader knows what fits"),
                "name what fits, or take it out",
            );
        }
    }
}

/// Of enums without a common value the generator makes one without values.
fn values_in_common(subject: &Subject<'_>, node: &Node<'_>, report: &mut Report) {
    let mut lists: Vec<&Vec<Value>> = Vec::new();
    let mut open: Vec<(&Value, usize)> = vec![(node.value, 0)];
    while let Some((schema, depth)) = open.pop() {
        let Some(schema) = resolve(subject.root(), schema).filter(|_| depth < 16) else {
            continue;
        };
        lists.extend(schema["enum"].as_array());
        let branches = schema["allOf"].as_array().into_iter().flatten();
        open.extend(branches.map(|one| (one, depth + 1)));
    }
    let Some((first, others)) = lists.split_first().filter(|(_, rest)| !rest.is_empty()) else {
        return;
    };
    let is_common = |value: &&Value| others.iter().all(|list| list.contains(value));
    if !first.iter().any(|value| is_common(&value)) {
        report.add(
            subject,
            "schema/all-of",
            join(&node.pointer, "allOf"),
            "the enums that must fit at once have no value in common",
            "mend one of the lists, or use `oneOf` for one or the other",
        );
    }
}

fn direction(subject: &Subject<'_>, node: &Node<'_>, report: &mut Report) {
    if node.value["readOnly"] == true && node.value["writeOnly"] == true {
        report.add(
            subject,
            "schema/no-direction",
            join(&node.pointer, "writeOnly"),
            "`readOnly` and `writeOnly` at once: it is in no message",
            "keep the one that is true",
        );
    }
}

/// A bound that is excluded leaves less room than it seems.
fn room(subject: &Subject<'_>, node: &Node<'_>, report: &mut Report) {
    let bound = |key: &str| node.value[key].as_f64();
    let is_excluded = |key: &str| node.value[key] == true;
    if let (Some(low), Some(high)) = (bound("minimum"), bound("maximum"))
        && low == high
        && (is_excluded("exclusiveMinimum") || is_excluded("exclusiveMaximum"))
    {
        report.add(
            subject,
            "schema/min-max",
            join(&node.pointer, "minimum"),
            format!("the only value between the bounds, {low}, is excluded: no value fits"),
            "take the flag out, or mend the bounds",
        );
    }
}
