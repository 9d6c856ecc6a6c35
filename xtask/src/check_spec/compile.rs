//! Whether the crate compiles with what is generated from a document: in a copy
//! of the crate with that document in it, wherever the document stands.

use std::path::Path;
use std::{fs, io};

use super::DOCUMENT;
use super::report::Report;
use crate::pipeline::problem::Problem;
use crate::tool::cargo;

/// What the crate is built from, beside its document.
const PARTS: [&str; 6] = [
    "Cargo.lock",
    "README.md",
    "build.rs",
    "build",
    "openapi",
    "src",
];

/// Compiles the crate at `root` with the text of the document `name`.
pub fn check(root: &Path, name: &str, text: &str, report: &mut Report) {
    let (message, fix) = match compiles(root, text) {
        Ok(true) => return,
        Ok(false) => (
            "the crate does not compile with the code generated from this document".to_owned(),
            "see what the compiler says above",
        ),
        Err(error) => (
            format!("whether the crate compiles cannot be tried: {error}"),
            "run it in a checkout of the whole project",
        ),
    };
    report.problem(
        name,
        Problem {
            code: "progenitor/compile",
            place: None,
            pointer: String::new(),
            message,
            fix: fix.to_owned(),
        },
    );
}

fn compiles(root: &Path, text: &str) -> io::Result<bool> {
    let folder = root.join("target").join("check-spec");
    let copy = folder.join("compile");
    for part in PARTS {
        mirror(&root.join(part), &copy.join(part))?;
    }
    // It is a workspace of its own there, and has no example to build.
    let manifest = fs::read_to_string(root.join("Cargo.toml"))?;
    let mut manifest: toml::Table = toml::from_str(&manifest).map_err(io::Error::other)?;
    if let Some(workspace) = manifest
        .get_mut("workspace")
        .and_then(toml::Value::as_table_mut)
    {
        workspace.remove("members");
        workspace.remove("default-members");
    }
    for section in ["example", "test", "bench", "bin"] {
        manifest.remove(section);
    }
    write(&copy.join("Cargo.toml"), manifest.to_string().as_bytes())?;
    write(&copy.join(DOCUMENT), text.as_bytes())?;
    // Not where the project is built: to cargo the copy is the same crate, and
    // what was built of the one would be taken for fresh in the other.
    let status = cargo()
        .args([
            "check",
            "--quiet",
            "--lib",
            "--all-features",
            "--target-dir",
        ])
        .arg(folder.join("target"))
        .current_dir(&copy)
        .status()?;
    Ok(status.success())
}

/// Copies what has changed, so that the compiler has little to do again.
fn mirror(from: &Path, to: &Path) -> io::Result<()> {
    if from.is_dir() {
        for entry in fs::read_dir(from)? {
            let entry = entry?;
            mirror(&entry.path(), &to.join(entry.file_name()))?;
        }
        return Ok(());
    }
    write(to, &fs::read(from)?)
}

fn write(file: &Path, bytes: &[u8]) -> io::Result<()> {
    if fs::read(file).is_ok_and(|kept| kept == bytes) {
        return Ok(());
    }
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(file, bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_that_cannot_be_made_is_a_finding() {
        let mut report = Report::default();
        let nowhere = std::env::temp_dir().join("no-such-project");
        check(&nowhere, "a.yaml", "", &mut report);
        assert_eq!(report.findings[0].code, "progenitor/compile");
        assert!(report.findings[0].message.contains("cannot be tried"));
    }
}
