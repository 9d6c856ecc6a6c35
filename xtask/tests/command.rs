//! The program as it is called: arguments, output and exit codes.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

use std::path::Path;
use std::process::Command;

struct Run {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

fn xtask(arguments: &[&str]) -> Run {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_xtask"))
        .args(arguments)
        .current_dir(root)
        .output()
        .unwrap();
    Run {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// A file of its own for each test, gone when the test ends.
struct File(std::path::PathBuf);

impl File {
    fn new(name: &str, text: &[u8]) -> Self {
        let path = std::env::temp_dir().join(format!("xtask-{}-{name}", std::process::id()));
        std::fs::write(&path, text).unwrap();
        Self(path)
    }

    fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

#[test]
fn the_document_is_clean_and_the_closing_line_counts_what_was_checked() {
    let run = xtask(&["check-spec"]);
    assert_eq!(run.code, Some(0), "{}{}", run.stdout, run.stderr);
    assert_eq!(run.stdout.lines().count(), 1, "{}", run.stdout);
    assert!(run.stdout.starts_with("check-spec: "), "{}", run.stdout);
    assert!(
        run.stdout
            .contains("examples checked; 0 errors, 0 warnings"),
        "{}",
        run.stdout
    );
}

#[test]
fn a_finding_shows_its_line_its_pointer_and_what_to_do() {
    let file = File::new(
        "short.yaml",
        b"openapi: 3.0.3\ninfo:\n  titel: A\n  version: '1'\npaths: {}\n",
    );
    let path = file.path();
    let human = xtask(&["check-spec", path]);
    assert_eq!(human.code, Some(1), "{}", human.stdout);
    let expected = format!(
        "{path}:3:3: error[oas/invalid]: `titel` is not allowed here\n  |\n3 |   titel: A\n  |   ^^^^^\n  \
         = at: /info/titel\n  = help: did you mean `title`?\n"
    );
    assert!(human.stdout.contains(&expected), "{}", human.stdout);
    assert!(
        human
            .stdout
            .contains("check-spec: skipped progenitor (errors in oas)")
    );

    let short = xtask(&["check-spec", "--format", "short", path]);
    assert_eq!(short.code, Some(1));
    assert!(
        short.stdout.lines().all(|line| {
            line.starts_with(&format!("{path}:")) || line.starts_with("check-spec: ")
        })
    );

    let json = xtask(&["check-spec", path, "--format=json"]);
    assert_eq!(json.code, Some(1));
    let report: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    let findings = report["findings"].as_array().unwrap();
    assert!(findings.iter().any(|one| {
        one["code"] == "oas/invalid" && one["line"] == 3 && one["pointer"] == "/info/titel"
    }));
    assert_eq!(report["summary"]["errors"], findings.len());
    assert!(json.stderr.contains("check-spec: "));
}

#[test]
fn findings_come_in_the_order_of_the_document_and_the_same_each_time() {
    let file = File::new("order.yaml", b"openapi: 3.0.3\npaths: {}\nx: 1\ninfo: {}\n");
    let arguments = ["check-spec", "--format=json", file.path()];
    let first = xtask(&arguments).stdout;
    let report: serde_json::Value = serde_json::from_str(&first).unwrap();
    let lines: Vec<u64> = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["line"].as_u64().unwrap())
        .collect();
    assert!(lines.len() > 2 && lines.is_sorted(), "{lines:?}");
    assert_eq!(first, xtask(&arguments).stdout);
}

#[test]
fn wrong_usage_and_unreadable_files_are_told_from_findings() {
    for (arguments, said) in [
        (&["check-spec", "no/such/file.yaml"][..], "cannot be read"),
        (&["check-spec", "--frmat"], "not an option"),
        (&["check-spec", "--format", "xml"], "not a format"),
        (&["check-spec", "a.yaml", "b.yaml"], "one file"),
        (&["chek-spec"], "no command"),
        (&["test", "--fast"], "only `--quick`"),
        (&[], "check-spec"),
    ] {
        let run = xtask(arguments);
        assert_eq!(run.code, Some(2), "{arguments:?}");
        assert!(run.stderr.contains(said), "{arguments:?}: {}", run.stderr);
        assert_eq!(run.stdout, "", "{arguments:?}");
    }
}

#[test]
fn nothing_that_can_be_read_makes_the_check_panic() {
    let deep = "[".repeat(20_000);
    let deeper = format!("{{\"a\": {}", "{\"b\": ".repeat(5_000));
    let deepest = "- ".repeat(100_000);
    let texts: [&[u8]; 11] = [
        b"",
        b"\xff\xfe",
        b"a",
        b"[]",
        b"3",
        b"openapi: 3.0.3\npaths: 7\ncomponents: []\n",
        b"openapi: 3.0.3\npaths: {/a: 1, /b: {get: 2, put: {responses: 3, parameters: 4}}}\n",
        b"components: {schemas: {A: 1, B: {properties: 2, enum: 3, required: 4, allOf: 5}}}\n",
        deep.as_bytes(),
        deeper.as_bytes(),
        deepest.as_bytes(),
    ];
    for (index, text) in texts.into_iter().enumerate() {
        let file = File::new(&format!("odd-{index}.yaml"), text);
        let run = xtask(&["check-spec", file.path()]);
        assert_eq!(run.code, Some(1), "{index}: {}{}", run.stdout, run.stderr);
        assert!(!run.stdout.contains("internal/"), "{index}: {}", run.stdout);
    }
}

#[test]
fn the_rules_are_listed_with_a_wrong_and_a_right_example() {
    let run = xtask(&["check-spec", "--list-rules"]);
    assert_eq!(run.code, Some(0));
    for text in [
        "example/violates-schema",
        "transitions/unknown-value",
        "wrong:",
        "right:",
    ] {
        assert!(run.stdout.contains(text), "{text}");
    }
}
