//! What a person sees: the whole output for each of the mistakes, a file each.
//! Lines are not numbered there, so that a change of the document elsewhere
//! does not show; the numbers have tests of their own.
//!
//! To accept a change: `INSTA_UPDATE=always cargo test -p xtask golden`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use super::fifty_two::JUDGED as FIFTY_TWO;
use super::mistakes::{MISTAKES, REWRITES, rewritten};
use super::*;
use crate::check_spec::compat::tests::JUDGED;
use crate::check_spec::render::{Format, render};
use crate::check_spec::{allow, fresh};

/// Rules without a file here: what breaks them is another process, or another
/// copy of the project.
const ELSEWHERE: [&str; 4] = [
    "compat/released",
    "compat/baseline",
    "progenitor/compile",
    "progenitor/crash",
];

/// The lines that differ.
fn change(old: &str, new: &str) -> String {
    let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let same = |pair: &(&&str, &&str)| pair.0 == pair.1;
    if old.len() == new.len() {
        let pairs = old.iter().zip(&new).filter(|pair| !same(pair));
        return pairs
            .map(|(one, other)| format!("- {one}\n+ {other}\n"))
            .collect();
    }
    let before = old.iter().zip(&new).take_while(same).count();
    let least = old.len().min(new.len()) - before;
    let behind = old.iter().rev().zip(new.iter().rev()).take(least);
    let behind = behind.take_while(same).count();
    let mut out = String::new();
    for (sign, lines) in [('-', &old), ('+', &new)] {
        let all = &lines[before..lines.len() - behind];
        for line in all.iter().take(12) {
            let _ = writeln!(out, "{sign} {line}");
        }
        if all.len() > 12 {
            let _ = writeln!(out, "{sign} ({} more lines)", all.len() - 12);
        }
    }
    out
}

/// The findings as a person sees them, without the numbers of lines.
fn shown(report: &Report) -> String {
    let text = render(report, Format::Human, DOCUMENT, false);
    let mut out = String::new();
    for line in text
        .lines()
        .filter(|line| !line.starts_with("check-spec: "))
    {
        let bare = line
            .trim_start()
            .trim_start_matches(|c: char| c.is_ascii_digit());
        let bare = bare.trim_start();
        let place = bare
            .strip_prefix("--> ")
            .or_else(|| bare.strip_prefix("::: "));
        let line = match place.and_then(|place| place.split_once(':')) {
            Some((file, _)) => format!("  --> {file}"),
            None if bare.starts_with(['|', '=']) => format!("   {bare}"),
            None if bare == "..." => "   ...".to_owned(),
            None => numberless(line),
        };
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

/// A line that is named in words, without its number.
fn numberless(line: &str) -> String {
    match line.split_once(" on line ") {
        Some((before, behind)) => {
            let behind = behind.trim_start_matches(|c: char| c.is_ascii_digit());
            format!("{before} on line ..{behind}")
        }
        None => line.to_owned(),
    }
}

/// Each of the reports has its file in `golden/<folder>/`, and no file is left
/// over.
fn compare(folder: &str, all: &BTreeMap<String, String>) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("src/check_spec/tests/golden")
        .join(folder);
    insta::with_settings!({snapshot_path => &path, prepend_module_to_snapshot => false, omit_expression => true}, {
        for (name, text) in all {
            insta::assert_snapshot!(name.as_str(), text);
        }
    });
    let entries = std::fs::read_dir(&path).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let kept: BTreeSet<String> = names.collect();
    let wanted = all.keys().map(|name| format!("{name}.snap")).collect();
    assert_eq!(kept, wanted);
}

fn file_name(code: &str) -> String {
    code.replace('/', ".")
}

#[test]
fn golden_each_rule_says_what_is_wrong_and_what_to_do() {
    let document = document();
    let mut all = BTreeMap::new();
    let mut add = |code: &str, change: String, report: &Report| {
        let found = report.findings.iter().any(|one| one.code == code);
        assert!(found, "{code}: {}", codes(report).join("\n"));
        let text = format!("{change}\n{}", shown(report));
        all.entry(file_name(code)).or_insert(text);
    };
    let mut seen = BTreeSet::new();
    for mistake in MISTAKES.iter().filter(|one| seen.insert(one.code)) {
        let (text, _) = mistake.make(&document);
        let report = judge(&text, isolation(mistake.code));
        add(mistake.code, change(&document, &text), &report);
    }
    for (code, _) in REWRITES {
        let text = rewritten(code, &document);
        let report = judge(&text, Isolation::SameProcess);
        add(code, change(&document, &text), &report);
    }
    for (code, files) in FILES {
        let report = with_files(files);
        let change = files.iter().fold(String::new(), |mut out, (file, text)| {
            for line in text.lines() {
                let _ = writeln!(out, "+ {file}: {line}");
            }
            out
        });
        add(code, change, &report);
    }
    // Of each kind of difference, the first that has it.
    for one in JUDGED.iter() {
        for code in one.report.findings.iter().map(|one| &one.code) {
            if code.starts_with("compat/") {
                add(code, change(&one.old, &one.new), &one.report);
            }
        }
    }
    let rules: BTreeSet<String> = RULES.iter().map(|rule| file_name(rule.code)).collect();
    let without: BTreeSet<String> = ELSEWHERE.iter().map(|code| file_name(code)).collect();
    let have: BTreeSet<String> = all.keys().cloned().collect();
    assert_eq!(&rules - &have, without);
    compare("rules", &all);
}

#[test]
fn golden_each_of_the_fifty_two_mistakes() {
    let document = document();
    let all = FIFTY_TWO.iter().enumerate().map(|(index, one)| {
        let (mistake, text) = (one.mistake, &one.text);
        let marked = text.lines().nth(one.line - 1).unwrap();
        let head = format!("{}\non: {}\n", change(&document, text), marked.trim());
        let name = format!("{:02}.{}", index + 1, file_name(mistake.code));
        (name, format!("{head}\n{}", shown(&one.report)))
    });
    compare("mistakes", &all.collect());
}

#[test]
fn golden_each_change_has_its_verdict() {
    let all = JUDGED.iter().map(|one| {
        let (case, report) = (one.case, &one.report);
        let needs = report.required_bump.map(|bump| format!("{bump:?}"));
        let head = format!("{}\n\nneeds: {}\n", case.name, needs.unwrap_or_default());
        let text = format!("{head}\n{}\n{}", change(&one.old, &one.new), shown(report));
        (case.name.split(' ').next().unwrap().to_owned(), text)
    });
    compare("changes", &all.collect());
}

/// Rules that need another file: the files that break them, in the folder of
/// the document.
const FILES: &[(&str, &[(&str, &str)])] = &[
    (
        "example/not-json",
        &[("examples/PartnerCenterErrorBody.json", "{\n  \"uri\": ,\n}")],
    ),
    ("example/unused-file", &[("examples/old.json", "{}")]),
    (
        "fixture/accepted",
        &[(
            "negative/Link.json",
            "{\"uri\": \"https://a.example\", \"method\": \"GET\"}",
        )],
    ),
    ("fixture/no-schema", &[("negative/Lnik.json", "{}")]),
    (
        "config/unreadable",
        &[("check-spec.toml", "[[allow]]\ncode = 'ref/unused'\n")],
    ),
    (
        "config/allow-over",
        &[(
            "check-spec.toml",
            "[[allow]]\ncode = 'ref/unused'\npointer = '/a'\nreason = 'soon'\nuntil = '0.0.1'\n",
        )],
    ),
    (
        "config/allow-unused",
        &[(
            "check-spec.toml",
            "[[allow]]\ncode = 'ref/unused'\npointer = '/a'\nreason = 'soon'\nuntil = '9.0.0'\n",
        )],
    ),
    (
        "fresh/rules",
        &[("spec-rules.md", "# The rules of check-spec\n\nold\n")],
    ),
    (
        "fresh/api",
        &[(
            "../tests/snapshots/generated_api.snap",
            "---\nsource: a\n---\nfn a();\n",
        )],
    ),
    (
        "types/unseen",
        &[(
            "../tests/snapshots/handwritten_types.snap",
            "---\nsource: a\n---\nETag: string\n",
        )],
    ),
];

/// A copy of the document's folder with these files in it, checked.
fn with_files(files: &[(&str, &str)]) -> Report {
    let mut hash = std::hash::DefaultHasher::new();
    std::hash::Hash::hash(&files, &mut hash);
    let hash = std::hash::Hasher::finish(&hash);
    let root = std::env::temp_dir().join(format!("golden-{}-{hash:x}", std::process::id()));
    let copy = root.join("openapi");
    for sub in ["openapi/examples", "openapi/negative", "tests/snapshots"] {
        let from = crate::workspace_root().join(sub);
        std::fs::create_dir_all(root.join(sub)).unwrap();
        for entry in std::fs::read_dir(from).unwrap() {
            let path = entry.unwrap().path();
            std::fs::copy(&path, root.join(sub).join(path.file_name().unwrap())).unwrap();
        }
    }
    std::fs::write(copy.join("spec-rules.md"), fresh::list()).unwrap();
    for (file, text) in files {
        std::fs::write(copy.join(file), text).unwrap();
    }
    let mut report = check(
        DOCUMENT,
        &copy,
        document().as_bytes(),
        Isolation::SameProcess,
        None,
    );
    fresh::check(&root, false, &mut report);
    allow::apply(&copy, DOCUMENT, Some("0.1.0"), &mut report);
    report.finish();
    std::fs::remove_dir_all(&root).unwrap();
    report
}
