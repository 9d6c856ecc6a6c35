//! Does the new document break those who use the old one, and does the version
//! say so? Three kinds of break: on the wire, in the Rust that is generated,
//! and in behaviour that neither shows.

mod baseline;
mod behaviour;
mod change;
mod place;
mod schemas;
mod source;
#[cfg(test)]
pub mod tests;
mod wire;

pub use baseline::{Baseline, released};
pub use change::Bump;

use change::{Change, room};

use super::report::{Finding, Related, Report, Severity};
use super::rules::{Isolation, api_of, severity};
use super::subject::Subject;
use crate::pipeline::document::Document;
use crate::pipeline::problem::Place;

/// Compares the document with the baseline, and both with the version.
pub fn check(
    subject: &Subject<'_>,
    baseline: &Baseline,
    isolation: Isolation<'_>,
    report: &mut Report,
) {
    report.source(&baseline.name, &baseline.text);
    report.baseline = Some(baseline.name.clone());
    let old = match Document::parse(&baseline.text) {
        Ok(old) => old,
        Err(problem) => return report.problem(&baseline.name, problem),
    };
    if let Some(problem) = baseline::unfit(&old) {
        return report.problem(&baseline.name, problem);
    }
    let mut changes = differences(&old, subject.document);
    if old.value != subject.document.value {
        match (api_of(&old, &baseline.text, isolation), &report.api) {
            (Some(before), Some(after)) => match source::changes(&before, after) {
                Ok(more) => {
                    // An addition to the code that comes with one to the wire
                    // goes without saying.
                    let said = !changes.is_empty();
                    let more = more.into_iter();
                    let more = more.filter(|(_, one)| !said || one.code != "compat/addition");
                    changes.extend(more.map(|(name, change)| Change {
                        pointer: place::of(&name, [subject.root(), &old.value]),
                        ..change
                    }));
                }
                Err(error) => skip_source(report, &error),
            },
            (None, _) => skip_source(report, "none is generated from the baseline"),
            (_, None) => skip_source(report, "none is generated from the document"),
        }
    }
    let needed = verdict(&old, subject.document, &changes);
    report.required_bump = Some(needed);
    let covered = versions(subject, baseline, &old, needed, report);
    for change in changes {
        let place = |document: &Document| {
            let place = document.place(&change.pointer);
            place.unwrap_or(Place { line: 1, column: 1 })
        };
        let related = subject.root().pointer(&change.pointer).is_none();
        report.push(Finding {
            file: subject.name.to_owned(),
            place: place(subject.document),
            severity: if covered {
                Severity::Note
            } else {
                severity(change.code)
            },
            code: change.code.to_owned(),
            message: change.message,
            related: related.then(|| Related {
                file: baseline.name.clone(),
                place: place(&old),
                pointer: change.pointer.clone(),
                message: "as it was".to_owned(),
            }),
            pointer: change.pointer,
            help: match change.needs {
                Bump::Major => "take it back, or raise the version as for a breaking change",
                _ => "raise the version as for an addition",
            }
            .to_owned(),
        });
    }
}

fn skip_source(report: &mut Report, why: &str) {
    report
        .skipped
        .push(format!("the comparison of the generated code ({why})"));
}

/// What is different on the wire and in behaviour.
fn differences(old: &Document, new: &Document) -> Vec<Change> {
    let mut changes = wire::changes(&old.value, &new.value);
    changes.extend(behaviour::changes(&old.value, &new.value));
    changes
}

/// The most that any change asks for. Words alone ask for a patch.
fn verdict(old: &Document, new: &Document, changes: &[Change]) -> Bump {
    let words = |document: &Document| {
        let mut value = document.value.clone();
        let info = value.get_mut("info").and_then(|info| info.as_object_mut());
        if let Some(info) = info {
            info.remove("version");
        }
        value
    };
    let least = if words(old) == words(new) {
        Bump::None
    } else {
        Bump::Patch
    };
    let most = changes.iter().map(|change| change.needs).max();
    most.unwrap_or(least).max(least)
}

/// Whether the versions of the document and of the crate make room for it.
fn versions(
    subject: &Subject<'_>,
    baseline: &Baseline,
    old: &Document,
    needed: Bump,
    report: &mut Report,
) -> bool {
    let before = old.value["info"]["version"].as_str().unwrap_or_default();
    let after = subject.root()["info"]["version"]
        .as_str()
        .unwrap_or_default();
    let mut all = true;
    let mut hold = |what: &str, version: &str| {
        if room(before, version).is_some_and(|room| room >= needed) {
            return;
        }
        all = false;
        report.add(
            subject,
            "compat/version",
            "/info/version",
            format!(
                "{what} {version} after {before} has no room for a {} change",
                needed.name()
            ),
            format!("raise it: {} is what {} has", before, baseline.name),
        );
    };
    hold("the version of the document", after);
    if let Some(version) = &baseline.crate_version {
        hold("the version of the crate", version);
    }
    all
}
