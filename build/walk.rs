//! Finding one's way in the generator's output: its module `types`, and what
//! stands inside the angle brackets of a type.

use syn::{File, GenericArgument, Item, ItemMod, PathArguments, Type};

/// The module that holds the generated types.
const TYPES: &str = "types";

/// The items of the module `types`.
pub fn types(file: &File) -> impl Iterator<Item = &Item> {
    file.items.iter().filter_map(of_types).flatten()
}

fn of_types(item: &Item) -> Option<&Vec<Item>> {
    match item {
        Item::Mod(ItemMod { ident, content, .. }) if ident == TYPES => {
            content.as_ref().map(|(_, items)| items)
        }
        _ => None,
    }
}

/// The same items, to change them and to add some.
pub fn types_mut(file: &mut File) -> Option<&mut Vec<Item>> {
    file.items.iter_mut().find_map(|item| match item {
        Item::Mod(ItemMod { ident, content, .. }) if ident == TYPES => {
            content.as_mut().map(|(_, items)| items)
        }
        _ => None,
    })
}

/// The last name of a type's path: `Amount` of `crate::scalar::Amount`.
pub fn last_name(ty: &Type) -> Option<String> {
    let Type::Path(path) = ty else { return None };
    path.path.segments.last().map(|last| last.ident.to_string())
}

/// `T` of `Option<T>` or `Vec<T>`, however its path is written.
pub fn argument_of<'t>(ty: &'t Type, outer: &str) -> Option<&'t Type> {
    let Type::Path(path) = ty else { return None };
    let last = path.path.segments.last()?;
    if last.ident != outer {
        return None;
    }
    let PathArguments::AngleBracketed(arguments) = &last.arguments else {
        return None;
    };
    match arguments.args.first()? {
        GenericArgument::Type(inner) => Some(inner),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_is_known_by_its_last_name_and_opened_by_its_outer_one() {
        let ty: Type = syn::parse_quote!(::std::option::Option<crate::scalar::Amount>);
        let inner = argument_of(&ty, "Option").unwrap();
        assert_eq!(last_name(inner).as_deref(), Some("Amount"));
        assert!(argument_of(&ty, "Vec").is_none());
    }

    #[test]
    fn only_the_module_types_is_walked() {
        let mut file: File = syn::parse_quote! {
            pub struct Client;
            pub mod types { pub struct Address; pub mod error {} }
        };
        assert_eq!(types(&file).count(), 2);
        types_mut(&mut file).unwrap().clear();
        assert_eq!(types(&file).count(), 0);
    }
}
