//! Why a shared referral is not complete, and what is left to go on from.

use std::error::Error as StdError;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::journal::JournalError;
use super::operation::{Operation, OperationId};
use super::problem::{Half, PlanProblem};
use super::source::PlanSourceError;
use crate::error::{Error, Outcome};
use crate::scalar::{EngagementId, ReferralId};

/// Why a shared referral is not complete.
///
/// | variant | on the service | what to do |
/// |---|---|---|
/// | [`InvalidPlan`](Self::InvalidPlan) | nothing | mend the plan |
/// | [`OtherContent`](Self::OtherContent) | what the first plan of this key made | use another key, or the plan of then |
/// | [`CreateFailed`](Self::CreateFailed) | nothing of this create; the own referral, if it was the second | mend what the service refuses, then run it again |
/// | [`LookUpFailed`](Self::LookUpFailed) | perhaps what was searched for | run it again |
/// | [`Ambiguous`](Self::Ambiguous) | perhaps the referral, and no list shows it | look, then run it again or [`adopt`](super::SharedReferrals::adopt) |
/// | [`DuplicateFound`](Self::DuplicateFound) | more than one | close the spare ones, then [`adopt`](super::SharedReferrals::adopt) the one to keep |
/// | [`PlanMissing`](Self::PlanMissing) | what was made so far | run it with its plan |
/// | [`Abandoned`](Self::Abandoned) | what was made before | use another key for another deal; abandon it again where the own referral is open |
/// | [`Complete`](Self::Complete) | both | change them by themselves |
/// | [`CloseFailed`](Self::CloseFailed) | the own referral, perhaps closed | abandon it again |
/// | [`NotFitting`](Self::NotFitting) | what was made so far | check the id of the referral |
/// | [`Unknown`](Self::Unknown) | nothing that this journal knows of | check the id |
/// | [`Journal`](Self::Journal) | what the error says | mend the journal, then run it again |
///
/// "Run it again" is [`create`](super::SharedReferrals::create) with the same
/// plan, or [`resume`](super::SharedReferrals::resume): both look before they
/// create anything. [`operation`](Self::operation) is what they need.
#[derive(Debug)]
#[non_exhaustive]
pub enum SharedReferralError {
    /// The plan has problems; nothing was sent.
    InvalidPlan(InvalidPlan),
    /// The operation was begun with another plan; nothing was sent.
    OtherContent(Box<Standing>),
    /// A create did nothing.
    CreateFailed(CreateFailed),
    /// A create may have been carried out, and the search for its result
    /// failed.
    LookUpFailed(LookUpFailed),
    /// A create may have been carried out, and nothing that is its result for
    /// certain can be found.
    Ambiguous(Ambiguous),
    /// The service has more than one.
    DuplicateFound(DuplicateFound),
    /// Something has to be created, and nobody knows the plan.
    PlanMissing(PlanMissing),
    /// The caller gave the operation up.
    Abandoned(Box<Standing>),
    /// Both referrals are there, so it cannot be given up.
    Complete(Box<Standing>),
    /// The operation is given up, and closing its own referral failed.
    CloseFailed(CloseFailed),
    /// The referral cannot be the one that the caller takes it for.
    NotFitting(NotFitting),
    /// The journal does not know the operation.
    Unknown(OperationId),
    /// The journal failed; nothing is sent without it.
    Journal(JournalFailed),
}

/// What is known to be on the service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Standing {
    /// The operation, to run it again.
    pub operation: OperationId,
    /// The own referral.
    pub own: Option<ReferralId>,
    /// What ties both referrals together.
    pub engagement: Option<EngagementId>,
    /// The connected referral.
    pub connected: Option<ReferralId>,
}

impl Standing {
    pub(crate) fn new(operation: OperationId) -> Self {
        Self {
            operation,
            own: None,
            engagement: None,
            connected: None,
        }
    }
}

impl From<&Operation> for Box<Standing> {
    fn from(operation: &Operation) -> Self {
        Self::new(operation.into())
    }
}

impl From<&Operation> for Standing {
    fn from(operation: &Operation) -> Self {
        Self {
            operation: operation.id(),
            own: operation.own_id().cloned(),
            engagement: operation.engagement_id().cloned(),
            connected: operation.connected_id().cloned(),
        }
    }
}

impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "operation {}", self.operation)?;
        if let Some(own) = &self.own {
            write!(f, "; own referral {own}")?;
        }
        if let Some(engagement) = &self.engagement {
            write!(f, " of engagement {engagement}")?;
        }
        if let Some(connected) = &self.connected {
            write!(f, "; connected referral {connected}")?;
        }
        Ok(())
    }
}

/// The plan has problems; nothing was sent.
#[derive(Clone, Debug)]
pub struct InvalidPlan {
    pub(super) operation: OperationId,
    pub(super) problems: Vec<PlanProblem>,
}

impl InvalidPlan {
    /// All of them.
    pub fn problems(&self) -> &[PlanProblem] {
        &self.problems
    }
}

/// A create did nothing: it did not leave, or the service refused it.
#[derive(Debug)]
pub struct CreateFailed {
    pub(super) standing: Box<Standing>,
    pub(super) half: Half,
    pub(super) source: Error,
}

impl CreateFailed {
    /// Which of the two creates.
    pub fn half(&self) -> Half {
        self.half
    }

    /// [`Outcome::NotSent`] or [`Outcome::Rejected`].
    pub fn outcome(&self) -> Outcome {
        self.source.outcome()
    }

    /// What failed.
    pub fn error(&self) -> &Error {
        &self.source
    }
}

/// The search for what a create may have made failed.
#[derive(Debug)]
pub struct LookUpFailed {
    pub(super) standing: Box<Standing>,
    pub(super) half: Half,
    pub(super) source: Error,
}

impl LookUpFailed {
    /// Which of the two referrals was searched for.
    pub fn half(&self) -> Half {
        self.half
    }

    /// What failed.
    pub fn error(&self) -> &Error {
        &self.source
    }
}

/// A create may have been carried out, and nothing that is its result for
/// certain can be found.
///
/// Whether lists show a referral at once, and whether they show Microsoft's
/// half to a partner at all, is not documented.
#[derive(Debug)]
pub struct Ambiguous {
    pub(super) standing: Box<Standing>,
    pub(super) half: Half,
    pub(super) candidates: Vec<ReferralId>,
    pub(super) source: Option<Error>,
}

impl Ambiguous {
    /// Which of the two referrals.
    pub fn half(&self) -> Half {
        self.half
    }

    /// Referrals that may be it: of the same mark and another content, or of
    /// the same content and without a mark.
    pub fn candidates(&self) -> &[ReferralId] {
        &self.candidates
    }

    /// How the create failed, where that was in this run.
    pub fn error(&self) -> Option<&Error> {
        self.source.as_ref()
    }
}

/// The service has more than one referral where there should be one.
#[derive(Clone, Debug)]
pub struct DuplicateFound {
    pub(super) standing: Box<Standing>,
    pub(super) half: Half,
    pub(super) referrals: Vec<ReferralId>,
}

impl DuplicateFound {
    /// Which of the two referrals is there more than once.
    pub fn half(&self) -> Half {
        self.half
    }

    /// All of them.
    pub fn referrals(&self) -> &[ReferralId] {
        &self.referrals
    }
}

/// Something has to be created, and nobody knows the plan.
#[derive(Debug)]
pub struct PlanMissing {
    pub(super) standing: Box<Standing>,
    pub(super) source: Option<PlanSourceError>,
}

/// The operation is given up, and closing its own referral failed.
#[derive(Debug)]
pub struct CloseFailed {
    pub(super) standing: Box<Standing>,
    pub(super) source: Error,
}

impl CloseFailed {
    /// What failed.
    pub fn error(&self) -> &Error {
        &self.source
    }
}

/// The referral cannot be the one that the caller takes it for.
#[derive(Clone, Debug)]
pub struct NotFitting {
    pub(super) standing: Box<Standing>,
    pub(super) half: Half,
    pub(super) referral: ReferralId,
    pub(super) reason: &'static str,
}

impl NotFitting {
    /// Which of the two it was taken for.
    pub fn half(&self) -> Half {
        self.half
    }

    /// The referral.
    pub fn referral(&self) -> &ReferralId {
        &self.referral
    }
}

/// The journal failed.
#[derive(Debug)]
pub struct JournalFailed {
    pub(super) standing: Box<Standing>,
    pub(super) in_doubt: Option<Half>,
    pub(super) source: JournalError,
}

impl JournalFailed {
    /// Which create was sent in this run, or in an earlier one, and may have been
    /// carried out without its result being known; none too where the journal
    /// could not be read.
    pub fn in_doubt(&self) -> Option<Half> {
        self.in_doubt
    }

    /// What failed.
    pub fn error(&self) -> &JournalError {
        &self.source
    }
}

impl SharedReferralError {
    /// The operation, to run it again.
    pub fn operation(&self) -> OperationId {
        match self {
            Self::InvalidPlan(error) => error.operation,
            Self::Unknown(operation) => *operation,
            Self::OtherContent(at) | Self::Abandoned(at) | Self::Complete(at) => at.operation,
            Self::CreateFailed(error) => error.standing.operation,
            Self::LookUpFailed(error) => error.standing.operation,
            Self::Ambiguous(error) => error.standing.operation,
            Self::DuplicateFound(error) => error.standing.operation,
            Self::PlanMissing(error) => error.standing.operation,
            Self::CloseFailed(error) => error.standing.operation,
            Self::NotFitting(error) => error.standing.operation,
            Self::Journal(error) => error.standing.operation,
        }
    }

    /// What is known to be on the service; none where nothing can be.
    pub fn standing(&self) -> Option<&Standing> {
        match self {
            Self::InvalidPlan(_) | Self::Unknown(_) => None,
            Self::OtherContent(standing) | Self::Abandoned(standing) | Self::Complete(standing) => {
                Some(standing)
            }
            Self::CloseFailed(error) => Some(&error.standing),
            Self::NotFitting(error) => Some(&error.standing),
            Self::CreateFailed(error) => Some(&error.standing),
            Self::LookUpFailed(error) => Some(&error.standing),
            Self::Ambiguous(error) => Some(&error.standing),
            Self::DuplicateFound(error) => Some(&error.standing),
            Self::PlanMissing(error) => Some(&error.standing),
            Self::Journal(error) => Some(&error.standing),
        }
    }
}

fn named(half: Half) -> &'static str {
    match half {
        Half::Own => "step 1 of 2, the own referral",
        Half::Connected => "step 2 of 2, the connected referral",
    }
}

fn listed(ids: &[ReferralId], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    ids.iter().try_for_each(|id| write!(f, " {id}"))
}

impl fmt::Display for SharedReferralError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InvalidPlan(invalid) => {
                let count = invalid.problems.len();
                write!(f, "the plan has {count} problem(s), nothing was sent")?;
                let mut problems = invalid.problems.iter();
                problems.try_for_each(|problem| write!(f, "\n  {problem}"))
            }
            Self::OtherContent(standing) => write!(
                f,
                "the key was used for a plan with another content, nothing was sent; {standing}; \
                 next: use another key, or the plan that it was begun with"
            ),
            Self::CreateFailed(error) => write!(
                f,
                "{} failed: {}; {}; next: mend what failed, then run the operation again",
                named(error.half),
                error.source.outcome(),
                error.standing
            ),
            Self::LookUpFailed(error) => write!(
                f,
                "{} may have been created, and looking for it failed; {}; \
                 next: run the operation again",
                named(error.half),
                error.standing
            ),
            Self::Ambiguous(error) => {
                write!(
                    f,
                    "{} may have been created, and cannot be found",
                    named(error.half)
                )?;
                if !error.candidates.is_empty() {
                    f.write_str(" for certain; it may be")?;
                    listed(&error.candidates, f)?;
                }
                write!(
                    f,
                    "; {}; next: look in Partner Center, then adopt it, or run the operation again",
                    error.standing
                )
            }
            Self::DuplicateFound(error) => {
                write!(f, "{} is there more than once:", named(error.half))?;
                listed(&error.referrals, f)?;
                write!(
                    f,
                    "; {}; next: close the spare ones, then adopt the one to keep",
                    error.standing
                )
            }
            Self::PlanMissing(error) => write!(
                f,
                "something is left to create, and its plan is not known; {}; \
                 next: run it with its plan",
                error.standing
            ),
            Self::Abandoned(standing) => write!(
                f,
                "it was abandoned; {standing}; next: use another key for another deal, or abandon it \
                 again where its own referral is still open"
            ),
            Self::Complete(standing) => write!(
                f,
                "both referrals are there, so it cannot be given up; {standing}; \
                 next: change them by themselves"
            ),
            Self::CloseFailed(error) => write!(
                f,
                "it is given up, and closing the own referral failed: {}; {}; \
                 next: abandon it again",
                error.source.outcome(),
                error.standing
            ),
            Self::NotFitting(error) => write!(
                f,
                "referral {} cannot be {}: {}; {}; next: check its id",
                error.referral,
                named(error.half),
                error.reason,
                error.standing
            ),
            Self::Unknown(operation) => write!(
                f,
                "the journal knows no operation {operation}; next: check the id, and which \
                 journal is open"
            ),
            Self::Journal(error) => {
                f.write_str("the journal failed, nothing more was sent; ")?;
                if let Some(half) = error.in_doubt {
                    write!(f, "{} may have been created; ", named(half))?;
                }
                write!(
                    f,
                    "{}; next: mend the journal, then run the operation again",
                    error.standing
                )
            }
        }
    }
}

impl StdError for SharedReferralError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::CreateFailed(error) => Some(&error.source),
            Self::LookUpFailed(error) => Some(&error.source),
            Self::Ambiguous(error) => error.source.as_ref().map(|source| source as _),
            Self::PlanMissing(error) => error.source.as_deref().map(|source| source as _),
            Self::CloseFailed(error) => Some(&error.source),
            Self::Journal(error) => Some(&error.source),
            Self::InvalidPlan(_)
            | Self::OtherContent(_)
            | Self::Complete(_)
            | Self::NotFitting(_)
            | Self::DuplicateFound(_)
            | Self::Abandoned(_)
            | Self::Unknown(_) => None,
        }
    }
}
