//! Typed [`httpmock`] helpers, generated from the full document: one method a
//! parameter, one a documented status.
//!
//! ```
//! use httpmock::MockServer;
//! use partner_referrals::mock::MockServerExt as _;
//! use partner_referrals::{ReferralId, ReferralsClient, StaticToken};
//! use partner_referrals::types::Referral;
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
//! let referral: Referral =
//!     serde_json::from_str(include_str!("../openapi/examples/create_referral.response.200.json"))?;
//! let server = MockServer::start_async().await;
//! let mock = server.get_referral(|when, then| {
//!     when.id(&referral.id);
//!     then.ok(&referral);
//! });
//! let client = ReferralsClient::builder(StaticToken::new("token")?)
//!     .base_url(server.base_url())
//!     .allow_insecure_loopback()
//!     .build()?;
//! assert_eq!(client.get(&referral.id).await?, referral);
//! mock.assert();
//! # Ok::<(), Box<dyn std::error::Error>>(()) })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Caveats
//! The server answers what a test says; for one that behaves as the service
//! does, see the feature `sandbox`. A path parameter is matched as a regular
//! expression.

pub use crate::generated::httpmock::*;
