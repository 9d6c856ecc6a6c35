//! `cargo xtask mutants`: breaks the code on which a deal's safety rests, one
//! way at a time, and tells which break no test notices.

use std::process::{Command, ExitCode};

use crate::{tool, workspace_root};

/// How to call it.
pub const USAGE: &str = "\
mutants [cargo-mutants' own options]
               breaks lifecycle, retries, recovery and journal one way at a time
               and tells which break no test notices; hours for all, less with
               --file or --shard; the tool is installed into target/ on first use";

/// The version that the settings here were tried with.
const VERSION: &str = "27.1.0";

/// The code on which a deal's safety rests.
const FILES: &[&str] = &[
    "src/lifecycle.rs",
    "src/error/repeat.rs",
    "src/error/outcome.rs",
    "src/transport/retry/*.rs",
    "src/transport/server_time.rs",
    "src/shared_referral/*.rs",
    "src/shared_referral/operation/*.rs",
    "src/shared_referral/journal/**/*.rs",
];

/// Runs cargo-mutants; with `--file` among the arguments, over those files only.
pub fn main(arguments: &[String]) -> ExitCode {
    let Some(tool) = tool::installed("cargo-mutants", VERSION) else {
        return ExitCode::from(2);
    };
    let root = workspace_root();
    let mut command = Command::new(tool);
    command
        .args(["mutants", "--package", "partner-referrals"])
        .args(["--all-features", "--profile", "mutants"])
        // A mutant that waits for ever is noticed too.
        .args(["--timeout", "120", "--output", "target"]);
    if !arguments.iter().any(|argument| argument == "--file") {
        command.args(FILES.iter().flat_map(|file| ["--file", file]));
    }
    command.args(arguments);
    // The storm and the matrix are for the whole, not for one line of it.
    command.args(["--", "--lib", "--test", "integration", "--"]);
    command.args([
        "shared_referral",
        "lifecycle",
        "retry",
        "outcome",
        "server_time",
    ]);
    command.args([
        "--skip",
        "crash_matrix",
        "--skip",
        "fault_storm",
        "--skip",
        "import",
    ]);
    match command.current_dir(&root).status() {
        Ok(status) if status.success() => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("xtask mutants: the tool cannot be started: {error}");
            ExitCode::from(2)
        }
    }
}
