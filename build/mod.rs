//! From the document to code: read it, change a *copy* by named steps so that
//! the generator can take it, generate, and write what a document cannot make
//! progenitor write (open enums, constructors, the status table, names).
//!
//! `build.rs` and `xtask` include this same folder, so the check and the build
//! cannot disagree. Nothing here adds meaning: meaning stands in the document.

mod by_name;
mod constructors;
pub mod document;
pub mod enums;
mod exports;
mod generator;
mod lenient;
pub mod lifecycle;
mod plain;
pub mod problem;
mod redact;
mod registration;
pub mod rights;
pub mod schema;
pub mod shape;
mod signatures;
pub mod steps;
mod walk;
mod wire;

use document::Document;
use problem::Problem;
use proc_macro2::TokenStream;

/// What the features of the crate ask of the generation.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Derive `schemars::JsonSchema` on the types.
    pub schemars: bool,
    /// Write the httpmock helpers.
    pub httpmock: bool,
}

/// The generated files, each as formatted Rust.
pub struct Generated {
    /// progenitor's client and types.
    pub client: String,
    /// The open enums.
    pub enums: String,
    /// `new` and `with_..` of the request types.
    pub constructors: String,
    /// The types that the crate promises, by name.
    pub types: String,
    /// The status table.
    pub lifecycle: String,
    /// Operations and names of the wire.
    pub wire: String,
    /// httpmock helpers, where asked for.
    pub httpmock: Option<String>,
    /// The types by the names of their schemas, for tests.
    pub by_name: String,
    /// The public signatures of all of these, as text.
    pub public_api: String,
}

/// Runs the whole pipeline over the document.
pub fn generate(document: &Document, options: Options) -> Result<Generated, Problem> {
    let mut copy = document.value.clone();
    for step in steps::CLIENT {
        (step.run)(document, &mut copy)?;
    }
    let names = schema::Names::collect(document)?;
    let file = generator::client(document, &copy, &names, options)?;
    let file = lenient::blanks(redact::debug(file, &names));

    let enums = parse("enums", enums::emit(document, &names, options)?)?;
    let constructors = parse("constructors", constructors::emit(document, &file)?)?;
    let types = parse("exports", exports::emit(&file, &enums))?;
    let lifecycle = parse("lifecycle", lifecycle::emit(document)?)?;
    let mut names_of_wire = wire::emit(document)?;
    names_of_wire.extend(rights::emit(document)?);
    names_of_wire.extend(registration::emit(document)?);
    let wire = parse("wire", names_of_wire)?;
    let httpmock = if options.httpmock {
        let mut full = document.value.clone();
        for step in steps::HTTPMOCK {
            (step.run)(document, &mut full)?;
        }
        Some(generator::httpmock(document, &full, &names)?)
    } else {
        None
    };

    let public_api = signatures::of(&[
        ("client", &file),
        ("types", &types),
        ("enums", &enums),
        ("constructors", &constructors),
        ("lifecycle", &lifecycle),
        ("wire", &wire),
    ]);
    Ok(Generated {
        client: prettyplease::unparse(&file),
        enums: prettyplease::unparse(&enums),
        constructors: prettyplease::unparse(&constructors),
        types: prettyplease::unparse(&types),
        lifecycle: prettyplease::unparse(&lifecycle),
        wire: prettyplease::unparse(&wire),
        httpmock,
        by_name: by_name::emit(document)?,
        public_api,
    })
}

fn parse(what: &str, tokens: TokenStream) -> Result<syn::File, Problem> {
    syn::parse2(tokens).map_err(|error| Problem {
        code: "generate/not-rust",
        place: None,
        pointer: String::new(),
        message: format!("the generated {what} are not Rust: {error}"),
        fix: "mend the step in build/ that writes them".to_owned(),
    })
}
