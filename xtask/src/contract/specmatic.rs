//! Specmatic's stub, the strictest of those who judge our client: it refuses
//! members and query options that the document does not have. It checks the
//! document's examples too, when it reads them.

use std::path::Path;
use std::time::Duration;

use super::process::{Server, command, free_port};
use super::{Objection, Verdict, documents, sandbox, tools};

const LIMIT: Duration = Duration::from_secs(120);

pub fn ask(document: &Path) -> Verdict {
    let java = tools::java()?;
    let installed = tools::npm()?;
    let port = free_port()?;
    // It takes an example in a file for an empty one.
    let (copy, examples) = documents::with_examples(document)?;
    // It writes a report into the folder that it is started in.
    let folder = tools::folder().join("specmatic");
    std::fs::create_dir_all(&folder)
        .map_err(|error| format!("{} cannot be made: {error}", folder.display()))?;
    let url = format!("http://127.0.0.1:{port}");
    let mut stub = command(java);
    stub.arg("-jar")
        .arg(installed.file("node_modules/specmatic/specmatic.jar"))
        .args(["stub", "--host", "127.0.0.1", "--port", &port.to_string()])
        .arg(&copy)
        .env("SPECMATIC_DISABLE_TELEMETRY", "true")
        .current_dir(folder);
    let (server, ()) = Server::start(&mut stub, LIMIT, |line| {
        line.contains(&format!("{url} serving")).then_some(())
    })
    .map_err(Objection::Found)?;
    let traffic = sandbox::traffic("each_operation_is_answered", &url)?;
    let log = server.stop();
    if !traffic.succeeded() {
        return Err(Objection::Found(format!(
            "{}\nSpecmatic said:\n{}",
            traffic.said(),
            log.join("\n")
        )));
    }
    let operations = documents::operations(document)?.len();
    let read = judge(&log, operations).map_err(Objection::Found)?;
    Ok(format!(
        "Specmatic {} read {read} operations and {examples} examples, and took the requests of our client",
        tools::locked("specmatic")
    ))
}

/// How many operations it read, if all and without a word about an example.
fn judge(log: &[String], operations: usize) -> Result<usize, String> {
    let read = log.iter().find_map(|line| {
        let (_, count) = line.split_once("API Operations: ")?;
        count.trim().parse::<usize>().ok()
    });
    let wrong: Vec<&str> = log
        .iter()
        .map(String::as_str)
        .filter(|line| line.contains("[Example ") || line.contains("Error from contract"))
        .collect();
    if read != Some(operations) || !wrong.is_empty() {
        return Err(format!(
            "Specmatic read {read:?} of {operations} operations; it said:\n{}",
            log.join("\n")
        ));
    }
    Ok(operations)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_operations_must_be_read_and_no_example_refused() {
        let lines = |lines: &[&str]| -> Vec<String> {
            lines.iter().map(|line| (*line).to_owned()).collect()
        };
        let read = "  API Paths: 2, API Operations: 5";
        assert_eq!(judge(&lines(&[read]), 5), Ok(5));
        assert!(judge(&lines(&[read]), 6).is_err());
        assert!(judge(&[], 5).is_err());
        let refused = "[Example team]: Error from contract referrals.json";
        assert!(judge(&lines(&[read, refused]), 5).is_err());
    }
}
