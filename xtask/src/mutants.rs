//! `cargo xtask mutants`: breaks the code on which a deal's safety rests, one
//! way at a time, and tells which break no test notices.

use std::process::{Command, ExitCode};

use crate::tool::{self, ended};
use crate::workspace_root;

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

/// The tests that look at it, by parts of their names.
const TESTS: &[&str] = &[
    "shared_referral",
    "lifecycle",
    "retry",
    "outcome",
    "server_time",
    "edit",
    "follow",
];

/// Those of them that are left out.
const SLOW: &[&str] = &[
    "crash_matrix",
    "fault_storm",
    "import",
    "memory_does_not_grow",
    "many_at_once_cost",
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
    // Built for each mutant: what is run, and no example or program.
    command.args(["--cargo-arg=--lib", "--cargo-arg=--test=integration"]);
    command.args(["--", "--"]).args(TESTS);
    // The storm and the matrix are for the whole, not for one line of it, and
    // what is measured does not change with it.
    for slow in SLOW {
        command.args(["--skip", slow]);
    }
    ended("mutants", "the tool", command.current_dir(&root).status())
}
