//! `cargo xtask check-spec`: finds the mistakes in the document that readers,
//! and above all the generator, would be silent or obscure about.
//!
//! A rule reports and goes on, so that one run shows everything. What a rule
//! needs of another group is asked of the report; what could not be checked is
//! said aloud.

mod allow;
mod compat;
mod compile;
mod convert;
mod explain;
mod fix;
mod fresh;
mod options;
mod render;
mod report;
mod rules;
mod subject;
#[cfg(test)]
mod tests;

use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use compat::Baseline;
pub use options::USAGE;
use options::{Options, Wanted};
use render::Format;
use report::Report;
use rules::Isolation;
use subject::{Kind, Subject};

use crate::pipeline::document::Document;
use crate::pipeline::problem::{Place, Problem};
use crate::say;

/// The document that is checked when none is named.
const DOCUMENT: &str = "openapi/referrals.yaml";

/// The command.
pub fn main(arguments: &[String]) -> ExitCode {
    let on_github = std::env::var("GITHUB_ACTIONS").is_ok_and(|value| value == "true");
    let default = if on_github {
        Format::Github
    } else {
        Format::Human
    };
    match options::parse(arguments, &rules::groups(), default) {
        Ok(Wanted::Check(options)) => run(&options).unwrap_or_else(|error| usage(&error)),
        Ok(Wanted::List) => {
            say(&fresh::list());
            ExitCode::SUCCESS
        }
        Ok(Wanted::Help) => {
            say(&format!("{USAGE}\n"));
            ExitCode::SUCCESS
        }
        Ok(Wanted::Explain(code)) => match fresh::explained(&code) {
            Some(text) => {
                say(text.trim_start());
                ExitCode::SUCCESS
            }
            None => usage(&format!("there is no rule `{code}`")),
        },
        Err(error) => usage(&error),
    }
}

fn run(options: &Options) -> Result<ExitCode, String> {
    let path = options.file.clone().unwrap_or_else(default_document);
    let read = || {
        std::fs::read(&path).map_err(|error| format!("{} cannot be read: {error}", path.display()))
    };
    let bytes = read()?;
    // A panic is a finding; its report goes with the others.
    std::panic::set_hook(Box::new(|_| {}));
    let name = path.display().to_string();
    let mut report = whole(options, &path, &bytes)?;
    if options.fix {
        let text = String::from_utf8_lossy(&bytes);
        let mended = mended(options, &path, &text)?;
        if mended != text {
            say(&fix::diff(&name, &text, &mended));
            if !options.dry_run {
                std::fs::write(&path, &mended)
                    .map_err(|error| format!("{name} cannot be written: {error}"))?;
                report = whole(options, &path, mended.as_bytes())?;
            }
        }
    }
    for (format, file) in &options.reports {
        let text = render::render(&report, *format, &name, false);
        std::fs::write(file, text)
            .map_err(|error| format!("{} cannot be written: {error}", file.display()))?;
    }
    say(&render::render(&report, options.format, &name, in_color()));
    if options.format.is_data() {
        eprintln!("{}", report.closing());
    }
    if options.timings {
        for (group, time) in &report.timings {
            eprintln!("{group:>12} {:>7.1} ms", time.as_secs_f64() * 1000.0);
        }
    }
    Ok(ExitCode::from(report.exit_code(options.fail_on)))
}

/// The text with the findings mended that were asked for and can be.
fn mended(options: &Options, path: &Path, text: &str) -> Result<String, String> {
    // What is found in between writes no file and compiles nothing; but every
    // rule must like the result, those too that were not asked for.
    let whole_check = &Options {
        fix: false,
        compile: false,
        only: Vec::new(),
        skip: Vec::new(),
        ..options.clone()
    };
    let asked = Report {
        only: options.only.clone(),
        skip: options.skip.clone(),
        ..Report::default()
    };
    let wanted = |finding: &report::Finding| asked.wants(finding.group());
    let name = path.display().to_string();
    fix::mended(text, &name, wanted, |text| {
        whole(whole_check, path, text.as_bytes())
    })
}

/// Everything that the options ask of the document at `path`.
fn whole(options: &Options, path: &Path, bytes: &[u8]) -> Result<Report, String> {
    let name = path.display().to_string();
    let folder = path.parent().unwrap_or(Path::new(""));
    let mut report = Report {
        only: options.only.clone(),
        skip: options.skip.clone(),
        ..Report::default()
    };
    let home = home_of(path);
    let crate_version = home.as_deref().and_then(crate_version);
    let baseline = match &options.against {
        Some(against) => {
            report.baseline = Some(against.clone());
            Some(Baseline::named(against, crate_version)?)
        }
        None if report.wants("compat") => {
            compat::released(folder, &name, crate_version, &mut report)
        }
        None => None,
    };
    if let Some(baseline) = &baseline {
        report.baseline = Some(baseline.name.clone());
    }
    let text = String::from_utf8_lossy(bytes);
    let isolation = Isolation::Child(&text);
    let version = examine(
        &name,
        folder,
        bytes,
        isolation,
        baseline.as_ref(),
        &mut report,
    );
    rules::unless_wanted("fresh", &mut report);
    if report.wants("fresh") && home.is_none() {
        let said = "fresh (nothing is made from this document)";
        report.skipped.push(said.to_owned());
    }
    if let Some(root) = home.as_ref().filter(|_| report.wants("fresh")) {
        report.checked.insert("fresh".to_owned());
        let write = options.fix && !options.dry_run;
        if let Some(written) = fresh::check(root, write, &mut report) {
            say(&written);
        }
    }
    if options.compile && report.errors().next().is_none() {
        compile::check(&crate::workspace_root(), &name, &text, &mut report);
    }
    allow::apply(folder, &name, version.as_deref(), &mut report);
    report.finish();
    Ok(report)
}

/// Colours are for people at a terminal who did not forbid them.
fn in_color() -> bool {
    let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    !set("NO_COLOR") && (set("CLICOLOR_FORCE") || std::io::stdout().is_terminal())
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

/// The workspace, when the document is its own.
fn home_of(document: &Path) -> Option<PathBuf> {
    let root = crate::workspace_root();
    let own = root.join(DOCUMENT).canonicalize().ok()?;
    (document.canonicalize().ok()? == own).then_some(root)
}

/// The version of the crate in the workspace.
fn crate_version(root: &Path) -> Option<String> {
    let manifest = std::fs::read_to_string(root.join("Cargo.toml")).ok()?;
    let manifest: toml::Table = toml::from_str(&manifest).ok()?;
    let version = manifest.get("workspace")?.get("package")?.get("version")?;
    version.as_str().map(str::to_owned)
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

/// Adds to the report what is wrong with the text of a document; returns its
/// version, unless it cannot be read.
fn examine(
    name: &str,
    folder: &Path,
    bytes: &[u8],
    isolation: Isolation<'_>,
    baseline: Option<&Baseline>,
    report: &mut Report,
) -> Option<String> {
    let mut version = None;
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
            let text = document.value["info"]["version"].as_str();
            version = Some(text.unwrap_or_default().to_owned());
        }
    }
    report.finish();
    version
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
