//! The public signatures of the generated code, as text: a committed snapshot
//! of them shows in a diff what an edit of the document does to the API.

use quote::ToTokens;
use syn::punctuated::Punctuated;
use syn::{Attribute, Fields, ImplItem, Item, Path, Token, Visibility};

/// The signatures of the named files, one after the other.
pub fn of(files: &[(&str, &syn::File)]) -> String {
    let mut out = String::new();
    for (name, file) in files {
        out.push_str(&format!("// {name}\n\n"));
        let mut bare = (*file).clone();
        bare.attrs.clear();
        bare.items = strip(bare.items);
        out.push_str(&prettyplease::unparse(&bare));
        out.push('\n');
    }
    out
}

fn public(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}

/// Keeps what of a type's attributes belongs to its API, the derived traits in
/// alphabetical order.
fn keep_shown(attributes: &mut Vec<Attribute>) {
    attributes.retain(|attribute| {
        attribute.path().is_ident("non_exhaustive") || attribute.path().is_ident("derive")
    });
    for attribute in attributes {
        let Ok(traits) = attribute.parse_args_with(Punctuated::<Path, Token![,]>::parse_terminated)
        else {
            continue; // Not a list: `non_exhaustive`.
        };
        let mut traits: Vec<Path> = traits.into_iter().filter(in_every_build).collect();
        traits.sort_by_cached_key(|path| path.to_token_stream().to_string());
        *attribute = syn::parse_quote!(#[derive(#(#traits),*)]);
    }
}

/// Whether the trait is there whatever the features: one snapshot serves all.
fn in_every_build(path: &Path) -> bool {
    path.segments
        .last()
        .is_none_or(|last| last.ident != "JsonSchema")
}

fn strip(items: Vec<Item>) -> Vec<Item> {
    items.into_iter().filter_map(signature).collect()
}

fn signature(item: Item) -> Option<Item> {
    match item {
        Item::Mod(mut module) if public(&module.vis) => {
            module.attrs.clear();
            module.content = module.content.map(|(brace, items)| (brace, strip(items)));
            Some(Item::Mod(module))
        }
        Item::Struct(mut item) if public(&item.vis) => {
            keep_shown(&mut item.attrs);
            if let Fields::Named(fields) = &mut item.fields {
                for field in &mut fields.named {
                    field.attrs.clear();
                }
            }
            Some(Item::Struct(item))
        }
        Item::Enum(mut item) if public(&item.vis) => {
            keep_shown(&mut item.attrs);
            for variant in &mut item.variants {
                variant.attrs.clear();
            }
            Some(Item::Enum(item))
        }
        Item::Use(item) if public(&item.vis) => Some(Item::Use(item)),
        Item::Const(mut item) if public(&item.vis) => {
            item.attrs.clear();
            Some(Item::Const(item))
        }
        Item::Static(mut item) if public(&item.vis) => {
            item.attrs.clear();
            Some(Item::Static(item))
        }
        // A trait that is lost shows as a missing header; its methods are known.
        Item::Impl(mut item) if item.trait_.is_some() => {
            item.attrs.clear();
            item.items.clear();
            let kept = item
                .trait_
                .as_ref()
                .is_some_and(|(path, _)| in_every_build(path));
            kept.then_some(Item::Impl(item))
        }
        Item::Impl(mut item) => {
            item.attrs.clear();
            item.items.retain_mut(|member| match member {
                ImplItem::Fn(function) if public(&function.vis) => {
                    function.attrs.clear();
                    function.block = syn::parse_quote!({});
                    true
                }
                ImplItem::Const(constant) => {
                    constant.attrs.clear();
                    public(&constant.vis)
                }
                _ => false,
            });
            (!item.items.is_empty() && !item.self_ty.to_token_stream().is_empty())
                .then_some(Item::Impl(item))
        }
        _ => None,
    }
}
