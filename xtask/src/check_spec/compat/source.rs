//! Two versions of the generated Rust: what stops compiling at the users of
//! the crate, though no byte on the wire is another.

use std::collections::BTreeMap;

use quote::ToTokens;
use syn::{Attribute, Fields, ImplItem, Item, Visibility};

use super::change::{Bump, Change};

/// Compares the public signatures of two versions, as `signatures` writes them.
/// Each comes with the name that it is about.
pub fn changes(old: &str, new: &str) -> Result<Vec<(String, Change)>, String> {
    let (old, new) = (signatures(old)?, signatures(new)?);
    let mut changes = Vec::new();
    for (name, one) in old.iter().filter(|(_, one)| !one.goes_with(&old, &new)) {
        let message = match new.get(name) {
            None => format!("`{name}` is gone"),
            Some(other) if other.text != one.text => {
                format!("`{name}` was `{}` and is `{}`", one.text, other.text)
            }
            Some(_) => continue,
        };
        changes.push((name.clone(), source(message)));
    }
    let added = new.iter().filter(|(name, _)| !old.contains_key(*name));
    for (name, one) in added.filter(|(_, one)| !one.goes_with(&new, &old)) {
        let breaks = one
            .within
            .as_ref()
            .is_some_and(|within| old.get(within).is_some_and(|whole| whole.is_closed));
        let change = if breaks {
            source(format!(
                "`{name}` is new in a type that users can build or match in full"
            ))
        } else {
            Change::more("", format!("`{name}` is new"))
        };
        changes.push((name.clone(), change));
    }
    Ok(changes)
}

fn source(message: String) -> Change {
    Change::new("compat/source", Bump::Major, "", message)
}

#[derive(Default)]
struct Signature {
    text: String,
    /// The type that it is a field or a variant of.
    within: Option<String>,
    /// The type that it is about, if it is not one itself.
    about: Option<String>,
    /// Whether a new field or variant would be noticed.
    is_closed: bool,
}

impl Signature {
    /// Whether it is of a type that is only in `here`: of a type that is gone,
    /// or new, one word is enough.
    fn goes_with(&self, here: &Signatures, there: &Signatures) -> bool {
        let only_here = |name: &str| here.contains_key(name) && !there.contains_key(name);
        self.about
            .as_deref()
            .is_some_and(|about| only_here(about) || only_here(&format!("types::{about}")))
    }
}

type Signatures = BTreeMap<String, Signature>;

fn signatures(text: &str) -> Result<Signatures, String> {
    let file = syn::parse_file(text).map_err(|error| error.to_string())?;
    let mut out = Signatures::new();
    walk("", &file.items, &mut out);
    Ok(out)
}

/// As people write it: tokens alone come with a space around each.
fn shown(tokens: impl ToTokens) -> String {
    let text = tokens.to_token_stream().to_string();
    let narrow = [
        (" :: ", "::"),
        (":: ", "::"),
        (" < ", "<"),
        (" >", ">"),
        (" ,", ","),
        ("& ", "&"),
        (" (", "("),
        ("( ", "("),
        (" )", ")"),
    ];
    narrow
        .iter()
        .fold(text, |text, (wide, narrow)| text.replace(wide, narrow))
}

fn is_open(attributes: &[Attribute]) -> bool {
    attributes
        .iter()
        .any(|attribute| attribute.path().is_ident("non_exhaustive"))
}

fn walk(module: &str, items: &[Item], out: &mut Signatures) {
    for item in items {
        match item {
            Item::Mod(inner) => {
                let name = format!("{module}{}::", inner.ident);
                if let Some((_, items)) = &inner.content {
                    walk(&name, items, out);
                }
            }
            Item::Struct(item) => {
                let name = format!("{module}{}", item.ident);
                let private = item.fields.iter().any(|field| !public(&field.vis));
                of_type(&name, "struct", &item.attrs, private, out);
                for (index, field) in item.fields.iter().enumerate() {
                    if public(&field.vis) {
                        let field_name = match &field.ident {
                            Some(ident) => ident.to_string(),
                            None => index.to_string(),
                        };
                        part(&name, &field_name, shown(&field.ty), out);
                    }
                }
            }
            Item::Enum(item) => {
                let name = format!("{module}{}", item.ident);
                of_type(&name, "enum", &item.attrs, false, out);
                for variant in &item.variants {
                    let fields = match &variant.fields {
                        Fields::Unit => String::new(),
                        fields => shown(fields),
                    };
                    part(&name, &variant.ident.to_string(), fields, out);
                }
            }
            // A value may change: the document says the same of the wire.
            Item::Const(item) => {
                add(
                    format!("{module}{}", item.ident),
                    shown(&item.ty),
                    None,
                    out,
                );
            }
            Item::Static(item) => {
                add(
                    format!("{module}{}", item.ident),
                    shown(&item.ty),
                    None,
                    out,
                );
            }
            Item::Use(item) => uses(&format!("{module}use "), &item.tree, out),
            Item::Impl(item) => {
                let target = shown(&item.self_ty);
                if let Some((path, _)) = &item.trait_ {
                    let name = format!("{module}impl {} for {target}", shown(path));
                    add(name, String::new(), Some(&target), out);
                }
                for member in &item.items {
                    match member {
                        ImplItem::Fn(function) => {
                            let name = format!("{module}{target}::{}", function.sig.ident);
                            add(name, shown(&function.sig), Some(&target), out);
                        }
                        ImplItem::Const(one) => {
                            let name = format!("{module}{target}::{}", one.ident);
                            add(name, shown(&one.ty), Some(&target), out);
                        }
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }
}

fn public(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}

fn add(name: String, text: String, about: Option<&str>, out: &mut Signatures) {
    let signature = Signature {
        text,
        about: about.map(str::to_owned),
        ..Signature::default()
    };
    out.insert(name, signature);
}

fn of_type(name: &str, text: &str, attributes: &[Attribute], private: bool, out: &mut Signatures) {
    let signature = Signature {
        text: text.to_owned(),
        within: None,
        about: None,
        is_closed: !private && !is_open(attributes),
    };
    out.insert(name.to_owned(), signature);
    if is_open(attributes) {
        // To lose it is harmless; to get it is not.
        return derives(name, attributes, out);
    }
    add(
        format!("{name}: can be built and matched in full"),
        String::new(),
        Some(name),
        out,
    );
    derives(name, attributes, out);
}

fn derives(name: &str, attributes: &[Attribute], out: &mut Signatures) {
    for attribute in attributes
        .iter()
        .filter(|one| one.path().is_ident("derive"))
    {
        let _ = attribute.parse_nested_meta(|one| {
            let text = format!("{name}: {}", shown(&one.path));
            add(text, String::new(), Some(name), out);
            Ok(())
        });
    }
}

fn part(within: &str, name: &str, text: String, out: &mut Signatures) {
    let signature = Signature {
        text,
        within: Some(within.to_owned()),
        about: Some(within.to_owned()),
        is_closed: false,
    };
    out.insert(format!("{within}.{name}"), signature);
}

/// One line for each name, so that a list may grow.
fn uses(prefix: &str, tree: &syn::UseTree, out: &mut Signatures) {
    match tree {
        syn::UseTree::Path(path) => uses(&format!("{prefix}{}::", path.ident), &path.tree, out),
        syn::UseTree::Group(group) => {
            for tree in &group.items {
                uses(prefix, tree, out);
            }
        }
        one => {
            let name = shown(one);
            add(format!("{prefix}{name}"), String::new(), Some(&name), out);
        }
    }
}
