//! What a check found, and how it is shown.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::time::Duration;

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
    /// The one with this word.
    pub fn named(word: &str) -> Option<Self> {
        let all = [Self::Error, Self::Warning, Self::Note];
        all.into_iter().find(|one| one.name() == word)
    }

    /// Its word in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
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

impl Finding {
    /// The group of its rule.
    pub fn group(&self) -> &str {
        self.code
            .split_once('/')
            .map_or(self.code.as_str(), |(group, _)| group)
    }
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

/// What the meta-schema says of a place, and the rule that says the very same
/// there in better words.
const CLEARER: [(&str, &str); 5] = [
    ("op/path-parameter", "`required` is missing"),
    ("op/path-parameter", "is not one of true"),
    ("op/responses-one-sided", "has less than 1 property"),
    ("docs/no-description", "`description` is missing"),
    ("schema/pattern", "is not a regex"),
];

/// Errors in what a document means here, and not in its form.
const OF_MEANING: [&str; 4] = [
    "oas/unknown-extension",
    "schema/rights",
    "schema/sent-and-read",
    "schema/known-paths",
];

/// Whether an error leaves the form of the document as it should be: others can
/// judge it all the same.
pub fn is_of_meaning(code: &str) -> bool {
    OF_MEANING.contains(&code)
}

/// Collects findings.
#[derive(Debug, Default)]
pub struct Report {
    pub findings: Vec<Finding>,
    pub counts: Counts,
    /// What was not checked, with the reason.
    pub skipped: Vec<String>,
    /// The groups of rules that were run to their end.
    pub checked: BTreeSet<String>,
    /// What the document is to be compared with.
    pub baseline: Option<String>,
    /// What the differences ask of the version.
    pub required_bump: Option<Bump>,
    /// The public signatures of the generated code.
    pub api: Option<String>,
    /// Findings that are accepted, each with the reason.
    pub allowed: Vec<(Finding, String)>,
    /// The groups of rules that are wanted; all when empty.
    pub only: Vec<String>,
    /// The groups that are not.
    pub skip: Vec<String>,
    /// How long each group took.
    pub timings: Vec<(String, Duration)>,
    /// Texts of the files with findings.
    pub sources: BTreeMap<String, String>,
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

    /// Whether a group of rules found an error in the form of the document: what
    /// builds on it would repeat it in worse words.
    pub fn is_malformed(&self, group: &str) -> bool {
        self.errors()
            .any(|finding| finding.group() == group && !is_of_meaning(&finding.code))
    }

    /// Whether a group of rules found an error.
    pub fn failed(&self, group: &str) -> bool {
        self.errors().any(|finding| finding.group() == group)
    }

    /// The findings that make the check fail.
    pub fn errors(&self) -> impl Iterator<Item = &Finding> {
        self.findings
            .iter()
            .filter(|finding| finding.severity == Severity::Error)
    }

    /// How many findings are so bad.
    pub fn count(&self, severity: Severity) -> usize {
        let of = |finding: &&Finding| finding.severity == severity;
        self.findings.iter().filter(of).count()
    }

    /// Brings the findings into the order in which they are shown. What the
    /// meta-schema says of a place gives way to an error that says the same of
    /// that place, and to nothing else.
    pub fn finish(&mut self) {
        let errors: Vec<(String, String, String)> = self
            .errors()
            .map(|one| (one.code.clone(), one.file.clone(), one.pointer.clone()))
            .collect();
        self.findings.retain(|finding| {
            finding.code != "oas/invalid"
                || !errors.iter().any(|(code, file, pointer)| {
                    *file == finding.file
                        && *pointer == finding.pointer
                        && CLEARER
                            .iter()
                            .any(|(by, said)| by == code && finding.message.contains(said))
                })
        });
        // The meta-schema can say of one value that it has neither the type nor
        // one of the values; once is enough.
        let mut said = BTreeSet::new();
        self.findings.retain(|finding| {
            finding.code != "oas/invalid"
                || said.insert((finding.file.clone(), finding.pointer.clone(), finding.place))
                || finding.message.contains("is missing")
                || finding.message.contains("is not allowed")
        });
        self.findings.sort_by(|a, b| {
            (&a.file, a.place, &a.code, &a.message).cmp(&(&b.file, b.place, &b.code, &b.message))
        });
    }

    /// 0 clean, 1 findings that are as bad as `fail_on`, 2 when the check
    /// itself broke, 4 when files are to be made again and nothing else.
    pub fn exit_code(&self, fail_on: Severity) -> u8 {
        let mut bad = self.findings.iter().filter(|one| one.severity <= fail_on);
        if self.failed("internal") {
            2
        } else if bad.clone().next().is_none() {
            0
        } else if bad.all(|one| one.code.starts_with("fresh/")) {
            4
        } else {
            1
        }
    }

    /// Whether the rules of a group are wanted.
    pub fn wants(&self, group: &str) -> bool {
        let named = |groups: &[String]| groups.iter().any(|one| one == group);
        (self.only.is_empty() || named(&self.only)) && !named(&self.skip)
    }

    /// The text of a file with findings.
    pub fn text(&self, file: &str) -> Option<&str> {
        self.sources.get(file).map(String::as_str)
    }

    /// How many rules had their say.
    fn checked_rules(&self) -> usize {
        let groups = rules::RULES.iter().map(|rule| rules::runs_in(rule.code));
        groups.filter(|group| self.checked.contains(*group)).count()
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
        let notes = self.count(Severity::Note);
        let allowed = self.allowed.len();
        let _ = write!(
            out,
            "check-spec: {} of {} rules, {operations} operations, {schemas} schemas, {examples} examples \
             checked; {errors} errors, {warnings} warnings, {notes} notes, {allowed} allowed; {}",
            self.checked_rules(),
            rules::RULES.len(),
            match (&self.baseline, self.required_bump) {
                _ if !self.wants("compat") => "compared with nothing, as asked for".to_owned(),
                (Some(name), Some(bump)) => format!("compared with {name}: {}", bump.name()),
                (Some(name), None) => format!("not compared with {name}"),
                (None, _) => "compared with nothing, for nothing is released yet".to_owned(),
            }
        );
        out
    }
}
