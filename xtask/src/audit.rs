//! `cargo xtask audit`: what the dependencies are licensed under and where they
//! come from. Apart from `test`, because its tool takes minutes to install.

use std::process::{Command, ExitCode};

use crate::tool::{self, ended};
use crate::workspace_root;

/// How to call it.
pub const USAGE: &str = "\
audit          licences, bans and sources of all dependencies, by cargo-deny,
               which is installed into target/ on first use";

/// The version that the settings in `xtask/deny.toml` were written for.
const VERSION: &str = "0.20.2";

/// Runs the audit.
pub fn main(arguments: &[String]) -> ExitCode {
    if !arguments.is_empty() {
        eprintln!("xtask audit: there are no options\n\n{USAGE}");
        return ExitCode::from(2);
    }
    let root = workspace_root();
    let Some(tool) = tool::installed("cargo-deny", VERSION) else {
        return ExitCode::from(2);
    };
    let status = Command::new(&tool)
        .args(["--all-features", "--locked", "--config"])
        .arg(root.join("xtask").join("deny.toml"))
        .arg("check")
        // `advisories` needs a database from the network: not part of this.
        .args(["licenses", "bans", "sources"])
        .current_dir(&root)
        .status();
    ended("audit", &tool.display().to_string(), status)
}
