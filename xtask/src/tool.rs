//! Tools of other people, in the version that this workspace was tried with.

use std::io;
use std::path::PathBuf;
use std::process::{Command, ExitCode, ExitStatus};

use crate::{say, workspace_root};

/// The cargo that runs us, and with it the toolchain.
pub fn cargo() -> Command {
    Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// What npm is called here.
pub const NPM: &str = if cfg!(windows) { "npm.cmd" } else { "npm" };

/// How `xtask <command>` ends when all that it did was to run `program`.
pub fn ended(command: &str, program: &str, status: io::Result<ExitStatus>) -> ExitCode {
    match status {
        Ok(status) if status.success() => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("xtask {command}: {program} cannot be started: {error}");
            ExitCode::from(2)
        }
    }
}

/// The path of a cargo tool, which is installed into `target/tools` on first
/// use; none, and told why, where it cannot be had.
pub fn installed(name: &str, version: &str) -> Option<PathBuf> {
    let folder = workspace_root().join("target").join("tools");
    let file = format!("{name}{}", std::env::consts::EXE_SUFFIX);
    let tool = folder.join("bin").join(file);
    if tool.is_file() {
        return Some(tool);
    }
    say(&format!(
        "installing {name} {version} into {}; this takes some minutes, once\n",
        folder.display()
    ));
    let status = cargo()
        .args(["install", name, "--locked", "--version", version, "--root"])
        .arg(&folder)
        .status();
    match status {
        Ok(status) if status.success() => Some(tool),
        Ok(status) => {
            eprintln!("xtask: {name} {version} could not be installed ({status})");
            None
        }
        Err(error) => {
            eprintln!("xtask: cargo cannot be started: {error}");
            None
        }
    }
}
