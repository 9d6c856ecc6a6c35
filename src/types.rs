//! The types of the wire: generated from the document, and promised.
//!
//! Every object keeps the members that this version does not know in `extra`,
//! every enum keeps the values that it does not know in `UnknownValue`. All are
//! `#[non_exhaustive]`: a request type is made with `new`, which takes what the
//! service requires, and completed with `with_..`.

pub use crate::generated::client::types::*;
pub use crate::generated::enums::*;
