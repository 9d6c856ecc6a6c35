//! What beside the document shows bodies: files that the schemas must refuse,
//! and blocks of JSON in the texts next to it.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::super::convert::{View, validator};
use super::super::explain;
use super::super::report::Report;
use super::super::subject::{Direction, Subject};
use crate::pipeline::document::join;
use crate::pipeline::problem::{Place, Problem};
use crate::pipeline::schema::SCHEMAS;

/// Bodies that must not fit: `<Schema>[.<label>].json`.
const REFUSED: &str = "negative";

/// How a block begins whose JSON shows a schema.
const FENCE: &str = "```json schema=";

const STRICT: View = View {
    direction: Direction::Response,
    open_enums: false,
};

pub fn check(subject: &Subject<'_>, report: &mut Report) {
    for path in files(&subject.folder.join(REFUSED), "json") {
        refused(subject, &path, report);
    }
    for path in files(subject.folder, "md") {
        let Ok(text) = std::fs::read_to_string(&path) else {
            continue; // Not a text, so nothing shows in it.
        };
        let name = shown(subject, &path, "");
        blocks(subject, &name, &text, report);
    }
}

fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    paths.retain(|path| path.extension().is_some_and(|one| one == extension));
    paths.sort();
    paths
}

fn shown(subject: &Subject<'_>, path: &Path, below: &str) -> String {
    let file = path.file_name().unwrap_or_default();
    let folder = Path::new(subject.name).with_file_name(below);
    folder.join(file).display().to_string()
}

/// A schema that takes what it must not is too wide, or the file is wrong.
fn refused(subject: &Subject<'_>, path: &Path, report: &mut Report) {
    let name = shown(subject, path, REFUSED);
    let text = std::fs::read_to_string(path).unwrap_or_default();
    report.source(&name, &text);
    let file = path.file_name().unwrap_or_default().to_string_lossy();
    let schema = file.split('.').next().unwrap_or_default();
    let value = match serde_json::from_str::<Value>(&text) {
        Ok(value) => value,
        Err(error) => {
            let line = error.line();
            return report.problem(&name, not_json(line, &error));
        }
    };
    match fits(subject, schema, &value) {
        None => report.problem(&name, unknown(1, schema)),
        Some(reasons) if reasons.is_empty() => report.problem(
            &name,
            Problem {
                code: "fixture/accepted",
                place: None,
                pointer: String::new(),
                message: format!("this fits `{schema}` and should not"),
                fix: "make the schema refuse it, or delete the file".to_owned(),
            },
        ),
        Some(_) => report.counts.examples += 1,
    }
}

fn blocks(subject: &Subject<'_>, name: &str, text: &str, report: &mut Report) {
    let mut lines = text.lines().enumerate();
    while let Some((index, line)) = lines.next() {
        let Some(schema) = line.strip_prefix(FENCE).map(str::trim) else {
            continue;
        };
        report.source(name, text);
        let body: Vec<&str> = lines
            .by_ref()
            .map(|(_, line)| line)
            .take_while(|line| !line.starts_with("```"))
            .collect();
        let value = match serde_json::from_str::<Value>(&body.join("\n")) {
            Ok(value) => value,
            Err(error) => {
                report.problem(name, not_json(index + 1 + error.line(), &error));
                continue;
            }
        };
        let Some(reasons) = fits(subject, schema, &value) else {
            report.problem(name, unknown(index + 1, schema));
            continue;
        };
        report.counts.examples += 1;
        for reason in reasons {
            let problem = Problem {
                code: "example/violates-schema",
                place: Some(Place {
                    line: index + 1,
                    column: 1,
                }),
                message: reason.message,
                fix: format!("{}; the schema is {schema}", reason.help),
                pointer: reason.pointer,
            };
            report.problem(name, problem);
        }
    }
}

/// Why it does not fit the schema; `None` when there is no such schema.
fn fits(subject: &Subject<'_>, schema: &str, value: &Value) -> Option<Vec<explain::Reason>> {
    let schema = subject.root().pointer(&join(SCHEMAS, schema))?;
    let judge = validator(subject.root(), schema, STRICT).ok()?;
    Some(explain::reasons(&judge, &Value::Null, value))
}

fn unknown(line: usize, schema: &str) -> Problem {
    Problem {
        code: "fixture/no-schema",
        place: Some(Place { line, column: 1 }),
        pointer: String::new(),
        message: format!("there is no schema `{schema}` to judge this by"),
        fix: "mend the name".to_owned(),
    }
}

fn not_json(line: usize, error: &serde_json::Error) -> Problem {
    Problem {
        code: "example/not-json",
        place: Some(Place {
            line: line.max(1),
            column: error.column().max(1),
        }),
        pointer: String::new(),
        message: format!("not JSON: {error}"),
        fix: "mend the syntax at this place".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check_spec::check;
    use crate::check_spec::rules::Isolation;

    #[test]
    fn what_must_be_refused_and_what_is_shown_in_words_is_judged() {
        let document =
            std::fs::read(crate::workspace_root().join("openapi/referrals.yaml")).unwrap();
        let folder = std::env::temp_dir().join(format!("fixtures-{}", std::process::id()));
        std::fs::create_dir_all(folder.join(REFUSED)).unwrap();
        let link = "{\"uri\": \"https://a.example\", \"method\": \"GET\"}";
        for (file, text) in [
            ("Link.fits.json", link),
            ("Link.wrong.json", "{\"uri\": 7}"),
            ("Lnik.json", "{}"),
            ("Link.cut.json", "{\n"),
        ] {
            std::fs::write(folder.join(REFUSED).join(file), text).unwrap();
        }
        let words = format!(
            "# A\n\n{FENCE}Link\n{link}\n```\n\n{FENCE}Link\n{{\"uri\": 7}}\n```\n\n{FENCE}Lnik\n{{}}\n\
             ```\n\n{FENCE}Link\n{{\n  x\n```\n```json\nx\n```\n"
        );
        std::fs::write(folder.join("A.md"), words).unwrap();
        let report = check("a/b.yaml", &folder, &document, Isolation::NotTried, None);
        std::fs::remove_dir_all(&folder).unwrap();
        let found: Vec<String> = report
            .findings
            .iter()
            .filter(|one| one.file != "a/b.yaml")
            .map(|one| format!("{}:{} {}", one.file, one.place.line, one.code))
            .collect();
        assert_eq!(
            found,
            [
                "a/A.md:7 example/violates-schema",
                "a/A.md:11 fixture/no-schema",
                "a/A.md:17 example/not-json",
                "a/negative/Link.cut.json:2 example/not-json",
                "a/negative/Link.fits.json:1 fixture/accepted",
                "a/negative/Lnik.json:1 fixture/no-schema",
            ]
        );
    }
}
