//! `cargo xtask contract`: the document judged by other people's tools, and our
//! client and sandbox by what those tools make of the document.
//!
//! One file for each judge. Each counts what it looked at: a judge that looked
//! at nothing has not agreed.

mod documents;
mod openapi_generator;
mod prism;
mod process;
mod python_client;
mod redocly;
mod sandbox;
mod schemathesis;
mod spec_validator;
mod specmatic;
mod tools;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use crate::{say, workspace_root};

/// How to call it.
pub const USAGE: &str = "\
contract [--only JUDGE]... [--document FILE] [--list]
               other people's validators, generators, mocks and testers over the
               document, our client and the sandbox; npm and pip install them
               into target/ from the lock files in xtask/contract; those that
               cannot be had are skipped, but not with `CI` set";

/// What a judge that agreed looked at, with counts; or why it did not.
pub type Verdict = Result<String, Objection>;

/// Why a judge did not agree.
#[derive(Debug)]
pub enum Objection {
    /// It found something; what it said.
    Found(String),
    /// It could not be had; why.
    Missing(String),
    /// It could not be asked; why.
    Failed(String),
}

impl From<String> for Objection {
    fn from(why: String) -> Self {
        Self::Failed(why)
    }
}

struct Judge {
    name: &'static str,
    about: &'static str,
    ask: fn(&Path) -> Verdict,
}

const JUDGES: &[Judge] = &[
    Judge {
        name: "redocly",
        about: "lints the document with its recommended rules",
        ask: redocly::ask,
    },
    Judge {
        name: "openapi-spec-validator",
        about: "validates the document against the schema of OpenAPI 3.0",
        ask: spec_validator::ask,
    },
    Judge {
        name: "openapi-generator",
        about: "validates the document, and writes a Rust client that compiles",
        ask: openapi_generator::ask,
    },
    Judge {
        name: "openapi-python-client",
        about: "writes a Python client, which works with the sandbox",
        ask: python_client::ask,
    },
    Judge {
        name: "prism-mock",
        about: "answers our client from the document, and checks its requests",
        ask: prism::mock,
    },
    Judge {
        name: "prism-proxy",
        about: "checks all that passes between our client and the sandbox",
        ask: prism::proxy,
    },
    Judge {
        name: "schemathesis",
        about: "sends the sandbox what the document allows, and what it does not",
        ask: schemathesis::ask,
    },
    Judge {
        name: "specmatic",
        about: "answers our client from the document, and takes nothing it lacks",
        ask: specmatic::ask,
    },
];

struct Options {
    judges: Vec<&'static Judge>,
    document: PathBuf,
    list: bool,
}

/// Asks the judges; each is asked, whatever the others say.
pub fn main(arguments: &[String]) -> ExitCode {
    let options = match read(arguments) {
        Ok(options) => options,
        Err(error) => {
            eprintln!("xtask contract: {error}\n\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    if options.list {
        for judge in JUDGES {
            say(&format!("{:24} {}\n", judge.name, judge.about));
        }
        return ExitCode::SUCCESS;
    }
    if !options.document.is_file() {
        eprintln!(
            "xtask contract: there is no document {}",
            options.document.display()
        );
        return ExitCode::from(2);
    }
    let begin = Instant::now();
    let mut counts = Counts::default();
    for judge in &options.judges {
        let start = Instant::now();
        let verdict = (judge.ask)(&options.document);
        let seconds = start.elapsed().as_secs_f32();
        counts.add(&verdict);
        match verdict {
            Ok(what) => say(&format!(
                "contract: {}: agreed: {what} ({seconds:.1} s)\n",
                judge.name
            )),
            Err(Objection::Found(what)) => eprintln!(
                "{}\ncontract: {}: FOUND SOMETHING, see above ({seconds:.1} s)",
                what.trim_end(),
                judge.name
            ),
            Err(Objection::Missing(why)) => {
                eprintln!("contract: {}: SKIPPED: {why}", judge.name);
            }
            Err(Objection::Failed(why)) => {
                eprintln!("contract: {}: NOT ASKED: {why}", judge.name);
            }
        }
    }
    say(&format!(
        "contract: {} agreed, {} found something, {} skipped, {} not asked, in {:.1} s\n",
        counts.agreed,
        counts.found,
        counts.missing,
        counts.failed,
        begin.elapsed().as_secs_f32()
    ));
    let required = std::env::var_os("CI").is_some();
    ExitCode::from(counts.code(required))
}

#[derive(Debug, Default)]
struct Counts {
    agreed: usize,
    found: usize,
    missing: usize,
    failed: usize,
}

impl Counts {
    fn add(&mut self, verdict: &Verdict) {
        let count = match verdict {
            Ok(_) => &mut self.agreed,
            Err(Objection::Found(_)) => &mut self.found,
            Err(Objection::Missing(_)) => &mut self.missing,
            Err(Objection::Failed(_)) => &mut self.failed,
        };
        *count += 1;
    }

    /// What was found matters more than what could not be asked.
    fn code(&self, required: bool) -> u8 {
        if self.found > 0 {
            1
        } else if self.failed > 0 || (required && self.missing > 0) {
            2
        } else {
            0
        }
    }
}

fn read(arguments: &[String]) -> Result<Options, String> {
    let mut judges = Vec::new();
    let mut document = None;
    let mut list = false;
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--only" => {
                let name = arguments.next().ok_or("--only needs a judge's name")?;
                let judge = JUDGES
                    .iter()
                    .find(|judge| judge.name == name)
                    .ok_or_else(|| format!("there is no judge `{name}`; --list names them"))?;
                judges.push(judge);
            }
            "--document" => {
                let file = arguments.next().ok_or("--document needs a file")?;
                document = Some(PathBuf::from(file));
            }
            "--list" => list = true,
            other => return Err(format!("`{other}` is no option")),
        }
    }
    if judges.is_empty() {
        judges = JUDGES.iter().collect();
    }
    let document =
        document.unwrap_or_else(|| workspace_root().join("openapi").join("referrals.yaml"));
    Ok(Options {
        judges,
        document,
        list,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(words: &str) -> Vec<String> {
        words.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn judges_have_names_of_their_own_and_can_be_picked() {
        for (index, judge) in JUDGES.iter().enumerate() {
            assert!(JUDGES[..index].iter().all(|other| other.name != judge.name));
            let options = read(&words(&format!("--only {}", judge.name))).unwrap();
            let picked: Vec<_> = options.judges.iter().map(|judge| judge.name).collect();
            assert_eq!(picked, [judge.name]);
        }
        assert_eq!(read(&[]).unwrap().judges.len(), JUDGES.len());
    }

    #[test]
    fn what_is_not_understood_is_named() {
        for wrong in ["--only", "--only nobody", "--document", "--fast"] {
            assert!(read(&words(wrong)).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_finding_fails_and_so_does_a_missing_judge_where_it_is_required() {
        let counts = |verdicts: &[Verdict]| {
            let mut counts = Counts::default();
            verdicts.iter().for_each(|verdict| counts.add(verdict));
            counts
        };
        let agreed = || Ok(String::new());
        let found = || Err(Objection::Found(String::new()));
        let missing = || Err(Objection::Missing(String::new()));
        let failed = || Err(Objection::Failed(String::new()));
        assert_eq!(counts(&[agreed(), agreed()]).code(true), 0);
        assert_eq!(counts(&[agreed(), missing()]).code(false), 0);
        assert_eq!(counts(&[agreed(), missing()]).code(true), 2);
        assert_eq!(counts(&[failed()]).code(false), 2);
        assert_eq!(counts(&[failed(), found(), missing()]).code(true), 1);
    }
}
