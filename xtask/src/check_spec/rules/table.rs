//! The table of rules: what `--list-rules` prints, and what the tests hold the
//! rules to. Codes that are no rules are explained beside them.

mod build;
mod compat;
mod internal;
mod meaning;
mod wire;

use std::sync::LazyLock;

pub use internal::INTERNAL;

use super::super::report::Severity;
use super::Rule;

const fn rule(
    code: &'static str,
    severity: Severity,
    why: &'static str,
    wrong: &'static str,
    right: &'static str,
) -> Rule {
    Rule {
        code,
        severity,
        why,
        wrong,
        right,
    }
}

/// Every rule, in the order in which they run.
pub static RULES: LazyLock<Vec<Rule>> =
    LazyLock::new(|| [wire::RULES, meaning::RULES, build::RULES, compat::RULES].concat());
