//! What the other steps ask of the document's schemas.

use heck::{ToSnakeCase, ToUpperCamelCase};
use serde_json::{Map, Value};

use super::document::{Document, join};
use super::problem::Problem;

/// Where the schemas stand.
pub const SCHEMAS: &str = "/components/schemas";

/// The methods that a path item may hold.
pub const METHODS: [&str; 8] = [
    "get", "put", "post", "delete", "options", "head", "patch", "trace",
];

/// Named schemas that handwritten, checked types stand in for, with the type.
///
/// Their meaning (quotes of an eTag, exact decimals, either of two shapes)
/// cannot be said by a schema, so a type of `src/scalar/` says it.
pub const SCALARS: [(&str, &str); 8] = [
    ("ReferralId", "crate::scalar::ReferralId"),
    ("EngagementId", "crate::scalar::EngagementId"),
    ("ETag", "crate::scalar::ETag"),
    ("Amount", "crate::scalar::Amount"),
    ("Timestamp", "crate::scalar::Timestamp"),
    ("PatchValue", "crate::scalar::PatchValue"),
    (
        "CustomerProfileIds",
        "crate::scalar::Listed<crate::generated::client::types::CustomerProfileId>",
    ),
    (
        "RequirementAttributes",
        "crate::scalar::Listed<crate::generated::client::types::RequirementAttribute>",
    ),
];

/// The schemas by what becomes of them.
pub struct Names {
    /// String enums, in the document's order.
    pub enums: Vec<String>,
    /// Objects that become structs.
    pub objects: Vec<String>,
}

impl Names {
    /// Sorts the document's schemas, and asserts that the replaced ones are there.
    pub fn collect(document: &Document) -> Result<Self, Problem> {
        let schemas = schemas(document)?;
        for (name, type_) in SCALARS {
            if !schemas.contains_key(name) {
                return Err(document.problem(
                    "generate/scalar-missing",
                    SCHEMAS,
                    format!("there is no schema `{name}` for `{type_}` to stand in for"),
                    "add the schema, or take its row out of SCALARS in build/schema.rs",
                ));
            }
        }
        let named = |test: fn(&Value) -> bool| {
            schemas
                .iter()
                .filter(|(name, schema)| {
                    test(schema) && !SCALARS.iter().any(|(scalar, _)| scalar == name)
                })
                .map(|(name, _)| name.clone())
                .collect()
        };
        Ok(Self {
            enums: named(is_string_enum),
            objects: named(|schema| schema["properties"].is_object()),
        })
    }
}

/// Is this the schema of a closed list of texts?
pub fn is_string_enum(schema: &Value) -> bool {
    schema["type"] == "string" && schema["enum"].is_array()
}

/// The named schemas.
pub fn schemas(document: &Document) -> Result<&Map<String, Value>, Problem> {
    document.value["components"]["schemas"]
        .as_object()
        .ok_or_else(|| {
            document.problem(
                "oas/no-schemas",
                "/components",
                "the document has no `components.schemas`",
                "name every schema there",
            )
        })
}

/// One operation, where it stands.
#[derive(Clone, Debug)]
pub struct Operation<'d> {
    /// `operationId`.
    pub id: &'d str,
    /// Method in capitals.
    pub method: String,
    /// Path template.
    pub path: &'d str,
    /// JSON pointer to it.
    pub pointer: String,
    /// The operation itself.
    pub value: &'d Value,
}

/// Every operation of the document, each with an `operationId`.
pub fn operations(document: &Document) -> Result<Vec<Operation<'_>>, Problem> {
    let paths = document.value["paths"].as_object().ok_or_else(|| {
        document.problem("oas/no-paths", "", "the document has no `paths`", "add one")
    })?;
    let mut operations = Vec::new();
    for (path, item) in paths {
        for method in METHODS {
            let Some(value) = item.get(method) else {
                continue;
            };
            let pointer = join(&join("/paths", path), method);
            let Some(id) = value["operationId"].as_str() else {
                return Err(document.problem(
                    "op/no-id",
                    pointer,
                    format!("{method} {path} has no `operationId`"),
                    "name the operation, for example `get_referral`",
                ));
            };
            operations.push(Operation {
                id,
                method: method.to_uppercase(),
                path,
                pointer,
                value,
            });
        }
    }
    Ok(operations)
}

/// Follows a `$ref` inside the document, once.
pub fn resolve<'v>(root: &'v Value, value: &'v Value) -> Option<&'v Value> {
    match value["$ref"].as_str() {
        Some(reference) => root.pointer(reference.strip_prefix('#')?),
        None => Some(value),
    }
}

/// The Rust name of a type, as the generator makes it.
pub fn type_name(name: &str) -> String {
    name.to_upper_camel_case()
}

/// The Rust name of a member, as the generator makes it.
pub fn member_name(name: &str) -> String {
    let snake = name.to_snake_case();
    if syn::parse_str::<syn::Ident>(&snake).is_ok() {
        snake
    } else {
        format!("{snake}_")
    }
}

/// Rustdoc that cannot be taken for code, links or HTML.
pub fn doc(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for line in text.trim().lines() {
        out.push(' ');
        for character in line.trim().chars() {
            if matches!(character, '<' | '>' | '[' | ']') {
                out.push('\\');
            }
            out.push(character);
        }
        out.push('\n');
    }
    out.truncate(out.trim_end().len());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_get_the_names_that_the_generator_gives_them() {
        assert_eq!(member_name("eTag"), "e_tag");
        assert_eq!(member_name("type"), "type_");
        assert_eq!(member_name("@odata.nextLink"), "odata_next_link");
    }

    #[test]
    fn documentation_has_nothing_that_rustdoc_would_take_for_html_or_a_link() {
        assert_eq!(doc("a <b> [c]\n    d"), " a \\<b\\> \\[c\\]\n d");
    }
}
