//! Two versions of the operations: paths, parameters, bodies, answers.

use serde_json::Value;

use super::super::subject::Direction;
use super::change::Change;
use super::schemas::Schemas;
use crate::pipeline::document::join;
use crate::pipeline::schema::{METHODS, resolve};

/// Every difference that is seen on the wire.
pub fn changes(old: &Value, new: &Value) -> Vec<Change> {
    let mut wire = Wire {
        old,
        new,
        schemas: Schemas::new(old, new),
        changes: Vec::new(),
    };
    let new_paths = members(&new["paths"]);
    let old_paths = members(&old["paths"]);
    for (path, item) in &old_paths {
        let same = new_paths
            .iter()
            .find(|(other, _)| shape(other) == shape(path));
        let pointer = join("/paths", same.map_or(path, |(name, _)| name));
        for method in METHODS {
            let Some(before) = item.get(method) else {
                continue;
            };
            match same.and_then(|(_, item)| Some((item, item.get(method)?))) {
                Some((other, after)) => {
                    let at = join(&pointer, method);
                    wire.operation((item, before), (other, after), &at);
                }
                None => wire.changes.push(Change::wire(
                    &join(&pointer, method),
                    format!("{method} {path} is gone"),
                )),
            }
        }
    }
    for (path, item) in &new_paths {
        let same = old_paths
            .iter()
            .find(|(other, _)| shape(other) == shape(path));
        for method in METHODS {
            let is_new = same.is_none_or(|(_, item)| item.get(method).is_none());
            if item.get(method).is_some() && is_new {
                let pointer = join(&join("/paths", path), method);
                let message = format!("{method} {path} is new");
                wire.changes.push(Change::more(&pointer, message));
            }
        }
    }
    wire.changes.append(&mut wire.schemas.changes);
    wire.changes
}

struct Wire<'c> {
    old: &'c Value,
    new: &'c Value,
    schemas: Schemas<'c>,
    changes: Vec<Change>,
}

/// The path item, and one of its operations.
type Of<'v> = (&'v Value, &'v Value);

impl Wire<'_> {
    fn operation(&mut self, old: Of<'_>, new: Of<'_>, at: &str) {
        self.parameters(old, new, at);
        self.request(&old.1["requestBody"], &new.1["requestBody"], at);
        self.responses(&old.1["responses"], &new.1["responses"], at);
        if old.1["deprecated"] != true && new.1["deprecated"] == true {
            let message = "the operation is deprecated now".to_owned();
            let change = Change::deprecated(&join(at, "deprecated"), message);
            self.changes.push(change);
        }
    }

    fn parameters(&mut self, old: Of<'_>, new: Of<'_>, at: &str) {
        let (item, _) = at.rsplit_once('/').unwrap_or_default();
        let (old, new) = (
            parameters(self.old, old, [item, at]),
            parameters(self.new, new, [item, at]),
        );
        // Those of the path are told apart by their order, not by their name;
        // headers by their name however it is written.
        let key = |all: &[Parameter<'_>], one: &Value| {
            let name = one["name"].as_str().unwrap_or("?");
            match one["in"].as_str().unwrap_or("?") {
                "path" => {
                    let before = all.iter().take_while(|other| other.value != one);
                    let index = before.filter(|other| other.value["in"] == "path").count();
                    format!("path {index}")
                }
                "header" => format!("header {}", name.to_ascii_lowercase()),
                of => format!("{of} {name}"),
            }
        };
        for Parameter { value: one, .. } in &old {
            let same = new
                .iter()
                .find(|other| key(&new, other.value) == key(&old, one));
            let name = one["name"].as_str().unwrap_or("?");
            let Some(Parameter {
                value: same,
                pointer,
                ..
            }) = same
            else {
                let message = format!("the parameter `{name}` is gone");
                let change = Change::wire(&join(at, "parameters"), message);
                self.changes.push(change);
                continue;
            };
            if one["required"] != true && same["required"] == true {
                let message = format!("the parameter `{name}` is required now");
                let change = Change::wire(&join(pointer, "required"), message);
                self.changes.push(change);
            }
            if one["deprecated"] != true && same["deprecated"] == true {
                let message = format!("the parameter `{name}` is deprecated now");
                let change = Change::deprecated(&join(pointer, "deprecated"), message);
                self.changes.push(change);
            }
            if written(self.old, one) != written(self.new, same) {
                let message = format!("the values of `{name}` are written in another way");
                let change = Change::wire(&join(pointer, "explode"), message);
                self.changes.push(change);
            }
            let (before, after) = (&one["schema"], &same["schema"]);
            let place = join(pointer, "schema");
            self.schemas
                .compare(before, after, Direction::Request, &place, 0);
        }
        for Parameter {
            value: one, used, ..
        } in &new
        {
            if old
                .iter()
                .any(|other| key(&old, other.value) == key(&new, one))
            {
                continue;
            }
            let name = one["name"].as_str().unwrap_or("?");
            self.changes.push(if one["required"] == true {
                Change::wire(used, format!("the required parameter `{name}` is new"))
            } else {
                Change::more(used, format!("the parameter `{name}` is new"))
            });
        }
    }

    fn request(&mut self, old: &Value, new: &Value, at: &str) {
        let pointer = join(at, "requestBody");
        let old = resolve(self.old, old).unwrap_or(&Value::Null);
        let new = resolve(self.new, new).unwrap_or(&Value::Null);
        if old["required"] != true && new["required"] == true {
            let message = "a body is required now".to_owned();
            self.changes.push(Change::wire(&pointer, message));
        }
        self.content(old, new, Direction::Request, &pointer);
    }

    fn responses(&mut self, old: &Value, new: &Value, at: &str) {
        let pointer = join(at, "responses");
        for (status, response) in members(old) {
            let at = join(&pointer, status);
            let is_success = status.starts_with('2');
            let Some(other) = new.get(status) else {
                let message = format!("the answer {status} is gone");
                self.changes.push(if is_success {
                    Change::wire(&at, message)
                } else {
                    Change::more(&at, message)
                });
                continue;
            };
            let old = resolve(self.old, response).unwrap_or(&Value::Null);
            let new = resolve(self.new, other).unwrap_or(&Value::Null);
            let at = at_home(other, at);
            self.headers(&old["headers"], &new["headers"], &at);
            self.content(old, new, Direction::Response, &at);
        }
        for (status, _) in members(new) {
            if old.get(status).is_none() {
                let at = join(&pointer, status);
                let message = format!("the answer {status} is new");
                self.changes.push(if status.starts_with('2') {
                    Change::wire(&at, message)
                } else {
                    Change::more(&at, message)
                });
            }
        }
    }

    fn headers(&mut self, old: &Value, new: &Value, at: &str) {
        let pointer = join(at, "headers");
        let named = |headers: &Value, name: &str| {
            members(headers)
                .into_iter()
                .find(|(other, _)| other.eq_ignore_ascii_case(name))
                .map(|(name, header)| (name.clone(), header.clone()))
        };
        for (name, header) in members(old) {
            let Some((now, other)) = named(new, name) else {
                let message = format!("the header `{name}` is gone");
                self.changes.push(Change::wire(&pointer, message));
                continue;
            };
            let at = at_home(&other, join(&pointer, &now));
            let before = resolve(self.old, header).unwrap_or(&Value::Null);
            let after = resolve(self.new, &other).unwrap_or(&Value::Null);
            if before["required"] == true && after["required"] != true {
                let message = format!("the header `{name}` can be absent now");
                self.changes.push(Change::wire(&at, message));
            }
            let at = join(&at, "schema");
            let (before, after) = (&before["schema"], &after["schema"]);
            self.schemas
                .compare(before, after, Direction::Response, &at, 0);
        }
        for (name, _) in members(new) {
            if named(old, name).is_none() {
                let message = format!("the header `{name}` is new");
                self.changes
                    .push(Change::more(&join(&pointer, name), message));
            }
        }
    }

    fn content(&mut self, old: &Value, new: &Value, to: Direction, at: &str) {
        let pointer = join(at, "content");
        for (name, media) in members(&old["content"]) {
            let at = join(&pointer, name);
            match new["content"].get(name) {
                Some(other) => {
                    let place = join(&at, "schema");
                    let (before, after) = (&media["schema"], &other["schema"]);
                    self.schemas.compare(before, after, to, &place, 0);
                }
                None => {
                    let message = format!("the media type `{name}` is gone");
                    self.changes.push(Change::wire(&at, message));
                }
            }
        }
        for (name, _) in members(&new["content"]) {
            if old["content"].get(name).is_none() {
                let message = format!("the media type `{name}` is new");
                self.changes
                    .push(Change::more(&join(&pointer, name), message));
            }
        }
    }
}

struct Parameter<'v> {
    value: &'v Value,
    /// Where it is described.
    pointer: String,
    /// Where the operation names it.
    used: String,
}

/// Those of the operation, and those of its path; `at` is where both stand.
fn parameters<'v>(root: &'v Value, of: Of<'v>, at: [&str; 2]) -> Vec<Parameter<'v>> {
    let mut all = Vec::new();
    for (holder, at) in [of.0, of.1].into_iter().zip(at) {
        let list = holder["parameters"].as_array().into_iter().flatten();
        for (index, one) in list.enumerate() {
            let used = join(&join(at, "parameters"), &index.to_string());
            if let Some(value) = resolve(root, one) {
                all.push(Parameter {
                    value,
                    pointer: at_home(one, used.clone()),
                    used,
                });
            }
        }
    }
    all
}

/// Where a part is described that is used at `used`.
fn at_home(part: &Value, used: String) -> String {
    match part["$ref"].as_str().and_then(|to| to.strip_prefix('#')) {
        Some(home) => home.to_owned(),
        None => used,
    }
}

/// How the items of a list or the members of an object are written; a single
/// value is written in one way.
fn written(root: &Value, parameter: &Value) -> Option<(String, bool)> {
    let schema = resolve(root, &parameter["schema"])?;
    if !["array", "object"].contains(&schema["type"].as_str()?) {
        return None;
    }
    let usual = match parameter["in"].as_str() {
        Some("path" | "header") => "simple",
        _ => "form",
    };
    let style = parameter["style"].as_str().unwrap_or(usual);
    let explode = parameter["explode"].as_bool();
    Some((style.to_owned(), explode.unwrap_or(style == "form")))
}

/// A path without the names of its parameters, which no server sees.
fn shape(path: &str) -> String {
    path.split('{')
        .map(|part| part.split_once('}').map_or(part, |(_, rest)| rest))
        .collect::<Vec<&str>>()
        .join("{}")
}

fn members(value: &Value) -> Vec<(&String, &Value)> {
    value.as_object().into_iter().flatten().collect()
}
