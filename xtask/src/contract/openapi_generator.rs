//! openapi-generator, the reader that most others are measured by: it validates
//! the document, and the Rust client that it writes compiles.

use std::fs;
use std::path::Path;
use std::time::Duration;

use super::process::{Ran, command, run};
use super::{Objection, Verdict, documents, sandbox, tools};

/// Of one run of the generator.
const LIMIT: Duration = Duration::from_secs(180);
/// Of the compiler, which has some hundred crates to check on a new machine.
const COMPILE_LIMIT: Duration = Duration::from_secs(20 * 60);

/// What it warns of and we mean: values of patches that stand in the document for
/// code and for readers, as in `redocly.yaml`.
const MEANT: &str = "Unused model: ";

pub fn ask(document: &Path) -> Verdict {
    let java = tools::java()?;
    let installed = tools::python()?;
    let jar = installed.find(Path::new("openapi_generator_cli/openapi-generator.jar"))?;
    let generator = |words: &[&str], document: &Path| {
        let mut generator = command(&java);
        generator.arg("-jar").arg(&jar).args(words);
        generator.arg("--input-spec").arg(document);
        generator
    };

    let validated = run(&mut generator(&["validate"], document), LIMIT)?;
    let meant = validate(&validated).map_err(Objection::Found)?;

    let crate_folder = tools::folder().join("openapi-generator");
    // What an older document left must not be compiled with it.
    let _ = fs::remove_dir_all(crate_folder.join("src"));
    let copy = documents::closed_within_itself(document)?;
    let mut generate = generator(&["generate", "--generator-name", "rust"], &copy);
    generate
        .args(["--package-name", "referrals-by-openapi-generator"])
        .arg("--output")
        .arg(&crate_folder);
    let generated = run(&mut generate, LIMIT)?;
    if !generated.succeeded() {
        return Err(Objection::Found(generated.said()));
    }
    let api = fs::read_to_string(crate_folder.join("src/apis/referrals_api.rs"));
    let operations = documents::operations(document)?;
    written(&api.unwrap_or_default(), &operations).map_err(Objection::Found)?;

    prepare(&crate_folder)?;
    let mut check = sandbox::cargo();
    check
        // Its default is a TLS of the system, whose headers may not be there.
        .args(["check", "--locked", "--quiet", "--no-default-features"])
        .arg("--target-dir")
        .arg(tools::folder().join("openapi-generator-target"))
        // Its own warnings are its makers' matter.
        .env("RUSTFLAGS", "--cap-lints allow")
        .current_dir(&crate_folder);
    let checked = run(&mut check, COMPILE_LIMIT)?;
    if !checked.succeeded() {
        return Err(compiled(&checked));
    }
    Ok(format!(
        "openapi-generator {} finds the document valid, {meant} models that no operation uses, \
         and its Rust client with {} operations compiles",
        tools::locked("openapi-generator-cli"),
        operations.len()
    ))
}

/// How many models it says are unused, if it says nothing else.
fn validate(ran: &Ran) -> Result<usize, String> {
    let warnings: Vec<&str> = ran
        .stdout
        .lines()
        .filter_map(|line| line.trim().strip_prefix("- "))
        .collect();
    let others = warnings.iter().any(|warning| !warning.starts_with(MEANT));
    // It says one or the other of these.
    let read = ran.stdout.contains("Spec has ") || ran.stdout.contains("No validation issues");
    if !ran.succeeded() || others || !read {
        return Err(ran.said());
    }
    Ok(warnings.len())
}

/// Whether the client has every operation.
fn written(api: &str, operations: &[String]) -> Result<(), String> {
    let missing: Vec<&str> = operations
        .iter()
        .map(String::as_str)
        .filter(|id| !api.contains(&format!("pub async fn {id}(")))
        .collect();
    if missing.is_empty() {
        Ok(())
    } else {
        Err(format!(
            "the client of openapi-generator lacks {}",
            missing.join(", ")
        ))
    }
}

/// Makes the crate a workspace of its own, for `target/` lies in ours, and locks
/// its dependencies.
fn prepare(folder: &Path) -> Result<(), String> {
    let manifest = folder.join("Cargo.toml");
    let text = fs::read_to_string(&manifest)
        .map_err(|error| format!("{} cannot be read: {error}", manifest.display()))?;
    fs::write(&manifest, format!("{text}\n[workspace]\n"))
        .map_err(|error| format!("{} cannot be written: {error}", manifest.display()))?;
    let lock = tools::settings().join("openapi-generator.lock");
    fs::copy(&lock, folder.join("Cargo.lock"))
        .map_err(|error| format!("{} cannot be copied: {error}", lock.display()))?;
    Ok(())
}

fn compiled(ran: &Ran) -> Objection {
    // That is about our lock file and not about the document.
    if ran.stderr.contains("--locked") {
        return Objection::Failed(format!(
            "xtask/contract/openapi-generator.lock is not that of the generated crate: run \
             `cargo generate-lockfile` in target/tools/contract/openapi-generator, and copy its \
             Cargo.lock there\n{}",
            ran.stderr
        ));
    }
    Objection::Found(ran.said())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unused_models_are_meant_and_other_warnings_are_findings() {
        let unused = "Warnings: \n\t- Unused model: A\n\t- Unused model: B\n\n[info] Spec has 2 recommendation(s).\n";
        assert_eq!(validate(&Ran::with(0, unused)), Ok(2));
        assert_eq!(
            validate(&Ran::with(0, "No validation issues detected.\n")),
            Ok(0)
        );
        let other = unused.replace("Unused model: B", "Something else");
        assert!(validate(&Ran::with(0, &other)).is_err());
        assert!(validate(&Ran::with(1, unused)).is_err());
        assert!(validate(&Ran::with(0, "")).is_err());
    }

    #[test]
    fn a_client_without_an_operation_is_a_finding() {
        let api = "pub async fn get_referral(configuration";
        let operations =
            |ids: &[&str]| -> Vec<String> { ids.iter().map(|id| (*id).to_owned()).collect() };
        assert!(written(api, &operations(&["get_referral"])).is_ok());
        let error = written(api, &operations(&["get_referral", "get"])).unwrap_err();
        assert!(error.ends_with("lacks get"), "{error}");
    }

    #[test]
    fn a_lock_of_another_crate_is_not_the_documents_fault() {
        let ran = Ran {
            stderr: "cannot update the lock file because --locked was passed".to_owned(),
            ..Ran::with(101, "")
        };
        assert!(matches!(compiled(&ran), Objection::Failed(_)));
    }
}
