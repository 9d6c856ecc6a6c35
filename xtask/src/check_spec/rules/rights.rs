//! What may be done with the members of a referral: do `x-ms-mutability`, the
//! bodies that are sent, and the patch paths that are known say the same? The
//! client refuses changes by the first, so a word too few refuses what is right.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::super::explain::closest;
use super::super::report::Report;
use super::super::subject::{Kind, Node, Subject};
use crate::pipeline::document::join;
use crate::pipeline::rights::ROOT;
use crate::pipeline::schema::{SCHEMAS, resolve};

const RIGHTS: &str = "x-ms-mutability";
const WORDS: [&str; 3] = ["create", "read", "update"];
const CREATE: &str = "create";
const UPDATE: &str = "update";

/// The list of paths that are known to be taken.
const PATHS: &str = "x-known-paths";

/// What is sent is called as what is read, with this before it.
const SENT: &str = "New";
/// Of a member that is sent: no source shows it in what is read.
const UNREAD: &str = "x-unread";

pub fn check(subject: &Subject<'_>, report: &mut Report) {
    for node in subject.all(Kind::Schema) {
        words(subject, node, report);
        paths(subject, node, report);
    }
    let schemas = subject.root().pointer(SCHEMAS).and_then(Value::as_object);
    let Some(schemas) = schemas else {
        return;
    };
    for (name, sent) in schemas {
        let read = name.strip_prefix(SENT).and_then(|name| {
            let (name, schema) = schemas.get_key_value(name)?;
            Some((name, schema["properties"].as_object()?))
        });
        if let (Some((other, read)), Some(sent)) = (read, sent["properties"].as_object()) {
            alike(subject, (name, sent), (other, read), report);
        }
    }
}

fn words(subject: &Subject<'_>, node: &Node<'_>, report: &mut Report) {
    let Some(rights) = node.value.get(RIGHTS) else {
        return;
    };
    let at = join(&node.pointer, RIGHTS);
    let mut add = |at: String, message: String| {
        let help = format!("a list of {}, each once", WORDS.join(", "));
        report.add(subject, "schema/rights", at, message, help);
    };
    let listed: Vec<&Value> = rights.as_array().into_iter().flatten().collect();
    if listed.is_empty() {
        add(at.clone(), format!("`{RIGHTS}` lists nothing"));
    }
    for (index, word) in listed.iter().enumerate() {
        let at = join(&at, &index.to_string());
        if !WORDS.iter().any(|known| *word == known) {
            add(at, format!("{word} is no right of a member"));
        } else if listed[..index].contains(word) {
            add(at, format!("{word} stands here twice"));
        }
    }
    let may_change = listed
        .iter()
        .any(|word| **word == CREATE || **word == UPDATE);
    if node.value["readOnly"] == true && may_change {
        let message = format!("`readOnly` says that it is never sent, and `{RIGHTS}` that it is");
        add(join(&node.pointer, "readOnly"), message);
    }
}

/// A member without the extension may be anything: no source says it.
fn may(member: &Value, right: &str) -> bool {
    match member.get(RIGHTS).and_then(Value::as_array) {
        Some(rights) => rights.iter().any(|one| one == right),
        None => true,
    }
}

type Named<'a> = (&'a str, &'a Map<String, Value>);

/// What is sent can be created or added later, and what can be created can be
/// sent.
fn alike(subject: &Subject<'_>, sent: Named<'_>, read: Named<'_>, report: &mut Report) {
    let ((sent_name, sent), (read_name, read)) = (sent, read);
    let at = |schema: &str, member: &str| join(&join(&join(SCHEMAS, schema), "properties"), member);
    for (name, member) in sent {
        let unread = member[UNREAD] == true;
        match read.get(name) {
            None if unread => {}
            None => {
                let free = read.keys().filter(|one| !sent.contains_key(*one));
                let free: Vec<&String> = free.collect();
                let help = match closest(name, &free) {
                    Some(meant) => format!("did you mean `{meant}`?"),
                    None => format!(
                        "add it to {read_name}, or say by `{UNREAD}: true` that no source shows it there"
                    ),
                };
                report.add(
                    subject,
                    "schema/sent-and-read",
                    at(sent_name, name),
                    format!("`{name}` is sent by {sent_name} and is no member of {read_name}"),
                    help,
                );
            }
            Some(_) if unread => report.add(
                subject,
                "schema/sent-and-read",
                join(&at(sent_name, name), UNREAD),
                format!("`{UNREAD}` says that `{name}` is not read, and {read_name} has it"),
                "take one of the two out",
            ),
            Some(member) if !may(member, CREATE) && !may(member, UPDATE) => report.add(
                subject,
                "schema/sent-and-read",
                join(&at(read_name, name), RIGHTS),
                format!("`{name}` is sent by {sent_name}, and cannot be set here"),
                format!("add `{CREATE}` or `{UPDATE}`, or take the member out of {sent_name}"),
            ),
            Some(_) => {}
        }
    }
    for (name, member) in read {
        if member.get(RIGHTS).is_some() && may(member, CREATE) && !sent.contains_key(name) {
            report.add(
                subject,
                "schema/sent-and-read",
                join(&at(read_name, name), RIGHTS),
                format!("`{name}` can be created, and {sent_name} has no such member"),
                format!("add it to {sent_name}, or take `{CREATE}` out"),
            );
        }
    }
}

/// Each path leads to a member that may be updated, stands once, and is named
/// in the description where that names any.
fn paths(subject: &Subject<'_>, node: &Node<'_>, report: &mut Report) {
    let Some(listed) = node.value.get(PATHS) else {
        return;
    };
    let at = join(&node.pointer, PATHS);
    let mut seen = BTreeSet::new();
    let mut all_lead = true;
    let listed = listed.as_array().into_iter().flatten();
    for (index, path) in listed.enumerate() {
        let text = path.as_str().unwrap_or_default();
        let wrong = if !seen.insert(text) {
            Some(("stands here twice".to_owned(), "keep one of the two"))
        } else {
            leads(subject.root(), text).err()
        };
        if let Some((what, help)) = wrong {
            all_lead = false;
            report.add(
                subject,
                "schema/known-paths",
                join(&at, &index.to_string()),
                format!("{path} {what}"),
                help,
            );
        }
    }
    let told: BTreeSet<&str> = node.value["description"]
        .as_str()
        .unwrap_or_default()
        .lines()
        .filter_map(|line| {
            let line = line.trim().strip_prefix("- `/")?;
            line.split('`').next()
        })
        .collect();
    let listed: BTreeSet<&str> = seen
        .iter()
        .map(|path| path.trim_start_matches('/'))
        .collect();
    // A path that is misspelt in one of the two is said above.
    if all_lead && !told.is_empty() {
        for path in told.symmetric_difference(&listed) {
            let (what, help) = if listed.contains(path) {
                (
                    "is known, and not told of",
                    "add it to the list in the description",
                )
            } else {
                (
                    "is told of, and not known",
                    "add it to the list, or mend the description",
                )
            };
            report.add(
                subject,
                "schema/known-paths",
                join(&node.pointer, "description"),
                format!("`/{path}` {what}"),
                help,
            );
        }
    }
}

/// Whether the path leads to a member of a referral that may be updated; else
/// what is in its way, and what to do about it.
fn leads(root: &Value, path: &str) -> Result<(), (String, &'static str)> {
    let mut schema = root.pointer(&join(SCHEMAS, ROOT)).unwrap_or(&Value::Null);
    for step in path.split('/').skip(1) {
        let (name, inner) = inner(root, schema);
        let is_index = !step.is_empty() && step.bytes().all(|byte| byte.is_ascii_digit());
        schema = if is_index || step == "-" {
            &inner["items"]
        } else {
            &inner["properties"][step]
        };
        if schema.is_null() {
            // What is sent, and not shown by any source in what is read.
            let sent = join(SCHEMAS, &format!("{SENT}{name}"));
            let sent = root.pointer(&sent).unwrap_or(&Value::Null);
            schema = &sent["properties"][step];
            if schema[UNREAD] != true {
                let what = format!("leads nowhere: there is no `{step}`");
                return Err((what, "mend the path, or add the member"));
            }
        }
        if !may(schema, UPDATE) {
            let what = format!("is taken, and `{RIGHTS}` of `{step}` does not let it be updated");
            return Err((what, "add `update`, or take the path out"));
        }
    }
    if path.starts_with('/') {
        Ok(())
    } else {
        Err(("is no JSON Pointer".to_owned(), "begin it with `/`"))
    }
}

/// The name of the schema with the members, and it: through a reference, and
/// through the first of `allOf`, by which a reference is given a description.
fn inner<'v>(root: &'v Value, schema: &'v Value) -> (&'v str, &'v Value) {
    let name = |schema: &'v Value| {
        let reference = schema["$ref"].as_str().unwrap_or_default();
        reference.rsplit('/').next().unwrap_or_default()
    };
    let named = resolve(root, schema).unwrap_or(schema);
    match named.get("allOf").and_then(|parts| parts.get(0)) {
        Some(part) if named.get("properties").is_none() => {
            (name(part), resolve(root, part).unwrap_or(part))
        }
        _ => (name(schema), named),
    }
}
