//! Does the status table name only values that exist, and all of them? The
//! pipeline asks the same before it turns the table into code.

use super::super::report::Report;
use super::super::subject::Subject;
use crate::pipeline::lifecycle;

pub fn check(subject: &Subject<'_>, report: &mut Report) {
    for problem in lifecycle::problems(subject.document) {
        report.problem(subject.name, problem);
    }
}
