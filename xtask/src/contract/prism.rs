//! Prism, twice: as a mock made of the document, which our client calls, and as
//! a proxy between our client and the sandbox, where it compares each request
//! and each answer with the document.
//!
//! A schema that it cannot compile it leaves unchecked, without a word. So it
//! gets a copy that it can, and has to find something in one that is wrong.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use super::process::{Ran, Server, command, free_port};
use super::tools::{self, Installed};
use super::{Objection, Verdict, documents, sandbox};

const LIMIT: Duration = Duration::from_secs(120);

/// What the traffic through the proxy has at least: a test that was cut short
/// must not pass.
const FEWEST: usize = 25;

/// Our client's calls are answered by the mock, and all of them keep to the
/// document.
pub fn mock(document: &Path) -> Verdict {
    let installed = tools::npm()?;
    // Its own answers are made of examples, which it does not read from files.
    let (copy, examples) = documents::with_plain_nulls(document)?;
    let (prism, url) = start(&installed, "mock", &copy, &[])?;
    let traffic = sandbox::traffic("each_operation_is_answered", &url)?;
    let log = prism.stop();
    if !traffic.succeeded() {
        return Err(Objection::Found(format!(
            "{}\nPrism said:\n{}",
            traffic.said(),
            log.join("\n")
        )));
    }
    let requests = judge(&log, 5, is_violation_of_ours).map_err(Objection::Found)?;
    Ok(format!(
        "Prism {} answered {requests} requests of our client, from {examples} examples",
        version()
    ))
}

/// Our client's whole traffic with the sandbox, and all of the sandbox's
/// answers, keep to the document.
pub fn proxy(document: &Path) -> Verdict {
    let installed = tools::npm()?;
    let (copy, _) = documents::with_plain_nulls(document)?;
    let (traffic, log) = through(&installed, &copy)?;
    let judged = judge(&log, FEWEST, is_violation);
    // A violation explains what the client makes of it, not the other way round.
    if !traffic.succeeded() {
        let violations = judged.err().unwrap_or_default();
        return Err(Objection::Found(format!("{}{violations}", traffic.said())));
    }
    let requests = judged.map_err(Objection::Found)?;
    let (met, operations) = (met(&log), documents::operations(document)?.len());
    if met != operations {
        return Err(Objection::Failed(format!(
            "the client's traffic has {met} of {operations} operations: add the others to \
             tests/integration/contract.rs"
        )));
    }

    // To the client nothing is wrong here: it does not know this document.
    let wrong = documents::that_nothing_keeps_to(document)?;
    let (_, log) = through(&installed, &wrong)?;
    let found = log.iter().filter(|line| is_violation(line)).count();
    if found < FEWEST / 2 {
        return Err(Objection::Found(format!(
            "Prism found {found} violations where nearly every answer is one: it does not check \
             answers\n"
        )));
    }
    Ok(format!(
        "Prism {} saw {requests} requests of our client and as many answers of the sandbox \
         of {operations} operations without a violation, and {found} violations of a document \
         that nothing keeps to",
        version()
    ))
}

/// Sends the traffic through a proxy to a sandbox of its own: what the test
/// said, and Prism.
fn through(installed: &Installed, document: &Path) -> Result<(Ran, Vec<String>), Objection> {
    let sandbox = sandbox::start()?;
    let (prism, url) = start(installed, "proxy", document, &[&sandbox.url])?;
    let traffic = sandbox::traffic("everything_that_the_client_sends", &url)?;
    Ok((traffic, prism.stop()))
}

fn version() -> String {
    tools::locked("@stoplight/prism-cli")
}

fn start(
    installed: &Installed,
    mode: &str,
    document: &Path,
    rest: &[&str],
) -> Result<(Server, String), Objection> {
    let port = free_port()?;
    let mut prism = command("node");
    prism
        .arg(installed.file("node_modules/@stoplight/prism-cli/dist/index.js"))
        .args([mode, "--host", "127.0.0.1", "--port", &port.to_string()])
        .arg(document)
        .args(rest);
    let started = Server::start(&mut prism, LIMIT, |line| {
        let (_, url) = line.split_once("Prism is listening on ")?;
        Some(url.trim().to_owned())
    });
    // It ends at once where it cannot read the document.
    started.map_err(Objection::Found)
}

/// How many requests a log is about, if it is about enough and without a
/// violation.
fn judge(log: &[String], fewest: usize, is_violation: fn(&str) -> bool) -> Result<usize, String> {
    let requests = log
        .iter()
        .filter(|line| line.contains("[HTTP SERVER]") && line.ends_with("Request received"))
        .count();
    let mut found = String::new();
    let mut request = "";
    for line in log {
        if line.ends_with("Request received") {
            request = line;
        }
        if is_violation(line) {
            found.push_str(&format!("{request}\n    {line}\n"));
        }
    }
    if !found.is_empty() {
        return Err(found);
    }
    if requests < fewest {
        return Err(format!(
            "Prism saw {requests} requests, fewer than {fewest}:\n{}",
            log.join("\n")
        ));
    }
    Ok(requests)
}

/// How many operations a log is about: they differ in their method, or in whether
/// their path goes on to an id.
fn met(log: &[String]) -> usize {
    let requests = log.iter().filter_map(|line| {
        let (_, request) = line.split_once("[HTTP SERVER] ")?;
        let mut words = request.split_whitespace();
        Some((words.next()?, words.next()?.split('/').count()))
    });
    requests.collect::<BTreeSet<_>>().len()
}

/// It marks what it finds in a request or an answer as a warning or an error.
fn is_violation(line: &str) -> bool {
    line.contains("Violation:") || line.contains("✖  error") || line.contains("⚠  warning")
}

/// What a mock answers is its own: an example with `""` for a value that is not
/// there, as the service has it, is none by the letter of the document.
fn is_violation_of_ours(line: &str) -> bool {
    is_violation(line) && !line.contains("Violation: response")
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECEIVED: &str = "[1:23:13 PM] › [HTTP SERVER] post /v1.0/engagements/referrals ℹ  info      Request received";

    fn log(lines: &[&str]) -> Vec<String> {
        lines.iter().map(|line| (*line).to_owned()).collect()
    }

    #[test]
    fn a_violation_is_told_with_its_request() {
        let violation = "    [VALIDATOR] ✖  error     Violation: response.body.name Response \
                         body property name must be integer";
        let log = log(&[RECEIVED, violation]);
        let found = judge(&log, 1, is_violation).unwrap_err();
        assert_eq!(found, format!("{RECEIVED}\n    {violation}\n"));
    }

    #[test]
    fn operations_differ_in_method_and_in_whether_there_is_an_id() {
        let request = |words: &str| format!("[1:23:13 PM] › [HTTP SERVER] {words} ℹ  info");
        let log: Vec<String> = ["get /a/b", "get /a/b/1", "get /a/b/2", "put /a/b/1"]
            .map(request)
            .into();
        assert_eq!(met(&log), 3);
        assert_eq!(met(&[]), 0);
    }

    #[test]
    fn a_mock_is_judged_by_its_requests() {
        let ours = "[VALIDATOR] ✖  error     Violation: request.body must have 'type'";
        let its = "[VALIDATOR] ✖  error     Violation: response.body.size must be equal";
        assert!(judge(&log(&[RECEIVED, its]), 1, is_violation_of_ours).is_ok());
        assert!(judge(&log(&[RECEIVED, ours]), 1, is_violation_of_ours).is_err());
    }

    #[test]
    fn requests_are_counted_and_too_few_are_no_agreement() {
        let log = log(&["Prism is listening", RECEIVED, RECEIVED]);
        assert_eq!(judge(&log, 2, is_violation), Ok(2));
        assert!(judge(&log, 3, is_violation).is_err());
        assert!(judge(&[], 1, is_violation).is_err());
    }
}
