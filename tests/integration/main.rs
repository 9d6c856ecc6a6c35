//! What a user of the library sees, over real HTTP to this machine.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that fails by a panic is a test that fails"
)]

mod document;
mod filter_property;
mod generated;
mod sweep;
mod wire;

#[cfg(feature = "httpmock")]
mod mock;
#[cfg(feature = "schemars")]
mod schemars;

#[cfg(feature = "sandbox")]
mod append;
#[cfg(feature = "sandbox")]
mod canaries;
#[cfg(feature = "sandbox")]
mod checkpoint;
#[cfg(feature = "sandbox")]
mod contract;
#[cfg(feature = "sandbox")]
mod create;
#[cfg(feature = "sandbox")]
mod credential;
#[cfg(feature = "sandbox")]
mod doubt;
#[cfg(feature = "sandbox")]
mod edit;
#[cfg(feature = "sandbox")]
mod failures;
#[cfg(feature = "sandbox")]
mod fault_server;
#[cfg(feature = "sandbox")]
mod faults;
#[cfg(feature = "sandbox")]
mod filter;
#[cfg(feature = "sandbox")]
mod follow;
#[cfg(all(feature = "import", feature = "sandbox"))]
mod import;
#[cfg(feature = "sandbox")]
mod invitation;
#[cfg(feature = "sandbox")]
mod list;
#[cfg(feature = "sandbox")]
mod pager;
#[cfg(feature = "sandbox")]
mod redaction;
#[cfg(feature = "sandbox")]
mod register;
#[cfg(feature = "sandbox")]
mod reliability;
#[cfg(feature = "sandbox")]
mod retry;
#[cfg(feature = "sandbox")]
mod shared_referral;
#[cfg(feature = "sandbox")]
mod support;
#[cfg(feature = "sandbox")]
mod sync;
#[cfg(feature = "sandbox")]
mod transition;
#[cfg(feature = "sandbox")]
mod update;
#[cfg(feature = "sandbox")]
mod upgrade;
