//! No bytes make a filter say something else than what was put in.
//!
//! `cargo +nightly fuzz run filter ../tests/properties/corpus/filter`. The
//! property stands beside its corpus in `tests/properties`, where `cargo test`
//! runs both.

#![no_main]

#[path = "../../tests/properties/filter.rs"]
mod property;

libfuzzer_sys::fuzz_target!(|data: &[u8]| property::holds(data));
