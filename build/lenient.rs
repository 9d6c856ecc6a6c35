//! Lets an optional eTag, time or amount arrive as `""`: real payloads hold
//! it where they mean nothing, and one such member must not make the whole
//! referral unreadable.

use syn::punctuated::Punctuated;
use syn::{Attribute, Field, File, Item, Meta, Token};

use super::walk::{argument_of, last_name, types_mut};

/// The scalars that no empty text can be read as.
const NEVER_BLANK: [&str; 3] = ["ETag", "Timestamp", "Amount"];

/// Marks the optional members of those types.
pub fn blanks(mut file: File) -> File {
    for item in types_mut(&mut file).into_iter().flatten() {
        if let Item::Struct(item) = item {
            for field in item.fields.iter_mut().filter(|field| may_be_blank(field)) {
                mark(field);
            }
        }
    }
    file
}

fn may_be_blank(field: &Field) -> bool {
    argument_of(&field.ty, "Option")
        .and_then(last_name)
        .is_some_and(|name| NEVER_BLANK.contains(&name.as_str()))
}

/// Adds the reader to the `#[serde(..)]` that the field has, or a new one.
/// With a reader of its own serde takes a missing member for an error, hence
/// the `default`.
fn mark(field: &mut Field) {
    let mut options: Punctuated<Meta, Token![,]> = Punctuated::new();
    field.attrs.retain(|attribute: &Attribute| {
        let serde = attribute.path().is_ident("serde");
        let read = serde
            .then(|| attribute.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated))
            .and_then(Result::ok);
        match read {
            Some(read) => {
                options.extend(read);
                false
            }
            None => true,
        }
    });
    if !options
        .iter()
        .any(|option| option.path().is_ident("default"))
    {
        options.push(syn::parse_quote!(default));
    }
    options.push(syn::parse_quote!(
        deserialize_with = "crate::scalar::blank_as_none"
    ));
    field.attrs.push(syn::parse_quote!(#[serde(#options)]));
}

#[cfg(test)]
mod tests {
    use super::*;
    use quote::ToTokens;

    #[test]
    fn the_reader_joins_the_options_that_a_member_has() {
        let mut field: Field = syn::parse_quote! {
            #[doc = "x"]
            #[serde(rename = "eTag", skip_serializing_if = "none")]
            pub e_tag: ::std::option::Option<crate::scalar::ETag>
        };
        assert!(may_be_blank(&field));
        mark(&mut field);
        assert_eq!(field.attrs.len(), 2);
        let text = field.to_token_stream().to_string();
        for part in ["rename", "skip_serializing_if", "default", "blank_as_none"] {
            assert!(text.contains(part), "{text}");
        }
    }

    #[test]
    fn required_members_and_other_types_keep_their_reader() {
        for field in [
            syn::parse_quote!(pub at: crate::scalar::Timestamp),
            syn::parse_quote!(pub id: ::std::option::Option<crate::scalar::ReferralId>),
            syn::parse_quote!(pub name: ::std::option::Option<::std::string::String>),
        ] {
            let field: Field = field;
            assert!(!may_be_blank(&field));
        }
    }
}
