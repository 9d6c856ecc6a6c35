//! What maintainers run: `cargo xtask check-spec`, `test`, `restate`, `contract`,
//! `mutants` and `audit`.

#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        reason = "a test stops at the first surprise"
    )
)]

mod audit;
mod check_spec;
mod contract;
mod mutants;
mod pass;
#[path = "../../build/mod.rs"]
#[allow(dead_code, reason = "the build uses the rest")]
mod pipeline;
mod restate;
mod tool;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.split_first() {
        Some((command, rest)) => match command.as_str() {
            "check-spec" => check_spec::main(rest),
            "test" => pass::main(rest),
            "restate" => restate::main(rest),
            "contract" => contract::main(rest),
            "audit" => audit::main(rest),
            "mutants" => mutants::main(rest),
            "__dry-run" => check_spec::dry_run(),
            "help" | "--help" | "-h" => {
                say(&help());
                ExitCode::SUCCESS
            }
            other => {
                eprintln!("xtask: there is no command `{other}`\n\n{}", help());
                ExitCode::from(2)
            }
        },
        None => {
            eprintln!("{}", help());
            ExitCode::from(2)
        }
    }
}

fn help() -> String {
    format!(
        "cargo xtask <command>\n\n{}\n\n{}\n\n{}\n\n{}\n\n{}\n\n{}\n",
        check_spec::USAGE,
        pass::USAGE,
        restate::USAGE,
        contract::USAGE,
        mutants::USAGE,
        audit::USAGE
    )
}

/// Prints. A reader that hangs up, such as `head`, is no reason to fail.
fn say(text: &str) {
    let _ = std::io::stdout().lock().write_all(text.as_bytes());
}

/// The folder of the workspace.
fn workspace_root() -> PathBuf {
    let xtask = Path::new(env!("CARGO_MANIFEST_DIR"));
    xtask.parent().unwrap_or(xtask).to_path_buf()
}
