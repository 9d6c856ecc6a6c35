//! The arguments of `check-spec`.

use std::path::PathBuf;

use super::render::Format;
use super::report::Severity;

/// How to call it.
pub const USAGE: &str = "\
check-spec [FILE] [options]    check the document (default: openapi/referrals.yaml)
  --only, --skip GROUP,..      run these groups of rules, or all but these
  --against NAME               compare with a file or <git revision>:<path>
                               (default: the newest openapi/released/*.yaml)
  --fail-on LEVEL              error, warning or note (default: error)
  --format FORMAT              human, short, json, sarif or github
  --report FORMAT=FILE         write a report to a file too; can be repeated
  --fix [--dry-run]            mend what can be mended for certain, or show it
  --compile                    compile the crate with the generated code as well
  --timings                    how long each group of rules took
check-spec --list-rules        every rule, with a wrong and a right example
check-spec --explain CODE      one rule

Exit code: 0 clean, 1 findings, 2 wrong usage, unreadable file or a broken check, 4 only stale files.";

/// What is wanted.
#[derive(Debug, PartialEq, Eq)]
pub enum Wanted {
    Check(Options),
    List,
    Explain(String),
    Help,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    pub file: Option<PathBuf>,
    pub only: Vec<String>,
    pub skip: Vec<String>,
    pub against: Option<String>,
    pub fail_on: Severity,
    pub format: Format,
    pub reports: Vec<(Format, PathBuf)>,
    pub fix: bool,
    pub dry_run: bool,
    pub compile: bool,
    pub timings: bool,
}

impl Options {
    fn new(format: Format) -> Self {
        Self {
            file: None,
            only: Vec::new(),
            skip: Vec::new(),
            against: None,
            fail_on: Severity::Error,
            format,
            reports: Vec::new(),
            fix: false,
            dry_run: false,
            compile: false,
            timings: false,
        }
    }
}

/// Reads the arguments. `default` is the format when none is named.
pub fn parse(arguments: &[String], groups: &[&str], default: Format) -> Result<Wanted, String> {
    let mut options = Options::new(default);
    let mut arguments = arguments.iter().map(String::as_str);
    while let Some(argument) = arguments.next() {
        let (name, inline) = match argument.split_once('=') {
            Some((name, value)) if name.starts_with("--") => (name, Some(value)),
            _ => (argument, None),
        };
        let mut value = || {
            let value = inline.or_else(|| arguments.next());
            value.ok_or_else(|| format!("`{name}` needs a value"))
        };
        match name {
            "--list-rules" => return Ok(Wanted::List),
            "--help" | "-h" => return Ok(Wanted::Help),
            "--explain" => return Ok(Wanted::Explain(value()?.to_owned())),
            "--only" => options.only.extend(listed(value()?, groups)?),
            "--skip" => options.skip.extend(listed(value()?, groups)?),
            "--against" => options.against = Some(value()?.to_owned()),
            "--fail-on" => options.fail_on = level(value()?)?,
            "--format" => options.format = Format::named(value()?)?,
            "--report" => options.reports.push(report(value()?)?),
            "--fix" => options.fix = true,
            "--dry-run" => options.dry_run = true,
            "--compile" => options.compile = true,
            "--timings" => options.timings = true,
            _ if argument.starts_with('-') => {
                return Err(format!("`{argument}` is not an option"));
            }
            _ if options.file.is_some() => return Err("one file at a time".to_owned()),
            _ => options.file = Some(PathBuf::from(argument)),
        }
    }
    if options.dry_run && !options.fix {
        return Err("`--dry-run` goes with `--fix`".to_owned());
    }
    Ok(Wanted::Check(options))
}

fn listed(value: &str, groups: &[&str]) -> Result<Vec<String>, String> {
    let names = value.split(',').map(str::trim);
    names
        .map(|name| match groups.contains(&name) {
            true => Ok(name.to_owned()),
            false => Err(format!(
                "`{name}` is not a group of rules: {}",
                groups.join(", ")
            )),
        })
        .collect()
}

fn level(value: &str) -> Result<Severity, String> {
    Severity::named(value).ok_or_else(|| format!("`{value}` is not error, warning or note"))
}

fn report(value: &str) -> Result<(Format, PathBuf), String> {
    let (format, file) = value
        .split_once('=')
        .ok_or_else(|| format!("`--report {value}` should be FORMAT=FILE"))?;
    Ok((Format::named(format)?, PathBuf::from(file)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(arguments: &[&str]) -> Result<Wanted, String> {
        let arguments: Vec<String> = arguments.iter().map(|one| (*one).to_owned()).collect();
        parse(&arguments, &["yaml", "oas"], Format::Human)
    }

    #[test]
    fn every_option_is_read_with_its_value_behind_it_or_after_an_equals_sign() {
        let expected = Options {
            file: Some(PathBuf::from("a.yaml")),
            only: vec!["yaml".to_owned(), "oas".to_owned()],
            against: Some("main:a.yaml".to_owned()),
            fail_on: Severity::Warning,
            reports: vec![(Format::Sarif, PathBuf::from("b.sarif"))],
            fix: true,
            dry_run: true,
            ..Options::new(Format::Json)
        };
        let first = parsed(&[
            "a.yaml",
            "--only=yaml,oas",
            "--against=main:a.yaml",
            "--fail-on=warning",
            "--format=json",
            "--report=sarif=b.sarif",
            "--fix",
            "--dry-run",
        ]);
        let second = parsed(&[
            "--only",
            "yaml,oas",
            "--against",
            "main:a.yaml",
            "--fail-on",
            "warning",
            "--format",
            "json",
            "--report",
            "sarif=b.sarif",
            "--fix",
            "--dry-run",
            "a.yaml",
        ]);
        assert_eq!(first, Ok(Wanted::Check(expected)));
        assert_eq!(first, second);
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        for arguments in [
            &["--only", "ymal"][..],
            &["--fail-on", "never"],
            &["--report", "sarif"],
            &["--dry-run"],
            &["--explain"],
        ] {
            assert!(parsed(arguments).is_err(), "{arguments:?}");
        }
    }
}
