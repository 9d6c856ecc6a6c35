//! The two steps, each a function of its own, so that a journal or a durable
//! engine can drive them one by one.

use futures::TryStreamExt;

use super::error::{
    Ambiguous, ConnectedFailed, DuplicateFound, InvalidPlan, OwnFailed, SharedReferralError, Step,
};
use super::plan::SharedReferralPlan;
use crate::client::ReferralsClient;
use crate::error::{Error, Outcome};
use crate::generated::client::types::Referral;
use crate::generated::wire::{MICROSOFT_ID, MICROSOFT_TARGET_TYPE, referral};
use crate::list::ListOptions;
use crate::scalar::EngagementId;

/// Both halves of a shared referral.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct SharedReferral {
    /// The partner's own referral.
    pub own: Referral,
    /// The referral that was created for Microsoft.
    pub connected: Referral,
}

impl SharedReferral {
    /// The engagement that ties them together.
    pub fn engagement_id(&self) -> &EngagementId {
        &self.own.engagement_id
    }
}

/// The second step of a plan whose own referral is there.
///
/// Used once: the call takes it, and its error gives the next one, which knows
/// what came of this. Nobody can run the same knowledge twice.
#[derive(Debug)]
#[must_use]
pub struct Resume {
    plan: SharedReferralPlan,
    own: Referral,
    last: Outcome,
    create_when_not_found: bool,
}

impl Resume {
    /// Goes on from an own referral that was kept somewhere. What came of the
    /// second step is taken as unknown.
    pub fn new(plan: SharedReferralPlan, own: Referral) -> Self {
        Self::after(plan, own, Outcome::Unknown)
    }

    pub(super) fn after(plan: SharedReferralPlan, own: Referral, last: Outcome) -> Self {
        Self {
            plan,
            own,
            last,
            create_when_not_found: false,
        }
    }

    /// The referral of the first step.
    pub fn own(&self) -> &Referral {
        &self.own
    }

    /// What is known of the last attempt at the second step.
    pub fn last(&self) -> Outcome {
        self.last
    }

    /// Creates the connected referral where the engagement shows none, even
    /// though an earlier attempt may have been carried out. For a caller who
    /// has looked in Partner Center.
    pub fn create_when_not_found(mut self) -> Self {
        self.create_when_not_found = true;
        self
    }

    fn may_create(&self) -> bool {
        self.create_when_not_found || matches!(self.last, Outcome::NotSent | Outcome::Rejected)
    }
}

impl ReferralsClient {
    /// Creates a shared referral: the own one, then the connected one for
    /// Microsoft.
    ///
    /// # Expected flow
    /// The whole plan is checked; all its problems come at once. The own
    /// referral is created, its `engagementId` is put into the connected one,
    /// which is created then. Both are returned.
    ///
    /// # Guarantees
    /// Nothing is sent while the plan has problems. A create is sent again only
    /// where the service did not act ([`RetryPolicy`](crate::RetryPolicy)).
    /// Once the own referral is there, every error carries it. Nothing is
    /// closed or deleted.
    ///
    /// # Assumptions
    /// The body of the second create was never published; see
    /// [`SharedReferralPlan`].
    ///
    /// # Caveats
    /// If the process ends between the two steps, the own referral stands
    /// alone: keep [`SharedReferralError::own`], or look for referrals of type
    /// `Shared` with one half.
    ///
    /// # Errors
    /// [`SharedReferralError`], which says what is on the service and how to go
    /// on.
    pub async fn shared_referral(
        &self,
        plan: &SharedReferralPlan,
    ) -> Result<SharedReferral, SharedReferralError> {
        let problems = plan.problems();
        if !problems.is_empty() {
            return Err(SharedReferralError::InvalidPlan(InvalidPlan { problems }));
        }
        let own = create_own(self, plan).await.map_err(|source| {
            SharedReferralError::OwnFailed(OwnFailed {
                plan: Box::new(plan.clone()),
                source,
            })
        })?;
        match create_connected(self, plan, &own.engagement_id).await {
            Ok(connected) => Ok(SharedReferral { own, connected }),
            Err(source) => Err(failed_create(plan.clone(), own, source)),
        }
    }

    /// Runs the second step of a shared referral again.
    ///
    /// # Expected flow
    /// The engagement is listed first. One connected referral there is taken as
    /// the result. Where there is none it is created, if the last attempt is
    /// known not to have been carried out or the caller says so
    /// ([`Resume::create_when_not_found`]).
    ///
    /// # Guarantees
    /// Never creates without having looked, and creates only where the last
    /// attempt is known to have done nothing.
    ///
    /// # Errors
    /// As [`shared_referral`](Self::shared_referral);
    /// [`SharedReferralError::Ambiguous`] where the connected referral may or
    /// may not be there, [`SharedReferralError::DuplicateFound`] where there is
    /// more than one.
    pub async fn resume_shared_referral(
        &self,
        resume: Resume,
    ) -> Result<SharedReferral, SharedReferralError> {
        let may_create = resume.may_create();
        let mut found = match find_connected(self, &resume.own).await {
            Ok(found) => found,
            Err(source) => {
                return Err(SharedReferralError::ConnectedFailed(ConnectedFailed {
                    step: Step::LookUp,
                    // A list that failed says nothing about the create before it.
                    resume: Box::new(resume),
                    source,
                }));
            }
        };
        let Resume { plan, own, .. } = resume;
        match (found.pop(), found.is_empty()) {
            (Some(connected), true) => Ok(SharedReferral { own, connected }),
            (Some(last), false) => {
                let mut connected: Vec<_> = found.into_iter().map(|one| one.id).collect();
                connected.push(last.id);
                Err(SharedReferralError::DuplicateFound(DuplicateFound {
                    own: Box::new(own),
                    connected,
                }))
            }
            (None, _) if may_create => {
                match create_connected(self, &plan, &own.engagement_id).await {
                    Ok(connected) => Ok(SharedReferral { own, connected }),
                    Err(source) => Err(failed_create(plan, own, source)),
                }
            }
            (None, _) => Err(SharedReferralError::Ambiguous(Ambiguous {
                resume: Box::new(Resume::new(plan, own)),
            })),
        }
    }
}

fn failed_create(plan: SharedReferralPlan, own: Referral, source: Error) -> SharedReferralError {
    SharedReferralError::ConnectedFailed(ConnectedFailed {
        step: Step::Create,
        resume: Box::new(Resume::after(plan, own, source.outcome())),
        source,
    })
}

/// Step 1: creates the own referral.
async fn create_own(
    client: &ReferralsClient,
    plan: &SharedReferralPlan,
) -> Result<Referral, Error> {
    client.create(&plan.own).await
}

/// Step 2: creates the connected referral of an engagement.
async fn create_connected(
    client: &ReferralsClient,
    plan: &SharedReferralPlan,
    engagement: &EngagementId,
) -> Result<Referral, Error> {
    client.create(&plan.connected_for(engagement)).await
}

/// Looks for the connected referrals of an engagement.
async fn find_connected(client: &ReferralsClient, own: &Referral) -> Result<Vec<Referral>, Error> {
    // An engagement id holds no quote, so it cannot change the filter.
    let filter = format!("{} eq '{}'", referral::ENGAGEMENT_ID, own.engagement_id);
    client
        .referrals(ListOptions::new().filter(filter))
        .try_filter(|one| std::future::ready(one.id != own.id && is_microsofts(one)))
        .try_collect()
        .await
}

/// Microsoft's half: by its target, or by whose it is.
fn is_microsofts(referral: &Referral) -> bool {
    referral.organization_id.as_deref() == Some(MICROSOFT_ID)
        || referral.target.iter().flatten().any(|target| {
            target.type_ == Some(MICROSOFT_TARGET_TYPE)
                && target.id.as_deref() == Some(MICROSOFT_ID)
        })
}
