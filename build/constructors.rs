//! `new` and `with_..` of the request types: `new` takes what the document
//! requires, so a request that lacks it does not compile.

use std::collections::HashMap;

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote};
use serde_json::Value;
use syn::{Field, Item, ItemStruct};

use super::document::{Document, join};
use super::problem::Problem;
use super::schema::{SCHEMAS, doc, member_name, schemas, type_name};
use super::walk::{argument_of, types};

/// What request schemas are called.
const PREFIX: &str = "New";
/// Request schemas that do not carry the prefix.
const OTHERS: [&str; 1] = ["PatchOperation"];

/// Writes them, reading the fields from the generated types.
pub fn emit(document: &Document, generated: &syn::File) -> Result<TokenStream, Problem> {
    let structs = structs(generated);
    let mut out = quote! { use super::client::types::*; };
    let mut made = 0;
    for (name, schema) in schemas(document)? {
        if !name.starts_with(PREFIX) && !OTHERS.contains(&name.as_str()) {
            continue;
        }
        let pointer = join(SCHEMAS, name);
        let Some(item) = structs.get(&type_name(name)) else {
            return Err(document.problem(
                "generate/no-struct",
                pointer,
                format!("the request schema `{name}` did not become a struct"),
                "make it an object with properties",
            ));
        };
        let required: Vec<&str> = schema["required"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        out.extend(one(document, &pointer, item, schema, &required)?);
        made += 1;
    }
    if made == 0 {
        return Err(document.problem(
            "steps/nothing-to-do",
            SCHEMAS,
            format!("no request schema is named `{PREFIX}..`"),
            "name the request schemas so, or delete build/constructors.rs",
        ));
    }
    Ok(out)
}

fn structs(file: &syn::File) -> HashMap<String, &ItemStruct> {
    types(file)
        .filter_map(|item| match item {
            Item::Struct(item) => Some((item.ident.to_string(), item)),
            _ => None,
        })
        .collect()
}

/// What `new` says of itself: its arguments in their order, because several
/// are look-alikes that the compiler cannot tell apart.
fn about(required: &[&str], properties: &Value) -> String {
    if required.is_empty() {
        return " Takes what the service requires: nothing.".to_owned();
    }
    let mut about =
        " Takes what the service requires, in this order; add the rest with `with_..`.\n"
            .to_owned();
    for (index, name) in required.iter().enumerate() {
        about.push_str(&format!("\n {}. `{}`", index + 1, member_name(name)));
        if let Some(text) = properties[*name]["description"].as_str() {
            // One line: an empty one would end the list.
            let words: Vec<&str> = text.split_whitespace().collect();
            about.push_str(&format!(":{}", doc(&words.join(" "))));
        }
    }
    about
}

fn one(
    document: &Document,
    pointer: &str,
    item: &ItemStruct,
    schema: &Value,
    required: &[&str],
) -> Result<TokenStream, Problem> {
    let type_ = &item.ident;
    let fields: Vec<(&Ident, &Field)> = item
        .fields
        .iter()
        .filter_map(|field| field.ident.as_ref().map(|ident| (ident, field)))
        .collect();
    let mut arguments = TokenStream::new();
    let mut inits = TokenStream::new();
    let mut taken = Vec::new();
    let about = about(required, &schema["properties"]);
    for name in required {
        let ident = Ident::new(&member_name(name), Span::call_site());
        let Some((_, field)) = fields.iter().find(|(one, _)| **one == ident) else {
            return Err(document.problem(
                "schema/required-unknown",
                join(pointer, "required"),
                format!("`{name}` is required but the generated type has no field `{ident}`"),
                "declare the property, or take it out of `required`",
            ));
        };
        let ty = &field.ty;
        arguments.extend(quote! { #ident: impl Into<#ty>, });
        inits.extend(quote! { #ident: #ident.into(), });
        taken.push(ident);
    }
    let mut setters = TokenStream::new();
    for (ident, field) in &fields {
        if taken.contains(ident) {
            continue;
        }
        inits.extend(quote! { #ident: ::std::default::Default::default(), });
        let bare = ident.to_string();
        let setter = format_ident!("with_{}", bare.trim_end_matches('_'));
        let docs = field
            .attrs
            .iter()
            .filter(|attr| attr.path().is_ident("doc"));
        if let Some(inner) = argument_of(&field.ty, "Option") {
            let (parameter, value) = match argument_of(inner, "Vec") {
                Some(one) => (
                    quote! { impl IntoIterator<Item = #one> },
                    quote! { value.into_iter().collect() },
                ),
                None => (quote! { impl Into<#inner> }, quote! { value.into() }),
            };
            setters.extend(quote! {
                #(#docs)*
                #[must_use]
                pub fn #setter(mut self, value: #parameter) -> Self {
                    self.#ident = Some(#value);
                    self
                }
            });
        } else if bare == "extra" {
            setters.extend(quote! {
                /// Adds a member that this version does not know.
                #[must_use]
                pub fn with_member(
                    mut self,
                    name: impl Into<::std::string::String>,
                    value: impl Into<::serde_json::Value>,
                ) -> Self {
                    self.extra.insert(name.into(), value.into());
                    self
                }
            });
        } else {
            return Err(document.problem(
                "generate/optional-field",
                pointer,
                format!(
                    "the optional field `{bare}` is no `Option`: no setter can be written for it"
                ),
                "make the property required or nullable, and leave out its `default`",
            ));
        }
    }
    let default = required.is_empty().then(|| {
        quote! {
            impl ::std::default::Default for #type_ {
                fn default() -> Self { Self::new() }
            }
        }
    });
    Ok(quote! {
        impl #type_ {
            #[doc = #about]
            #[must_use]
            pub fn new(#arguments) -> Self {
                Self { #inits }
            }
            #setters
        }
        #default
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn new_names_its_arguments_in_order_and_says_what_they_are() {
        let properties = json!({
            "eTag": {"description": "The [version],\n  quoted."},
            "type": {},
        });
        assert_eq!(
            about(&["type", "eTag"], &properties),
            " Takes what the service requires, in this order; add the rest with `with_..`.\n\
             \n 1. `type_`\
             \n 2. `e_tag`: The \\[version\\], quoted."
        );
    }
}
