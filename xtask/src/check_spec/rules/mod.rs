//! The rules: one file for each group, and one table that explains them all.

mod addresses;
mod bodies;
mod docs;
mod examples;
mod extensions;
mod fixtures;
mod headers;
mod keywords;
mod nearly;
mod oas;
mod operations;
mod progenitor;
mod references;
mod rights;
mod schemas;
mod shapes;
mod table;
mod transitions;
mod types;
mod yaml;

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

pub use progenitor::{Isolation, api_of};
pub use table::{INTERNAL, RULES};

use serde_json::json;

use super::compat::{self, Baseline};
use super::report::{Finding, Report, Severity};
use super::subject::Subject;
use crate::pipeline::document::Document;
use crate::pipeline::problem::Place;

/// One row of the table of rules.
#[derive(Clone)]
pub struct Rule {
    /// `group/rule`.
    pub code: &'static str,
    pub severity: Severity,
    /// Why it is one.
    pub why: &'static str,
    /// A document that breaks it.
    pub wrong: &'static str,
    /// The same, mended.
    pub right: &'static str,
}

/// How bad it is to break the rule `code`.
pub fn severity(code: &str) -> Severity {
    RULES
        .iter()
        .find(|rule| rule.code == code)
        .map_or(Severity::Error, |rule| rule.severity)
}

type Check = fn(&Subject<'_>, &mut Report);

/// The groups, in the order in which they run. The generator comes last: it
/// repeats what others say better.
const GROUPS: &[(&str, Check)] = &[
    ("oas", oas::check),
    ("oas", extensions::check),
    ("ref", references::check),
    ("yaml", yaml::check),
    ("op", operations::check),
    ("op", addresses::check),
    ("op", headers::check),
    ("schema", schemas::check),
    ("schema", shapes::check),
    ("schema", keywords::check),
    ("schema", rights::check),
    ("progenitor", bodies::check),
    ("transitions", transitions::check),
    ("types", types::check),
    ("docs", docs::check),
    ("example", examples::check),
];

/// The names of the groups, for the command line.
pub fn groups() -> Vec<&'static str> {
    let mut names: Vec<&str> = GROUPS.iter().map(|(group, _)| *group).collect();
    names.extend(["fixture", "compat", "fresh"]);
    names.dedup();
    names
}

/// Runs every group; one that breaks does not stop the others.
pub fn run(
    subject: &Subject<'_>,
    isolation: Isolation<'_>,
    baseline: Option<&Baseline>,
    report: &mut Report,
) {
    for (group, check) in GROUPS {
        guarded(subject.name, group, &[], report, |report| {
            check(subject, report)
        });
    }
    let judges = &["oas", "ref", "schema"];
    guarded(subject.name, "fixture", judges, report, |report| {
        fixtures::check(subject, report);
    });
    guarded(
        subject.name,
        "progenitor",
        &["oas", "ref"],
        report,
        |report| {
            progenitor::check(subject, isolation, report);
        },
    );
    let Some(baseline) = baseline else {
        // Why not is said in the closing line.
        return unless_wanted("compat", report);
    };
    report.baseline = Some(baseline.name.clone());
    guarded(subject.name, "compat", &["oas", "ref"], report, |report| {
        compat::check(subject, baseline, isolation, report);
    });
}

/// Tries the generator in this process and prints what it finds, as JSON.
pub fn dry_run(document: &Document) -> String {
    let (problems, api) = progenitor::dry_run(document);
    json!({"problems": progenitor::print(&problems), "api": api}).to_string()
}

/// Says which groups an unreadable document leaves unchecked. The files made of
/// the rules are looked at without it.
pub fn skip_all(report: &mut Report) {
    let (wanted, others): (Vec<&str>, Vec<&str>) = groups()
        .into_iter()
        .filter(|group| *group != "fresh")
        .partition(|group| report.wants(group));
    for group in others {
        unless_wanted(group, report);
    }
    if !wanted.is_empty() {
        let groups = wanted.join(", ");
        let said = format!("{groups} (the document cannot be read)");
        report.skipped.push(said);
    }
}

/// Says of a group that nobody asked for that it was left out.
pub fn unless_wanted(group: &str, report: &mut Report) {
    // Two files of rules may have one group.
    let said = format!("{group} (not asked for)");
    if !report.wants(group) && !report.skipped.contains(&said) {
        report.skipped.push(said);
    }
}

/// The group of rules that runs this one: the pipeline has words of its own.
pub fn runs_in(code: &str) -> &str {
    match code.split_once('/').map_or(code, |(group, _)| group) {
        "generate" | "steps" => "progenitor",
        // Those of the file of allowed findings, which every run reads.
        "config" => "yaml",
        group => group,
    }
}

/// Runs one group, unless groups that it builds on found errors: those would
/// only be repeated in worse words. Its panic is a finding like any other.
fn guarded(
    file: &str,
    group: &str,
    after: &[&str],
    report: &mut Report,
    check: impl FnOnce(&mut Report),
) {
    if !report.wants(group) {
        return unless_wanted(group, report);
    }
    let start = Instant::now();
    let broken: Vec<&str> = after
        .iter()
        .copied()
        .filter(|group| report.is_malformed(group))
        .collect();
    if !broken.is_empty() {
        report
            .skipped
            .push(format!("{group} (errors in {})", broken.join(", ")));
        return;
    }
    let result = catch_unwind(AssertUnwindSafe(|| check(&mut *report)));
    report.timings.push((group.to_owned(), start.elapsed()));
    let begin = format!("{group} (");
    let gave_up = report.skipped.iter().any(|what| what.starts_with(&begin));
    if result.is_ok() && !gave_up {
        report.checked.insert(group.to_owned());
    }
    if let Err(panic) = result {
        let said = said_by(&*panic);
        report.push(Finding {
            file: file.to_owned(),
            place: Place { line: 1, column: 1 },
            code: "internal/panic".to_owned(),
            severity: Severity::Error,
            message: format!("the rules of `{group}` broke: {said}"),
            pointer: String::new(),
            help: "this is a mistake in xtask/src/check_spec/rules: please report it".to_owned(),
            related: None,
        });
    }
}

/// The words of a panic.
fn said_by(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("no reason given")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_that_panics_is_a_finding_and_the_check_is_broken() {
        let mut report = Report::default();
        guarded("a.yaml", "schema", &[], &mut report, |_| {
            panic!("on purpose")
        });
        assert_eq!(report.findings[0].code, "internal/panic");
        assert!(report.findings[0].message.contains("on purpose"));
        assert_eq!(report.exit_code(Severity::Error), 2);
    }

    #[test]
    fn every_rule_has_a_code_of_its_own_and_an_example() {
        for (index, rule) in RULES.iter().enumerate() {
            assert!(RULES[..index].iter().all(|other| other.code != rule.code));
            assert_eq!(rule.code.split('/').count(), 2, "{}", rule.code);
            for text in [rule.why, rule.wrong, rule.right] {
                assert!(!text.is_empty(), "{}", rule.code);
            }
        }
    }
}
