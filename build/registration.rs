//! What a deal registration is checked with: the figures of `x-rules` of
//! `NewRegistration`, the final statuses (`x-ended` of `RegistrationStatus`) and
//! the patch paths that are known (`x-known-paths` of `PatchOperation`).

use heck::ToShoutySnakeCase;
use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::quote;
use serde_json::Value;

use super::document::{Document, join};
use super::enums::variant;
use super::problem::Problem;
use super::schema::{SCHEMAS, schemas};

const REGISTRATION: &str = "NewRegistration";
const STATUS: &str = "RegistrationStatus";
const OPERATION: &str = "PatchOperation";
const CURRENCY: &str = "currency";
/// The figures, each a whole number, and what it is.
const FIGURES: [(&str, &str); 6] = [
    (
        "leastDealValue",
        "The least value of a deal, in `CURRENCY`.",
    ),
    (
        "yearlyValueAbove",
        "What a year of the contract is worth more than.",
    ),
    (
        "hoursFromCreationToWon",
        "The least time from creation to won.",
    ),
    ("daysSinceSignature", "The most time since the signature."),
    ("daysSinceStart", "The most time since the contract began."),
    (
        "yearsOfPerpetual",
        "How long a contract without an end counts for.",
    ),
];

/// Writes them.
pub fn emit(document: &Document) -> Result<TokenStream, Problem> {
    let schemas = schemas(document)?;
    let missing = |schema: &str, what: String, fix: &str| {
        let pointer = join(SCHEMAS, schema);
        document.problem("generate/no-registration-rules", pointer, what, fix)
    };
    let rules = &schemas.get(REGISTRATION).unwrap_or(&Value::Null)["x-rules"];
    let mut constants = TokenStream::new();
    for (name, about) in FIGURES {
        let figure = rules[name].as_i64().filter(|figure| *figure > 0);
        let figure = figure.and_then(|figure| i32::try_from(figure).ok());
        let Some(figure) = figure else {
            let what = format!("`x-rules` has no `{name}`, a whole number above zero");
            return Err(missing(REGISTRATION, what, "give it one, with its source"));
        };
        let constant = Ident::new(&name.to_shouty_snake_case(), Span::call_site());
        let figure = Literal::i32_unsuffixed(figure);
        constants.extend(quote! {
            #[doc = #about]
            pub const #constant: i32 = #figure;
        });
    }
    let Some(currency) = rules[CURRENCY].as_str() else {
        let what = format!("`x-rules` has no `{CURRENCY}`");
        return Err(missing(REGISTRATION, what, "name the currency of its sums"));
    };
    let texts = |schema: &str, list: &str| -> Vec<&str> {
        let list = &schemas.get(schema).unwrap_or(&Value::Null)[list];
        let items = list.as_array().into_iter().flatten();
        items.filter_map(Value::as_str).collect()
    };
    let (ended, known) = (texts(STATUS, "x-ended"), texts(STATUS, "enum"));
    if ended.is_empty() || ended.iter().any(|one| !known.contains(one)) {
        let what = format!("`{STATUS}` does not say in which of its statuses one has ended");
        return Err(missing(
            STATUS,
            what,
            "give it `x-ended`, a list of its values",
        ));
    }
    let ended = ended
        .iter()
        .map(|one| Ident::new(&variant(one), Span::call_site()));
    let paths = texts(OPERATION, "x-known-paths");
    if paths.is_empty() {
        let what = format!("`{OPERATION}` does not say which paths are known");
        return Err(missing(OPERATION, what, "give it `x-known-paths`"));
    }
    Ok(quote! {
        /// The patch paths that are known to be taken.
        pub static KNOWN_PATHS: &[&str] = &[#(#paths),*];

        /// What a deal registration is checked with.
        pub mod registration_rules {
            use super::super::enums::RegistrationStatus;

            /// The currency of the sums below.
            pub const CURRENCY: &str = #currency;

            #constants

            /// The statuses in which a registration has ended.
            pub static ENDED: &[RegistrationStatus] = &[#(RegistrationStatus::#ended),*];
        }
    })
}
