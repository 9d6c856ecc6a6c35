//! What `build.rs` makes of `openapi/referrals.yaml`: the only file that
//! includes it. Nobody edits the output; see `build/mod.rs`.

/// progenitor's client and types.
#[allow(
    missing_docs,
    dead_code,
    unused_imports,
    unreachable_patterns,
    mismatched_lifetime_syntaxes,
    clippy::all,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    rustdoc::all,
    reason = "progenitor's output; its own conventions"
)]
pub mod client {
    include!(concat!(env!("OUT_DIR"), "/client.rs"));
}

/// Open enums.
pub mod enums {
    include!(concat!(env!("OUT_DIR"), "/enums.rs"));
}

/// Constructors of the request types.
#[allow(
    clippy::too_many_arguments,
    rustdoc::all,
    reason = "one argument for each required member"
)]
mod constructors {
    include!(concat!(env!("OUT_DIR"), "/constructors.rs"));
}

/// The types that the crate promises.
pub mod types {
    include!(concat!(env!("OUT_DIR"), "/types.rs"));
}

/// The status table.
pub mod lifecycle {
    include!(concat!(env!("OUT_DIR"), "/lifecycle.rs"));
}

/// Names of the wire.
#[allow(dead_code, reason = "all names are there, for whoever needs one")]
pub mod wire {
    include!(concat!(env!("OUT_DIR"), "/wire.rs"));
}

/// httpmock helpers.
#[cfg(feature = "httpmock")]
#[allow(
    missing_docs,
    unused_imports,
    clippy::all,
    clippy::unwrap_used,
    rustdoc::all,
    reason = "progenitor's output"
)]
pub mod httpmock {
    include!(concat!(env!("OUT_DIR"), "/httpmock.rs"));
}
