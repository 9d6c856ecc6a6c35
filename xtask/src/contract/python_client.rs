//! openapi-python-client: a client by other people's rules, which creates, reads,
//! lists, patches and replaces at our sandbox.

use std::fs;
use std::path::Path;
use std::time::Duration;

use super::process::{Ran, command, run};
use super::{Objection, Verdict, documents, sandbox, tools};

const LIMIT: Duration = Duration::from_secs(120);

/// What the script sends at least.
const FEWEST: usize = 10;

pub fn ask(document: &Path) -> Verdict {
    let installed = tools::python()?;
    let folder = tools::folder().join("python-client");
    let package = folder.join("referrals_client");
    let _ = fs::remove_dir_all(&package);
    fs::create_dir_all(&folder)
        .map_err(|error| format!("{} cannot be made: {error}", folder.display()))?;
    let mut generate = command(installed.file(&tools::script("openapi-python-client")));
    generate
        // A warning says that it left something out.
        .args(["generate", "--meta", "none", "--fail-on-warning"])
        .arg("--path")
        .arg(document)
        .arg("--output-path")
        .arg(&package)
        .arg("--config")
        .arg(tools::settings().join("python-client.yaml"));
    let generated = run(&mut generate, LIMIT)?;
    if !generated.succeeded() {
        return Err(Objection::Found(generated.said()));
    }

    let sandbox = sandbox::start()?;
    let examples = crate::workspace_root().join("openapi").join("examples");
    let mut script = command(installed.file(&tools::script("python")));
    script
        .arg(tools::settings().join("python_client.py"))
        .args([&sandbox.url, sandbox::TOKEN])
        .arg(examples)
        .env("PYTHONPATH", &folder)
        .env("PYTHONDONTWRITEBYTECODE", "1");
    let requests = judge(&run(&mut script, LIMIT)?)?;
    Ok(format!(
        "openapi-python-client {} made a client of {} operations; its {requests} requests were answered as the document says",
        tools::locked("openapi-python-client"),
        documents::operations(document)?.len()
    ))
}

fn judge(ran: &Ran) -> Result<usize, Objection> {
    let requests = ran.stdout.lines().last().and_then(|line| {
        let (count, _) = line.split_once(" requests")?;
        count.parse::<usize>().ok()
    });
    match requests {
        Some(requests) if ran.succeeded() && requests >= FEWEST => Ok(requests),
        _ => Err(Objection::Found(ran.said())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_that_failed_or_sent_little_is_a_finding() {
        let judged = |code, stdout: &str| {
            judge(&Ran {
                code: Some(code),
                stdout: stdout.to_owned(),
                stderr: String::new(),
            })
        };
        assert!(judged(0, "12 requests\n").is_ok_and(|count| count == 12));
        for (code, stdout) in [(1, "12 requests\n"), (0, "2 requests\n"), (0, "")] {
            assert!(judged(code, stdout).is_err());
        }
    }
}
