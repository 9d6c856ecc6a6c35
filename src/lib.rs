#![doc = include_str!("../README.md")]

pub mod types;

/// The generated client as progenitor makes it, for what
/// [`ReferralsClient`] does not offer; reached by [`ReferralsClient::raw`].
///
/// Its signatures follow the document and may change with it in any release.
pub mod raw {
    pub use crate::generated::client::Client;
    pub use progenitor_client::{ByteStream, Error, ResponseValue};
}

mod client;
pub mod clock;
mod config;
pub mod credential;
mod deal_type;
mod error;
mod escapes;
mod generated;
mod invitation;
pub mod lifecycle;
mod list;
#[cfg(feature = "httpmock")]
pub mod mock;
mod private_file;
mod redact;
pub mod registration;
#[cfg(feature = "restate")]
pub mod restate;
#[cfg(feature = "sandbox")]
pub mod sandbox;
mod scalar;
pub mod shared_referral;
mod transport;
mod update;

pub use client::{ReferralsClient, SyncRun, Waited};
pub use config::{ClientBuilder, ConfigError};
pub use credential::{
    AccessToken, CredentialError, CredentialErrorKind, DeviceCodeCredential, EntraApp, FileStore,
    RefreshTokenCredential, StaticToken, TokenProvider,
};
pub use deal_type::DealType;
pub use error::{Error, ErrorKind, Operation, Outcome, ServiceFault};
pub use invitation::{Invitation, InvitationError, Invited};
pub use list::filter;
pub use list::{Continuation, InvalidContinuation, ListOptions, Page, Pages, Referrals, Watermark};
pub use scalar::{
    Amount, ETag, EngagementId, InvalidAmount, InvalidETag, InvalidId, InvalidPatchValue,
    InvalidTimestamp, Listed, PatchValue, ReferralId, Timestamp, Unrecognized,
};
pub use transport::retry::{Advice, RetryPolicy};
pub use update::{Patch, Patched, Updated};

// Their types stand in this crate's signatures.
pub use {chrono, rust_decimal, serde_json, uuid};
