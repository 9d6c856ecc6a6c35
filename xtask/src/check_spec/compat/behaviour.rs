//! Two versions of what no message shows: who may call, which host is called,
//! which changes of status are allowed.

use serde_json::Value;

use super::change::{Bump, Change};
use crate::pipeline::document::join;
use crate::pipeline::schema::{METHODS, SCHEMAS};

/// Every difference of that kind.
pub fn changes(old: &Value, new: &Value) -> Vec<Change> {
    let mut changes = Vec::new();
    servers(old, new, &mut changes);
    security(
        &old["security"],
        &new["security"],
        "/security",
        &mut changes,
    );
    for (path, item) in members(&old["paths"]) {
        for method in METHODS {
            let before = &item[method]["security"];
            let after = &new["paths"][path.as_str()][method];
            if !after.is_null() && (!before.is_null() || !after["security"].is_null()) {
                // One without a word of its own has that of the document.
                let or_all = |own: &Value, root: &Value| match own {
                    Value::Null => root["security"].clone(),
                    own => own.clone(),
                };
                let pointer = join(&join(&join("/paths", path), method), "security");
                let (before, after) = (or_all(before, old), or_all(&after["security"], new));
                security(&before, &after, &pointer, &mut changes);
            }
        }
    }
    schemes(old, new, &mut changes);
    lifecycle(old, new, &mut changes);
    figures(old, new, &mut changes);
    for (schema, list, is_refusal) in LISTS {
        values(old, new, schema, list, is_refusal, &mut changes);
    }
    changes
}

/// Lists of the document that the client decides by, each with its schema, and
/// whether what it names is refused.
const LISTS: [(&str, &str, bool); 3] = [
    ("Status", "x-lifecycle/ended", true),
    ("RegistrationStatus", "x-ended", true),
    ("PatchOperation", "x-known-paths", false),
];

fn values(
    old: &Value,
    new: &Value,
    schema: &str,
    list: &str,
    is_refusal: bool,
    changes: &mut Vec<Change>,
) {
    let pointer = format!("{}/{list}", join(SCHEMAS, schema));
    let all = |root: &Value| {
        let list = root.pointer(&pointer).and_then(Value::as_array);
        list.cloned().unwrap_or_default()
    };
    let (before, after) = (all(old), all(new));
    let gone = before.iter().filter(|one| !after.contains(one));
    let added = after.iter().filter(|one| !before.contains(one));
    let each = gone
        .map(|one| (one, false))
        .chain(added.map(|one| (one, true)));
    for (value, is_new) in each {
        let what = if is_new { "lists" } else { "no longer lists" };
        let message = format!("`{list}` of `{schema}` {what} {value}");
        changes.push(if is_new == is_refusal {
            Change::new("compat/behaviour", Bump::Major, &pointer, message)
        } else {
            Change::more(&pointer, message)
        });
    }
}

/// What a body is checked with before it is sent. Whether a figure refuses more
/// or less cannot be told from it.
fn figures(old: &Value, new: &Value, changes: &mut Vec<Change>) {
    for (name, schema) in members(&old["components"]["schemas"]) {
        let after = &new["components"]["schemas"][name.as_str()];
        for rules in ["x-rules", "x-microsoft-half"] {
            for (figure, value) in members(&schema[rules]) {
                let other = &after[rules][figure.as_str()];
                if !after.is_null() && other != value {
                    let pointer = join(&join(&join(SCHEMAS, name), rules), figure);
                    let message = format!("`{figure}` was {value} and is {other}");
                    changes.push(Change::new(
                        "compat/behaviour",
                        Bump::Major,
                        &pointer,
                        message,
                    ));
                }
            }
        }
    }
}

/// Programs call another host after an update, and should be told.
fn servers(old: &Value, new: &Value, changes: &mut Vec<Change>) {
    let urls = |root: &Value| -> Vec<Value> {
        let servers = root["servers"].as_array().into_iter().flatten();
        servers.map(|server| server["url"].clone()).collect()
    };
    let (before, after) = (urls(old), urls(new));
    if before != after {
        changes.push(Change::new(
            "compat/behaviour",
            Bump::Minor,
            "/servers",
            "the address of the service is another: requests and tokens go there".to_owned(),
        ));
    }
}

/// Whether who comes with `old` is let in where `way` is asked for: it asks for
/// nothing else.
fn admits(way: &Value, old: &Value) -> bool {
    members(way).into_iter().all(|(scheme, scopes)| {
        let given = old.get(scheme).and_then(Value::as_array);
        let wanted = scopes.as_array().into_iter().flatten();
        given.is_some_and(|given| wanted.clone().all(|scope| given.contains(scope)))
    })
}

/// Each way in that was open must stay open.
fn security(old: &Value, new: &Value, pointer: &str, changes: &mut Vec<Change>) {
    let ways = |value: &Value| match value.as_array().map(Vec::as_slice) {
        None | Some([]) => vec![Value::Object(serde_json::Map::new())],
        Some(ways) => ways.to_vec(),
    };
    let (old, new) = (ways(old), ways(new));
    if let Some(gone) = old
        .iter()
        .find(|one| !new.iter().any(|way| admits(way, one)))
    {
        changes.push(Change::new(
            "compat/behaviour",
            Bump::Major,
            pointer,
            format!("callers that come with {gone} are let in no longer"),
        ));
    } else if new.iter().any(|way| !old.contains(way)) {
        let message = "there is another way in".to_owned();
        changes.push(Change::more(pointer, message));
    }
}

fn schemes(old: &Value, new: &Value, changes: &mut Vec<Change>) {
    let bare = |scheme: &Value| {
        let mut scheme = scheme.clone();
        if let Some(members) = scheme.as_object_mut() {
            members.remove("description");
        }
        scheme
    };
    for (name, scheme) in members(&old["components"]["securitySchemes"]) {
        let after = &new["components"]["securitySchemes"][name.as_str()];
        if !after.is_null() && bare(after) != bare(scheme) {
            changes.push(Change::new(
                "compat/behaviour",
                Bump::Major,
                &join("/components/securitySchemes", name),
                format!("the scheme `{name}` works in another way"),
            ));
        }
    }
}

/// A change of status that was allowed must stay allowed.
fn lifecycle(old: &Value, new: &Value, changes: &mut Vec<Change>) {
    for (name, schema) in members(&old["components"]["schemas"]) {
        let table = |schema: &Value| schema["x-lifecycle"]["states"].clone();
        let before = table(schema);
        let after = table(&new["components"]["schemas"][name.as_str()]);
        let pointer = join(&join(&join(SCHEMAS, name), "x-lifecycle"), "states");
        if before.is_null() || after.is_null() {
            continue; // Without a table the document is refused.
        }
        edges(&before, &after, &pointer, |at, from, to| {
            let message = format!("`{from}` no longer goes with or becomes `{to}`");
            changes.push(Change::new("compat/behaviour", Bump::Major, at, message));
        });
        edges(&after, &before, &pointer, |at, from, to| {
            let message = format!("`{from}` may go with or become `{to}` now");
            changes.push(Change::more(at, message));
        });
    }
}

/// The cells of `these` that `those` have not.
fn edges(these: &Value, those: &Value, pointer: &str, mut report: impl FnMut(&str, &str, &str)) {
    for (from, row) in members(these) {
        for column in ["becomes", "substatuses"] {
            let cells = |row: &Value| row[column].as_array().cloned().unwrap_or_default();
            let others = cells(&those[from.as_str()]);
            for cell in cells(row).iter().filter(|cell| !others.contains(cell)) {
                let at = join(&join(pointer, from), column);
                report(&at, from, cell.as_str().unwrap_or("?"));
            }
        }
    }
}

fn members(value: &Value) -> Vec<(&String, &Value)> {
    value.as_object().into_iter().flatten().collect()
}
