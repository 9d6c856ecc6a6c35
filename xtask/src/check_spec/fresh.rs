//! Are the files that are made from the rules and from the document up to
//! date? Findings of this group alone have an exit code of their own: nothing
//! is wrong, something is only to be written again.

use std::fmt::Write as _;
use std::path::Path;

use super::report::{Report, Severity};
use super::rules::{INTERNAL, RULES};
use crate::pipeline::problem::{Place, Problem};

/// The list of rules.
const LIST: &str = "openapi/spec-rules.md";

/// The signatures of the generated code, below a header of three dashes.
const SNAPSHOT: &str = "tests/snapshots/generated_api.snap";

/// Compares the made files below `root` with what would be made now.
/// `write` brings the list of rules up to date, and says so.
pub fn check(root: &Path, write: bool, report: &mut Report) -> Option<String> {
    let mut written = None;
    let now = list();
    let path = root.join(LIST);
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    if kept != now {
        if write && std::fs::write(&path, &now).is_ok() {
            written = Some(format!("{LIST}: written again\n"));
        } else {
            let fix = "run `cargo xtask check-spec --fix`";
            stale("fresh/rules", LIST, &kept, &now, fix, report);
        }
    }
    // Without signatures something else was found.
    if let Some(api) = report.api.clone() {
        let kept = std::fs::read_to_string(root.join(SNAPSHOT)).unwrap_or_default();
        let (header, body) = snapshot(&kept);
        if body.trim_end() != api.trim_end() {
            let fix = "read what users of the crate will notice, then accept it: \
                       `INSTA_UPDATE=always cargo test --all-features generated_api`";
            let now = format!("{header}{api}");
            stale("fresh/api", SNAPSHOT, &kept, &now, fix, report);
        }
    }
    written
}

/// A committed snapshot: its header of three lines, and what it holds.
pub fn snapshot(text: &str) -> (&str, &str) {
    let lines = text.split_inclusive('\n').take(3);
    text.split_at(lines.map(str::len).sum())
}

fn stale(code: &'static str, file: &str, kept: &str, now: &str, fix: &str, report: &mut Report) {
    report.source(file, kept);
    let same = kept.lines().zip(now.lines());
    let line = same.take_while(|(one, other)| one == other).count() + 1;
    let line = line.min(kept.lines().count().max(1));
    report.problem(
        file,
        Problem {
            code,
            place: Some(Place { line, column: 1 }),
            pointer: String::new(),
            message: "this file is not what would be made now".to_owned(),
            fix: fix.to_owned(),
        },
    );
}

/// Every rule, as Markdown.
pub fn list() -> String {
    let mut out = String::from(
        "# The rules of check-spec\n\n\
         Made by `cargo xtask check-spec --list-rules`; `--fix` writes it again. A rule without a word \
         behind its code is an error.\n",
    );
    let mut group = "";
    for rule in RULES.iter() {
        let (of, _) = rule.code.split_once('/').unwrap_or((rule.code, ""));
        if of != group {
            group = of;
            let _ = write!(out, "\n## {group}\n");
        }
        out.push_str(&one(rule.code).unwrap_or_default());
    }
    out
}

/// What is said of a code: of a rule, or of what is none.
pub fn explained(code: &str) -> Option<String> {
    let internal = || {
        let (_, why) = INTERNAL.iter().find(|(of, _)| *of == code)?;
        Some(format!("\n### {code}\n\n{why}\n"))
    };
    one(code).or_else(internal)
}

/// One rule, if there is one of that code.
fn one(code: &str) -> Option<String> {
    let rule = RULES.iter().find(|rule| rule.code == code)?;
    let level = match rule.severity {
        Severity::Error => String::new(),
        other => format!(" ({})", other.name()),
    };
    let mut out = format!("\n### {code}{level}\n\n{}\n", rule.why);
    for (label, text) in [("wrong", rule.wrong), ("right", rule.right)] {
        let _ = write!(out, "\n{label}:\n\n```yaml\n{text}\n```\n");
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stale_files_are_found_and_the_list_is_written_again_once() {
        let root = std::env::temp_dir().join(format!("fresh-{}", std::process::id()));
        for file in [LIST, SNAPSHOT] {
            std::fs::create_dir_all(root.join(file).parent().unwrap()).unwrap();
        }
        std::fs::write(root.join(LIST), "# The rules of check-spec\n\nold\n").unwrap();
        std::fs::write(
            root.join(SNAPSHOT),
            "---\nsource: a\n---\nfn a();\nfn b();\n",
        )
        .unwrap();
        let look = |write, api: &str| {
            let mut report = Report {
                api: Some(api.to_owned()),
                ..Report::default()
            };
            let written = check(&root, write, &mut report);
            let findings = report.findings.iter();
            let found: Vec<(String, usize)> = findings
                .map(|one| (one.code.clone(), one.place.line))
                .collect();
            (found, written.is_some())
        };
        let rules = ("fresh/rules".to_owned(), 3);
        let api = ("fresh/api".to_owned(), 5);
        let results = [
            look(false, "fn a();\nfn c();\n"),
            look(true, "fn a();\nfn b();\n"),
            look(true, "fn a();\nfn b();\n"),
        ];
        std::fs::remove_dir_all(&root).unwrap();
        assert_eq!(
            results,
            [(vec![rules, api], false), (vec![], true), (vec![], false)]
        );
    }
}
