//! schemathesis against the sandbox: thousands of requests made of the document,
//! right ones and wrong ones, and every check of the answers that it has.

use std::fs;
use std::path::Path;
use std::time::Duration;

use serde_json::Value;

use super::process::{Ran, command, run};
use super::{Objection, Verdict, documents, sandbox, tools};

const LIMIT: Duration = Duration::from_secs(15 * 60);

/// Of each operation; a run that was cut short must not pass.
const FEWEST: u64 = 20;

/// Operations of which no generated request is ever accepted: a replacement
/// repeats what only the service knows, with the eTag that was read. That it can
/// succeed, Prism and the Python client see.
const NEVER_ACCEPTED: &[&str] = &["PUT /v1.0/engagements/referrals/{id}"];

pub fn ask(document: &Path) -> Verdict {
    let installed = tools::python()?;
    let operations = documents::operations(document)?.len();
    // It reads examples only where they stand in the document.
    let (copy, examples) = documents::with_examples(document)?;
    let sandbox = sandbox::start()?;
    let folder = tools::folder().join("schemathesis");
    fs::create_dir_all(&folder)
        .map_err(|error| format!("{} cannot be made: {error}", folder.display()))?;
    let report = folder.join("report.json");
    let _ = fs::remove_file(&report);
    let mut test = command(installed.file(&tools::script("schemathesis")));
    test.arg("--no-color")
        .arg("--config-file")
        .arg(tools::settings().join("schemathesis.toml"))
        .arg("run")
        .arg(&copy)
        .args(["--checks", "all", "--url", &sandbox.url])
        .args([
            "--header",
            &format!("Authorization: Bearer {}", sandbox::TOKEN),
        ])
        .args(["--report", "json", "--report-json-path"])
        .arg(&report)
        .env(
            "SCHEMATHESIS_HOOKS",
            tools::settings().join("schemathesis_hooks.py"),
        )
        .env("PYTHONDONTWRITEBYTECODE", "1")
        // It keeps what it finds in the folder that it is started in.
        .current_dir(&folder);
    let ran = run(&mut test, LIMIT)?;
    let text = fs::read_to_string(&report).unwrap_or_default();
    let counts = judge(&ran, &text, operations).map_err(Objection::Found)?;
    Ok(format!(
        "schemathesis {} has no failure in {counts}, {examples} examples among them",
        tools::locked("schemathesis")
    ))
}

fn judge(ran: &Ran, report: &str, operations: usize) -> Result<String, String> {
    let report: Value = serde_json::from_str(report).unwrap_or_default();
    let wrong = |why: &str| Err(format!("{}schemathesis: {why}\n", ran.said()));
    let none = |value: &Value| value.as_array().is_some_and(Vec::is_empty);
    if !ran.succeeded() || !none(&report["failures"]) || !none(&report["errors"]) {
        return wrong("found failures or errors");
    }
    if report["complete"] != true {
        return wrong("did not come to its end");
    }
    if report["operations"]["tested"].as_u64() != u64::try_from(operations).ok() {
        return wrong("did not test every operation");
    }
    let phases = ["examples", "coverage", "fuzzing", "stateful"];
    if phases
        .iter()
        .any(|phase| report["phases"][phase]["status"] != "success")
    {
        return wrong("a phase was left out");
    }
    let rates = report["valid_rates"].as_object();
    let rates: Vec<_> = rates.into_iter().flatten().collect();
    if rates.len() != operations {
        return wrong("has no rates of every operation");
    }
    for (operation, phases) in rates {
        let sum = |which: &[&str]| -> u64 {
            let phases = phases.as_object().into_iter().flatten();
            phases
                .flat_map(|(_, counts)| which.iter().map(|name| counts[name].as_u64()))
                .map(Option::unwrap_or_default)
                .sum()
        };
        if sum(&["accepted", "unreachable", "conflicts", "rejected"]) < FEWEST {
            return wrong(&format!("sent too few right requests of {operation}"));
        }
        if sum(&["accepted"]) == 0 && !NEVER_ACCEPTED.contains(&operation.as_str()) {
            return wrong(&format!("no request of {operation} was accepted"));
        }
    }
    let cases = report["test_cases"]["generated"]
        .as_u64()
        .unwrap_or_default();
    Ok(format!(
        "{cases} cases of {operations} operations, seed {}",
        report["seed"]
    ))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn report() -> Value {
        let success = json!({ "status": "success" });
        json!({
            "seed": 7, "complete": true, "failures": [], "errors": [],
            "operations": { "tested": 2 },
            "phases": { "examples": success, "coverage": success, "fuzzing": success,
                        "stateful": success },
            "test_cases": { "generated": 99 },
            "valid_rates": {
                "GET /a": { "coverage": { "accepted": 20, "rejected": 1 } },
                "PUT /v1.0/engagements/referrals/{id}": { "coverage": { "rejected": 20 } },
            },
        })
    }

    fn judged(change: impl FnOnce(&mut Value)) -> Result<String, String> {
        let mut report = report();
        change(&mut report);
        let ran = Ran {
            code: Some(0),
            stdout: String::new(),
            stderr: String::new(),
        };
        judge(&ran, &report.to_string(), 2)
    }

    #[test]
    fn a_whole_run_without_a_failure_is_agreement() {
        let counts = judged(|_| ()).unwrap();
        assert_eq!(counts, "99 cases of 2 operations, seed 7");
    }

    #[test]
    fn a_failure_and_a_run_of_less_are_findings() {
        let changes: [fn(&mut Value); 9] = [
            |report| *report = Value::Null,
            |report| report["failures"] = json!([{ "code": "ST108" }]),
            |report| report["errors"] = json!([{}]),
            |report| report["complete"] = json!(false),
            |report| report["operations"]["tested"] = json!(1),
            |report| report["phases"]["stateful"]["status"] = json!("skip"),
            |report| report["valid_rates"] = json!({}),
            |report| report["valid_rates"]["GET /a"]["coverage"]["accepted"] = json!(0),
            |report| {
                report["valid_rates"]["GET /a"]["coverage"] = json!({ "rejected": 20 });
            },
        ];
        for (index, change) in changes.into_iter().enumerate() {
            assert!(judged(change).is_err(), "{index}");
        }
    }
}
