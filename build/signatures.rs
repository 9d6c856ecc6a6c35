//! The public signatures of the generated code, as text: a committed snapshot
//! of them shows in a diff what an edit of the document does to the API.

use quote::ToTokens;
use syn::{Fields, ImplItem, Item, Visibility};

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
            item.attrs
                .retain(|attribute| attribute.path().is_ident("non_exhaustive"));
            if let Fields::Named(fields) = &mut item.fields {
                for field in &mut fields.named {
                    field.attrs.clear();
                }
            }
            Some(Item::Struct(item))
        }
        Item::Enum(mut item) if public(&item.vis) => {
            item.attrs
                .retain(|attribute| attribute.path().is_ident("non_exhaustive"));
            for variant in &mut item.variants {
                variant.attrs.clear();
            }
            Some(Item::Enum(item))
        }
        Item::Const(mut item) if public(&item.vis) => {
            item.attrs.clear();
            Some(Item::Const(item))
        }
        Item::Static(mut item) if public(&item.vis) => {
            item.attrs.clear();
            Some(Item::Static(item))
        }
        Item::Impl(mut item) if item.trait_.is_none() => {
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
