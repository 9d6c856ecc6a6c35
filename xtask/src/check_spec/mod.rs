//! `cargo xtask check-spec`: finds the mistakes in the document that readers,
//! and above all the generator, would be silent or obscure about.
//!
//! A rule reports and goes on, so that one run shows everything. What a rule
//! needs of another group is asked of the report; what could not be checked is
//! said aloud.

mod compat;
mod convert;
mod explain;
mod report;
mod rules;
mod subject;
#[cfg(test)]
mod tests;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use compat::Baseline;
use report::{Format, Report, Severity};
use rules::Isolation;
use subject::{Kind, Subject};

use crate::pipeline::document::Document;
use crate::pipeline::problem::{Place, Problem};
use crate::say;

/// The document that is checked when none is named.
const DOCUMENT: &str = "openapi/referrals.yaml";

/// How to call it.
pub const USAGE: &str = "\
check-spec [FILE] [--format human|short|json]   check the document (default: openapi/referrals.yaml)
check-spec --list-rules                         every rule, with a wrong and a right example

Exit code: 0 clean, 1 findings, 2 wrong usage, unreadable file or a broken check.";

/// The command; the exit code is 0 clean, 1 findings, 2 anything else.
pub fn main(arguments: &[String]) -> ExitCode {
    let mut file = None;
    let mut format = Format::Human;
    let mut against = None;
    let mut arguments = arguments.iter().map(String::as_str);
    while let Some(argument) = arguments.next() {
        let value = argument.strip_prefix("--format=");
        match argument {
            "--list-rules" => {
                say(&list_rules());
                return ExitCode::SUCCESS;
            }
            "--help" | "-h" => {
                say(&format!("{USAGE}\n"));
                return ExitCode::SUCCESS;
            }
            _ if argument == "--format" || value.is_some() => {
                format = match value.or_else(|| arguments.next()) {
                    Some("human") => Format::Human,
                    Some("short") => Format::Short,
                    Some("json") => Format::Json,
                    other => {
                        let other = other.unwrap_or_default();
                        return usage(&format!("`{other}` is not a format: human, short or json"));
                    }
                }
            }
            "--against" => match arguments.next() {
                Some(name) => against = Some(name.to_owned()),
                None => return usage("--against names a file or a revision"),
            },
            _ if argument.starts_with('-') => {
                return usage(&format!("`{argument}` is not an option"));
            }
            _ if file.is_some() => return usage("one file at a time"),
            _ => file = Some(PathBuf::from(argument)),
        }
    }
    let path = file.unwrap_or_else(default_document);
    let bytes = match std::fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) => return usage(&format!("{} cannot be read: {error}", path.display())),
    };
    // A panic is a finding; its report goes with the others.
    std::panic::set_hook(Box::new(|_| {}));
    let name = path.display().to_string();
    let folder = path.parent().unwrap_or(Path::new("")).to_path_buf();
    let mut report = Report::default();
    let crate_version = crate_version(&path);
    let baseline = match against {
        Some(name) => match Baseline::named(&name, crate_version) {
            Ok(baseline) => Some(baseline),
            Err(error) => return usage(&error),
        },
        None => compat::released(&folder, &name, crate_version, &mut report),
    };
    let text = String::from_utf8_lossy(&bytes);
    let isolation = Isolation::Child(&text);
    examine(
        &name,
        &folder,
        &bytes,
        isolation,
        baseline.as_ref(),
        &mut report,
    );
    say(&report.render(format, &name));
    if format == Format::Json {
        eprintln!("{}", report.closing());
    }
    ExitCode::from(report.exit_code())
}

/// The hidden other half of `rules::progenitor`: tries the generator, prints
/// what it finds as JSON.
pub fn dry_run() -> ExitCode {
    let document = std::io::read_to_string(std::io::stdin())
        .ok()
        .and_then(|text| Document::parse(&text).ok());
    let Some(document) = document else {
        return usage("__dry-run needs a document on its input that can be read");
    };
    say(&rules::dry_run(&document));
    ExitCode::SUCCESS
}

fn usage(message: &str) -> ExitCode {
    eprintln!("check-spec: {message}\n\n{USAGE}");
    ExitCode::from(2)
}

/// The document of this workspace, by a path that is short to read.
fn default_document() -> PathBuf {
    let root = crate::workspace_root();
    let path = root.join(DOCUMENT);
    match std::env::current_dir() {
        Ok(here) => path
            .strip_prefix(here)
            .map(Path::to_path_buf)
            .unwrap_or(path),
        Err(_) => path,
    }
}

/// The version of the crate, when the document is that of this workspace.
fn crate_version(document: &Path) -> Option<String> {
    let root = crate::workspace_root();
    let same = document.canonicalize().ok()? == root.join(DOCUMENT).canonicalize().ok()?;
    let manifest = std::fs::read_to_string(root.join("Cargo.toml")).ok()?;
    let manifest: toml::Table = toml::from_str(&manifest).ok()?;
    let version = manifest.get("workspace")?.get("package")?.get("version")?;
    version.as_str().filter(|_| same).map(str::to_owned)
}

/// Checks the text of a document. Files that it names are read from `folder`.
#[cfg(test)]
fn check(
    name: &str,
    folder: &Path,
    bytes: &[u8],
    isolation: Isolation<'_>,
    baseline: Option<&Baseline>,
) -> Report {
    let mut report = Report::default();
    examine(name, folder, bytes, isolation, baseline, &mut report);
    report
}

/// Adds to the report what is wrong with the text of a document.
fn examine(
    name: &str,
    folder: &Path,
    bytes: &[u8],
    isolation: Isolation<'_>,
    baseline: Option<&Baseline>,
    report: &mut Report,
) {
    match read(bytes, name, report) {
        Err(problem) => {
            report.problem(name, problem);
            rules::skip_all(report);
        }
        Ok(document) => {
            let subject = Subject::new(name, folder, &document);
            report.counts.operations = subject.all(Kind::Operation).count();
            report.counts.schemas = subject
                .root()
                .pointer(crate::pipeline::schema::SCHEMAS)
                .and_then(serde_json::Value::as_object)
                .map_or(0, serde_json::Map::len);
            rules::run(&subject, isolation, baseline, report);
        }
    }
    report.finish();
}

/// Reads the document, which must be text.
fn read(bytes: &[u8], name: &str, report: &mut Report) -> Result<Document, Problem> {
    let refuse = |line: usize, message: &str, fix: &str| Problem {
        code: "yaml/syntax",
        place: Some(Place { line, column: 1 }),
        pointer: String::new(),
        message: message.to_owned(),
        fix: fix.to_owned(),
    };
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let before = &bytes[..error.valid_up_to()];
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        refuse(
            line,
            "a byte on this line is not UTF-8",
            "save the file as UTF-8",
        )
    })?;
    report.source(name, text);
    Document::parse(text)
}

fn list_rules() -> String {
    let mut out = String::new();
    for rule in rules::RULES.iter() {
        let level = match rule.severity {
            Severity::Error => "",
            Severity::Warning => " (warning)",
            Severity::Note => " (note)",
        };
        let _ = writeln!(out, "{}{level}\n  {}", rule.code, rule.why);
        for (label, text) in [("wrong", rule.wrong), ("right", rule.right)] {
            let _ = writeln!(out, "  {label}:");
            for line in text.lines() {
                let _ = writeln!(out, "    {line}");
            }
        }
        out.push('\n');
    }
    out
}
