//! What a new version of the document owes the users of the old one, and what
//! stands beside the document.

use super::super::super::report::Severity::{Error, Note};
use super::super::Rule;
use super::rule;

pub const RULES: &[Rule] = &[
    rule(
        "compat/released",
        Error,
        "A released document is never changed: released/SHA256SUMS holds the hash of each.",
        "(released/1.2.0.yaml edited after the release)",
        "(released/1.2.0.yaml as it was, and a new 1.3.0.yaml with its line in SHA256SUMS)",
    ),
    rule(
        "compat/baseline",
        Error,
        "What the document is compared with is a document: a mapping with `info.version` and `paths`.",
        "(--against a list)",
        "(--against the document as it was)",
    ),
    rule(
        "compat/version",
        Error,
        "The versions of the document and of the crate make room for what changed since the release.",
        "version: 1.2.1   # and a member is gone",
        "version: 2.0.0",
    ),
    rule(
        "compat/wire",
        Error,
        "What old callers send is still taken, and what they are answered is still understood. \
         Requests may widen, answers may narrow; readers keep members and enum values they do not know.",
        "required: [name, notes]   # of a request, and `notes` was optional",
        "required: [name]",
    ),
    rule(
        "compat/source",
        Error,
        "Code that uses the crate still compiles: the generated signatures are compared.",
        "operationId: read_referral   # and it was get_referral",
        "operationId: get_referral",
    ),
    rule(
        "compat/behaviour",
        Error,
        "What no message shows stays: changes of status that are allowed, ways to sign in, the \
         address of the service, values that stand in for what is left out.",
        "New: {becomes: [New, Active]}   # and it was [New, Active, Closed]",
        "New: {becomes: [New, Active, Closed]}",
    ),
    rule(
        "compat/addition",
        Note,
        "Something more asks for a minor version.",
        "version: 1.2.0   # and there is an operation more",
        "version: 1.3.0",
    ),
    rule(
        "compat/deprecated",
        Note,
        "An operation is deprecated in one version and removed in a later major one.",
        "(an operation that was not deprecated is gone)",
        "deprecated: true",
    ),
    rule(
        "config/unreadable",
        Error,
        "check-spec.toml holds entries of allowed findings, each with code, pointer, reason and end.",
        "[[allow]]\ncode = 'ref/unused'",
        "[[allow]]\ncode = 'ref/unused'\npointer = '/components/schemas/Old'\nreason = 'In use again by \
         then.'\nuntil = '0.2.0'",
    ),
    rule(
        "config/allow-over",
        Error,
        "What is allowed has an end, the version of the document in which it must be gone.",
        "until = '0.1.0'   # and the document has 0.1.0",
        "until = '0.2.0'",
    ),
    rule(
        "config/allow-unused",
        Error,
        "An entry that allows nothing would hide the next mistake at its place.",
        "(an entry for a finding that was mended)",
        "(no entry)",
    ),
    rule(
        "fresh/rules",
        Error,
        "openapi/spec-rules.md is what the rules say of themselves.",
        "(a rule was added, and the list was not made again)",
        "(`cargo xtask check-spec --fix`)",
    ),
    rule(
        "fresh/api",
        Error,
        "The committed snapshot of the generated signatures is that of the document, so that a \
         change shows in the commit that makes it.",
        "(a member was added, and the snapshot was not accepted)",
        "(the document and the snapshot in one commit)",
    ),
];
