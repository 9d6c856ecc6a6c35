//! Runs progenitor, and turns its panics into places of the document.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, PoisonError};

use openapiv3::OpenAPI;
use progenitor_impl::{
    GenerationSettings, Generator, HooksMode, InterfaceStyle, TypeImpl, TypePatch,
};
use quote::quote;
use serde_json::{Map, Value};

use super::Options;
use super::document::{Document, join};
use super::problem::Problem;
use super::schema::{METHODS, Names, SCALARS, SCHEMAS, type_name};

/// The path under which the crate keeps what this folder generates.
pub const GENERATED: &str = "crate::generated";

fn settings(names: &Names, options: Options) -> GenerationSettings {
    let mut settings = GenerationSettings::new();
    settings
        .with_interface(InterfaceStyle::Positional)
        .with_hooks(HooksMode::Expected)
        .with_inner_type(quote! { crate::transport::Inner })
        .with_derive("PartialEq");
    if options.schemars {
        settings.with_derive("::schemars::JsonSchema");
    }
    for name in &names.enums {
        settings.with_replacement(
            type_name(name),
            format!("{GENERATED}::enums::{}", type_name(name)),
            [TypeImpl::Display, TypeImpl::FromStr].into_iter(),
        );
    }
    for (name, type_) in SCALARS {
        let impls: &[TypeImpl] = if type_.contains('<') || name == "PatchValue" {
            &[]
        } else {
            &[TypeImpl::Display, TypeImpl::FromStr]
        };
        settings.with_replacement(type_name(name), type_, impls.iter().copied());
    }
    for name in &names.objects {
        settings.with_patch(
            type_name(name),
            TypePatch::default().with_attr("#[non_exhaustive]"),
        );
    }
    settings
}

/// The client and its types.
pub fn client(
    document: &Document,
    copy: &Value,
    names: &Names,
    options: Options,
) -> Result<syn::File, Problem> {
    attempt(copy, names, options)
        .map_err(|message| locate(document, copy, names, options, &message))
}

/// The httpmock helpers.
pub fn httpmock(document: &Document, full: &Value, names: &Names) -> Result<String, Problem> {
    let made = quietly(|| {
        let spec = read(full)?;
        let tokens = Generator::new(&settings(names, Options::default()))
            .httpmock(&spec, &format!("{GENERATED}::client"))
            .map_err(|error| error.to_string())?;
        syn::parse2::<syn::File>(tokens).map_err(|error| error.to_string())
    });
    match made {
        Ok(file) => Ok(prettyplease::unparse(&file)),
        Err(message) => Err(document.problem(
            "progenitor/httpmock",
            "/paths",
            format!("the httpmock helpers cannot be generated: {message}"),
            "see whether a response has a status without a standard name, or two body types",
        )),
    }
}

/// The generator can print a whole tree into a message; so much of it is kept.
const MESSAGE: usize = 400;

fn attempt(copy: &Value, names: &Names, options: Options) -> Result<syn::File, String> {
    quietly(|| {
        let spec = read(copy)?;
        let tokens = Generator::new(&settings(names, options))
            .generate_tokens(&spec)
            .map_err(|error| error.to_string())?;
        syn::parse2(tokens).map_err(|error| format!("the output is not Rust: {error}"))
    })
}

fn read(copy: &Value) -> Result<OpenAPI, String> {
    serde_json::from_value(copy.clone()).map_err(|error| format!("not OpenAPI 3.0: {error}"))
}

/// Tries the document piece by piece and returns the first piece that fails by
/// itself: one schema with those it refers to, then one operation with all
/// schemas.
fn locate(
    document: &Document,
    copy: &Value,
    names: &Names,
    options: Options,
    message: &str,
) -> Problem {
    let fix = "see build/README.md for what the generator cannot take and what to write instead";
    let mut bare = copy.clone();
    bare["paths"] = Value::Object(Map::new());
    if attempt(&bare, names, options).is_err() {
        if let Some((name, message)) = bad_schema(&bare, names, options) {
            let pointer = join(SCHEMAS, &name);
            let place = bad_property(&bare, &pointer, &name, names, options);
            return document.problem(
                "progenitor/schema",
                place.unwrap_or(pointer),
                format!("the generator cannot take the schema `{name}`: {message}"),
                fix,
            );
        }
        return document.problem(
            "progenitor/schema",
            SCHEMAS,
            format!("the generator cannot take the schemas: {message}"),
            fix,
        );
    }
    if let Some(paths) = copy["paths"].as_object() {
        for (path, item) in paths {
            for method in METHODS {
                if item.get(method).is_none() {
                    continue;
                }
                let mut one = bare.clone();
                let mut alone = item.clone();
                if let Some(members) = alone.as_object_mut() {
                    members.retain(|key, _| key == method || !METHODS.contains(&key.as_str()));
                }
                one["paths"][path.as_str()] = alone;
                if let Err(message) = attempt(&one, names, options) {
                    let id = item[method]["operationId"].as_str().unwrap_or("?");
                    let pointer = join(&join("/paths", path), method);
                    let place = bad_piece(document, &one, &pointer, names, options);
                    return document.problem(
                        "progenitor/operation",
                        place.unwrap_or(pointer),
                        format!(
                            "the generator cannot take the operation `{id}` ({method} {path}): {message}"
                        ),
                        fix,
                    );
                }
            }
        }
    }
    document.problem(
        "progenitor/document",
        "",
        format!("the generator cannot take the document: {message}"),
        fix,
    )
}

/// The parameter, body or answer without which the operation at `pointer`
/// could be generated, where the document has it.
fn bad_piece(
    document: &Document,
    copy: &Value,
    pointer: &str,
    names: &Names,
    options: Options,
) -> Option<String> {
    let operation = copy.pointer(pointer)?;
    let parameters = operation["parameters"].as_array().map_or(0, Vec::len);
    let responses = operation["responses"].as_object();
    let mut pieces: Vec<(&str, String)> = (0..parameters)
        .map(|index| ("parameters", index.to_string()))
        .collect();
    pieces.push(("", "requestBody".to_owned()));
    pieces.extend(
        responses
            .into_iter()
            .flatten()
            .map(|(status, _)| ("responses", status.clone())),
    );
    pieces.into_iter().find_map(|(holder, name)| {
        let parent = match holder {
            "" => pointer.to_owned(),
            _ => join(pointer, holder),
        };
        let mut without = copy.clone();
        let removed = match without.pointer_mut(&parent)? {
            Value::Array(items) => items.remove(name.parse().ok()?),
            Value::Object(members) => members.remove(&name)?,
            _ => return None,
        };
        attempt(&without, names, options).ok()?;
        if let Some(reference) = removed["$ref"].as_str() {
            return reference.strip_prefix('#').map(str::to_owned);
        }
        // The steps took parameters out, so the copy counts them otherwise.
        let index = document
            .value
            .pointer(&parent)
            .and_then(Value::as_array)
            .and_then(|items| items.iter().position(|one| *one == removed));
        Some(join(
            &parent,
            &index.map_or(name, |index| index.to_string()),
        ))
    })
}

/// The schema that fails with nothing but what it refers to. One that refers to
/// a bad one fails as well, so the one that needs the fewest others is named.
fn bad_schema(bare: &Value, names: &Names, options: Options) -> Option<(String, String)> {
    let schemas = bare["components"]["schemas"].as_object()?;
    let mut closures: Vec<(&String, BTreeSet<&str>)> = schemas
        .keys()
        .map(|name| (name, closure(schemas, name)))
        .collect();
    closures.sort_by_key(|(_, closure)| closure.len());
    closures.into_iter().find_map(|(name, closure)| {
        let mut alone = bare.clone();
        if let Some(schemas) = alone["components"]["schemas"].as_object_mut() {
            schemas.retain(|one, _| closure.contains(one.as_str()));
        }
        let message = attempt(&alone, names, options).err()?;
        Some((name.clone(), message))
    })
}

/// The property without which the schema `name` could be generated.
fn bad_property(
    bare: &Value,
    pointer: &str,
    name: &str,
    names: &Names,
    options: Options,
) -> Option<String> {
    let schemas = bare["components"]["schemas"].as_object()?;
    let closure = closure(schemas, name);
    let mut alone = bare.clone();
    if let Some(schemas) = alone["components"]["schemas"].as_object_mut() {
        schemas.retain(|one, _| closure.contains(one.as_str()));
    }
    let properties = alone.pointer(pointer)?["properties"].as_object()?;
    let found = properties.keys().find(|property| {
        let mut without = alone.clone();
        let Some(schema) = without.pointer_mut(pointer) else {
            return false;
        };
        if let Some(required) = schema["required"].as_array_mut() {
            required.retain(|one| one != property.as_str());
        }
        if let Some(properties) = schema["properties"].as_object_mut() {
            properties.remove(property.as_str());
        }
        attempt(&without, names, options).is_ok()
    })?;
    Some(join(&join(pointer, "properties"), found))
}

/// A schema and all that it refers to, directly or not.
fn closure<'s>(schemas: &'s Map<String, Value>, name: &'s str) -> BTreeSet<&'s str> {
    let mut found = BTreeSet::new();
    let mut open = vec![name];
    while let Some(name) = open.pop() {
        if found.insert(name)
            && let Some(schema) = schemas.get(name)
        {
            references(schema, &mut open);
        }
    }
    found
}

fn references<'s>(value: &'s Value, found: &mut Vec<&'s str>) {
    match value {
        Value::Object(members) => {
            let schema = members
                .get("$ref")
                .and_then(Value::as_str)
                .and_then(|reference| reference.strip_prefix("#/components/schemas/"));
            found.extend(schema);
            members.values().for_each(|value| references(value, found));
        }
        Value::Array(items) => items.iter().for_each(|value| references(value, found)),
        _ => {}
    }
}

/// Runs `work` so that a panic of the generator becomes its message, without
/// the panic being printed.
fn quietly<T>(work: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    // The panic hook is one for the process; two runs must not mix theirs.
    static HOOK: Mutex<()> = Mutex::new(());
    let _one_at_a_time = HOOK.lock().unwrap_or_else(PoisonError::into_inner);
    let place = std::sync::Arc::new(Mutex::new(String::new()));
    let seen = std::sync::Arc::clone(&place);
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        let file = info.location().map_or_else(String::new, |location| {
            let file = location.file().rsplit('/').next().unwrap_or_default();
            format!(" ({file}:{})", location.line())
        });
        *seen.lock().unwrap_or_else(PoisonError::into_inner) = file;
    }));
    let result = catch_unwind(AssertUnwindSafe(work));
    std::panic::set_hook(before);
    let result = result.unwrap_or_else(|panic| {
        let text = panic
            .downcast_ref::<String>()
            .map(String::as_str)
            .or_else(|| panic.downcast_ref::<&str>().copied())
            .unwrap_or("it gave no reason");
        let place = place.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Err(format!("it stopped: {text}{place}"))
    });
    result.map_err(|message| message.chars().take(MESSAGE).collect())
}
