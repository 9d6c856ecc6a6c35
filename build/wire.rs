//! Names of the wire that handwritten code needs, as constants, so that none
//! of them is written a second time by hand: operations, headers, query
//! options and the members of a referral.

use heck::ToShoutySnakeCase;
use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use serde_json::Value;

use super::document::{Document, join};
use super::enums::variant;
use super::problem::Problem;
use super::schema::{SCHEMAS, doc, operations, schemas, type_name};

/// The schemas whose members handwritten code names, and the module of each.
const MEMBERS_OF: [(&str, &str); 14] = [
    ("Referral", "referral"),
    ("Target", "target"),
    ("ReferralList", "referral_list"),
    ("CustomerProfile", "customer_profile"),
    ("Address", "address"),
    ("Member", "member"),
    ("Consent", "consent"),
    ("ReferralDetails", "referral_details"),
    ("Registration", "registration"),
    ("RegistrationContract", "registration_contract"),
    ("RegistrationSolution", "registration_solution"),
    ("NewRegistrationSolution", "new_registration_solution"),
    ("MarketplaceTransaction", "marketplace_transaction"),
    ("RegistrationStatusHistory", "registration_status_history"),
];

/// Where headers and query options stand.
const PARAMETERS: &str = "/components/parameters";

/// Writes them.
pub fn emit(document: &Document) -> Result<TokenStream, Problem> {
    let operation = operation_enum(document)?;
    let parameters = document.value["components"]["parameters"].clone();
    let mut headers = named(&parameters, "header");
    let queries = named(&parameters, "query");
    let asked = headers.len();
    answer_headers(&document.value, &mut headers);
    if asked == 0 || queries.is_empty() || headers.len() == asked {
        return Err(document.problem(
            "generate/no-parameters",
            "/components",
            "headers and query options must stand under `components.parameters` and `components.responses`",
            "name them there and refer to them",
        ));
    }
    let headers = headers.iter().map(String::as_str);
    let headers = constants(document, PARAMETERS, headers, true)?;
    let queries = queries.iter().map(String::as_str);
    let queries = constants(document, PARAMETERS, queries, false)?;
    let server = document.value["servers"][0]["url"]
        .as_str()
        .ok_or_else(|| {
            document.problem(
                "oas/no-server",
                "",
                "the document names no server",
                "add `servers`",
            )
        })?;
    let known = schemas(document)?;
    if !known.contains_key("NewTarget") {
        return Err(document.problem(
            "generate/no-members",
            SCHEMAS,
            "there is no schema `NewTarget`",
            "add it: a connected referral needs a target",
        ));
    }
    let mut members = TokenStream::new();
    for (schema, module) in MEMBERS_OF {
        let Some(properties) = known
            .get(schema)
            .and_then(|schema| schema["properties"].as_object())
        else {
            return Err(document.problem(
                "generate/no-members",
                join(SCHEMAS, schema),
                format!("there is no object `{schema}`"),
                "add it, or take its row out of MEMBERS_OF in build/wire.rs",
            ));
        };
        let module_doc = format!(" Members of `{schema}`.");
        let module = Ident::new(module, Span::call_site());
        let pointer = join(&join(SCHEMAS, schema), "properties");
        let names = properties.keys().map(String::as_str);
        let constants = constants(document, &pointer, names, false)?;
        members.extend(quote! {
            #[doc = #module_doc]
            pub mod #module { #constants }
        });
    }
    let half = &known["NewTarget"]["x-microsoft-half"];
    let (Some(half_type), Some(half_id)) = (half["type"].as_str(), half["id"].as_str()) else {
        return Err(document.problem(
            "generate/no-microsoft-half",
            join(SCHEMAS, "NewTarget"),
            "`NewTarget` does not say which target makes a referral Microsoft's half",
            "give it `x-microsoft-half` with `type` and `id`",
        ));
    };
    let types = known.get("TargetType").unwrap_or(&Value::Null)["enum"].as_array();
    let is_known = types.is_some_and(|types| types.iter().any(|one| one == half_type));
    let half_type = ident(&variant(half_type)).filter(|_| is_known);
    let half_type = half_type.ok_or_else(|| {
        document.problem(
            "generate/no-microsoft-half",
            join(&join(SCHEMAS, "NewTarget"), "x-microsoft-half"),
            "the type of Microsoft's half is not a value of `TargetType`",
            "write it as `TargetType` has it",
        )
    })?;
    Ok(quote! {
        #operation

        /// The type of the target that makes a connected referral Microsoft's half.
        pub const MICROSOFT_TARGET_TYPE: super::enums::TargetType =
            super::enums::TargetType::#half_type;
        /// The id of that target; also the organization id of Microsoft.
        pub const MICROSOFT_ID: &str = #half_id;

        /// The service's own address.
        pub const SERVER: &str = #server;

        /// Header names, in lower case.
        pub mod header { #headers }

        /// Query options of the list.
        pub mod query { #queries }

        #members
    })
}

fn named(parameters: &Value, place: &str) -> Vec<String> {
    let mut names: Vec<String> = parameters
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(_, parameter)| parameter["in"] == place)
        .filter_map(|(_, parameter)| parameter["name"].as_str().map(str::to_owned))
        .collect();
    // Two components may describe one header, required here and optional there.
    names.dedup_by(|one, other| one.eq_ignore_ascii_case(other));
    names
}

/// Adds the headers of every response, wherever it stands.
fn answer_headers(value: &Value, names: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            if members.contains_key("description")
                && let Some(headers) = members.get("headers").and_then(Value::as_object)
            {
                for name in headers.keys() {
                    if !names.iter().any(|one| one.eq_ignore_ascii_case(name)) {
                        names.push(name.clone());
                    }
                }
            }
            members
                .values()
                .for_each(|value| answer_headers(value, names));
        }
        Value::Array(items) => items.iter().for_each(|value| answer_headers(value, names)),
        _ => {}
    }
}

/// The name as Rust has it, if it can be one.
fn ident(name: &str) -> Option<Ident> {
    syn::parse_str(name).ok()
}

fn constants<'n>(
    document: &Document,
    pointer: &str,
    names: impl Iterator<Item = &'n str>,
    lower: bool,
) -> Result<TokenStream, Problem> {
    let mut out = TokenStream::new();
    for name in names {
        let constant = ident(&name.to_shouty_snake_case()).ok_or_else(|| {
            document.problem(
                "generate/no-name",
                join(pointer, name),
                format!("of `{name}` no name of a constant can be made"),
                "leave it out: readers keep unknown members",
            )
        })?;
        let about = format!(" `{name}`.");
        let value = if lower {
            name.to_ascii_lowercase()
        } else {
            name.to_owned()
        };
        out.extend(quote! {
            #[doc = #about]
            pub const #constant: &str = #value;
        });
    }
    Ok(out)
}

fn operation_enum(document: &Document) -> Result<TokenStream, Problem> {
    let operations = operations(document)?;
    let mut variants = Vec::new();
    for operation in &operations {
        let variant = ident(&type_name(operation.id)).ok_or_else(|| {
            document.problem(
                "op/id-name",
                join(&operation.pointer, "operationId"),
                format!("`{}` gives no name of a function", operation.id),
                "begin it with a letter, for example `get_referral`",
            )
        })?;
        variants.push(variant);
    }
    let ids: Vec<&str> = operations.iter().map(|operation| operation.id).collect();
    let methods: Vec<&str> = operations.iter().map(|one| one.method.as_str()).collect();
    let paths: Vec<&str> = operations.iter().map(|operation| operation.path).collect();
    let docs: Vec<String> = operations
        .iter()
        .map(|one| doc(one.value["summary"].as_str().unwrap_or(one.id)))
        .collect();
    Ok(quote! {
        /// An operation of the service.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Operation {
            #(#[doc = #docs] #variants,)*
        }

        impl Operation {
            /// The name of the operation in the document.
            pub const fn as_str(self) -> &'static str {
                match self { #(Self::#variants => #ids,)* }
            }

            /// The method, in capitals.
            pub const fn method(self) -> &'static str {
                match self { #(Self::#variants => #methods,)* }
            }

            /// The path, with `{id}` for the referral.
            pub const fn path(self) -> &'static str {
                match self { #(Self::#variants => #paths,)* }
            }
        }

        impl ::std::fmt::Display for Operation {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.pad(self.as_str())
            }
        }
    })
}
