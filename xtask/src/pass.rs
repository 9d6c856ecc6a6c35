//! `cargo xtask test`: the one command that passes everything, here and on a
//! server alike.

use std::path::Path;
use std::process::{Command, ExitCode, ExitStatus};
use std::time::Instant;

use crate::{say, workspace_root};

/// How to call it.
pub const USAGE: &str = "\
test           everything that must pass before a change is merged
test --quick   without the judges, the documentation and the package";

struct Step {
    name: &'static str,
    /// Variables, as `NAME=value`.
    env: &'static [&'static str],
    /// `xtask` as the first word is this program; anything else is cargo's.
    command: &'static [&'static str],
    /// Left out of a quick run.
    slow: bool,
}

const STEPS: &[Step] = &[
    Step {
        name: "format",
        env: &[],
        command: &["fmt", "--all", "--check"],
        slow: false,
    },
    Step {
        name: "lint",
        env: &[],
        command: &[
            "clippy",
            "--locked",
            "--workspace",
            "--all-targets",
            "--all-features",
            "--",
            "-D",
            "warnings",
        ],
        slow: false,
    },
    // Features only add: what compiles with all must compile with none.
    Step {
        name: "lint without features",
        env: &[],
        command: &[
            "clippy",
            "--locked",
            "-p",
            "partner-referrals",
            "--no-default-features",
            "--lib",
            "--",
            "-D",
            "warnings",
        ],
        slow: false,
    },
    Step {
        name: "document",
        env: &[],
        command: &["xtask", "check-spec", "--fail-on", "warning"],
        slow: false,
    },
    // Runs the blocks of the README and of the documentation too.
    Step {
        name: "test",
        env: &[],
        command: &["test", "--locked", "--workspace", "--all-features"],
        slow: false,
    },
    // Says so and passes where npm is not there, but not with `CI` set.
    Step {
        name: "test against Restate",
        env: &[],
        command: &["xtask", "restate"],
        slow: false,
    },
    // As Restate: it says so and passes where npm or Python is not there.
    Step {
        name: "judges of other people",
        env: &[],
        command: &["xtask", "contract"],
        slow: true,
    },
    // Against the sandbox, each in a process of its own.
    Step {
        name: "example of a shared referral",
        env: &[],
        command: &[
            "run",
            "--locked",
            "--quiet",
            "-p",
            "partner-referrals",
            "--all-features",
            "--example",
            "shared_referral",
        ],
        slow: false,
    },
    Step {
        name: "example of a list",
        env: &[],
        command: &[
            "run",
            "--locked",
            "--quiet",
            "-p",
            "partner-referrals",
            "--all-features",
            "--example",
            "list_open",
        ],
        slow: false,
    },
    Step {
        name: "example of a transition",
        env: &[],
        command: &[
            "run",
            "--locked",
            "--quiet",
            "-p",
            "partner-referrals",
            "--all-features",
            "--example",
            "close_as_won",
        ],
        slow: false,
    },
    Step {
        name: "example of an import",
        env: &[],
        command: &[
            "run",
            "--locked",
            "--quiet",
            "-p",
            "partner-referrals",
            "--all-features",
            "--example",
            "import_deals",
        ],
        slow: false,
    },
    Step {
        name: "test without features",
        env: &[],
        command: &[
            "test",
            "--locked",
            "-p",
            "partner-referrals",
            "--no-default-features",
        ],
        slow: false,
    },
    Step {
        name: "documentation",
        env: &["RUSTDOCFLAGS=-D warnings"],
        command: &["doc", "--locked", "--no-deps", "--all-features"],
        slow: true,
    },
    // Builds what would be published, from the files that would be in it.
    Step {
        name: "package",
        env: &[],
        command: &["package", "--locked", "-p", "partner-referrals"],
        slow: true,
    },
];

/// Runs the steps; the first that fails is the last.
pub fn main(arguments: &[String]) -> ExitCode {
    let quick = match arguments {
        [] => false,
        [one] if one == "--quick" => true,
        _ => {
            eprintln!("xtask test: only `--quick` is an option\n\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    // A server packages what was committed; at home a change may be under way.
    let at_home = std::env::var_os("CI").is_none();
    // Asked now: a step builds this program anew, and then the one that runs has
    // no path any more.
    let program = match std::env::current_exe() {
        Ok(program) => program,
        Err(error) => {
            eprintln!("xtask test: its own path is not known: {error}");
            return ExitCode::from(2);
        }
    };
    let begin = Instant::now();
    let mut passed = 0;
    for step in STEPS.iter().filter(|step| !(quick && step.slow)) {
        let mut command: Vec<&str> = step.command.to_vec();
        if step.name == "package" && at_home {
            command.push("--allow-dirty");
        }
        let shown = shown(step, &command);
        say(&format!("\n== {}: {shown}\n", step.name));
        let start = Instant::now();
        let result = run(&program, step, &command);
        let seconds = start.elapsed().as_secs_f32();
        match result {
            Ok(status) if status.success() => {
                passed += 1;
                say(&format!("== {}: passed in {seconds:.1} s\n", step.name));
            }
            Ok(status) => {
                eprintln!(
                    "\n== {}: FAILED in {seconds:.1} s ({status}): {shown}",
                    step.name
                );
                return ExitCode::FAILURE;
            }
            Err(error) => {
                eprintln!("\n== {}: cannot be started: {error}: {shown}", step.name);
                return ExitCode::FAILURE;
            }
        }
    }
    let seconds = begin.elapsed().as_secs_f32();
    say(&format!(
        "\n== all {passed} steps passed in {seconds:.1} s\n"
    ));
    ExitCode::SUCCESS
}

fn run(program: &Path, step: &Step, command: &[&str]) -> std::io::Result<ExitStatus> {
    let mut process = match command {
        ["xtask", rest @ ..] => {
            let mut process = Command::new(program);
            process.args(rest);
            process
        }
        _ => {
            // The cargo that runs us, and with it the toolchain.
            let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
            let mut process = Command::new(cargo);
            process.args(command);
            process
        }
    };
    for variable in step.env {
        if let Some((name, value)) = variable.split_once('=') {
            process.env(name, value);
        }
    }
    // With a token at hand, an example would go to the service itself.
    for variable in ["PARTNER_REFERRALS_TOKEN", "PARTNER_REFERRALS_BASE_URL"] {
        process.env_remove(variable);
    }
    process.current_dir(workspace_root()).status()
}

/// The step as one would type it.
fn shown(step: &Step, command: &[&str]) -> String {
    let mut words = Vec::new();
    for variable in step.env {
        if let Some((name, value)) = variable.split_once('=') {
            words.push(format!("{name}='{value}'"));
        }
    }
    words.push("cargo".to_owned());
    words.extend(command.iter().map(|word| (*word).to_owned()));
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_have_names_of_their_own_and_every_build_is_locked() {
        for (index, step) in STEPS.iter().enumerate() {
            assert!(STEPS[..index].iter().all(|other| other.name != step.name));
            let exempt = ["fmt", "xtask"].contains(&step.command[0]);
            assert!(
                exempt || step.command.contains(&"--locked"),
                "{}",
                step.name
            );
        }
    }

    #[test]
    fn a_step_is_shown_as_one_would_type_it() {
        let step = STEPS
            .iter()
            .find(|step| step.name == "documentation")
            .unwrap();
        assert_eq!(
            shown(step, step.command),
            "RUSTDOCFLAGS='-D warnings' cargo doc --locked --no-deps --all-features"
        );
    }
}
