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
        run.stdout.contains(
            "examples checked; 0 errors, 0 warnings, 0 notes, 0 allowed; compared with nothing"
        ),
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
        "error[oas/invalid]: `titel` is not allowed here\n --> {path}:3:3\n  |\n3 |   titel: A\n  |   ^^^^^ \
         /info/titel\n  |\n  = help: did you mean `title`?\n"
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
        (&["check-spec", "--explain", "a/b"], "no rule"),
        (
            &["check-spec", "--against", "no/such/file"],
            "cannot be read",
        ),
        (&["check-spec", "--only", "ymal"], "not a group"),
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

/// A document with one mistake of each level and one that can be mended.
const MIXED: &[u8] = b"openapi: 3.0.3\ninfo: {title: A, version: 1.0.0}\nservers: [{url: 'https://a.example'}]\n\
paths:\n  /a:\n    get:\n      operationId: a\n      description: A.\n      responses:\n        200: # fine\n          \
description: A.\n        '400': {description: B.}\ncomponents:\n  schemas:\n    Old: {type: string, description: 'x,\n      \
y'}\n";

#[test]
fn groups_can_be_chosen_and_what_is_left_out_is_said() {
    let file = File::new("only.yaml", MIXED);
    let run = xtask(&[
        "check-spec",
        file.path(),
        "--only",
        "ref,yaml",
        "--format",
        "short",
    ]);
    assert_eq!(run.code, Some(0), "{}", run.stdout);
    for text in [
        "warning[yaml/bare-key]",
        "warning[ref/unused]",
        "skipped progenitor (not asked for)",
        "2 warnings",
    ] {
        assert!(run.stdout.contains(text), "{text}: {}", run.stdout);
    }
    assert!(
        run.stdout.contains("compared with nothing, as asked for"),
        "{}",
        run.stdout
    );
    let strict = xtask(&["check-spec", file.path(), "--only=ref", "--fail-on=warning"]);
    assert_eq!(strict.code, Some(1), "{}", strict.stdout);
    let without = xtask(&[
        "check-spec",
        file.path(),
        "--only=ref,yaml",
        "--skip=ref",
        "--format=short",
    ]);
    assert!(!without.stdout.contains("ref/unused"), "{}", without.stdout);
}

#[test]
fn the_closing_line_tells_what_was_not_compared_and_what_was_not_run() {
    let base = File::new("closing-base.yaml", MIXED);
    let text = String::from_utf8(MIXED.to_vec()).unwrap();
    let wrong = File::new("closing.yaml", text.replace("title", "titel").as_bytes());
    let run = xtask(&["check-spec", wrong.path(), "--against", base.path()]);
    assert_eq!(run.code, Some(1), "{}", run.stdout);
    let end = format!("; not compared with {}\n", base.path());
    assert!(run.stdout.ends_with(&end), "{}", run.stdout);

    let broken = File::new("closing-broken.yaml", b"a: [");
    let run = xtask(&["check-spec", broken.path(), "--against", base.path()]);
    assert!(run.stdout.ends_with(&end), "{}", run.stdout);
    assert!(run.stdout.contains("check-spec: 0 of "), "{}", run.stdout);
    let groups = "check-spec: skipped oas, ref, yaml, op, schema, progenitor, transitions, types, docs, \
                  example, fixture, compat (the document cannot be read)\n";
    assert!(run.stdout.contains(groups), "{}", run.stdout);

    let all = xtask(&["check-spec", base.path()]).stdout;
    let one = xtask(&["check-spec", base.path(), "--only=yaml"]).stdout;
    let count = |text: &str| -> usize {
        let (before, _) = text.split_once(" of ").unwrap();
        before.rsplit(' ').next().unwrap().parse().unwrap()
    };
    let (all, one) = (all.lines().last().unwrap(), one.lines().last().unwrap());
    assert!(count(all) > count(one) && count(one) > 0, "{all}\n{one}");
}

#[test]
fn a_baseline_that_is_no_document_is_a_finding_and_no_panic() {
    let file = File::new("baseline.yaml", MIXED);
    for (index, text) in [&b"- a\n"[..], b"info: text\n", b"3"]
        .into_iter()
        .enumerate()
    {
        let base = File::new(&format!("baseline-{index}.yaml"), text);
        let run = xtask(&["check-spec", file.path(), "--against", base.path()]);
        assert_eq!(run.code, Some(1), "{}", run.stdout);
        assert!(
            run.stdout.contains("error[compat/baseline]"),
            "{}",
            run.stdout
        );
    }
}

#[test]
fn a_circle_of_references_ends_the_check() {
    let text = String::from_utf8(MIXED.to_vec()).unwrap();
    let text = text.replace(
        "  schemas:",
        "  responses: {Lost: {$ref: '#/components/responses/Lost'}}\n  schemas:",
    );
    let file = File::new("circle.yaml", text.as_bytes());
    let run = xtask(&["check-spec", file.path()]);
    assert_eq!(run.code, Some(1), "{}", run.stdout);
    assert!(run.stdout.contains("error[ref/circular]"), "{}", run.stdout);
}

#[test]
fn programs_get_sarif_json_and_annotations() {
    let file = File::new("formats.yaml", MIXED);
    let sarif = File::new("formats.sarif", b"");
    let report = format!("sarif={}", sarif.path());
    let run = xtask(&[
        "check-spec",
        file.path(),
        "--only=ref,yaml",
        "--format=github",
        "--report",
        &report,
    ]);
    let expected = format!(
        "::warning file={},line=10,col=9,title=yaml/bare-key::`200` is a name without quotes",
        file.path()
    );
    assert!(run.stdout.starts_with(&expected), "{}", run.stdout);

    let text = std::fs::read_to_string(sarif.path()).unwrap();
    let sarif: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(sarif["version"], "2.1.0");
    let run = &sarif["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    let results = run["results"].as_array().unwrap();
    assert_eq!(results.len(), 2);
    for result in results {
        assert!(rules.iter().any(|rule| rule["id"] == result["ruleId"]));
        assert_eq!(result["level"], "warning");
        let region = &result["locations"][0]["physicalLocation"]["region"];
        assert!(region["startLine"].as_u64() > Some(0));
        assert!(region["endColumn"].as_u64() > region["startColumn"].as_u64());
        assert!(result["partialFingerprints"]["checkSpec/v1"].is_string());
    }
}

#[test]
fn a_sarif_report_is_valid_by_the_schema_of_sarif() {
    // One pattern of the schema, of a member that is not written, has a bracket
    // too many for a strict reader.
    let schema = include_str!("../schema/sarif-2.1.0.json").replace("{2}]?$", "{2}$");
    let schema: serde_json::Value = serde_json::from_str(&schema).unwrap();
    let judge = jsonschema::validator_for(&schema).unwrap();
    // Findings, with a second place, and with a suppression.
    let folder = File::new("sarif", b"");
    let folder = folder.path().to_owned() + "-folder";
    std::fs::create_dir_all(&folder).unwrap();
    let document = format!("{folder}/a.yaml");
    std::fs::write(&document, MIXED).unwrap();
    let old = String::from_utf8(MIXED.to_vec()).unwrap();
    let old = File::new("sarif-old.yaml", old.replace("/a:", "/b:").as_bytes());
    let allow = "[[allow]]\ncode = 'yaml/bare-key'\npointer = '/paths/~1a/get/responses/200'\nreason = 'soon'\nuntil = '9.0.0'\n";
    std::fs::write(format!("{folder}/check-spec.toml"), allow).unwrap();
    let reports: Vec<serde_json::Value> = [
        &["check-spec", "--format=sarif"][..],
        &[
            "check-spec",
            &document,
            "--format=sarif",
            "--against",
            old.path(),
        ],
    ]
    .iter()
    .map(|arguments| serde_json::from_str(&xtask(arguments).stdout).unwrap())
    .collect();
    std::fs::remove_dir_all(&folder).unwrap();
    for report in &reports {
        let errors: Vec<String> = judge
            .iter_errors(report)
            .map(|one| one.to_string())
            .collect();
        assert_eq!(errors, [""; 0], "{report:#}");
    }
    let results = reports[1]["runs"][0]["results"].as_array().unwrap();
    let with = |member: &str| {
        results
            .iter()
            .filter(|one| one.get(member).is_some())
            .count()
    };
    assert!(
        results.len() > with("suppressions") && with("suppressions") == 1,
        "{results:#?}"
    );
    // The schema refuses what is no report.
    assert!(!judge.is_valid(&serde_json::json!({"version": "2.1.0"})));
}

#[test]
fn the_json_report_is_what_its_schema_says() {
    let schema = include_str!("../schema/check-spec-report.v1.json");
    let schema: serde_json::Value = serde_json::from_str(schema).unwrap();
    let judge = jsonschema::validator_for(&schema).unwrap();
    let file = File::new("schema.yaml", MIXED);
    for arguments in [
        &["check-spec", "--format=json"][..],
        &["check-spec", file.path(), "--format=json"],
        &[
            "check-spec",
            file.path(),
            "--format=json",
            "--against",
            file.path(),
        ],
    ] {
        let run = xtask(arguments);
        let report: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
        let errors: Vec<String> = judge
            .iter_errors(&report)
            .map(|one| one.to_string())
            .collect();
        assert_eq!(errors, [""; 0], "{report:#}");
    }
}

#[test]
fn what_is_certain_is_mended_in_the_file_and_shown_first_when_asked() {
    let file = File::new("fix.yaml", MIXED);
    let arguments = [
        "check-spec",
        file.path(),
        "--only=yaml",
        "--fix",
        "--fail-on=warning",
    ];
    let shown = xtask(&[&arguments[..], &["--dry-run"]].concat());
    assert_eq!(shown.code, Some(1));
    assert!(
        shown
            .stdout
            .contains("-        200: # fine\n+        '200': # fine\n"),
        "{}",
        shown.stdout
    );
    assert_eq!(std::fs::read(file.path()).unwrap(), MIXED);
    let run = xtask(&arguments);
    assert_eq!(run.code, Some(0), "{}", run.stdout);
    let once = std::fs::read_to_string(file.path()).unwrap();
    assert!(once.contains("'200': # fine"));
    assert_eq!(
        xtask(&arguments).stdout.lines().count(),
        run.stdout.lines().count() - 5
    );
    assert_eq!(std::fs::read_to_string(file.path()).unwrap(), once);
}

#[test]
fn a_rule_is_explained_and_groups_are_timed() {
    let run = xtask(&["check-spec", "--explain", "op/two-types"]);
    assert_eq!(run.code, Some(0));
    assert!(
        run.stdout.starts_with("### op/two-types\n"),
        "{}",
        run.stdout
    );
    let run = xtask(&["check-spec", "--explain", "internal/panic"]);
    assert_eq!(run.code, Some(0));
    assert!(run.stdout.contains("internal/panic"), "{}", run.stdout);
    let run = xtask(&["check-spec", "--only=oas", "--timings"]);
    assert!(
        run.stderr.contains("oas") && run.stderr.contains(" ms"),
        "{}",
        run.stderr
    );
}
