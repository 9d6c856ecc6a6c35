//! Generates the client from `openapi/referrals.yaml`; see `build/mod.rs`.

#[path = "build/mod.rs"]
#[allow(dead_code, reason = "xtask uses the rest")]
mod pipeline;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use pipeline::Options;
use pipeline::document::Document;

const DOCUMENT: &str = "openapi/referrals.yaml";

fn main() -> ExitCode {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=build");
    println!("cargo::rerun-if-changed={DOCUMENT}");
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            for line in message.lines() {
                println!("cargo::error={line}");
            }
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), String> {
    let text = std::fs::read_to_string(DOCUMENT)
        .map_err(|error| format!("{DOCUMENT}: cannot be read: {error}"))?;
    let document = Document::parse(&text).map_err(|problem| problem.render(DOCUMENT))?;
    let options = Options {
        schemars: std::env::var_os("CARGO_FEATURE_SCHEMARS").is_some(),
        httpmock: std::env::var_os("CARGO_FEATURE_HTTPMOCK").is_some(),
    };
    let generated =
        pipeline::generate(&document, options).map_err(|problem| problem.render(DOCUMENT))?;
    let out = std::env::var_os("OUT_DIR")
        .map(PathBuf::from)
        .ok_or("OUT_DIR is not set: run this through cargo")?;
    write(&out, "client.rs", &generated.client)?;
    write(&out, "enums.rs", &generated.enums)?;
    write(&out, "constructors.rs", &generated.constructors)?;
    write(&out, "types.rs", &generated.types)?;
    write(&out, "lifecycle.rs", &generated.lifecycle)?;
    write(&out, "wire.rs", &generated.wire)?;
    write(
        &out,
        "httpmock.rs",
        generated.httpmock.as_deref().unwrap_or_default(),
    )?;
    write(&out, "public_api.txt", &generated.public_api)?;
    // For tests that walk its schemas.
    write(&out, "document.json", &document.value.to_string())
}

fn write(out: &Path, name: &str, text: &str) -> Result<(), String> {
    let path = out.join(name);
    std::fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()))
}
