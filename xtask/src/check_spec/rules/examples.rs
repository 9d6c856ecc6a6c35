//! Does every example fit the schema that it shows, and is every file shown?

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use jsonschema::Validator;
use serde_json::Value;

use super::super::convert::{View, validator};
use super::super::explain;
use super::super::report::{Report, is_of_meaning};
use super::super::subject::{Kind, Node, Subject};
use super::nearly::nearly_known;
use crate::pipeline::document::{Document, join};
use crate::pipeline::problem::{Place, Problem};
use crate::pipeline::schema::{SCHEMAS, resolve};

/// The name of examples that show what readers must survive: values that no
/// enum lists. Everything else about them must be right.
const UNUSUAL: &str = "unusual_values";

/// Where example files stand, next to the document.
const FOLDER: &str = "examples";

pub fn check(subject: &Subject<'_>, report: &mut Report) {
    let mut judge = Judge {
        subject,
        report,
        validators: BTreeMap::new(),
        files: BTreeMap::new(),
        judged: BTreeSet::new(),
        nearly: BTreeSet::new(),
        named: BTreeSet::new(),
        not_judged: 0,
    };
    for node in &subject.nodes {
        judge.node(node);
    }
    let not_judged = judge.not_judged;
    let mut used: BTreeSet<PathBuf> = judge.files.into_keys().collect();
    used.append(&mut judge.named);
    let broken = report.errors().filter(|one| one.code == "oas/invalid");
    for part in broken.filter_map(|one| subject.root().pointer(&one.pointer)) {
        named_in(subject.folder, part, &mut used);
    }
    if not_judged > 0 {
        report
            .skipped
            .push(format!("{not_judged} examples (their schemas have errors)"));
    }
    unused(subject, &used, report);
}

/// The files that a part names which OpenAPI does not know: they would be read,
/// were its name mended.
fn named_in(folder: &Path, part: &Value, used: &mut BTreeSet<PathBuf>) {
    match part {
        Value::Object(members) => {
            let file = members.get("externalValue").and_then(Value::as_str);
            used.extend(file.map(|file| folder.join(file)));
            members.values().for_each(|one| named_in(folder, one, used));
        }
        Value::Array(items) => items.iter().for_each(|one| named_in(folder, one, used)),
        _ => {}
    }
}

/// An example file: its value, and its text as a document, which knows places.
struct File {
    name: String,
    value: Value,
    places: Option<Document>,
}

struct Judge<'r, 'd> {
    subject: &'r Subject<'d>,
    report: &'r mut Report,
    /// By the pointer of the schema; `None` when its schema has errors.
    validators: BTreeMap<(String, View), Option<Validator>>,
    /// By path; `None` when it cannot be read.
    files: BTreeMap<PathBuf, Option<File>>,
    judged: BTreeSet<(String, String, View)>,
    /// Names that are almost others, and those.
    nearly: BTreeSet<(String, String)>,
    /// Files that are named where no schema is.
    named: BTreeSet<PathBuf>,
    not_judged: usize,
}

impl<'d> Judge<'_, 'd> {
    fn node(&mut self, node: &Node<'d>) {
        let view = View {
            direction: node.direction,
            open_enums: false,
        };
        let (schema, pointer) = match node.kind {
            Kind::Schema => (node.value, node.pointer.clone()),
            Kind::MediaType | Kind::Parameter | Kind::Header => match node.value.get("schema") {
                Some(schema) => (schema, join(&node.pointer, "schema")),
                None => return self.named_only(node),
            },
            _ => return,
        };
        for key in ["example", "default"] {
            if let Some(value) = node.value.get(key) {
                self.inline(&pointer, schema, view, value, join(&node.pointer, key));
            }
        }
        let files = join(&node.pointer, "x-examples");
        for (index, file) in node.value["x-examples"]
            .as_array()
            .into_iter()
            .flatten()
            .enumerate()
        {
            let named_at = join(&files, &index.to_string());
            self.file(&pointer, schema, view, file, named_at);
        }
        let examples = join(&node.pointer, "examples");
        for (name, example) in node.value["examples"].as_object().into_iter().flatten() {
            let at = match example["$ref"].as_str() {
                Some(reference) => reference.trim_start_matches('#').to_owned(),
                None => join(&examples, name),
            };
            let Some(example) = resolve(self.subject.root(), example) else {
                continue; // Said by the rules of references.
            };
            let view = View {
                open_enums: name == UNUSUAL,
                ..view
            };
            if let Some(value) = example.get("value") {
                self.inline(&pointer, schema, view, value, join(&at, "value"));
            }
            if let Some(file) = example.get("externalValue") {
                self.file(&pointer, schema, view, file, join(&at, "externalValue"));
            }
        }
    }

    /// Examples of a part without a schema cannot be judged, but are named.
    fn named_only(&mut self, node: &Node<'d>) {
        for (_, example) in node.value["examples"].as_object().into_iter().flatten() {
            if let Some(file) = example["externalValue"].as_str() {
                self.named.insert(self.subject.folder.join(file));
            }
        }
    }

    /// An example that stands in the document itself, at `at`.
    fn inline(&mut self, pointer: &str, schema: &Value, view: View, value: &Value, at: String) {
        let name = self.subject.name.to_owned();
        let document = self.subject.document;
        self.judge(pointer, schema, view, value, &name, &at, |inside| {
            document.place(&format!("{at}{inside}"))
        });
    }

    /// An example in a file that the document names at `named_at`.
    fn file(&mut self, pointer: &str, schema: &Value, view: View, file: &Value, named_at: String) {
        let Some(file) = file.as_str() else {
            return; // Said by the schema of OpenAPI.
        };
        if file.contains("://") {
            self.report.add(
                self.subject,
                "example/missing-file",
                named_at,
                format!("`{file}` is not read: the check opens no connection"),
                format!("keep a copy under {FOLDER}/ and name that"),
            );
            return;
        }
        let path = self.subject.folder.join(file);
        if !self.files.contains_key(&path) {
            let read = self.read(&path, file, &named_at);
            self.files.insert(path.clone(), read);
        }
        // Taken out while it is judged: judging reports.
        let Some(Some(read)) = self.files.remove(&path) else {
            self.files.insert(path, None);
            return;
        };
        self.judge(
            pointer,
            schema,
            view,
            &read.value,
            &read.name,
            "",
            |inside| read.places.as_ref()?.place(inside),
        );
        self.files.insert(path, Some(read));
    }

    fn read(&mut self, path: &Path, file: &str, named_at: &str) -> Option<File> {
        let name = Path::new(self.subject.name)
            .with_file_name(file)
            .display()
            .to_string();
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) => {
                self.report.add(
                    self.subject,
                    "example/missing-file",
                    named_at,
                    format!("`{file}` cannot be read: {error}"),
                    format!("add {name}, or mend the name"),
                );
                return None;
            }
        };
        self.report.source(&name, &text);
        if let Some(problem) = twice(&text) {
            self.report.problem(&name, problem);
        }
        match serde_json::from_str(&text) {
            Ok(value) => Some(File {
                value,
                places: places(&text),
                name,
            }),
            Err(error) => {
                let problem = Problem {
                    code: "example/not-json",
                    place: Some(Place {
                        line: error.line(),
                        column: error.column().max(1),
                    }),
                    pointer: String::new(),
                    message: format!("not JSON: {error}"),
                    fix: "mend the syntax at this place".to_owned(),
                };
                self.report.problem(&name, problem);
                None
            }
        }
    }

    #[allow(
        clippy::too_many_arguments,
        reason = "what to judge, by what, and where it stands"
    )]
    fn judge(
        &mut self,
        pointer: &str,
        schema: &Value,
        view: View,
        value: &Value,
        file: &str,
        at: &str,
        place: impl Fn(&str) -> Option<Place>,
    ) {
        // One schema by its own name, however many places refer to it.
        let (pointer, schema) = match schema["$ref"].as_str() {
            Some(reference) => match resolve(self.subject.root(), schema) {
                Some(schema) => (reference.trim_start_matches('#'), schema),
                None => (pointer, schema),
            },
            None => (pointer, schema),
        };
        let which = (pointer.to_owned(), format!("{file}#{at}"), view);
        if !self.judged.insert(which) {
            return;
        }
        let key = (pointer.to_owned(), view);
        if !self.validators.contains_key(&key) {
            let made = self.validator(pointer, schema, view);
            self.validators.insert(key.clone(), made);
        }
        let Some(Some(validator)) = self.validators.get(&key) else {
            self.not_judged += 1;
            return;
        };
        self.report.counts.examples += 1;
        for reason in explain::reasons(validator, &Value::Null, value) {
            let problem = Problem {
                code: "example/violates-schema",
                place: place(&reason.pointer),
                message: reason.message,
                fix: format!("{}; the schema is {pointer}", reason.help),
                pointer: format!("{at}{}", reason.pointer),
            };
            self.report.problem(file, problem);
        }
        for (inside, meant) in nearly_known(self.subject.root(), schema, value) {
            let name = inside.rsplit('/').next().unwrap_or_default();
            // One schema is shown by many examples.
            if !self.nearly.insert((name.to_owned(), meant.clone())) {
                continue;
            }
            let problem = Problem {
                code: "example/nearly-known",
                place: place(&inside),
                message: format!("`{name}` is almost `{meant}`, which is missing here"),
                fix: format!("one of the two is misspelt: here, or in the schema {pointer}"),
                pointer: format!("{at}{inside}"),
            };
            self.report.problem(file, problem);
        }
    }

    fn validator(&mut self, pointer: &str, schema: &Value, view: View) -> Option<Validator> {
        let mut parts = vec![pointer.to_owned()];
        reached(self.subject.root(), schema, &mut parts);
        let is_broken = self.report.errors().any(|finding| {
            finding.file == self.subject.name
                && !is_of_meaning(&finding.code)
                && ["oas/", "ref/", "schema/"]
                    .iter()
                    .any(|group| finding.code.starts_with(group))
                && parts.iter().any(|part| within(&finding.pointer, part))
        });
        if is_broken {
            return None;
        }
        match validator(self.subject.root(), schema, view) {
            Ok(validator) => Some(validator),
            Err(error) => {
                self.report.add(
                    self.subject,
                    "internal/no-judge",
                    pointer,
                    format!("examples of this schema cannot be judged: {error}"),
                    "mend the schema",
                );
                None
            }
        }
    }
}

/// A name that stands twice in an object: most readers keep the last and say
/// nothing. With escapes two names may look like one here.
fn twice(json: &str) -> Option<Problem> {
    let plain = json.replace('\t', " ");
    let problem = Document::parse(&plain).err()?;
    let is_it = problem.code == "yaml/duplicate-key" && !json.contains('\\');
    is_it.then_some(Problem {
        code: "example/not-json",
        ..problem
    })
}

/// JSON is YAML, but for tabs and some escapes, and the reader of the document
/// remembers places. For those, other letters will do in their stead.
fn places(json: &str) -> Option<Document> {
    let mut plain = String::with_capacity(json.len());
    let mut letters = json.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\t' => plain.push(' '),
            '\\' => {
                plain.push_str("xx");
                letters.next();
            }
            _ => plain.push(letter),
        }
    }
    Document::parse(&plain).ok()
}

/// The named schemas that `schema` refers to, near and far.
fn reached(root: &Value, schema: &Value, out: &mut Vec<String>) {
    match schema {
        Value::Object(members) => {
            if let Some(pointer) = members
                .get("$ref")
                .and_then(Value::as_str)
                .and_then(|reference| reference.strip_prefix('#'))
                .filter(|pointer| pointer.starts_with(SCHEMAS))
                && !out.iter().any(|one| one == pointer)
            {
                out.push(pointer.to_owned());
                if let Some(schema) = root.pointer(pointer) {
                    reached(root, schema, out);
                }
            }
            members.values().for_each(|value| reached(root, value, out));
        }
        Value::Array(items) => items.iter().for_each(|item| reached(root, item, out)),
        _ => {}
    }
}

fn within(pointer: &str, part: &str) -> bool {
    pointer
        .strip_prefix(part)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// A file that the document does not name is checked by nothing.
fn unused(subject: &Subject<'_>, used: &BTreeSet<PathBuf>, report: &mut Report) {
    let Ok(entries) = std::fs::read_dir(subject.folder.join(FOLDER)) else {
        return; // No folder, no files.
    };
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        let Some(file) = path.file_name().and_then(|name| name.to_str()) else {
            continue;
        };
        if file.ends_with(".json") && !used.contains(&path) {
            let name = Path::new(subject.name).with_file_name(FOLDER).join(file);
            let problem = Problem {
                code: "example/unused-file",
                place: None,
                pointer: String::new(),
                message: format!("nothing in {} names this file", subject.name),
                fix: "name it by `externalValue` or `x-examples`, or delete it".to_owned(),
            };
            report.problem(&name.display().to_string(), problem);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_stands_twice_in_an_example_is_found_where_it_stands_again() {
        let problem = twice("{\n\t\"a\": 1,\n\t\"b\": {\"a\": 1},\n\t\"a\": 2\n}").unwrap();
        assert_eq!(problem.code, "example/not-json");
        assert_eq!(problem.place.unwrap().line, 4);
        assert_eq!(
            twice("{\"a\": {\"a\": 1}, \"b\": [{\"a\": 1}, {\"a\": 1}]}"),
            None
        );
    }

    #[test]
    fn places_in_json_are_known_with_tabs_and_escapes() {
        let json = "{\n\t\"a\": \"\\ud83d\\ude00 \\\"\\\\\",\n\t\"b\": [1]\n}";
        assert!(serde_json::from_str::<Value>(json).is_ok());
        let places = places(json).unwrap();
        assert_eq!(places.place("/b"), Some(Place { line: 3, column: 2 }));
        assert_eq!(places.place("/b/0"), Some(Place { line: 3, column: 8 }));
    }
}
