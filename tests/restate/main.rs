//! Shared referrals against a real restate-server, with workers and the server
//! killed: `cargo xtask restate` installs the server and runs these.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that fails by a panic is a test that fails"
)]

mod answers;
mod chaos;
mod cluster;
