//! What a check found, and how it is shown.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::{Value, json};

use super::compat::Bump;
use super::rules;
use super::subject::Subject;
use crate::pipeline::problem::{Place, Problem};

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The check fails.
    Error,
    /// Shown, and the check passes.
    Warning,
    /// Good to know.
    Note,
}

impl Severity {
    /// Its word in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

/// How findings are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// For people: with the line of the document.
    Human,
    /// One line each, for editors and `grep`.
    Short,
    /// For programs.
    Json,
}

/// One thing wrong, with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub file: String,
    pub place: Place,
    pub code: String,
    pub severity: Severity,
    pub message: String,
    /// JSON pointer in `file`; empty for the whole.
    pub pointer: String,
    /// What to do about it.
    pub help: String,
    /// The other place that it is about, when there is one.
    pub related: Option<Related>,
}

/// The second place of a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Related {
    pub file: String,
    pub place: Place,
    pub pointer: String,
    pub message: String,
}

/// What was looked at: a check that checked nothing must be visible.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counts {
    pub operations: usize,
    pub schemas: usize,
    pub examples: usize,
}

/// Collects findings.
#[derive(Debug, Default)]
pub struct Report {
    pub findings: Vec<Finding>,
    pub counts: Counts,
    /// What was not checked, with the reason.
    pub skipped: Vec<String>,
    /// What the document was compared with.
    pub baseline: Option<String>,
    /// What the differences ask of the version.
    pub required_bump: Option<Bump>,
    /// The public signatures of the generated code.
    pub api: Option<String>,
    /// Texts of the files with findings.
    sources: BTreeMap<String, String>,
}

impl Report {
    /// Makes the text of a file known, to show lines of it.
    pub fn source(&mut self, file: &str, text: &str) {
        self.sources.insert(file.to_owned(), text.to_owned());
    }

    /// A finding in the document.
    pub fn add(
        &mut self,
        subject: &Subject<'_>,
        code: &'static str,
        pointer: impl Into<String>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.problem(
            subject.name,
            subject.document.problem(code, pointer, message, help),
        );
    }

    /// A finding of the pipeline, in `file`.
    pub fn problem(&mut self, file: &str, problem: Problem) {
        self.push(Finding {
            file: file.to_owned(),
            place: problem.place.unwrap_or(Place { line: 1, column: 1 }),
            code: problem.code.to_owned(),
            severity: rules::severity(problem.code),
            message: problem.message,
            pointer: problem.pointer,
            help: problem.fix,
            related: None,
        });
    }

    /// Adds to the last finding at `pointer` the other place it is about.
    pub fn related(
        &mut self,
        subject: &Subject<'_>,
        pointer: &str,
        other: String,
        message: impl Into<String>,
    ) {
        let place = subject.document.place(&other);
        if let Some(finding) = self.findings.last_mut()
            && finding.pointer == pointer
        {
            finding.related = Some(Related {
                file: subject.name.to_owned(),
                place: place.unwrap_or(Place { line: 1, column: 1 }),
                pointer: other,
                message: message.into(),
            });
        }
    }

    /// A finding, as it is; the same one twice is one.
    pub fn push(&mut self, finding: Finding) {
        if !self.findings.contains(&finding) {
            self.findings.push(finding);
        }
    }

    /// Whether a group of rules found an error.
    pub fn failed(&self, group: &str) -> bool {
        self.errors().any(|finding| {
            finding
                .code
                .split_once('/')
                .is_some_and(|(of, _)| of == group)
        })
    }

    /// The findings that make the check fail.
    pub fn errors(&self) -> impl Iterator<Item = &Finding> {
        self.findings
            .iter()
            .filter(|finding| finding.severity == Severity::Error)
    }

    fn count(&self, severity: Severity) -> usize {
        let of = |finding: &&Finding| finding.severity == severity;
        self.findings.iter().filter(of).count()
    }

    /// Brings the findings into the order in which they are shown. What the
    /// meta-schema says of a place gives way to a rule that knows more of it.
    pub fn finish(&mut self) {
        let specific: Vec<(String, String)> = self
            .findings
            .iter()
            .filter(|finding| finding.code != "oas/invalid")
            .map(|finding| (finding.file.clone(), finding.pointer.clone()))
            .collect();
        self.findings.retain(|finding| {
            finding.code != "oas/invalid"
                || !specific
                    .iter()
                    .any(|(file, pointer)| *file == finding.file && *pointer == finding.pointer)
        });
        self.findings.sort_by(|a, b| {
            (&a.file, a.place, &a.code, &a.message).cmp(&(&b.file, b.place, &b.code, &b.message))
        });
    }

    /// 0 clean, 1 findings, 2 when the check itself broke.
    pub fn exit_code(&self) -> u8 {
        if self.failed("internal") {
            2
        } else {
            u8::from(self.errors().next().is_some())
        }
    }

    /// The report in `format`.
    pub fn render(&self, format: Format, name: &str) -> String {
        match format {
            Format::Human => self.text(Self::human) + &self.closing() + "\n",
            Format::Short => self.text(Self::short) + &self.closing() + "\n",
            Format::Json => format!("{:#}\n", self.json(name)),
        }
    }

    fn text(&self, one: fn(&Self, &Finding) -> String) -> String {
        self.findings
            .iter()
            .map(|finding| one(self, finding))
            .collect()
    }

    fn short(&self, finding: &Finding) -> String {
        let Finding {
            file,
            place,
            code,
            severity,
            message,
            ..
        } = finding;
        let Place { line, column } = place;
        let severity = severity.name();
        let message = message.replace('\n', " ");
        format!("{file}:{line}:{column}: {severity}[{code}]: {message}\n")
    }

    fn human(&self, finding: &Finding) -> String {
        let mut out = self.short(finding);
        let Place { line, column } = finding.place;
        let number = line.to_string();
        let gutter = " ".repeat(number.len());
        let source = self
            .sources
            .get(&finding.file)
            .and_then(|text| text.lines().nth(line - 1));
        if let Some(source) = source {
            // Tabs are kept below themselves, so that the caret stands right.
            let before: String = source
                .chars()
                .take(column - 1)
                .map(|c| if c == '\t' { c } else { ' ' })
                .collect();
            let carets = "^".repeat(token(source, column - 1));
            let _ = writeln!(out, "{gutter} |");
            let _ = writeln!(out, "{number} | {source}");
            let _ = writeln!(out, "{gutter} | {before}{carets}");
        }
        if !finding.pointer.is_empty() {
            let _ = writeln!(out, "{gutter} = at: {}", finding.pointer);
        }
        if !finding.help.is_empty() {
            let _ = writeln!(out, "{gutter} = help: {}", finding.help);
        }
        out.push('\n');
        out
    }

    /// The line that closes every run.
    pub fn closing(&self) -> String {
        let Counts {
            operations,
            schemas,
            examples,
        } = self.counts;
        let errors = self.errors().count();
        let warnings = self.count(Severity::Warning);
        let mut out: String = self
            .skipped
            .iter()
            .map(|what| format!("check-spec: skipped {what}\n"))
            .collect();
        let _ = write!(
            out,
            "check-spec: {} rules, {operations} operations, {schemas} schemas, {examples} examples \
             checked; {errors} errors, {warnings} warnings; {}",
            rules::RULES.len(),
            match (&self.baseline, self.required_bump) {
                (Some(name), Some(bump)) => format!("compared with {name}: {}", bump.name()),
                _ => "compared with nothing, for nothing is released yet".to_owned(),
            }
        );
        out
    }

    fn json(&self, name: &str) -> Value {
        let findings: Vec<Value> = self
            .findings
            .iter()
            .map(|finding| {
                json!({
                    "code": finding.code,
                    "severity": finding.severity.name(),
                    "message": finding.message,
                    "file": finding.file,
                    "line": finding.place.line,
                    "column": finding.place.column,
                    "pointer": finding.pointer,
                    "help": finding.help,
                })
            })
            .collect();
        let errors = self.errors().count();
        json!({
            "version": 1,
            "spec": name,
            "baseline": self.baseline,
            "findings": findings,
            "summary": {
                "rules": rules::RULES.len(),
                "operations": self.counts.operations,
                "schemas": self.counts.schemas,
                "examples": self.counts.examples,
                "errors": errors,
                "warnings": self.count(Severity::Warning),
                "required_bump": self.required_bump.map(Bump::name),
                "skipped": self.skipped,
            },
        })
    }
}

/// How many characters the word at `start` has: a name, a quoted text, or one.
fn token(line: &str, start: usize) -> usize {
    let rest: Vec<char> = line.chars().skip(start).collect();
    let length = match rest.first() {
        Some(quote @ ('"' | '\'')) => rest[1..]
            .iter()
            .position(|c| c == quote)
            .map_or(rest.len(), |end| end + 2),
        _ => rest
            .iter()
            .enumerate()
            .position(|(index, c)| {
                c.is_whitespace()
                    || matches!(c, ',' | ']' | '}')
                    || (*c == ':' && rest.get(index + 1).is_none_or(|next| next.is_whitespace()))
            })
            .unwrap_or(rest.len()),
    };
    length.max(1)
}
