//! Redocly's linter, with its recommended rules but for those that
//! `xtask/contract/redocly.yaml` takes back, with reasons.

use std::path::Path;
use std::time::Duration;

use serde_json::Value;

use super::process::{Ran, command, run};
use super::tools::Installed;
use super::{Objection, Verdict, tools};

const LIMIT: Duration = Duration::from_secs(120);

pub fn ask(document: &Path) -> Verdict {
    let installed = tools::npm()?;
    // By default it stops after a hundred.
    let lint = redocly(&installed, &["lint", "--max-problems", "10000"], document)?;
    findings(&lint).map_err(Objection::Found)?;
    // The report of a document without a finding is that of an empty one.
    let stats = redocly(&installed, &["stats"], document)?;
    let counts = read(&stats).map_err(Objection::Found)?;
    Ok(format!(
        "Redocly {} has no finding in {counts}",
        tools::locked("@redocly/cli")
    ))
}

fn redocly(installed: &Installed, words: &[&str], document: &Path) -> Result<Ran, String> {
    let mut redocly = command("node");
    redocly
        .arg(installed.file("node_modules/@redocly/cli/bin/cli.js"))
        .args(words)
        .args(["--format", "json", "--config"])
        .arg(tools::settings().join("redocly.yaml"))
        .arg(document)
        .env("REDOCLY_TELEMETRY", "off")
        .env("REDOCLY_SUPPRESS_UPDATE_NOTICE", "true");
    run(&mut redocly, LIMIT)
}

/// A warning is a finding too: what is not one is taken back in the settings.
fn findings(lint: &Ran) -> Result<(), String> {
    let Ok(report) = serde_json::from_str::<Value>(&lint.stdout) else {
        return Err(lint.said());
    };
    let total = |name: &str| report["totals"][name].as_u64();
    match (total("errors"), total("warnings")) {
        (Some(0), Some(0)) if lint.succeeded() => Ok(()),
        (Some(errors), Some(warnings)) if errors + warnings > 0 => {
            let problems = report["problems"].as_array().into_iter().flatten();
            Err(problems.map(line).collect())
        }
        _ => Err(lint.said()),
    }
}

/// What it looked at.
fn read(stats: &Ran) -> Result<String, String> {
    let Ok(report) = serde_json::from_str::<Value>(&stats.stdout) else {
        return Err(stats.said());
    };
    let total = |name: &str| report[name]["total"].as_u64().filter(|total| *total > 0);
    match (total("operations"), total("schemas"), total("parameters")) {
        (Some(operations), Some(schemas), Some(parameters)) => Ok(format!(
            "{operations} operations, {schemas} schemas and {parameters} parameters"
        )),
        _ => Err(format!("redocly saw no operations\n{}", stats.said())),
    }
}

fn line(problem: &Value) -> String {
    let place = &problem["location"][0];
    let text = |value: &Value| value.as_str().unwrap_or("?").to_owned();
    format!(
        "{}:{}: {}[redocly/{}]: {} at {}\n",
        text(&place["source"]["ref"]),
        place["start"]["line"].as_u64().unwrap_or_default(),
        text(&problem["severity"]),
        text(&problem["ruleId"]),
        text(&problem["message"]),
        text(&place["pointer"]),
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_warning_is_a_finding_with_its_place() {
        let report = json!({
            "totals": { "errors": 0, "warnings": 1, "ignored": 3 },
            "problems": [{
                "ruleId": "info-license", "severity": "warn", "message": "No license.",
                "location": [{ "source": { "ref": "a.yaml" }, "pointer": "#/info",
                               "start": { "line": 8, "col": 1 } }]
            }]
        });
        assert_eq!(
            findings(&Ran::with(0, &report.to_string())).unwrap_err(),
            "a.yaml:8: warn[redocly/info-license]: No license. at #/info\n"
        );
    }

    #[test]
    fn a_report_without_totals_and_one_that_failed_are_no_agreement() {
        let clean = r#"{"totals":{"errors":0,"warnings":0},"problems":[]}"#;
        assert!(findings(&Ran::with(0, clean)).is_ok());
        assert!(findings(&Ran::with(1, clean)).is_err());
        assert!(findings(&Ran::with(0, "{}")).is_err());
        assert!(findings(&Ran::with(0, "")).is_err());
    }

    #[test]
    fn a_document_without_operations_is_no_agreement() {
        let stats = |operations: u64| {
            let total = |total: u64| json!({ "total": total });
            json!({ "operations": total(operations), "schemas": total(9),
                    "parameters": total(3) })
        };
        assert_eq!(
            read(&Ran::with(0, &stats(5).to_string())).unwrap(),
            "5 operations, 9 schemas and 3 parameters"
        );
        assert!(read(&Ran::with(0, &stats(0).to_string())).is_err());
        assert!(read(&Ran::with(0, "{}")).is_err());
    }
}
