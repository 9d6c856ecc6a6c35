//! What the document is compared with: the last released one, which nobody may
//! change, or whatever `--against` names.

use std::path::Path;
use std::process::Command;

use sha2::{Digest, Sha256};

use super::super::report::Report;
use crate::pipeline::document::Document;
use crate::pipeline::problem::Problem;

/// The folder of released documents, next to the document.
const FOLDER: &str = "released";

/// Their hashes, as `sha256sum *.yaml` prints them.
const SUMS: &str = "SHA256SUMS";

/// An older document.
#[derive(Clone, Debug)]
pub struct Baseline {
    /// Where it is from, as reports show it.
    pub name: String,
    pub text: String,
    /// The version of the crate, when the document is that of this workspace.
    pub crate_version: Option<String>,
}

impl Baseline {
    /// What `--against` names: a file, or `<git revision>:<path>`.
    pub fn named(name: &str, crate_version: Option<String>) -> Result<Self, String> {
        let text = match std::fs::read_to_string(name) {
            Ok(text) => text,
            Err(error) => match name.contains(':') {
                true => shown(name)?,
                false => return Err(format!("{name} cannot be read: {error}")),
            },
        };
        Ok(Self {
            name: name.to_owned(),
            text,
            crate_version,
        })
    }
}

/// Why nothing can be compared with the document, when it is none.
pub fn unfit(document: &Document) -> Option<Problem> {
    let value = &document.value;
    let (pointer, what) = if !value["info"]["version"].is_string() {
        ("/info", "it has no `info.version`")
    } else if !value["paths"].is_object() {
        ("/paths", "it has no `paths`")
    } else {
        return None;
    };
    Some(Problem {
        place: document.place(pointer),
        ..unusable(what)
    })
}

fn unusable(why: &str) -> Problem {
    Problem {
        code: "compat/baseline",
        place: None,
        pointer: String::new(),
        message: format!("nothing can be compared with this file: {why}"),
        fix: "name an OpenAPI document, or restore the file".to_owned(),
    }
}

fn shown(object: &str) -> Result<String, String> {
    let output = Command::new("git")
        .args(["show", "--end-of-options", object])
        .output()
        .map_err(|error| format!("git cannot be started: {error}"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!("git does not know {object}: {}", said.trim()));
    }
    String::from_utf8(output.stdout).map_err(|_| format!("{object} is not text"))
}

/// The newest released document, and every mistake in the folder.
pub fn released(
    folder: &Path,
    document: &str,
    crate_version: Option<String>,
    report: &mut Report,
) -> Option<Baseline> {
    let shown = |file: &str| {
        let name = Path::new(document).with_file_name(FOLDER).join(file);
        name.display().to_string()
    };
    let folder = folder.join(FOLDER);
    let sums = std::fs::read_to_string(folder.join(SUMS)).unwrap_or_default();
    let mut newest: Option<(semver::Version, String)> = None;
    let mut files: Vec<String> = std::fs::read_dir(&folder)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect();
    files.sort();
    let sums: Vec<(&str, &str)> = sums
        .lines()
        .filter_map(|line| line.split_once("  "))
        .collect();
    let listed = sums.iter().map(|(_, file)| (*file).to_owned());
    let missing: Vec<String> = listed.filter(|file| !files.contains(file)).collect();
    for file in missing {
        report.problem(
            &shown(&file),
            refused(format!("{SUMS} names {file}, which is not there")),
        );
    }
    for file in files {
        let Some(version) = file.strip_suffix(".yaml") else {
            continue;
        };
        let bytes = std::fs::read(folder.join(&file)).unwrap_or_default();
        let sum: String = Sha256::digest(&bytes)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        match sums.iter().find(|(_, name)| *name == file) {
            None => report.problem(
                &shown(&file),
                refused(format!("{SUMS} does not name {file}")),
            ),
            Some((was, _)) if *was != sum => report.problem(
                &shown(&file),
                refused(format!(
                    "{file} is not what was released: {SUMS} has another hash"
                )),
            ),
            Some(_) => {}
        }
        if let Ok(version) = semver::Version::parse(version)
            && newest.as_ref().is_none_or(|(other, _)| *other < version)
        {
            newest = Some((version, file));
        }
    }
    let (_, file) = newest?;
    let name = shown(&file);
    match std::fs::read_to_string(folder.join(&file)) {
        Ok(text) => Some(Baseline {
            name,
            text,
            crate_version,
        }),
        Err(error) => {
            report.problem(&name, unusable(&error.to_string()));
            report.baseline = Some(name);
            None
        }
    }
}

fn refused(message: String) -> Problem {
    Problem {
        code: "compat/released",
        place: None,
        pointer: String::new(),
        message,
        fix: format!(
            "restore the file: a release is not changed. For a new one, add the line that \
             `sha256sum` prints to {FOLDER}/{SUMS}"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_released_document_that_is_no_text_is_a_finding_and_not_the_lack_of_one() {
        let folder = std::env::temp_dir().join(format!("no-text-{}", std::process::id()));
        let inner = folder.join(FOLDER);
        std::fs::create_dir_all(&inner).unwrap();
        std::fs::write(inner.join("0.1.0.yaml"), b"a: \xff").unwrap();
        let mut report = Report::default();
        let none = released(&folder, "a/b.yaml", None, &mut report);
        std::fs::remove_dir_all(&folder).unwrap();
        assert!(none.is_none());
        let codes: Vec<&str> = report.errors().map(|one| one.code.as_str()).collect();
        assert_eq!(codes, ["compat/released", "compat/baseline"]);
        let closing = report.closing();
        assert!(
            closing.ends_with("not compared with a/released/0.1.0.yaml"),
            "{closing}"
        );
    }

    #[test]
    fn a_released_document_is_kept_as_it_was_and_the_newest_is_taken() {
        let folder = std::env::temp_dir().join(format!("released-{}", std::process::id()));
        let inner = folder.join(FOLDER);
        std::fs::create_dir_all(&inner).unwrap();
        let mut report = Report::default();
        assert!(released(&folder, "a/b.yaml", None, &mut report).is_none());
        // The hash of nothing.
        let none = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        for file in ["0.9.0.yaml", "0.10.0.yaml", "0.8.0.yaml"] {
            std::fs::write(inner.join(file), "").unwrap();
        }
        std::fs::write(inner.join("0.8.0.yaml"), "changed").unwrap();
        let sums = format!("{none}  0.10.0.yaml\n{none}  0.8.0.yaml\n{none}  0.7.0.yaml\n");
        std::fs::write(inner.join(SUMS), sums).unwrap();
        let newest = released(&folder, "a/b.yaml", None, &mut report).unwrap();
        std::fs::remove_dir_all(&folder).unwrap();
        assert_eq!(newest.name, "a/released/0.10.0.yaml");
        let found: Vec<&str> = report
            .findings
            .iter()
            .map(|one| one.file.as_str())
            .collect();
        assert_eq!(
            found,
            [
                "a/released/0.7.0.yaml",
                "a/released/0.8.0.yaml",
                "a/released/0.9.0.yaml"
            ]
        );
        assert!(report.failed("compat"));
    }
}
