//! The list of the types that `src/types.rs` re-exports, by name: a glob would
//! promise the generator's own helpers too, and show nothing in a diff.

use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::{File, Item, Visibility};

use super::walk::types;

/// Writes it.
pub fn emit(client: &File, enums: &File) -> TokenStream {
    let types = named(types(client));
    let enums = named(enums.items.iter());
    quote! {
        pub use crate::generated::client::types::{#(#types),*};
        pub use crate::generated::enums::{#(#enums),*};
    }
}

/// The public types among `items`. Modules are left out: `error` is how the
/// generator's own readers fail.
fn named<'i>(items: impl Iterator<Item = &'i Item>) -> Vec<&'i Ident> {
    let mut names: Vec<&Ident> = items
        .filter_map(|item| match item {
            Item::Struct(item) => Some((&item.vis, &item.ident)),
            Item::Enum(item) => Some((&item.vis, &item.ident)),
            Item::Type(item) => Some((&item.vis, &item.ident)),
            _ => None,
        })
        .filter(|(visibility, _)| matches!(visibility, Visibility::Public(_)))
        .map(|(_, name)| name)
        .collect();
    names.sort_unstable();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_named_one_by_one_and_modules_are_not() {
        let client = syn::parse_quote! {
            pub mod types {
                pub mod error { pub struct ConversionError; }
                pub struct B;
                struct Hidden;
                pub enum A {}
            }
        };
        let enums = syn::parse_quote! { pub enum Status {} };
        assert_eq!(
            emit(&client, &enums).to_string(),
            "pub use crate :: generated :: client :: types :: { A , B } ; \
             pub use crate :: generated :: enums :: { Status } ;"
        );
    }
}
