//! Open enums: every string enum of the document, with a variant that keeps
//! what the document does not know. A value that the service adds tomorrow
//! must not make a successful create unreadable.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use serde_json::Value;

use super::Options;
use super::document::{Document, join};
use super::problem::Problem;
use super::schema::{Names, SCHEMAS, doc, schemas, type_name};

/// Writes all of them.
pub fn emit(document: &Document, names: &Names, options: Options) -> Result<TokenStream, Problem> {
    if names.enums.is_empty() {
        return Err(document.problem(
            "steps/nothing-to-do",
            SCHEMAS,
            "the document has no named string enum",
            "name the enums under `components.schemas`, or delete build/enums.rs",
        ));
    }
    let schemas = schemas(document)?;
    let mut out = TokenStream::new();
    for name in &names.enums {
        out.extend(one(document, name, &schemas[name], options)?);
    }
    Ok(out)
}

/// The variant of a wire value: `10to50employees` is `From10To50Employees`'s
/// plainer cousin `N10to50employees`.
pub fn variant(value: &str) -> String {
    // An apostrophe is no border of a word.
    let name = type_name(&value.replace('\'', ""));
    if name.starts_with(|c: char| c.is_ascii_digit()) {
        format!("N{name}")
    } else {
        name
    }
}

fn one(
    document: &Document,
    name: &str,
    schema: &Value,
    options: Options,
) -> Result<TokenStream, Problem> {
    let pointer = join(SCHEMAS, name);
    let type_ = Ident::new(&type_name(name), Span::call_site());
    let about = schema["description"].as_str().unwrap_or_default();
    let about = doc(about);
    let mut values: Vec<&str> = Vec::new();
    let mut variants = Vec::new();
    let mut docs = Vec::new();
    for (index, value) in schema["enum"].as_array().into_iter().flatten().enumerate() {
        let place = join(&join(&pointer, "enum"), &index.to_string());
        let Some(value) = value.as_str() else {
            return Err(document.problem(
                "schema/enum-type",
                place,
                format!("{value} in `{name}` is not text"),
                "quote it",
            ));
        };
        let name_of_value = variant(value);
        let Some(variant) = syn::parse_str::<Ident>(&name_of_value)
            .ok()
            .filter(|variant| variant != "UnknownValue" && !variants.contains(variant))
        else {
            return Err(document.problem(
                "schema/enum-names",
                place,
                format!(
                    "`{value}` in `{name}` gets the Rust name `{name_of_value}`, \
                     which is taken or is none"
                ),
                "leave the value out: the enum keeps it as unknown",
            ));
        };
        let described = schema["x-enum-descriptions"][value]
            .as_str()
            .unwrap_or_default();
        docs.push(doc(if described.is_empty() {
            value
        } else {
            described
        }));
        values.push(value);
        variants.push(variant);
    }
    let schemars = options.schemars.then(|| {
        let shown = type_.to_string();
        quote! {
            impl ::schemars::JsonSchema for #type_ {
                fn schema_name() -> ::std::borrow::Cow<'static, str> {
                    #shown.into()
                }
                fn json_schema(_: &mut ::schemars::SchemaGenerator) -> ::schemars::Schema {
                    ::schemars::json_schema!({
                        "type": "string",
                        "description": #about,
                        "examples": [#(#values),*]
                    })
                }
            }
        }
    });
    Ok(quote! {
        #[doc = #about]
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum #type_ {
            #(#[doc = #docs] #variants,)*
            /// A value that this version does not know, as it came. (Not `Unknown`: that is
            /// a value of the wire.)
            UnknownValue(crate::scalar::Unrecognized),
        }

        impl #type_ {
            /// The values that the document names, in its order.
            pub const KNOWN: &'static [Self] = &[#(Self::#variants),*];

            /// The value as it stands on the wire.
            pub fn as_str(&self) -> &str {
                match self {
                    #(Self::#variants => #values,)*
                    Self::UnknownValue(value) => value.as_str(),
                }
            }

            /// Whether the document names this value.
            pub fn is_known(&self) -> bool {
                !matches!(self, Self::UnknownValue(_))
            }

            fn known(value: &str) -> Option<Self> {
                match value {
                    #(#values => Some(Self::#variants),)*
                    _ => None,
                }
            }
        }

        impl From<&str> for #type_ {
            fn from(value: &str) -> Self {
                Self::known(value).unwrap_or_else(|| {
                    Self::UnknownValue(crate::scalar::Unrecognized::new(value.to_owned()))
                })
            }
        }

        impl From<String> for #type_ {
            fn from(value: String) -> Self {
                Self::known(&value).unwrap_or_else(|| {
                    Self::UnknownValue(crate::scalar::Unrecognized::new(value))
                })
            }
        }

        impl ::std::str::FromStr for #type_ {
            type Err = ::std::convert::Infallible;

            fn from_str(value: &str) -> Result<Self, Self::Err> {
                Ok(value.into())
            }
        }

        impl ::std::fmt::Display for #type_ {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl ::std::fmt::Debug for #type_ {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl ::serde::Serialize for #type_ {
            fn serialize<S: ::serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> ::serde::Deserialize<'de> for #type_ {
            fn deserialize<D: ::serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer).map(Self::from)
            }
        }

        #schemars
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_that_starts_with_a_digit_still_gets_a_name() {
        assert_eq!(variant("10to50employees"), "N10to50employees");
        assert_eq!(variant("return=representation"), "ReturnRepresentation");
        assert_eq!(variant("Customer didn't respond"), "CustomerDidntRespond");
        assert_eq!(variant("AzureIPCoSell"), "AzureIpCoSell");
    }
}
