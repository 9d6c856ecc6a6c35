//! Are headers called alike everywhere? A response may have any header, so one
//! that is misspelt in one response is simply never seen.

use std::collections::BTreeMap;

use super::super::explain::closest;
use super::super::report::Report;
use super::super::subject::{Kind, Subject};
use crate::pipeline::document::join;

/// So much oftener another name must stand, to be the one that is meant.
const OFTENER: usize = 3;

pub fn check(subject: &Subject<'_>, report: &mut Report) {
    let mut places: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for node in subject.all(Kind::Response) {
        let headers = node.value["headers"].as_object();
        for name in headers.into_iter().flatten().map(|(name, _)| name) {
            let at = join(&join(&node.pointer, "headers"), name);
            // Names of headers do not know large and small letters.
            let alike = places.entry(name.to_ascii_lowercase()).or_default();
            alike.push(at);
        }
    }
    for (name, at) in &places {
        let usual: Vec<&String> = places
            .iter()
            .filter(|(other, used)| *other != name && used.len() >= OFTENER * at.len())
            .map(|(other, _)| other)
            .collect();
        let Some(meant) = closest(name, &usual) else {
            continue;
        };
        for at in at {
            report.add(
                subject,
                "op/header-name",
                at,
                format!("`{name}` is almost `{meant}`, as other responses have it"),
                format!("write `{meant}`"),
            );
        }
    }
}
