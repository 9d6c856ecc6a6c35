//! Two versions of a schema, seen from the side that a body travels to.
//!
//! What callers send must still fit: a request schema may only widen. What
//! callers read must still be understood: an answer's may only narrow, but for
//! members and enum values, which readers keep unknown.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::super::subject::Direction;
use super::change::{Change, reference};
use crate::pipeline::document::join;
use crate::pipeline::schema::resolve;

/// Deeper than any schema without a name goes.
const DEPTH: usize = 32;

/// Compares schemas of two documents.
pub struct Schemas<'c> {
    pub old: &'c Value,
    pub new: &'c Value,
    pub changes: Vec<Change>,
    seen: BTreeSet<(String, String, Direction)>,
}

impl<'c> Schemas<'c> {
    pub fn new(old: &'c Value, new: &'c Value) -> Self {
        Self {
            old,
            new,
            changes: Vec::new(),
            seen: BTreeSet::new(),
        }
    }

    /// Compares `old` with `new`, which stands at `at` in the new document.
    pub fn compare(&mut self, old: &Value, new: &Value, to: Direction, at: &str, depth: usize) {
        if depth > DEPTH {
            return;
        }
        let (old_name, new_name) = (reference(old), reference(new));
        if let (Some(one), Some(other)) = (old_name, new_name)
            && !self.seen.insert((one.to_owned(), other.to_owned(), to))
        {
            return;
        }
        let mut pair = Pair {
            old: flat(self.old, old, 0),
            new: flat(self.new, new, 0),
            // A wrapper can say more than what it wraps.
            at: match (new_name, new.get("$ref")) {
                (Some(name), Some(_)) => name.to_owned(),
                _ => at.to_owned(),
            },
            // What a wrapper does not say itself is said by what it wraps.
            inner: new_name
                .filter(|_| new.get("$ref").is_none())
                .map(|name| (name.to_owned(), new.clone())),
            to,
            changes: Vec::new(),
        };
        pair.types();
        pair.values();
        pair.bounds();
        pair.members();
        let Pair {
            old,
            new,
            at,
            changes,
            ..
        } = pair;
        // In the wrapper as in the wrapped: once.
        for change in changes {
            if !self.changes.contains(&change) {
                self.changes.push(change);
            }
        }
        for (name, inner) in properties(&new) {
            if let Some(before) = old["properties"].get(name) {
                let home = new_name.unwrap_or(&at);
                let place = join(&join(home, "properties"), name);
                self.compare(before, inner, to, &place, depth + 1);
            }
        }
        for key in ["items", "additionalProperties"] {
            if old[key].is_object() && new[key].is_object() {
                self.compare(&old[key], &new[key], to, &join(&at, key), depth + 1);
            }
        }
        for key in ["oneOf", "anyOf"] {
            self.branches(&old[key], &new[key], to, &join(&at, key), depth);
        }
    }

    fn branches(&mut self, old: &Value, new: &Value, to: Direction, at: &str, depth: usize) {
        let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
        let (old, new) = (list(old), list(new));
        // Their order says nothing: the same one first, the others as they come.
        let same = |one: &Value, other: &Value| match (reference(one), reference(other)) {
            (None, None) => one == other,
            (one, other) => one == other,
        };
        let mut free: Vec<(usize, &Value)> = new.iter().enumerate().collect();
        let mut alone = Vec::new();
        for one in &old {
            match free.iter().position(|(_, other)| same(one, other)) {
                Some(place) => {
                    let (index, other) = free.remove(place);
                    self.compare(one, other, to, &join(at, &index.to_string()), depth + 1);
                }
                None => alone.push(one),
            }
        }
        for (one, (index, other)) in alone.into_iter().zip(free) {
            self.compare(one, other, to, &join(at, &index.to_string()), depth + 1);
        }
        let (fewer, more) = (new.len() < old.len(), new.len() > old.len());
        match to {
            Direction::Request if fewer => {
                let message = "a shape that could be sent is gone".to_owned();
                self.changes.push(Change::wire(at, message));
            }
            Direction::Response if more => {
                let message = "an answer can have a shape that readers do not know".to_owned();
                self.changes.push(Change::wire(at, message));
            }
            _ if fewer || more => {
                let message = "the shapes are others".to_owned();
                self.changes.push(Change::more(at, message));
            }
            _ => {}
        }
    }
}

/// Two flat schemas.
struct Pair {
    old: Value,
    new: Value,
    at: String,
    /// Of a wrapper: what it wraps, and the wrapper.
    inner: Option<(String, Value)>,
    to: Direction,
    changes: Vec<Change>,
}

impl Pair {
    /// Where the keyword stands.
    fn place(&self, key: &str) -> String {
        let holder = match &self.inner {
            Some((name, wrapper)) if wrapper.get(key).is_none() => name,
            _ => &self.at,
        };
        join(holder, key)
    }

    fn breaks(&mut self, key: &str, message: String) {
        self.changes.push(Change::wire(&self.place(key), message));
    }

    fn adds(&mut self, key: &str, message: String) {
        self.changes.push(Change::more(&self.place(key), message));
    }

    /// `narrower`: fewer values fit. It breaks what is sent, `wider` what is
    /// read.
    fn judge(&mut self, key: &str, narrower: bool, wider: bool, message: String) {
        let breaks = match self.to {
            Direction::Request => narrower,
            Direction::Response => wider,
        };
        if breaks {
            self.breaks(key, message);
        } else if narrower || wider {
            self.adds(key, message);
        }
    }

    fn types(&mut self) {
        let (old, new) = (self.old["type"].clone(), self.new["type"].clone());
        if old != new {
            let wider = new.is_null() || (old == "integer" && new == "number");
            let narrower = old.is_null() || (old == "number" && new == "integer");
            let message = format!("the type was {} and is {}", shown(&old), shown(&new));
            // Another type is both.
            let other = !wider && !narrower;
            self.judge("type", narrower || other, wider || other, message);
            return; // The rest follows from it.
        }
        let (old, new) = (self.old["format"].clone(), self.new["format"].clone());
        if old != new {
            let wider = new.is_null() || (old == "int32" && new == "int64");
            let narrower = old.is_null() || (old == "int64" && new == "int32");
            let message = format!("the format was {} and is {}", shown(&old), shown(&new));
            let other = !wider && !narrower;
            self.judge("format", narrower || other, wider || other, message);
        }
        // A schema that says no type takes null as it takes all else.
        let any = |schema: &Value| {
            let says = ["type", "oneOf", "anyOf", "enum"];
            says.iter().all(|key| schema.get(key).is_none())
        };
        let null = |schema: &Value| schema["nullable"] == true || any(schema);
        let (was, is) = (null(&self.old), null(&self.new));
        if was != is {
            let message = if is {
                "it can be null now"
            } else {
                "it can be null no longer"
            };
            self.judge("nullable", was, is, message.to_owned());
        }
    }

    fn values(&mut self) {
        let list = |schema: &Value| schema["enum"].as_array().cloned();
        match (list(&self.old), list(&self.new)) {
            (Some(old), Some(new)) => {
                for value in old.iter().filter(|value| !new.contains(value)) {
                    let message = format!("the value {value} is gone");
                    self.judge("enum", true, false, message);
                }
                // Readers keep values that they do not know.
                for value in new.iter().filter(|value| !old.contains(value)) {
                    self.adds("enum", format!("the value {value} is new"));
                }
            }
            (None, Some(_)) => {
                let message = "only listed values fit now".to_owned();
                self.judge("enum", true, false, message);
            }
            (Some(_), None) => {
                let message = "any value fits now".to_owned();
                self.judge("enum", false, true, message);
            }
            (None, None) => {}
        }
    }

    fn bounds(&mut self) {
        let keys = [
            ("minimum", false),
            ("minLength", false),
            ("minItems", false),
            ("minProperties", false),
            ("maximum", true),
            ("maxLength", true),
            ("maxItems", true),
            ("maxProperties", true),
        ];
        for (key, is_most) in keys {
            let without = if is_most {
                f64::INFINITY
            } else {
                f64::NEG_INFINITY
            };
            let bound = |schema: &Value| schema[key].as_f64().unwrap_or(without);
            let (old, new) = (bound(&self.old), bound(&self.new));
            let (narrower, wider) = if is_most {
                (new < old, new > old)
            } else {
                (new > old, new < old)
            };
            let (was, is) = (shown(&self.old[key]), shown(&self.new[key]));
            self.judge(
                key,
                narrower,
                wider,
                format!("`{key}` was {was} and is {is}"),
            );
        }
        for key in [
            "exclusiveMinimum",
            "exclusiveMaximum",
            "uniqueItems",
            "pattern",
            "multipleOf",
            "not",
        ] {
            let unset = |value: &Value| value.is_null() || *value == false;
            let (old, new) = (self.old[key].clone(), self.new[key].clone());
            if old != new && !(unset(&old) && unset(&new)) {
                let message = format!("`{key}` was {} and is {}", shown(&old), shown(&new));
                // Which of two patterns is the wider cannot be told.
                self.judge(key, !unset(&new), !unset(&old), message);
            }
        }
        if self.to == Direction::Request && self.old["default"] != self.new["default"] {
            let (was, is) = (shown(&self.old["default"]), shown(&self.new["default"]));
            let message = format!("what is left out was {was} and is {is}");
            let pointer = self.place("default");
            self.changes.push(Change::new(
                "compat/behaviour",
                super::change::Bump::Major,
                &pointer,
                message,
            ));
        }
    }

    fn members(&mut self) {
        // None, those of one schema, any. Two schemas are compared elsewhere.
        let open = |schema: &Value| match &schema["additionalProperties"] {
            Value::Bool(false) => 0,
            Value::Object(members) if !members.is_empty() => 1,
            _ => 2,
        };
        let (was, is) = (open(&self.old), open(&self.new));
        self.judge(
            "additionalProperties",
            is < was,
            is > was,
            "which unknown members fit has changed".to_owned(),
        );
        let (old, new) = (self.old.clone(), self.new.clone());
        let required = |schema: &Value, name: &str| {
            let names = schema["required"].as_array();
            names.is_some_and(|names| names.iter().any(|one| one == name))
        };
        for (name, _) in properties(&old) {
            if new["properties"].get(name).is_none() {
                let key = format!("properties/{name}");
                self.at_member(&key, true, format!("the member `{name}` is gone"));
            }
        }
        for (name, property) in properties(&new) {
            let sent = property["readOnly"] != true;
            let key = format!("properties/{name}");
            let Some(before) = old["properties"].get(name) else {
                let breaks = self.to == Direction::Request && required(&new, name) && sent;
                let what = if breaks { "required member" } else { "member" };
                self.at_member(&key, breaks, format!("the {what} `{name}` is new"));
                continue;
            };
            match (required(&old, name), required(&new, name)) {
                (true, false) => {
                    let breaks = self.to == Direction::Response;
                    self.at_member(&key, breaks, format!("`{name}` can be absent now"));
                }
                (false, true) => {
                    let breaks = self.to == Direction::Request && sent;
                    self.at_member(&key, breaks, format!("`{name}` is required now"));
                }
                _ => {}
            }
            if property["deprecated"] == true && before["deprecated"] != true {
                let pointer = join(&join(&self.place("properties"), name), "deprecated");
                let message = format!("`{name}` is deprecated now");
                self.changes.push(Change::deprecated(&pointer, message));
            }
            if self.to == Direction::Request && !sent && before["readOnly"] != true {
                self.at_member(&key, true, format!("`{name}` can be sent no longer"));
            }
        }
    }

    fn at_member(&mut self, key: &str, breaks: bool, message: String) {
        let (holder, name) = key.split_once('/').unwrap_or(("", key));
        let pointer = join(&self.place(holder), name);
        self.changes.push(if breaks {
            Change::wire(&pointer, message)
        } else {
            Change::more(&pointer, message)
        });
    }
}

fn properties(schema: &Value) -> impl Iterator<Item = (&String, &Value)> {
    schema["properties"].as_object().into_iter().flatten()
}

fn shown(value: &Value) -> String {
    match value {
        Value::Null => "not given".to_owned(),
        value => value.to_string(),
    }
}

/// The schema with its reference followed and its `allOf` merged.
fn flat(root: &Value, schema: &Value, depth: usize) -> Value {
    let mut schema = schema;
    let mut steps = 0;
    while schema.get("$ref").is_some() && steps < DEPTH {
        match resolve(root, schema) {
            Some(next) => schema = next,
            None => break,
        }
        steps += 1;
    }
    let Some(members) = schema.as_object() else {
        return schema.clone();
    };
    let mut out = Map::new();
    let branches = members.get("allOf").and_then(Value::as_array);
    for branch in branches.into_iter().flatten().filter(|_| depth < DEPTH) {
        if let Value::Object(inner) = flat(root, branch, depth + 1) {
            merge(&mut out, inner);
        }
    }
    let mut own = members.clone();
    own.remove("allOf");
    merge(&mut out, own);
    Value::Object(out)
}

fn merge(out: &mut Map<String, Value>, from: Map<String, Value>) {
    for (key, value) in from {
        match (key.as_str(), out.get_mut(&key), value) {
            ("properties", Some(Value::Object(all)), Value::Object(more)) => all.extend(more),
            ("required", Some(Value::Array(all)), Value::Array(more)) => all.extend(more),
            (_, _, value) => {
                out.insert(key, value);
            }
        }
    }
}
