//! A deal shared with Microsoft: two referrals that one engagement ties
//! together, made by two creates.
//!
//! The service knows no single call for it (docs 2019 to 2023). First the own
//! referral is created, of type `Shared`; the service gives it an
//! `engagementId`. Then the connected referral is created for Microsoft, with
//! that `engagementId` and the target `BusinessProfileLocation`/`msft`.
//!
//! There is no delete and no idempotency key, so this only moves forward:
//! after a failure the first referral is kept and the second step is resumed.

mod error;
#[cfg(feature = "import")]
pub mod import;
mod plan;
mod problem;
mod rules;
mod run;

pub use error::{
    Ambiguous, ConnectedFailed, DuplicateFound, InvalidPlan, OwnFailed, SharedReferralError,
};
pub use plan::SharedReferralPlan;
pub use problem::{Half, PlanProblem, Rule};
pub use run::{Resume, SharedReferral};
