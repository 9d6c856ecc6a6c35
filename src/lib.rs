#![doc = include_str!("../README.md")]

pub mod types;

mod client;
pub mod clock;
mod config;
pub mod credential;
mod error;
mod generated;
pub mod lifecycle;
mod list;
#[cfg(feature = "httpmock")]
pub mod mock;
mod redact;
#[cfg(feature = "sandbox")]
pub mod sandbox;
mod scalar;
pub mod shared_referral;
mod transport;
mod update;

pub use client::ReferralsClient;
pub use config::{ClientBuilder, ConfigError};
pub use credential::{AccessToken, CredentialError, StaticToken, TokenProvider};
pub use error::{Error, ErrorKind, Operation, Outcome, ServiceFault};
pub use list::{Continuation, InvalidContinuation, ListOptions, Page, Referrals};
pub use scalar::{
    Amount, ETag, EngagementId, InvalidAmount, InvalidETag, InvalidId, InvalidTimestamp, Listed,
    ReferralId, Timestamp,
};
pub use transport::retry::{Advice, RetryPolicy};
pub use update::{Patch, Patched};
