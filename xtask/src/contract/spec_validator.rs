//! openapi-spec-validator, a reader in Python: the document against the JSON
//! Schema of OpenAPI 3.0, its references, parameters and defaults.

use std::path::Path;
use std::time::Duration;

use super::process::{Ran, command, run};
use super::{Objection, Verdict, tools};

pub fn ask(document: &Path) -> Verdict {
    let installed = tools::python()?;
    let mut validate = command(installed.file(&tools::script("openapi-spec-validator")));
    validate
        // Which version it reads is not left to what the document says.
        .args(["--schema", "3.0", "--validation-errors", "all"])
        .args(["--subschema-errors", "all"])
        .arg(document);
    judge(&run(&mut validate, Duration::from_secs(120))?, document)
}

fn judge(ran: &Ran, document: &Path) -> Verdict {
    // It says so for each document, so none is not agreement.
    let agreed = format!("{}: OK", document.display());
    if ran.succeeded() && ran.stdout.lines().any(|line| line == agreed) {
        return Ok(format!(
            "openapi-spec-validator {} finds the document valid",
            tools::locked("openapi-spec-validator")
        ));
    }
    Err(Objection::Found(ran.said()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(code: i32, stdout: &str) -> Verdict {
        let ran = Ran {
            code: Some(code),
            stdout: stdout.to_owned(),
            stderr: String::new(),
        };
        judge(&ran, Path::new("a.yaml"))
    }

    #[test]
    fn only_the_word_about_this_document_is_agreement() {
        assert!(judged(0, "a.yaml: OK\n").is_ok());
        for (code, stdout) in [(0, ""), (0, "b.yaml: OK\n"), (1, "a.yaml: OK\n")] {
            assert!(matches!(judged(code, stdout), Err(Objection::Found(_))));
        }
    }
}
