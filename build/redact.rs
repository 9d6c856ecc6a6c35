//! Replaces the derived `Debug` of every generated struct by one that shows
//! ids, statuses, codes, flags and times, and hides the rest: a referral is
//! full of names, e-mails, phone numbers and deal values, and `{:?}` ends in
//! logs.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{Attribute, Fields, Item, ItemStruct, Type};

use super::constructors::argument_of;
use super::schema::SCALARS;

/// Types whose value may be read in a log, beside the open enums.
const SHOWN: [&str; 5] = ["bool", "ReferralId", "EngagementId", "ETag", "Timestamp"];

/// Rewrites the structs of the module `types`.
pub fn debug(mut file: syn::File) -> syn::File {
    for item in &mut file.items {
        if let Item::Mod(module) = item
            && module.ident == "types"
            && let Some((_, items)) = &mut module.content
        {
            let mut added = Vec::new();
            for item in items.iter_mut() {
                if let Item::Struct(item) = item
                    && let Some(implementation) = rewrite(item)
                {
                    added.push(implementation);
                }
            }
            items.extend(added);
        }
    }
    file
}

fn rewrite(item: &mut ItemStruct) -> Option<Item> {
    let mut derived = false;
    for attribute in &mut item.attrs {
        derived |= without_debug(attribute);
    }
    if !derived {
        return None;
    }
    let name = &item.ident;
    let shown = name.to_string();
    let body = match &item.fields {
        Fields::Named(fields) => {
            let fields = fields.named.iter().filter_map(|field| {
                let ident = field.ident.as_ref()?;
                let label = ident.to_string();
                let value = shown_as(&field.ty, &quote! { self.#ident });
                Some(quote! { .field(#label, #value) })
            });
            quote! { f.debug_struct(#shown)#(#fields)*.finish() }
        }
        _ => quote! { f.debug_struct(#shown).finish_non_exhaustive() },
    };
    syn::parse2(quote! {
        impl ::std::fmt::Debug for #name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                #body
            }
        }
    })
    .ok()
}

fn shown_as(ty: &Type, place: &TokenStream) -> TokenStream {
    let inner = argument_of(ty, "Option");
    let bare = inner.unwrap_or(ty);
    if is_shown(argument_of(bare, "Vec").unwrap_or(bare)) {
        return quote! { &#place };
    }
    if inner.is_some() {
        return quote! { &#place.as_ref().map(|_| crate::redact::Hidden) };
    }
    if bare.to_token_stream().to_string().contains("Map") {
        return quote! { &crate::redact::Members(#place.len()) };
    }
    quote! { &crate::redact::Hidden }
}

/// Generated types redact themselves, so a nested one may be shown.
fn is_shown(ty: &Type) -> bool {
    let Type::Path(path) = ty else { return false };
    let Some(last) = path.path.segments.last() else {
        return false;
    };
    let name = last.ident.to_string();
    if SHOWN.contains(&name.as_str()) {
        return true;
    }
    if name == "Box" {
        return argument_of(ty, "Box").is_some_and(is_shown);
    }
    let text = ty.to_token_stream().to_string().replace(' ', "");
    let scalar = SCALARS.iter().any(|(scalar, _)| *scalar == name);
    let foreign = text.starts_with("::") || text.starts_with("f64") || text.starts_with('i');
    !scalar && !foreign && !text.starts_with("crate::scalar::Listed") || text.contains("Listed<")
}

/// Takes `Debug` out of a `#[derive(..)]`; says whether it was there.
fn without_debug(attribute: &mut Attribute) -> bool {
    if !attribute.path().is_ident("derive") {
        return false;
    }
    let mut kept: Vec<syn::Path> = Vec::new();
    let mut found = false;
    let read = attribute.parse_nested_meta(|meta| {
        if meta
            .path
            .segments
            .last()
            .is_some_and(|last| last.ident == "Debug")
        {
            found = true;
        } else {
            kept.push(meta.path);
        }
        Ok(())
    });
    if read.is_err() || !found {
        return false;
    }
    *attribute = syn::parse_quote! { #[derive(#(#kept),*)] };
    true
}
