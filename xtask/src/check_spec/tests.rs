//! Every rule is broken once, in the document itself: a text of it is replaced
//! by a wrong one, and the finding must have the rule's code and stand on the
//! line that is wrong.

use std::collections::BTreeSet;
use std::path::PathBuf;

pub mod fifty_two;
mod golden;
pub mod mistakes;

use mistakes::{LINK, MISTAKES, PATCH, REWRITES, rewritten};

use super::report::{Report, Severity};
use super::rules::{Isolation, RULES};
use super::{DOCUMENT, check};

fn folder() -> PathBuf {
    crate::workspace_root().join("openapi")
}

fn document() -> String {
    std::fs::read_to_string(crate::workspace_root().join(DOCUMENT)).unwrap()
}

fn judge(text: &str, isolation: Isolation<'_>) -> Report {
    check(DOCUMENT, &folder(), text.as_bytes(), isolation, None)
}

/// Rules that need another file. Each has a test below, `progenitor/crash` where the process is started, `compat`,
/// `config`, `fixture` and `fresh` beside their own files.
const OTHERS: &[&str] = &[
    "example/not-json",
    "example/unused-file",
    "fixture/accepted",
    "fixture/no-schema",
    "config/unreadable",
    "config/allow-over",
    "config/allow-unused",
    "fresh/rules",
    "fresh/api",
    "compat/released",
    "compat/baseline",
    "compat/version",
    "compat/wire",
    "compat/source",
    "compat/behaviour",
    "compat/addition",
    "compat/deprecated",
    "progenitor/compile",
    "progenitor/crash",
    "types/unseen",
];

/// Only these need the generator, which takes most of the time.
fn isolation(code: &str) -> Isolation<'static> {
    let of_pipeline = ["progenitor/", "generate/", "steps/"];
    let by_pipeline = ["oas/no-server", "schema/closed", "schema/extra"];
    if of_pipeline.iter().any(|group| code.starts_with(group)) || by_pipeline.contains(&code) {
        Isolation::SameProcess
    } else {
        Isolation::NotTried
    }
}

fn codes(report: &Report) -> Vec<String> {
    report
        .findings
        .iter()
        .map(|finding| {
            format!(
                "{}:{} {}: {}",
                finding.file, finding.place.line, finding.code, finding.message
            )
        })
        .collect()
}

#[test]
fn the_document_is_clean() {
    let report = judge(&document(), Isolation::SameProcess);
    assert_eq!(codes(&report), [""; 0]);
    assert_eq!(report.skipped, [""; 0]);
    assert_eq!(report.exit_code(Severity::Error), 0);
    assert!(report.counts.operations >= 5);
    assert!(report.counts.schemas >= 70);
    assert!(report.counts.examples >= 30);
}

#[test]
fn every_rule_is_broken_by_a_document() {
    let broken: BTreeSet<&str> = MISTAKES
        .iter()
        .map(|mistake| mistake.code)
        .chain(REWRITES.iter().map(|(code, _)| *code))
        .chain(OTHERS.iter().copied())
        .collect();
    let known: BTreeSet<&str> = RULES.iter().map(|rule| rule.code).collect();
    assert_eq!(broken, known);
}

/// The files of Rust below a folder, tests apart.
fn sources(folder: &std::path::Path, out: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.is_dir() && name != "tests" {
            sources(&path, out);
        } else if name.ends_with(".rs") && name != "tests.rs" {
            out.push(path);
        }
    }
}

/// The texts in quotes that have the form of a code.
fn codes_in(text: &str) -> impl Iterator<Item = &str> {
    let mut groups = super::rules::groups();
    groups.extend(["generate", "steps", "config", "internal"]);
    text.split('"').filter(move |literal| {
        let name = |name: &str| {
            !name.is_empty() && name.chars().all(|c| c.is_ascii_lowercase() || c == '-')
        };
        literal
            .split_once('/')
            .is_some_and(|(group, of)| groups.contains(&group) && name(of))
    })
}

#[test]
fn every_code_that_a_finding_can_have_is_explained() {
    let mut files = Vec::new();
    for folder in ["build", "xtask/src/check_spec"] {
        sources(&crate::workspace_root().join(folder), &mut files);
    }
    let mut seen = BTreeSet::new();
    for path in files {
        let text = std::fs::read_to_string(&path).unwrap();
        for code in codes_in(&text) {
            let known = super::fresh::explained(code);
            assert!(
                known.is_some(),
                "{code} of {} needs a row in rules/table/",
                path.display()
            );
            seen.insert(code.to_owned());
        }
    }
    assert!(seen.contains("internal/panic") && seen.contains("op/no-id"));
    // And nothing is explained that is no rule and in no other place.
    for (code, _) in super::rules::INTERNAL {
        assert!(RULES.iter().all(|rule| rule.code != *code), "{code}");
    }
}

#[test]
fn a_mistake_is_found_on_its_line() {
    let document = document();
    let mut missed = Vec::new();
    for (index, mistake) in MISTAKES.iter().enumerate() {
        let (text, line) = mistake.make(&document);
        let report = judge(&text, isolation(mistake.code));
        let found = report.findings.iter().any(|finding| {
            finding.code == mistake.code && finding.place.line == line && finding.file == DOCUMENT
        });
        if !found {
            missed.push(format!(
                "{index} {} on line {line}; found instead:\n  {}",
                mistake.code,
                codes(&report).join("\n  ")
            ));
        }
        for finding in &report.findings {
            assert!(
                RULES.iter().any(|rule| rule.code == finding.code),
                "{} is not in the table",
                finding.code
            );
            assert!(!finding.help.is_empty(), "{} has no help", finding.code);
        }
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}

fn line_of(text: &str, what: &str) -> usize {
    text[..text.find(what).unwrap()].matches('\n').count() + 1
}

fn assert_finds(report: &Report, code: &str, file: &str, line: usize) {
    let found = report
        .findings
        .iter()
        .any(|finding| finding.code == code && finding.file == file && finding.place.line == line);
    assert!(
        found,
        "{code} on {file}:{line}\n{}",
        codes(report).join("\n")
    );
}

#[test]
fn what_takes_more_than_one_change_is_found_on_its_line() {
    let document = document();
    for ((code, _), at) in REWRITES.iter().zip([
        "      responses:\n        '200':\n          description: The referral.",
        "  schemas:",
        "  schemas:",
        "components:",
        "    Referral:\n",
        "  parameters:\n    Id:",
    ]) {
        let text = rewritten(code, &document);
        let report = judge(&text, Isolation::SameProcess);
        assert_finds(&report, code, DOCUMENT, line_of(&text, at));
        // The pipeline may say the same; once is enough.
        let same = report.errors().filter(|one| one.code == *code);
        assert_eq!(same.count(), 1, "{code}");
    }
}

#[test]
fn a_warning_never_hides_what_is_no_openapi() {
    for (after, from, to) in [
        (mistakes::GET, "'404':", "4044:"),
        (mistakes::GET, "'404':", "600:"),
        (
            "  parameters:\n    Id:",
            "    Top:\n",
            "    Odd: {in: query}\n    Top:\n",
        ),
        ("    Id:", "required: true", "required: True"),
        (
            "  schemas:",
            "    ReferralId:",
            "    Old: 7\n    ReferralId:",
        ),
    ] {
        let (text, line) = mistakes::mistake("oas/invalid", after, from, to, "").make(&document());
        let report = judge(&text, Isolation::NotTried);
        assert_finds(&report, "oas/invalid", DOCUMENT, line);
        assert_eq!(report.exit_code(Severity::Error), 1, "{to}");
    }
}

#[test]
fn what_a_rule_says_in_better_words_is_said_once() {
    for (code, after, from, to, at) in [
        (
            "op/path-parameter",
            "    Id:",
            "      required: true\n",
            "",
            "    Id:",
        ),
        (
            "op/path-parameter",
            "    Id:",
            "required: true",
            "required: false",
            "",
        ),
        (
            "op/responses-one-sided",
            "paths:",
            "    post:",
            "    head:\n      operationId: look\n      description: Looks.\n      responses: {}\n    post:",
            "      responses: {}",
        ),
    ] {
        let (text, line) = mistakes::mistake(code, after, from, to, at).make(&document());
        let report = judge(&text, Isolation::NotTried);
        assert_finds(&report, code, DOCUMENT, line);
        let same = |one: &&super::report::Finding| one.code == "oas/invalid";
        assert_eq!(report.findings.iter().find(same), None, "{code}");
    }
}

#[test]
fn a_mistake_is_reported_once_and_not_by_all_that_it_hides() {
    let post = "    post:\n      operationId: create_referral";
    for (code, after, from, to) in [
        ("oas/invalid", mistakes::PATCH, "    patch:", "    PATCH:"),
        ("oas/invalid", post, "    post:", "    POST:"),
        (
            "oas/invalid",
            mistakes::LINK,
            "          description:",
            "          descripton:",
        ),
        (
            "example/violates-schema",
            "    Top:",
            "format: int32",
            "format: int32\n        default: 3000000000",
        ),
        (
            "transitions/unknown-key",
            mistakes::LIFECYCLE,
            "            substatuses:\n",
            "            subStatuses:\n",
        ),
    ] {
        let (text, _) = mistakes::mistake(code, after, from, to, "").make(&document());
        let report = judge(&text, Isolation::SameProcess);
        let found: Vec<&str> = report
            .findings
            .iter()
            .map(|one| one.code.as_str())
            .collect();
        assert_eq!(found, [code], "{}", codes(&report).join("\n"));
    }
}

#[test]
fn every_operation_that_cannot_be_generated_is_named() {
    // Plain text is a body that the generator can send, but not an object.
    let mut text = document();
    for operation in ["put:\n      operationId", PATCH] {
        let (before, behind) = text.split_at(text.find(operation).unwrap());
        text = format!(
            "{before}{}",
            behind.replacen("application/json:", "text/plain:", 1)
        );
    }
    let report = judge(&text, Isolation::SameProcess);
    let operations: Vec<&str> = report
        .findings
        .iter()
        .filter(|finding| finding.code == "progenitor/operation")
        .filter_map(|finding| finding.pointer.strip_suffix("/requestBody"))
        .filter_map(|operation| operation.rsplit('/').next())
        .collect();
    assert_eq!(
        operations,
        ["put", "patch"],
        "{}",
        codes(&report).join("\n")
    );
}

#[test]
fn examples_of_a_broken_schema_are_not_judged_and_that_is_said() {
    let text = document();
    let start = text.find(LINK).unwrap();
    let (before, behind) = text.split_at(start);
    let text = format!(
        "{before}{}",
        behind.replacen("type: string", "type: strng", 1)
    );
    let report = judge(&text, Isolation::NotTried);
    assert_eq!(report.findings.len(), 1, "{}", codes(&report).join("\n"));
    assert!(
        report
            .skipped
            .iter()
            .any(|what| what.contains("examples (their schemas"))
    );
}

#[test]
fn files_of_examples_are_checked_where_they_stand() {
    let copy = std::env::temp_dir().join(format!("check-spec-{}", std::process::id()));
    let examples = copy.join("examples");
    std::fs::create_dir_all(&examples).unwrap();
    for entry in std::fs::read_dir(folder().join("examples")).unwrap() {
        let path = entry.unwrap().path();
        std::fs::copy(&path, examples.join(path.file_name().unwrap())).unwrap();
    }
    let file = "get_referral.response.200.json";
    let text = std::fs::read_to_string(examples.join(file)).unwrap();
    let wrong = text.replacen("\"status\": \"", "\"status\": \"Nwe", 1);
    assert_ne!(text, wrong);
    std::fs::write(examples.join(file), &wrong).unwrap();
    std::fs::write(
        examples.join("PartnerCenterErrorBody.json"),
        "{\n  \"code\": ,\n}",
    )
    .unwrap();
    std::fs::write(examples.join("old.json"), "{}").unwrap();

    let report = check(
        DOCUMENT,
        &copy,
        document().as_bytes(),
        Isolation::NotTried,
        None,
    );
    std::fs::remove_dir_all(&copy).unwrap();
    let shown = format!("openapi/examples/{file}");
    assert_finds(
        &report,
        "example/violates-schema",
        &shown,
        line_of(&wrong, "Nwe"),
    );
    assert_finds(
        &report,
        "example/not-json",
        "openapi/examples/PartnerCenterErrorBody.json",
        2,
    );
    assert_finds(
        &report,
        "example/unused-file",
        "openapi/examples/old.json",
        1,
    );
    assert_eq!(report.findings.len(), 3, "{}", codes(&report).join("\n"));
}

#[test]
fn what_cannot_be_read_is_a_finding_and_the_rest_is_said_to_be_skipped() {
    for (bytes, line) in [
        (&b""[..], 1),
        (b"openapi: 3.0.3\ninfo: [\n", 3),
        (b"openapi: 3.0.3\ninfo: \xff\n", 2),
    ] {
        let report = check("a.yaml", &folder(), bytes, Isolation::NotTried, None);
        assert_finds(&report, "yaml/syntax", "a.yaml", line);
        assert_eq!(report.skipped.len(), 1);
        assert_eq!(report.exit_code(Severity::Error), 1);
    }
}

#[test]
fn the_exit_code_tells_findings_from_stale_files_and_from_a_broken_check() {
    let with = |codes: &[&'static str]| {
        let mut report = Report::default();
        for code in codes {
            let problem = crate::pipeline::problem::Problem {
                code,
                place: None,
                pointer: String::new(),
                message: String::new(),
                fix: String::new(),
            };
            report.problem("a.yaml", problem);
        }
        report
    };
    for (codes, fail_on, expected) in [
        (&[][..], Severity::Note, 0),
        (&["ref/unused"], Severity::Error, 0),
        (&["ref/unused"], Severity::Warning, 1),
        (&["compat/addition"], Severity::Warning, 0),
        (&["compat/addition"], Severity::Note, 1),
        (&["fresh/rules"], Severity::Error, 4),
        (&["fresh/rules", "ref/unused"], Severity::Error, 4),
        (&["fresh/rules", "ref/dangling"], Severity::Error, 1),
        (&["fresh/rules", "internal/panic"], Severity::Error, 2),
    ] {
        let report = with(codes);
        assert_eq!(report.exit_code(fail_on), expected, "{codes:?}");
    }
}
