//! The compiled types against the document: the file that everything is made
//! from, and what the compiler made of it, must say the same.

mod fixtures;
mod lifecycle;
#[cfg(feature = "schemars")]
mod types;

#[cfg(feature = "schemars")]
#[path = "../../../build/shape.rs"]
mod shape;

use serde_json::Value;

include!(concat!(env!("OUT_DIR"), "/by_name.rs"));
use with_each_schema;

/// The document as it is.
fn document() -> Value {
    serde_json::from_str(include_str!(concat!(env!("OUT_DIR"), "/document.json"))).unwrap()
}

/// What a reference of the document points to; anything else is itself.
fn resolved<'d>(document: &'d Value, value: &'d Value) -> &'d Value {
    match value["$ref"].as_str().and_then(|it| it.strip_prefix('#')) {
        Some(pointer) => resolved(document, document.pointer(pointer).unwrap()),
        None => value,
    }
}
