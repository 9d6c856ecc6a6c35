//! A deal shared with Microsoft: two referrals that one engagement ties
//! together, made by two creates.
//!
//! The service knows no single call for it (docs 2019 to 2023). First the own
//! referral is created, of type `Shared`; the service gives it an
//! `engagementId`. Then the connected referral is created for Microsoft, with
//! that `engagementId` and the target `BusinessProfileLocation`/`msft`.
//!
//! There is no delete and no idempotency key, so this only moves forward, and
//! it writes down what it is about to do before it does it:
//! [`SharedReferrals`] under a [`Journal`].
//!
//! From the plan to the service, each step in a file of its own: `plan` and
//! `rules` say what is to be created, `decide` what to do next, `steps` what came
//! of it, `session` does it under a journal, `look` searches for what was lost,
//! `operation` reads what the journal holds.

mod decide;
mod error;
mod event;
#[cfg(feature = "import")]
pub mod import;
mod journal;
mod look;
mod many;
mod operation;
mod plan;
mod problem;
mod recovery;
mod rules;
mod run;
mod session;
pub(crate) mod settle;
mod source;
pub(crate) mod steps;
mod traits;
mod turns;

#[cfg(feature = "restate")]
pub(crate) use decide::{Next, Run, next, settled};
pub use error::{
    Ambiguous, CloseFailed, CreateFailed, DuplicateFound, InvalidPlan, JournalFailed, LookUpFailed,
    NotFitting, PlanMissing, SharedReferralError, Standing,
};
pub use event::{Event, EventKind};
pub use journal::{
    Compacted, FileJournal, Journal, JournalError, JournalErrorKind, JournalFuture, MemoryJournal,
    Recovered,
};
pub use many::{Many, Outcomes, PlanOutcome};
pub use operation::{
    Fingerprint, InvalidFingerprint, InvalidHistory, InvalidOperationId, Operation, OperationId,
    Record, Stage, Witness,
};
pub use plan::SharedReferralPlan;
pub use problem::{Half, PlanProblem, Rule};
pub use recovery::{Recovery, WhenNotFound};
pub use run::{SharedReferral, SharedReferrals};
pub use source::{PlanFuture, PlanSource, PlanSourceError};
#[cfg(feature = "restate")]
pub(crate) use steps::Verdict;
