//! What an update may change: `x-ms-mutability` of the members of a referral,
//! with `x-stays` and `x-own-patch-paths`, as a table of paths.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use serde_json::{Map, Value};

use super::document::{Document, join};
use super::problem::Problem;
use super::schema::{SCHEMAS, schemas};

/// The schema whose members an update changes.
pub const ROOT: &str = "Referral";
/// Deeper than any member of it; schemas may refer to themselves.
const DEEPEST: usize = 8;

/// Writes the table.
pub fn emit(document: &Document) -> Result<TokenStream, Problem> {
    let schemas = schemas(document)?;
    let mut rows = Vec::new();
    walk(schemas, ROOT, &mut Vec::new(), &mut rows);
    if rows.is_empty() {
        return Err(document.problem(
            "generate/no-rights",
            join(SCHEMAS, ROOT),
            format!("no member of `{ROOT}` says by `x-ms-mutability` that it cannot be changed"),
            "say it where a source does",
        ));
    }
    let rows = rows.iter().map(|(path, right)| {
        let right = Ident::new(right, Span::call_site());
        quote! { (&[#(#path),*], Right::#right) }
    });
    Ok(quote! {
        /// What an update may change of a referral.
        pub mod rights {
            /// Why a member is not simply changed.
            #[derive(Clone, Copy, Debug, PartialEq, Eq)]
            pub enum Right {
                /// The service sets it.
                ReadOnly,
                /// It is set when the referral is created.
                CreateOnly,
                /// It may become true, and stays so.
                StaysTrue,
                /// It has patch paths of its own.
                OwnPaths,
            }

            /// The members of a referral that are not simply changed, by path;
            /// what stands below one of them is as it is.
            pub static TABLE: &[(&[&str], Right)] = &[#(#rows),*];
        }
    })
}

fn walk(
    schemas: &Map<String, Value>,
    schema: &str,
    path: &mut Vec<String>,
    rows: &mut Vec<(Vec<String>, &'static str)>,
) {
    let members = schemas
        .get(schema)
        .and_then(|schema| schema["properties"].as_object());
    if path.len() >= DEEPEST {
        return;
    }
    for (name, member) in members.into_iter().flatten() {
        path.push(name.clone());
        match right(member) {
            Some(right) => rows.push((path.clone(), right)),
            // A list is replaced as a whole, so its items have no rights.
            None => {
                if let Some(inner) = reference(member) {
                    walk(schemas, inner, path, rows);
                }
            }
        }
        path.pop();
    }
}

/// None where the member may be changed, or where no source says anything.
fn right(member: &Value) -> Option<&'static str> {
    if member["x-own-patch-paths"] == true {
        return Some("OwnPaths");
    }
    if member["x-stays"] == true {
        return Some("StaysTrue");
    }
    let rights = member["x-ms-mutability"].as_array()?;
    let has = |right: &str| rights.iter().any(|one| one == right);
    match (has("update"), has("create")) {
        (true, _) => None,
        (false, true) => Some("CreateOnly"),
        (false, false) => Some("ReadOnly"),
    }
}

fn reference(member: &Value) -> Option<&str> {
    member["$ref"]
        .as_str()
        .or_else(|| member["allOf"][0]["$ref"].as_str())?
        .rsplit('/')
        .next()
}
