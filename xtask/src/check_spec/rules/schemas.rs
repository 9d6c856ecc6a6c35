//! Can each schema have a value, and a type with a name?

use std::collections::BTreeMap;

use serde_json::Value;

use super::super::report::Report;
use super::super::subject::{Kind, Node, Subject};
use crate::pipeline::document::join;
use crate::pipeline::enums::variant;
use crate::pipeline::schema::{SCHEMAS, member_name, resolve, type_name};

pub fn check(subject: &Subject<'_>, report: &mut Report) {
    for node in subject.all(Kind::Schema) {
        required(subject, node, report);
        values(subject, node, report);
        bounds(subject, node, report);
        let names = node.value["properties"].as_object();
        names_apart(
            subject,
            &join(&node.pointer, "properties"),
            names.into_iter().flatten().map(|(name, _)| name),
            member_name,
            report,
        );
    }
    let schemas = subject.root().pointer(SCHEMAS).and_then(Value::as_object);
    for (name, _) in schemas.into_iter().flatten() {
        endless(subject, &join(SCHEMAS, name), report);
    }
    names_apart(
        subject,
        SCHEMAS,
        schemas.into_iter().flatten().map(|(name, _)| name),
        type_name,
        report,
    );
}

/// A required member that is not declared becomes one of any type.
fn required(subject: &Subject<'_>, node: &Node<'_>, report: &mut Report) {
    // A branch of `allOf` may require what its neighbours declare.
    let whole = match node.pointer.rsplit_once("/allOf/") {
        Some((parent, index)) if !index.contains('/') => subject.root().pointer(parent),
        _ => Some(node.value),
    };
    let mut declared = Vec::new();
    if let Some(whole) = whole {
        declare(subject.root(), whole, 0, &mut declared);
    }
    let pointer = join(&node.pointer, "required");
    for (index, name) in node.value["required"]
        .as_array()
        .into_iter()
        .flatten()
        .enumerate()
    {
        if let Some(name) = name.as_str()
            && !declared.contains(&name)
        {
            report.add(
                subject,
                "schema/required-unknown",
                join(&pointer, &index.to_string()),
                format!("`{name}` is required but not declared"),
                "declare it under `properties`, or take it out of `required`",
            );
        }
    }
}

/// The members that a schema declares, by itself or through `allOf`.
fn declare<'d>(root: &'d Value, schema: &'d Value, depth: usize, out: &mut Vec<&'d str>) {
    // A schema that contains itself is somebody else's finding.
    if depth > 16 {
        return;
    }
    let Some(schema) = resolve(root, schema) else {
        return;
    };
    let properties = schema["properties"].as_object();
    out.extend(
        properties
            .into_iter()
            .flatten()
            .map(|(name, _)| name.as_str()),
    );
    for branch in schema["allOf"].as_array().into_iter().flatten() {
        declare(root, branch, depth + 1, out);
    }
}

/// A schema that is itself, with no member or item in between, has no end: the
/// generator and every validator follow it until their stack is full.
fn endless(subject: &Subject<'_>, pointer: &str, report: &mut Report) {
    let mut seen: Vec<&str> = Vec::new();
    let mut open: Vec<&Value> = subject.root().pointer(pointer).into_iter().collect();
    while let Some(schema) = open.pop() {
        for branches in ["allOf", "oneOf", "anyOf"] {
            open.extend(schema[branches].as_array().into_iter().flatten());
        }
        open.extend(schema.get("not"));
        let Some(next) = schema["$ref"].as_str().and_then(|to| to.strip_prefix('#')) else {
            continue;
        };
        if next == pointer {
            report.add(
                subject,
                "schema/endless",
                pointer,
                "the schema contains itself, without a member or an item in between",
                "put the inner one into a property, or take it out",
            );
            return;
        }
        if !seen.contains(&next) {
            seen.push(next);
            open.extend(subject.root().pointer(next));
        }
    }
}

/// Enums become Rust enums: named, of texts, and each value with a name.
fn values(subject: &Subject<'_>, node: &Node<'_>, report: &mut Report) {
    let Some(values) = node.value["enum"].as_array() else {
        return;
    };
    let is_text = node.value["type"] == "string";
    let name = node
        .pointer
        .strip_prefix(&format!("{SCHEMAS}/"))
        .filter(|name| !name.contains('/'));
    let pointer = join(&node.pointer, "enum");
    if is_text && name.is_none() {
        report.add(
            subject,
            "schema/enum-inline",
            &pointer,
            "this enum has no name",
            "move it under `components.schemas` and refer to it",
        );
    }
    let mut taken: BTreeMap<String, &str> = BTreeMap::new();
    for (index, value) in values.iter().enumerate() {
        let place = join(&pointer, &index.to_string());
        if values[..index].contains(value) {
            report.add(
                subject,
                "schema/enum-duplicate",
                place,
                format!("{value} stands twice"),
                "keep one of the two",
            );
            continue;
        }
        if !is_of_type(value, node.value) {
            report.add(
                subject,
                "schema/enum-type",
                place,
                format!(
                    "{value} is not of the type of the enum, {}",
                    node.value["type"]
                ),
                "quote texts; leave numbers and booleans bare",
            );
            continue;
        }
        let Some(text) = value.as_str().filter(|_| is_text) else {
            continue;
        };
        let rust = variant(text);
        let other = taken.get(&rust).copied();
        if other.is_some() || rust == "UnknownValue" || syn::parse_str::<syn::Ident>(&rust).is_err()
        {
            report.add(
                subject,
                "schema/enum-names",
                place,
                match other {
                    Some(other) => {
                        format!("`{other}` and `{text}` both get the Rust name `{rust}`")
                    }
                    None => format!("`{text}` gets the Rust name `{rust}`, which cannot be had"),
                },
                "leave the value out: readers keep it as unknown",
            );
        }
        taken.insert(rust, text);
    }
}

fn is_of_type(value: &Value, schema: &Value) -> bool {
    match schema["type"].as_str() {
        Some("string") => value.is_string(),
        Some("integer") => value.is_i64() || value.is_u64(),
        Some("number") => value.is_number(),
        Some("boolean") => value.is_boolean(),
        _ => true,
    }
}

/// A least that is more than the most makes a type without values.
fn bounds(subject: &Subject<'_>, node: &Node<'_>, report: &mut Report) {
    for (least, most) in [
        ("minimum", "maximum"),
        ("minLength", "maxLength"),
        ("minItems", "maxItems"),
        ("minProperties", "maxProperties"),
    ] {
        let bound = |key: &str| node.value[key].as_f64();
        if let (Some(low), Some(high)) = (bound(least), bound(most))
            && low > high
        {
            report.add(
                subject,
                "schema/min-max",
                join(&node.pointer, least),
                format!("`{least}` {low} is more than `{most}` {high}: no value fits"),
                "swap or mend the two",
            );
        }
    }
}

/// Two names that are one in Rust: the generator writes both, and the compiler
/// complains about a file that nobody wrote.
fn names_apart<'d>(
    subject: &Subject<'_>,
    pointer: &str,
    names: impl Iterator<Item = &'d String>,
    rust: fn(&str) -> String,
    report: &mut Report,
) {
    let mut taken: BTreeMap<String, &str> = BTreeMap::new();
    for name in names {
        if let Some(other) = taken.insert(rust(name), name) {
            report.add(
                subject,
                "schema/names",
                join(pointer, name),
                format!(
                    "`{other}` and `{name}` both get the Rust name `{}`",
                    rust(name)
                ),
                "rename one of the two, or leave it out: readers keep unknown members",
            );
        }
    }
}
