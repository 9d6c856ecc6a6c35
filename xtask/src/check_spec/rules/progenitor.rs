//! Can the generator take it? Found by trying, with the very pipeline of the
//! build, in a process of its own: a schema can make the generator overflow
//! its stack, which ends a process.

use std::any::Any;
use std::io::{Read, Write as _};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::{Command, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::super::report::{Finding, Report, is_of_meaning};
use super::super::subject::Subject;
use super::{said_by, severity};
use crate::pipeline::document::{Document, join};
use crate::pipeline::problem::{Place, Problem};
use crate::pipeline::schema::{METHODS, SCHEMAS};
use crate::pipeline::{Options, generate};

/// Where the generator runs.
#[derive(Clone, Copy, Debug)]
pub enum Isolation<'a> {
    /// In a process of its own, which is given this text.
    Child(&'a str),
    /// In this process: for tests, whose executable is not xtask.
    #[cfg(test)]
    SameProcess,
    /// Nowhere: for tests of other rules.
    #[cfg(test)]
    NotTried,
}

pub fn check(subject: &Subject<'_>, isolation: Isolation<'_>, report: &mut Report) {
    let found = match isolation {
        Isolation::Child(text) => said(subject, child(text), &mut report.api),
        #[cfg(test)]
        Isolation::NotTried => Vec::new(),
        #[cfg(test)]
        Isolation::SameProcess => {
            let (problems, api) = dry_run(subject.document);
            report.api = api;
            problems
                .into_iter()
                .map(|problem| finding(subject, problem))
                .collect()
        }
    };
    for finding in found {
        if !repeats(&finding, report) {
            report.push(finding);
        }
    }
}

/// The public signatures of what is generated from another document, if it can
/// be generated at all.
pub fn api_of(document: &Document, text: &str, isolation: Isolation<'_>) -> Option<String> {
    match isolation {
        Isolation::Child(_) => {
            let output = child(text).ok().filter(|output| output.status.success())?;
            let said: Value = serde_json::from_slice(&output.stdout).ok()?;
            said["api"].as_str().map(str::to_owned)
        }
        #[cfg(test)]
        Isolation::NotTried => None,
        #[cfg(test)]
        Isolation::SameProcess => dry_run(document).1,
    }
    .filter(|_| document.value.is_object())
}

/// More than the generator needs for any document, on a slow machine too.
const LIMIT: Duration = Duration::from_secs(120);

/// `xtask __dry-run`, with the document on its standard input.
fn child(text: &str) -> std::io::Result<Output> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("__dry-run");
    ended(command, text, LIMIT)
}

/// How the process ends that is given `text`; one that takes longer than
/// `limit` is ended, so that no document makes the check wait for ever.
fn ended(mut command: Command, text: &str, limit: Duration) -> std::io::Result<Output> {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    // Each pipe has a thread: a full one would stop both sides.
    if let Some(mut input) = child.stdin.take() {
        let text = text.to_owned();
        // One that dies before it has read says so by its status.
        thread::spawn(move || input.write_all(text.as_bytes()));
    }
    let stdout = drained(child.stdout.take());
    let stderr = drained(child.stderr.take());
    let start = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        if start.elapsed() >= limit {
            child.kill()?;
            child.wait()?;
            let message = format!("did not end within {} seconds", limit.as_secs());
            return Err(std::io::Error::new(std::io::ErrorKind::TimedOut, message));
        }
        thread::sleep(Duration::from_millis(5));
    };
    let all = |from: Receiver<Vec<u8>>| from.recv_timeout(limit).unwrap_or_default();
    Ok(Output {
        status,
        stdout: all(stdout),
        stderr: all(stderr),
    })
}

/// Everything that comes out of a pipe.
fn drained(pipe: Option<impl Read + Send + 'static>) -> Receiver<Vec<u8>> {
    let (sender, receiver) = channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut pipe) = pipe {
            // What came before an error is all there is.
            let _ = pipe.read_to_end(&mut bytes);
        }
        // Nobody waits for what comes after the limit.
        let _ = sender.send(bytes);
    });
    receiver
}

/// Everything that makes the build refuse the document, or the signatures of
/// what it generates. The pipeline stops at the first problem; an operation
/// that fails is left out, and the rest tried again.
pub fn dry_run(document: &Document) -> (Vec<Problem>, Option<String>) {
    let mut document = document.clone();
    let mut problems = Vec::new();
    let options = Options {
        schemars: true,
        httpmock: true,
    };
    loop {
        let made = catch_unwind(AssertUnwindSafe(|| generate(&document, options)));
        let made = made.unwrap_or_else(|panic| Err(stopped(&document, &*panic)));
        let problem = match made {
            Ok(generated) if problems.is_empty() => {
                return (problems, Some(generated.public_api));
            }
            Ok(_) => break,
            Err(problem) => problem,
        };
        let is_operation = problem.code == "progenitor/operation";
        if !problems.is_empty() && !is_operation {
            break; // Comes of what was left out.
        }
        let pointer = problem.pointer.clone();
        problems.push(problem);
        if !is_operation || !leave_out(&mut document.value, &pointer) {
            break;
        }
    }
    (problems, None)
}

/// A step of the build that panics has met a document that nobody thought of.
fn stopped(document: &Document, panic: &(dyn Any + Send)) -> Problem {
    let why = said_by(panic);
    document.problem(
        "progenitor/crash",
        "",
        format!("a step of the build stopped: {why}"),
        "look at the part that the message names, or take out what was added last; and please report it",
    )
}

/// Takes out the operations that have the part at `pointer`, in themselves or
/// by a reference. `false` when there is none.
fn leave_out(root: &mut Value, pointer: &str) -> bool {
    let reference = Value::String(format!("#{pointer}"));
    let mut found = false;
    let paths = root.get_mut("paths").and_then(Value::as_object_mut);
    for (path, item) in paths.into_iter().flatten() {
        let at = join("/paths", path);
        let Some(item) = item.as_object_mut() else {
            continue;
        };
        item.retain(|method, operation| {
            let own = join(&at, method);
            let has = pointer == own || pointer.starts_with(&format!("{own}/"));
            let keep =
                !METHODS.contains(&method.as_str()) || !(has || names(operation, &reference));
            found |= !keep;
            keep
        });
    }
    found
}

fn names(value: &Value, reference: &Value) -> bool {
    match value {
        Value::Object(members) => members.iter().any(|(name, member)| {
            (name == "$ref" && member == reference) || names(member, reference)
        }),
        Value::Array(items) => items.iter().any(|item| names(item, reference)),
        _ => false,
    }
}

/// What `xtask __dry-run` found, or how it ended instead.
fn said(
    subject: &Subject<'_>,
    output: std::io::Result<Output>,
    api: &mut Option<String>,
) -> Vec<Finding> {
    let output = match output {
        Ok(output) => output,
        Err(error) if error.kind() == std::io::ErrorKind::TimedOut => {
            return vec![finding(
                subject,
                subject.document.problem(
                    "progenitor/crash",
                    "",
                    format!("the generator {error}, and was stopped"),
                    "look for a part that refers to itself; take out what was added last",
                ),
            )];
        }
        Err(error) => {
            return vec![finding(
                subject,
                subject.document.problem(
                    "internal/child",
                    "",
                    format!("the generator cannot be tried in a process of its own: {error}"),
                    "run the check where processes can be started",
                ),
            )];
        }
    };
    let said = output
        .status
        .success()
        .then(|| serde_json::from_slice::<Value>(&output.stdout).ok())
        .flatten();
    match said {
        Some(said) => {
            *api = said["api"].as_str().map(str::to_owned);
            said["problems"]
                .as_array()
                .into_iter()
                .flatten()
                .map(|problem| Finding {
                    file: subject.name.to_owned(),
                    ..read(problem)
                })
                .collect()
        }
        None => {
            let stderr = String::from_utf8_lossy(&output.stderr);
            let last: Vec<&str> = stderr.lines().filter(|line| !line.is_empty()).collect();
            let problem = subject.document.problem(
                "progenitor/crash",
                SCHEMAS,
                format!(
                    "the generator took its process down ({}): {}",
                    output.status,
                    last.join(" ")
                ),
                "look for a schema that contains itself through `allOf`, `oneOf` or `anyOf`",
            );
            vec![finding(subject, problem)]
        }
    }
}

/// What the child prints: problems as JSON.
pub fn print(problems: &[Problem]) -> Value {
    problems
        .iter()
        .map(|problem| {
            let place = problem.place.unwrap_or(Place { line: 1, column: 1 });
            json!({
                "code": problem.code,
                "line": place.line,
                "column": place.column,
                "pointer": problem.pointer,
                "message": problem.message,
                "fix": problem.fix,
            })
        })
        .collect()
}

fn read(problem: &Value) -> Finding {
    let text = |key: &str| problem[key].as_str().unwrap_or_default().to_owned();
    let number = |key: &str| {
        problem[key]
            .as_u64()
            .and_then(|number| usize::try_from(number).ok())
            .unwrap_or(1)
    };
    Finding {
        file: String::new(),
        place: Place {
            line: number("line"),
            column: number("column"),
        },
        severity: severity(&text("code")),
        code: text("code"),
        message: short(&text("message")),
        pointer: text("pointer"),
        help: text("fix"),
        related: None,
    }
}

/// The generator may print whole trees; their beginning says enough.
fn short(message: &str) -> String {
    let words: Vec<&str> = message.split_whitespace().collect();
    let line = words.join(" ");
    match line.char_indices().nth(400) {
        Some((end, _)) => format!("{}..", &line[..end]),
        None => line,
    }
}

fn finding(subject: &Subject<'_>, problem: Problem) -> Finding {
    Finding {
        file: subject.name.to_owned(),
        ..read(&print(&[problem])[0])
    }
}

/// Whether a rule said it already, in better words: at the same part of the
/// document, or when the generator could not name a part.
fn repeats(finding: &Finding, report: &Report) -> bool {
    let vague = ["", "/paths", "/components", SCHEMAS].contains(&finding.pointer.as_str());
    report
        .errors()
        .filter(|one| !is_of_meaning(&one.code))
        .filter(|one| {
            one.file == finding.file
                && [
                    "oas/",
                    "op/",
                    "schema/",
                    "transitions/",
                    "progenitor/",
                    "example/",
                ]
                .iter()
                .any(|group| one.code.starts_with(group))
        })
        .any(|one| {
            let within = |outer: &str, inner: &str| {
                inner
                    .strip_prefix(outer)
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            };
            // One wrong default says nothing of a document as a whole.
            (vague && !one.code.starts_with("example/"))
                || within(&one.pointer, &finding.pointer)
                || within(&finding.pointer, &one.pointer)
        })
}

#[cfg(all(test, unix))]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn a_generator_that_dies_is_a_finding() {
        let document = Document::parse("components:\n  schemas: {}\n").unwrap();
        let subject = Subject::new("a.yaml", Path::new(""), &document);
        let output = Command::new("sh")
            .args(["-c", "echo stack overflow >&2; kill -ABRT $$"])
            .output();
        let found = said(&subject, output, &mut None);
        assert_eq!(found[0].code, "progenitor/crash");
        assert_eq!(found[0].place.line, 2);
        assert!(found[0].message.contains("stack overflow"), "{found:?}");
    }

    #[test]
    fn a_generator_that_never_ends_is_stopped_and_is_a_finding() {
        let document = Document::parse("{}").unwrap();
        let subject = Subject::new("a.yaml", Path::new(""), &document);
        let mut command = Command::new("sleep");
        command.arg("600");
        let start = Instant::now();
        // More than a pipe holds, and nobody reads it.
        let text = "x".repeat(1 << 20);
        let output = ended(command, &text, Duration::from_millis(50));
        assert!(start.elapsed() < Duration::from_secs(60));
        let found = said(&subject, output, &mut None);
        assert_eq!(found[0].code, "progenitor/crash");
        assert!(found[0].message.contains("did not end"), "{found:?}");
    }

    #[test]
    fn a_step_of_the_build_that_panics_is_a_finding() {
        let path = crate::workspace_root().join("openapi/referrals.yaml");
        let text = std::fs::read_to_string(path).unwrap();
        let odd = "  schemas:\n    2nd: {type: string, description: Odd., enum: [a]}\n";
        let text = text.replacen("  schemas:\n", odd, 1);
        let (problems, api) = dry_run(&Document::parse(&text).unwrap());
        assert_eq!(api, None);
        assert_eq!(problems[0].code, "progenitor/crash", "{problems:?}");
    }

    #[test]
    fn a_process_that_cannot_be_started_is_a_broken_check() {
        let document = Document::parse("{}").unwrap();
        let subject = Subject::new("a.yaml", Path::new(""), &document);
        let output = Command::new("/nothing/here").output();
        assert_eq!(said(&subject, output, &mut None)[0].code, "internal/child");
    }
}
