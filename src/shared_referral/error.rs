//! Why a shared referral is not complete, and what is left to go on from.

use std::error::Error as StdError;
use std::fmt;

use super::plan::SharedReferralPlan;
use super::problem::PlanProblem;
use super::run::Resume;
use crate::error::{Error, Outcome};
use crate::generated::client::types::Referral;
use crate::scalar::ReferralId;

/// Why a shared referral is not complete.
///
/// | variant | on the service | what to do |
/// |---|---|---|
/// | [`InvalidPlan`](Self::InvalidPlan) | nothing | mend the plan |
/// | [`OwnFailed`](Self::OwnFailed) | by its outcome: nothing, or perhaps the own referral | look it up when the outcome is `Unknown` or `Done` |
/// | [`ConnectedFailed`](Self::ConnectedFailed) | the own referral | [`resume`](ConnectedFailed::resume) |
/// | [`Ambiguous`](Self::Ambiguous) | the own referral, perhaps the connected one | look, then resume |
/// | [`DuplicateFound`](Self::DuplicateFound) | more than one connected referral | close the spare ones |
#[derive(Debug)]
#[non_exhaustive]
pub enum SharedReferralError {
    /// The plan has problems; nothing was sent.
    InvalidPlan(InvalidPlan),
    /// The first create failed.
    OwnFailed(OwnFailed),
    /// The own referral is there; the second create, or looking for its
    /// result, failed.
    ConnectedFailed(ConnectedFailed),
    /// The second create may have been carried out, but the engagement does not
    /// show it.
    Ambiguous(Ambiguous),
    /// The engagement has more than one connected referral.
    DuplicateFound(DuplicateFound),
}

impl SharedReferralError {
    /// From here the plan can be resumed, where the own referral is there.
    pub fn into_resume(self) -> Option<Resume> {
        match self {
            Self::InvalidPlan(_) | Self::OwnFailed(_) | Self::DuplicateFound(_) => None,
            Self::ConnectedFailed(failed) => Some(failed.resume()),
            Self::Ambiguous(ambiguous) => Some(ambiguous.resume()),
        }
    }

    /// The own referral, where it is there.
    pub fn own(&self) -> Option<&Referral> {
        match self {
            Self::InvalidPlan(_) | Self::OwnFailed(_) => None,
            Self::ConnectedFailed(failed) => Some(failed.own()),
            Self::Ambiguous(ambiguous) => Some(ambiguous.own()),
            Self::DuplicateFound(found) => Some(found.own()),
        }
    }
}

impl fmt::Display for SharedReferralError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InvalidPlan(error) => error.fmt(f),
            Self::OwnFailed(error) => error.fmt(f),
            Self::ConnectedFailed(error) => error.fmt(f),
            Self::Ambiguous(error) => error.fmt(f),
            Self::DuplicateFound(error) => error.fmt(f),
        }
    }
}

impl StdError for SharedReferralError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::OwnFailed(error) => Some(&error.source),
            Self::ConnectedFailed(error) => Some(&error.source),
            Self::InvalidPlan(_) | Self::Ambiguous(_) | Self::DuplicateFound(_) => None,
        }
    }
}

/// The plan has problems; nothing was sent.
#[derive(Clone, Debug)]
pub struct InvalidPlan {
    pub(super) problems: Vec<PlanProblem>,
}

impl InvalidPlan {
    /// All of them.
    pub fn problems(&self) -> &[PlanProblem] {
        &self.problems
    }
}

impl fmt::Display for InvalidPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.problems.len();
        write!(f, "the plan has {count} problem(s), nothing was sent")?;
        for problem in &self.problems {
            write!(f, "\n  {problem}")?;
        }
        Ok(())
    }
}

/// The first create failed.
#[derive(Debug)]
pub struct OwnFailed {
    pub(super) plan: Box<SharedReferralPlan>,
    pub(super) source: Error,
}

impl OwnFailed {
    /// Whether the own referral may be there.
    pub fn outcome(&self) -> Outcome {
        self.source.outcome()
    }

    /// What failed.
    pub fn error(&self) -> &Error {
        &self.source
    }

    /// Goes on from the own referral that the caller found: the second step was
    /// never sent.
    pub fn adopt(self, own: Referral) -> Resume {
        Resume::after(*self.plan, own, Outcome::NotSent)
    }
}

impl fmt::Display for OwnFailed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("step 1 of 2, the own referral, failed: ")?;
        f.write_str(match self.source.outcome() {
            Outcome::NotSent | Outcome::Rejected => "nothing was created",
            Outcome::Unknown => "it may have been created; look it up before you start again",
            Outcome::Done => "it was created, but cannot be read; look it up, do not start again",
        })
    }
}

/// Which part of the second step failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Create,
    LookUp,
}

/// The own referral is there; the second create, or looking for its result,
/// failed.
#[derive(Debug)]
pub struct ConnectedFailed {
    pub(super) step: Step,
    pub(super) resume: Box<Resume>,
    pub(super) source: Error,
}

impl ConnectedFailed {
    /// The referral of the first step.
    pub fn own(&self) -> &Referral {
        self.resume.own()
    }

    /// Whether the connected referral may be there.
    pub fn outcome(&self) -> Outcome {
        self.resume.last()
    }

    /// What failed.
    pub fn error(&self) -> &Error {
        &self.source
    }

    /// The second step, to be run again.
    pub fn resume(self) -> Resume {
        *self.resume
    }
}

impl fmt::Display for ConnectedFailed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.step {
            Step::Create => write!(
                f,
                "step 2 of 2, the connected referral, failed ({})",
                self.outcome()
            )?,
            Step::LookUp => write!(
                f,
                "the connected referral could not be looked up (its create: {})",
                self.outcome()
            )?,
        }
        f.write_str("; ")?;
        named(self.own(), f)?;
        f.write_str(" is there; next: resume with it, do not start again")
    }
}

fn named(own: &Referral, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(
        f,
        "own referral {} of engagement {}",
        own.id, own.engagement_id
    )
}

/// The second create may have been carried out, but the engagement does not
/// show its referral. Whether the service lets a partner see Microsoft's half
/// at once, or at all, is not documented.
#[derive(Debug)]
pub struct Ambiguous {
    pub(super) resume: Box<Resume>,
}

impl Ambiguous {
    /// The referral of the first step.
    pub fn own(&self) -> &Referral {
        self.resume.own()
    }

    /// The second step, to be run again: it looks once more, and creates only
    /// after [`Resume::create_when_not_found`].
    pub fn resume(self) -> Resume {
        *self.resume
    }
}

impl fmt::Display for Ambiguous {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        named(self.own(), f)?;
        f.write_str(
            " shows no connected referral, but one may have been created; \
             next: look in Partner Center, then resume",
        )
    }
}

/// The engagement has more than one connected referral.
#[derive(Debug)]
pub struct DuplicateFound {
    pub(super) own: Box<Referral>,
    pub(super) connected: Vec<ReferralId>,
}

impl DuplicateFound {
    /// The referral of the first step.
    pub fn own(&self) -> &Referral {
        &self.own
    }

    /// The connected referrals.
    pub fn connected(&self) -> &[ReferralId] {
        &self.connected
    }
}

impl fmt::Display for DuplicateFound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "engagement {} has several connected referrals:",
            self.own.engagement_id
        )?;
        for id in &self.connected {
            write!(f, " {id}")?;
        }
        f.write_str("; next: keep one and close the others")
    }
}
