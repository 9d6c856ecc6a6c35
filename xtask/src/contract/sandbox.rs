//! Our own side of the bench: the sandbox as a program, and the client's
//! traffic as a test that is pointed at a server.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use super::process::{Ran, Server, command, quiet, run};
use crate::{tool, workspace_root};

/// The one bearer that the sandbox takes.
pub const TOKEN: &str = "contract";

/// Where the tests look for the server.
const SERVER: &str = "PARTNER_REFERRALS_CONTRACT_SERVER";

/// On a new machine the crate is built first.
const BUILD_LIMIT: Duration = Duration::from_secs(30 * 60);

/// A running sandbox.
pub struct Sandbox {
    /// Serves until it is dropped.
    _server: Server,
    /// Its address, without a path.
    pub url: String,
}

/// Builds and starts a sandbox that takes only [`TOKEN`], with pages of one
/// referral so that lists have pages at all.
pub fn start() -> Result<Sandbox, String> {
    let mut sandbox = command(build()?);
    sandbox
        .args(["--token", TOKEN])
        .args(["--page-size", "1", "--seed", "7"])
        // As the document has it, and nothing of tomorrow.
        .arg("--documented-values-only");
    let (server, url) = Server::start(&mut sandbox, Duration::from_secs(60), |line| {
        line.starts_with("http://").then(|| line.to_owned())
    })?;
    Ok(Sandbox {
        _server: server,
        url,
    })
}

/// The client's traffic, to a server at `url`: one test of `contract` in the
/// integration tests.
pub fn traffic(test: &str, url: &str) -> Result<Ran, String> {
    let test = format!("contract::{test}");
    let mut cargo = cargo();
    cargo
        // As the other tests, so that nothing is built twice.
        .args(["test", "--locked", "--quiet", "--all-features"])
        .args(["--test", "integration", "--"])
        .args(["--ignored", "--exact", &test])
        .env(SERVER, url)
        .env("RUST_BACKTRACE", "0");
    let ran = run(&mut cargo, BUILD_LIMIT)?;
    // A name that no test has is no failure to cargo.
    if ran.succeeded() && !ran.stdout.contains("test result: ok. 1 passed") {
        return Err(format!("{test} did not run:\n{}", ran.said()));
    }
    Ok(ran)
}

/// The cargo that runs us, and with it the toolchain.
pub fn cargo() -> Command {
    let mut cargo = quiet(tool::cargo());
    cargo.current_dir(workspace_root());
    cargo
}

fn build() -> Result<PathBuf, String> {
    let mut build = cargo();
    build
        .args(["build", "--locked", "--quiet", "--all-features"])
        .args(["--bin", "partner-referrals-sandbox"])
        .arg("--message-format=json-render-diagnostics");
    let ran = run(&mut build, BUILD_LIMIT)?;
    if !ran.succeeded() {
        return Err(format!("the sandbox does not build:\n{}", ran.stderr));
    }
    executable(&ran.stdout).ok_or_else(|| "cargo does not say where the sandbox is".to_owned())
}

/// Where cargo put the program.
fn executable(messages: &str) -> Option<PathBuf> {
    messages
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|message| message["target"]["name"] == "partner-referrals-sandbox")
        .find_map(|message| message["executable"].as_str().map(PathBuf::from))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_program_is_where_cargo_says() {
        let messages = r#"
{"reason":"compiler-artifact","target":{"name":"partner_referrals"},"executable":null}
{"reason":"compiler-artifact","target":{"name":"partner-referrals-sandbox"},"executable":"/t/s"}
{"reason":"build-finished","success":true}"#;
        assert_eq!(executable(messages), Some(PathBuf::from("/t/s")));
        assert_eq!(executable(""), None);
    }
}
