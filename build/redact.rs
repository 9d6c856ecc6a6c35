//! Replaces the derived `Debug` of every generated struct by one that shows
//! ids, statuses, codes, flags and times, and hides the rest: a referral is
//! full of names, e-mails, phone numbers and deal values, and `{:?}` ends in
//! logs.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Attribute, Fields, Item, ItemStruct, Type};

use super::schema::{Names, type_name};
use super::walk::{argument_of, last_name, types_mut};

/// Types whose value may be read in a log, beside the open enums.
const SHOWN: [&str; 5] = ["bool", "ReferralId", "EngagementId", "ETag", "Timestamp"];

/// Rewrites the structs of the module `types`.
pub fn debug(mut file: syn::File, names: &Names) -> syn::File {
    // Generated types redact themselves, so a nested one may be shown.
    let generated: Vec<String> = names
        .enums
        .iter()
        .chain(&names.objects)
        .map(|name| type_name(name))
        .collect();
    let shown = |name: &str| SHOWN.contains(&name) || generated.iter().any(|one| one == name);
    if let Some(items) = types_mut(&mut file) {
        let mut added = Vec::new();
        for item in items.iter_mut() {
            if let Item::Struct(item) = item {
                added.extend(rewrite(item, &shown));
            }
        }
        items.extend(added);
    }
    file
}

fn rewrite(item: &mut ItemStruct, shown: &dyn Fn(&str) -> bool) -> Option<Item> {
    let mut derived = false;
    for attribute in &mut item.attrs {
        derived |= without_debug(attribute);
    }
    if !derived {
        return None;
    }
    let name = &item.ident;
    let label_of_type = name.to_string();
    let body = match &item.fields {
        Fields::Named(fields) => {
            let fields = fields.named.iter().filter_map(|field| {
                let ident = field.ident.as_ref()?;
                let label = ident.to_string();
                let value = shown_as(&field.ty, &quote! { self.#ident }, shown);
                Some(quote! { .field(#label, #value) })
            });
            quote! { f.debug_struct(#label_of_type)#(#fields)*.finish() }
        }
        _ => quote! { f.debug_struct(#label_of_type).finish_non_exhaustive() },
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

fn shown_as(ty: &Type, place: &TokenStream, shown: &dyn Fn(&str) -> bool) -> TokenStream {
    if last_name(innermost(ty)).is_some_and(|name| shown(&name)) {
        return quote! { &#place };
    }
    if argument_of(ty, "Option").is_some() {
        return quote! { &#place.as_ref().map(|_| crate::redact::Hidden) };
    }
    if last_name(ty).as_deref() == Some("Map") {
        return quote! { &crate::redact::Members(#place.len()) };
    }
    quote! { &crate::redact::Hidden }
}

/// What a type holds, without what it is wrapped in.
fn innermost(ty: &Type) -> &Type {
    ["Option", "Vec", "Box", "Listed"]
        .into_iter()
        .find_map(|outer| argument_of(ty, outer))
        .map_or(ty, innermost)
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
