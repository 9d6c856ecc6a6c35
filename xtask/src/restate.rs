//! `cargo xtask restate`: shared referrals against a real restate-server, which
//! npm installs into `target/` on first use.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use crate::tool::{NPM, cargo, ended};
use crate::{say, workspace_root};

/// How to call it.
pub const USAGE: &str = "\
restate        shared referrals against a real restate-server, workers and
               server killed; the server is installed into target/ by npm";

/// The version that the worker is tried against.
const VERSION: &str = "1.7.12";

/// Where the tests look for the server.
const SERVER: &str = "PARTNER_REFERRALS_RESTATE_SERVER";

const TESTS: &[&str] = &[
    "test",
    "--locked",
    // As the other tests, so that nothing is built twice.
    "--all-features",
    "--test",
    "restate",
    "--",
    "--nocapture",
];

/// Runs the tests. Without npm there is no server: at home that is said and
/// passes, on a server it fails.
pub fn main(arguments: &[String]) -> ExitCode {
    if !arguments.is_empty() {
        eprintln!("xtask restate: there are no options\n\n{USAGE}");
        return ExitCode::from(2);
    }
    let root = workspace_root();
    let folder = root.join("target").join("tools").join("restate");
    let Some(server) = server(&folder) else {
        eprintln!("xtask restate: there is no restate-server for this kind of machine");
        return missing();
    };
    if !server.is_file() {
        if !npm_is_there() {
            eprintln!("xtask restate: npm, which installs restate-server, is not there");
            return missing();
        }
        if !install(&folder) {
            return ExitCode::from(2);
        }
    }
    let status = cargo()
        .args(TESTS)
        .env(SERVER, &server)
        .current_dir(&root)
        .status();
    ended("restate", "cargo", status)
}

fn missing() -> ExitCode {
    if std::env::var_os("CI").is_some() {
        return ExitCode::FAILURE;
    }
    eprintln!("xtask restate: SKIPPED, nothing was tried against Restate");
    ExitCode::SUCCESS
}

/// The server itself: its wrapper in JavaScript would be the process that a test
/// kills.
fn server(folder: &Path) -> Option<PathBuf> {
    let machine = match (std::env::consts::OS, std::env::consts::ARCH) {
        ("linux", "x86_64") => "linux-x64",
        ("linux", "aarch64") => "linux-arm64",
        ("macos", "x86_64") => "darwin-x64",
        ("macos", "aarch64") => "darwin-arm64",
        _ => return None,
    };
    // With the version in its path, another version is another file.
    let package = folder
        .join(VERSION)
        .join("node_modules")
        .join("@restatedev");
    let program = package.join(format!("restate-server-{machine}"));
    Some(program.join("bin").join("restate-server"))
}

fn npm() -> Command {
    Command::new(NPM)
}

fn npm_is_there() -> bool {
    let asked = npm()
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    asked.is_ok_and(|status| status.success())
}

fn install(folder: &Path) -> bool {
    let folder = folder.join(VERSION);
    say(&format!(
        "installing restate-server {VERSION} into {}: 225 MB, once\n",
        folder.display()
    ));
    let mut prefix = OsString::from("--prefix=");
    prefix.push(&folder);
    let status = npm()
        .arg("install")
        .arg(prefix)
        .args(["--ignore-scripts", "--no-audit", "--no-fund"])
        .arg(format!("@restatedev/restate-server@{VERSION}"))
        .status();
    match status {
        Ok(status) if status.success() => true,
        Ok(status) => {
            eprintln!("xtask restate: npm could not install restate-server {VERSION} ({status})");
            false
        }
        Err(error) => {
            eprintln!("xtask restate: npm cannot be started: {error}");
            false
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_server_of_another_version_is_another_file() {
        let server = server(Path::new("tools"));
        let path = server.map(|path| path.to_string_lossy().into_owned());
        assert!(path.is_none_or(|path| path.contains(VERSION)));
    }

    #[test]
    fn the_tests_are_locked_and_need_the_feature() {
        assert!(TESTS.contains(&"--locked"));
        assert!(TESTS.contains(&"--all-features"));
    }
}
