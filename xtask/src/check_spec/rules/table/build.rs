//! What examples and the generator ask for.

use super::super::super::report::Severity::{Error, Note};
use super::super::Rule;
use super::rule;

pub const RULES: &[Rule] = &[
    rule(
        "example/violates-schema",
        Error,
        "An example fits the schema that it shows. One named `unusual_values` may have values that \
         no enum lists, because it shows what readers must survive.",
        "\"status\": \"Nwe\"",
        "\"status\": \"New\"",
    ),
    rule(
        "example/nearly-known",
        Error,
        "A member of an example that is called almost as one of the schema that is missing: one of \
         the two is misspelt. Objects are open, so it fits all the same.",
        "\"tsatusReason\": null",
        "\"statusReason\": null",
    ),
    rule(
        "example/not-json",
        Error,
        "An example file is JSON.",
        "{\"status\": \"New\",}",
        "{\"status\": \"New\"}",
    ),
    rule(
        "example/missing-file",
        Error,
        "A named example file exists, next to the document.",
        "externalValue: examples/get_referal.json",
        "externalValue: examples/get_referral.json",
    ),
    rule(
        "example/unused-file",
        Error,
        "A file in examples/ that the document does not name is checked by nothing.",
        "examples/old.json, named nowhere",
        "externalValue: examples/old.json",
    ),
    rule(
        "fixture/accepted",
        Error,
        "A file in negative/ is refused by the schema that its name begins with: a schema that takes \
         everything would pass every example.",
        "negative/ErrorBody.empty.json: {\"error\": {..}}",
        "negative/ErrorBody.empty.json: {}",
    ),
    rule(
        "fixture/no-schema",
        Error,
        "Files in negative/, and blocks of JSON in the texts next to the document, name a schema.",
        "(a block of `json schema=Refferal`)",
        "(a block of `json schema=Referral`)",
    ),
    rule(
        "progenitor/parameter-content",
        Error,
        "The generator reads parameters that have a `schema`.",
        "content: {application/json: ..}",
        "schema: {type: string}",
    ),
    rule(
        "progenitor/parameter-style",
        Error,
        "The generator sends parameters in the path, in the query (`form`) and as headers.",
        "in: cookie",
        "in: header",
    ),
    rule(
        "progenitor/media-type",
        Error,
        "The generator sends JSON, forms, bytes and plain text. Where the service wants another name for its JSON, say that in the description and set the header in the transport.",
        "content: {application/json-patch+json: ..}",
        "content: {application/json: ..}",
    ),
    rule(
        "progenitor/two-bodies",
        Error,
        "A generated function sends one media type.",
        "content: {application/json: .., text/plain: ..}",
        "content: {application/json: ..}",
    ),
    rule(
        "progenitor/no-schema",
        Error,
        "A body has a schema; the generator stops at one without.",
        "application/json: {}",
        "application/json: {schema: ..}",
    ),
    rule(
        "progenitor/media-parameter",
        Note,
        "The generator takes a media type with a parameter. Mocks and validators compare the whole name.",
        "application/json;odata.metadata=minimal: ..",
        "application/json: ..",
    ),
    rule(
        "progenitor/operation",
        Error,
        "The generator takes the operation. It says where it stopped in its own source only; here \
         the operation is named.",
        "content:\n  application/json-patch+json: ..",
        "content:\n  application/json: ..",
    ),
    rule(
        "progenitor/schema",
        Error,
        "The generator takes the schemas.",
        "not: {type: string}",
        "(say it in the description)",
    ),
    rule(
        "progenitor/httpmock",
        Error,
        "The helpers for tests are generated from the whole document, errors included.",
        "responses: {'499': ..}   # a status without a registered name",
        "responses: {'400': ..}",
    ),
    rule(
        "progenitor/crash",
        Error,
        "The generator comes to an end, whatever the document is.",
        "(a document that makes it overflow its stack)",
        "(a document without the part that does)",
    ),
    rule(
        "progenitor/compile",
        Error,
        "With `--compile`: the crate compiles with what is generated.",
        "(a member that handwritten code names is gone)",
        "(the member, or the code without it)",
    ),
    rule(
        "generate/scalar-missing",
        Error,
        "The schemas that handwritten types stand in for are there: build/schema.rs names them.",
        "(no schema `ETag`)",
        "ETag: {type: string}",
    ),
    rule(
        "generate/no-struct",
        Error,
        "A schema named `New..` is an object with properties: it gets a constructor.",
        "NewReferral: {type: object}",
        "NewReferral: {type: object, properties: ..}",
    ),
    rule(
        "generate/optional-field",
        Error,
        "An optional member of a request schema can be left out, so it has no `default`: the \
         generator always sends a member with one.",
        "notes: {type: string, default: ''}",
        "notes: {type: string}",
    ),
    rule(
        "generate/no-members",
        Error,
        "The objects whose members handwritten code names are there: build/wire.rs names them.",
        "(no schema `Target`)",
        "Target: {type: object, properties: ..}",
    ),
    rule(
        "generate/no-name",
        Error,
        "Headers, query options and the members that handwritten code names become constants.",
        "properties: {²: ..}",
        "properties: {square: ..}",
    ),
    rule(
        "generate/no-microsoft-half",
        Error,
        "The document says which target makes a referral Microsoft's half of a shared one.",
        "NewTarget: {type: object, ..}",
        "NewTarget: {type: object, x-microsoft-half: {type: .., id: ..}, ..}",
    ),
    rule(
        "generate/no-ended",
        Error,
        "The document says in which statuses a referral has ended: an update of one is refused before it is sent.",
        "x-lifecycle: {states: ..}",
        "x-lifecycle: {states: .., ended: [Closed]}",
    ),
    rule(
        "generate/no-rights",
        Error,
        "The members of a referral say what an update may change.",
        "id: {type: string}",
        "id: {type: string, x-ms-mutability: [read]}",
    ),
    rule(
        "generate/no-registration-rules",
        Error,
        "The document has the figures that a deal registration is checked with, the statuses in which one has \
         ended, and the paths that a patch is known to take.",
        "NewRegistration: {type: object, ..}",
        "NewRegistration: {type: object, x-rules: {leastDealValue: .., ..}, ..}",
    ),
    rule(
        "generate/no-parameters",
        Error,
        "Headers and query options are named parts: handwritten code takes their names from there.",
        "(a `$filter` that stands inside its operation, as all others do)",
        "parameters:\n  - $ref: '#/components/parameters/Filter'",
    ),
    rule(
        "steps/nothing-to-do",
        Error,
        "A step of the build that finds nothing to change is a step to delete, or the sign of a \
         mistake in the document.",
        "(no parameter has `x-set-by-transport`)",
        "x-set-by-transport: true",
    ),
];
