//! Names that YAML does not take for text. Readers that know it take `201:` for
//! a number, and `on:` or `yes:` for a truth value.

use super::super::report::Report;
use super::super::subject::Subject;

pub fn check(subject: &Subject<'_>, report: &mut Report) {
    for pointer in &subject.document.bare_keys {
        let name = pointer.rsplit('/').next().unwrap_or_default();
        report.add(
            subject,
            "yaml/bare-key",
            pointer,
            format!("`{name}` is a name without quotes that readers may take for something else"),
            format!("write `'{name}':`"),
        );
    }
}
