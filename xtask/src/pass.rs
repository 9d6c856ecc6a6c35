//! `cargo xtask test`: the one command that passes everything, here and on a
//! server alike.

use std::path::Path;
use std::process::{Command, ExitCode, ExitStatus};
use std::time::Instant;

use crate::tool::cargo;
use crate::{say, workspace_root};

/// How to call it.
pub const USAGE: &str = "\
test           everything that must pass before a change is merged
test --quick   without the judges, the documentation and the package";

struct Step {
    name: &'static str,
    /// Variables, as `NAME=value`.
    env: &'static [&'static str],
    /// The words after `cargo`; `xtask` as the first is this program.
    command: &'static str,
    /// Left out of a quick run.
    slow: bool,
}

const fn step(name: &'static str, command: &'static str) -> Step {
    Step {
        name,
        env: &[],
        command,
        slow: false,
    }
}

const STEPS: &[Step] = &[
    step("format", "fmt --all --check"),
    step(
        "lint",
        "clippy --locked --workspace --all-targets --all-features -- -D warnings",
    ),
    // Features only add: what compiles with all must compile with none.
    step(
        "lint without features",
        "clippy --locked -p partner-referrals --no-default-features --lib -- -D warnings",
    ),
    step("document", "xtask check-spec --fail-on warning"),
    // Runs the blocks of the README and of the documentation too.
    step("test", "test --locked --workspace --all-features"),
    // Says so and passes where npm is not there, but not with `CI` set.
    step("test against Restate", "xtask restate"),
    // As Restate: it says so and passes where npm or Python is not there.
    Step {
        slow: true,
        ..step("judges of other people", "xtask contract")
    },
    // Against the sandbox, each in a process of its own.
    step(
        "example of a shared referral",
        "run --locked --quiet -p partner-referrals --all-features --example shared_referral",
    ),
    step(
        "example of a list",
        "run --locked --quiet -p partner-referrals --all-features --example list_open",
    ),
    step(
        "example of a transition",
        "run --locked --quiet -p partner-referrals --all-features --example close_as_won",
    ),
    step(
        "example of an import",
        "run --locked --quiet -p partner-referrals --all-features --example import_deals",
    ),
    step(
        "test without features",
        "test --locked -p partner-referrals --no-default-features",
    ),
    Step {
        env: &["RUSTDOCFLAGS=-D warnings"],
        slow: true,
        ..step("documentation", "doc --locked --no-deps --all-features")
    },
    // Builds what would be published, from the files that would be in it.
    Step {
        slow: true,
        ..step("package", "package --locked -p partner-referrals")
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
        let mut command: Vec<&str> = step.command.split(' ').collect();
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
            let mut process = cargo();
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
            let words: Vec<&str> = step.command.split(' ').collect();
            let exempt = ["fmt", "xtask"].contains(&words[0]);
            assert!(exempt || words.contains(&"--locked"), "{}", step.name);
        }
    }

    #[test]
    fn a_step_is_shown_as_one_would_type_it() {
        let step = STEPS
            .iter()
            .find(|step| step.name == "documentation")
            .unwrap();
        let words: Vec<&str> = step.command.split(' ').collect();
        assert_eq!(
            shown(step, &words),
            "RUSTDOCFLAGS='-D warnings' cargo doc --locked --no-deps --all-features"
        );
    }
}
