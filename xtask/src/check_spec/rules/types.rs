//! Handwritten types against the schemas that they stand in for. There are no
//! types here: a test of the library writes down what schemars says of them,
//! and keeps that fresh.

use super::super::fresh;
use super::super::report::Report;
use super::super::subject::Subject;
use crate::pipeline::document::join;
use crate::pipeline::schema::{SCALARS, SCHEMAS};
use crate::pipeline::shape;

/// Seen from the folder of the document; below a header of three lines.
const SNAPSHOT: &str = "../tests/snapshots/handwritten_types.snap";

/// What a type writes of the shapes that it reads.
const MEANT: &[(&str, &str)] = &[
    // Read in either shape, written as a list: no version of the service takes
    // only the other.
    ("CustomerProfileIds", "[CustomerProfileId]"),
    ("RequirementAttributes", "[RequirementAttribute]"),
];

pub fn check(subject: &Subject<'_>, report: &mut Report) {
    let Ok(snapshot) = std::fs::read_to_string(subject.folder.join(SNAPSHOT)) else {
        let said = "types (no handwritten types beside this document)";
        return report.skipped.push(said.to_owned());
    };
    compare(subject, &snapshot, report);
}

fn compare(subject: &Subject<'_>, snapshot: &str, report: &mut Report) {
    let (_, lines) = fresh::snapshot(snapshot);
    let lines: Vec<(&str, &str)> = lines
        .lines()
        .filter_map(|line| line.split_once(": "))
        .collect();
    for (name, type_) in SCALARS {
        let pointer = join(SCHEMAS, name);
        let Some(schema) = subject.root().pointer(&pointer) else {
            continue; // `generate/scalar-missing` says so.
        };
        let Some((_, made)) = lines.iter().find(|(of, _)| *of == name) else {
            report.add(
                subject,
                "types/unseen",
                &pointer,
                format!("nothing is written down of `{type_}`, which stands in for this"),
                "`INSTA_UPDATE=always cargo test --all-features handwritten`",
            );
            continue;
        };
        let written = shape::of(schema);
        if written != *made && !MEANT.contains(&(name, *made)) {
            report.add(
                subject,
                "types/differs",
                &pointer,
                format!("this is `{written}`, and `{type_}`, which stands in for it, is `{made}`"),
                "change the type in src/scalar/ with its schema, or the schema back",
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::pipeline::document::Document;

    fn compared(change: impl Fn(&str) -> String) -> Vec<(String, String)> {
        let root = crate::workspace_root();
        let read = |file: &str| std::fs::read_to_string(root.join(file)).unwrap();
        let text = read("openapi/referrals.yaml");
        let document = Document::parse(&text).unwrap();
        let subject = Subject::new("a.yaml", Path::new("/"), &document);
        let mut report = Report::default();
        compare(&subject, &change(&read(&SNAPSHOT[3..])), &mut report);
        let findings = report.findings.into_iter();
        findings.map(|one| (one.code, one.pointer)).collect()
    }

    #[test]
    fn a_type_that_is_not_written_down_or_not_as_its_schema_is_found() {
        assert_eq!(compared(str::to_owned), []);
        let etag = "/components/schemas/ETag".to_owned();
        let without = |text: &str| text.replace("ETag: string\n", "");
        assert_eq!(
            compared(without),
            [("types/unseen".to_owned(), etag.clone())]
        );
        let other = |text: &str| text.replace("ETag: string\n", "ETag: integer\n");
        assert_eq!(compared(other), [("types/differs".to_owned(), etag)]);
        let one = |text: &str| text.replace("[CustomerProfileId]", "CustomerProfileId");
        assert_eq!(compared(one).len(), 1);
    }
}
