//! What a project says of its findings, in `check-spec.toml` next to the
//! document: how bad those of a rule are, and which are accepted for a while,
//! each with a reason and an end.

use std::path::Path;

use super::report::{Finding, Report, Severity};
use super::rules::{RULES, runs_in};
use crate::pipeline::problem::{Place, Problem};

/// The file, next to the document.
const FILE: &str = "check-spec.toml";

/// One accepted finding.
struct Allow {
    code: String,
    pointer: String,
    reason: String,
    /// The version of the document in which it must be gone.
    until: String,
    line: usize,
}

/// Takes out what is allowed, and reports entries that allow nothing. There is
/// no `version` of a document that cannot be read.
pub fn apply(folder: &Path, document: &str, version: Option<&str>, report: &mut Report) {
    let name = Path::new(document).with_file_name(FILE);
    let name = name.display().to_string();
    let text = match std::fs::read_to_string(folder.join(FILE)) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return,
        Err(error) => {
            let message = format!("this cannot be read: {error}");
            let fix = "make it a file of text, or take it away";
            return report.problem(&name, problem("config/unreadable", 1, message, fix));
        }
    };
    report.source(&name, &text);
    let (severities, entries) = match read(&text) {
        Ok(read) => read,
        Err((line, message)) => {
            let fix = "[severity] has error, warning or note by the code of a rule; \
                       each [[allow]] has code, pointer, reason and until, and nothing else";
            return report.problem(&name, problem("config/unreadable", line, message, fix));
        }
    };
    for (code, severity) in severities {
        let of_rule = report.findings.iter_mut().filter(|one| one.code == code);
        of_rule.for_each(|finding| finding.severity = severity);
    }
    for entry in entries {
        if version.is_some_and(|version| is_over(&entry.until, version)) {
            report.problem(
                &name,
                problem(
                    "config/allow-over",
                    entry.line,
                    format!("`{}` was allowed until {}", entry.code, entry.until),
                    "mend the finding, and take the entry out",
                ),
            );
            continue;
        }
        let (taken, kept): (Vec<Finding>, Vec<Finding>) = std::mem::take(&mut report.findings)
            .into_iter()
            .partition(|one| {
                one.code == entry.code && one.pointer == entry.pointer && one.file == document
            });
        report.findings = kept;
        // Of rules that did not run nobody knows what they would have found.
        if taken.is_empty() && is_checked(&entry.code, report) {
            report.problem(
                &name,
                problem(
                    "config/allow-unused",
                    entry.line,
                    format!("there is no `{}` at `{}`", entry.code, entry.pointer),
                    "take the entry out",
                ),
            );
        }
        let reason = |finding| (finding, entry.reason.clone());
        report.allowed.extend(taken.into_iter().map(reason));
    }
}

/// Whether the rule was looked at everywhere. The generator's dry run has some
/// of the rules of others too.
fn is_checked(code: &str, report: &Report) -> bool {
    let has = |group: &str| report.checked.contains(group);
    let group = runs_in(code);
    let elsewhere = ["oas", "schema", "transitions"].contains(&group);
    has(group) && (!elsewhere || has("progenitor"))
}

/// Whether the document has the version in which it must be gone. Of what is
/// no version nobody can tell, so it is over.
fn is_over(until: &str, version: &str) -> bool {
    match (
        semver::Version::parse(until),
        semver::Version::parse(version),
    ) {
        (Ok(until), Ok(version)) => version >= until,
        _ => true,
    }
}

/// How bad, by the code of a rule.
type Severities = Vec<(String, Severity)>;

fn read(text: &str) -> Result<(Severities, Vec<Allow>), (usize, String)> {
    let table: toml::Table = toml::from_str(text).map_err(|error| {
        let before = error.span().and_then(|span| text.get(..span.start));
        let line = before.unwrap_or_default().matches('\n').count() + 1;
        (line, error.message().to_owned())
    })?;
    let known = ["allow", "severity"];
    if let Some(other) = table.keys().find(|key| !known.contains(&key.as_str())) {
        return Err((1, format!("`{other}` is not known here")));
    }
    Ok((severities(&table, text)?, entries(&table, text)?))
}

fn severities(table: &toml::Table, text: &str) -> Result<Severities, (usize, String)> {
    let Some(levels) = table.get("severity") else {
        return Ok(Vec::new());
    };
    let levels = levels
        .as_table()
        .ok_or_else(|| (1, "`severity` is not a table".to_owned()))?;
    let one = |(code, level): (&String, &toml::Value)| {
        let at = |line: &str| {
            line.trim_start()
                .trim_start_matches(['"', '\''])
                .starts_with(code)
        };
        let line = text.lines().position(at).map_or(1, |index| index + 1);
        if !RULES.iter().any(|rule| rule.code == code) {
            return Err((line, format!("there is no rule `{code}`")));
        }
        match level.as_str().and_then(Severity::named) {
            Some(level) => Ok((code.clone(), level)),
            None => Err((line, format!("`{code}` is not error, warning or note"))),
        }
    };
    levels.iter().map(one).collect()
}

fn entries(table: &toml::Table, text: &str) -> Result<Vec<Allow>, (usize, String)> {
    let lines = text.lines().enumerate();
    let mut lines = lines.filter(|(_, line)| line.trim() == "[[allow]]");
    let Some(entries) = table.get("allow") else {
        return Ok(Vec::new());
    };
    let entries = entries
        .as_array()
        .ok_or_else(|| (line_of(text, "allow"), "`allow` is no list".to_owned()))?;
    let mut out = Vec::new();
    for entry in entries {
        let line = lines.next();
        let line = line.map_or(line_of(text, "allow"), |(index, _)| index + 1);
        let known = ["code", "pointer", "reason", "until"];
        let Some(members) = entry.as_table() else {
            return Err((line, "an entry of `allow` is no table".to_owned()));
        };
        if let Some(other) = members.keys().find(|key| !known.contains(&key.as_str())) {
            return Err((line, format!("`{other}` is not known in an entry")));
        }
        let member = |key: &str| {
            let text = entry.get(key).and_then(toml::Value::as_str);
            // The whole document has an empty pointer.
            let text = text.filter(|text| key == "pointer" || !text.trim().is_empty());
            text.map(str::to_owned)
                .ok_or_else(|| (line, format!("`{key}` is missing")))
        };
        out.push(Allow {
            code: member("code")?,
            pointer: member("pointer")?,
            reason: member("reason")?,
            until: member("until")?,
            line,
        });
    }
    Ok(out)
}

/// The first line that begins so.
fn line_of(text: &str, begin: &str) -> usize {
    let at = |line: &str| line.trim_start().starts_with(begin);
    text.lines().position(at).map_or(1, |index| index + 1)
}

fn problem(code: &'static str, line: usize, message: String, fix: &str) -> Problem {
    Problem {
        code,
        place: Some(Place { line, column: 1 }),
        pointer: String::new(),
        message,
        fix: fix.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENTRY: &str = "[[allow]]\ncode = 'ref/unused'\npointer = '/a'\nreason = 'soon'\n";

    fn applied(name: &str, text: &str) -> Report {
        let folder = std::env::temp_dir().join(format!("allow-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join(FILE), text).unwrap();
        let mut report = Report::default();
        let unused = Problem {
            pointer: "/a".to_owned(),
            ..problem(
                "ref/unused",
                3,
                "nothing refers to this part".to_owned(),
                "",
            )
        };
        report.problem("a/b.yaml", unused);
        report.checked.insert("ref".to_owned());
        apply(&folder, "a/b.yaml", Some("1.2.0"), &mut report);
        std::fs::remove_dir_all(&folder).unwrap();
        report
    }

    fn codes(report: &Report) -> Vec<(&str, usize)> {
        let findings = report.findings.iter();
        findings
            .map(|one| (one.code.as_str(), one.place.line))
            .collect()
    }

    #[test]
    fn what_is_allowed_is_kept_apart_with_its_reason() {
        let report = applied("good", &format!("# why\n{ENTRY}until = '2.0.0'\n"));
        assert_eq!(codes(&report), []);
        assert_eq!(report.allowed[0].1, "soon");
    }

    #[test]
    fn an_entry_that_is_over_or_allows_nothing_is_a_finding() {
        let report = applied("over", &format!("# why\n{ENTRY}until = '1.2.0'\n"));
        assert_eq!(
            codes(&report),
            [("ref/unused", 3), ("config/allow-over", 2)]
        );
        let twice = format!("{ENTRY}until = '2.0.0'\n{ENTRY}until = '2.0.0'\n");
        let report = applied("twice", &twice);
        assert_eq!(codes(&report), [("config/allow-unused", 6)]);
    }

    fn applied_to(report: &mut Report, name: &str, make: impl Fn(&Path), version: Option<&str>) {
        let folder = std::env::temp_dir().join(format!("allow-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        make(&folder.join(FILE));
        apply(&folder, "a/b.yaml", version, report);
        std::fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn an_entry_of_rules_that_did_not_run_is_left_in_peace() {
        let entry = format!("{ENTRY}until = '2.0.0'\n");
        let write = |path: &Path| std::fs::write(path, &entry).unwrap();
        // Not asked for, and a document that cannot be read.
        for version in [Some("1.2.0"), None] {
            let mut report = Report::default();
            applied_to(&mut report, "unrun", write, version);
            assert_eq!(codes(&report), [], "{version:?}");
        }
        let mut report = Report::default();
        report.checked.insert("ref".to_owned());
        applied_to(&mut report, "run", write, Some("1.2.0"));
        assert_eq!(codes(&report), [("config/allow-unused", 1)]);
    }

    #[test]
    fn a_finding_of_the_whole_document_can_be_allowed() {
        let entry = format!("{ENTRY}until = '2.0.0'\n").replace("'/a'", "''");
        let mut report = Report::default();
        let whole = problem("ref/unused", 1, String::new(), "");
        report.problem("a/b.yaml", whole);
        let write = |path: &Path| std::fs::write(path, &entry).unwrap();
        applied_to(&mut report, "whole", write, Some("1.2.0"));
        assert_eq!((codes(&report), report.allowed.len()), (vec![], 1));
    }

    #[test]
    fn what_is_no_text_is_a_finding_and_not_the_lack_of_a_file() {
        let folder = |path: &Path| std::fs::create_dir(path).unwrap();
        let bytes = |path: &Path| std::fs::write(path, b"\xff").unwrap();
        let mut report = Report::default();
        applied_to(&mut report, "folder", folder, Some("1.2.0"));
        assert_eq!(codes(&report), [("config/unreadable", 1)]);
        let mut report = Report::default();
        applied_to(&mut report, "bytes", bytes, Some("1.2.0"));
        assert_eq!(codes(&report), [("config/unreadable", 1)]);
    }

    #[test]
    fn how_bad_a_finding_is_can_be_said_by_its_rule() {
        let text = "[severity]\n'ref/unused' = 'error'\n'op/no-id' = 'note'\n";
        let report = applied("severity", text);
        assert_eq!(report.findings[0].severity, Severity::Error);
        assert_eq!(codes(&report), [("ref/unused", 3)]);
    }

    #[test]
    fn a_file_that_cannot_be_read_allows_nothing() {
        for (text, line) in [
            (ENTRY, 1),
            ("x = 1\n", 1),
            ("\n[[allow\n", 2),
            ("severity = 1\n", 1),
            ("[severity]\n\"ref/unsued\" = 'note'\n", 2),
            ("[severity]\n\n'ref/unused' = 'off'\n", 3),
            ("\nallow = 3\n", 2),
            ("allow = [3]\n", 1),
            (&format!("{ENTRY}until = '2.0.0'\nfile = 'a'\n"), 1),
        ] {
            let report = applied("bad", text);
            assert_eq!(
                codes(&report),
                [("ref/unused", 3), ("config/unreadable", line)],
                "{text}"
            );
        }
    }
}
