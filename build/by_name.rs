//! For tests: the type of every schema of the document, by the schema's name.

use std::fmt::Write as _;

use super::document::Document;
use super::problem::Problem;
use super::schema::{SCALARS, schemas, type_name};

/// Writes a macro that hands `"name" => type` pairs to another macro, and the
/// names of those with handwritten types.
pub fn emit(document: &Document) -> Result<String, Problem> {
    let mut pairs = String::new();
    for name in schemas(document)?.keys() {
        let handwritten = SCALARS.iter().find(|(scalar, _)| scalar == name);
        let type_ = match handwritten {
            // As users of the crate name it.
            Some((_, path)) => path
                .replace("crate::generated::client::", "partner_referrals::")
                .replace("crate::scalar::", "partner_referrals::"),
            None => format!("partner_referrals::types::{}", type_name(name)),
        };
        let _ = write!(pairs, "    {name:?} => {type_},\n        ");
    }
    let handwritten = SCALARS.map(|(name, _)| name);
    Ok(format!(
        "const HANDWRITTEN: [&str; {}] = {handwritten:?};\n\nmacro_rules! with_each_schema {{\n    ($do:ident) => {{\n        $do! {{\n        {pairs}}}\n    }};\n}}\n",
        handwritten.len()
    ))
}
