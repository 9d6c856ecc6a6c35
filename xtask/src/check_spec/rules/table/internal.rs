//! Codes that are no rules: the check itself is broken, or a rule says the same
//! before. They are explained too, for whoever meets one.

pub const INTERNAL: &[(&str, &str)] = &[
    (
        "internal/panic",
        "The rules of a group broke. This is a mistake in xtask/src/check_spec: please report it with the \
         document. The other groups were checked.",
    ),
    (
        "internal/child",
        "The generator is tried in a process of its own, which could not be started. Run the check where \
         processes can be.",
    ),
    (
        "internal/meta-schema",
        "xtask/schema/openapi-3.0.json is not what it was. Restore the file.",
    ),
    (
        "internal/no-judge",
        "Of a schema no judge of examples can be made, though no rule found a mistake in it. Mend the \
         schema, and please report it.",
    ),
    (
        "oas/no-paths",
        "The build needs `paths`. The rule `oas/invalid` says the same.",
    ),
    (
        "oas/no-schemas",
        "The build needs `components.schemas`: each type has its name from there.",
    ),
    (
        "op/no-responses",
        "The build needs the `responses` of each operation. The rule `oas/invalid` says the same.",
    ),
    (
        "progenitor/document",
        "The generator takes each schema and each operation by itself, but not the whole document. What was \
         changed last is the place to look.",
    ),
    (
        "generate/not-rust",
        "A step of the build wrote something that is no Rust. Mend the step in build/, or the name in the \
         document that it was made from.",
    ),
];
