//! From a private or partner-led deal to a co-sell one: Microsoft is invited.
//!
//! | step | what is sent | known from |
//! |---|---|---|
//! | private to partner-led | a patch of `consent.consentToShareReferralWithMicrosoftSellers` to true | connector 2020 to 2023 |
//! | to co-sell | a second referral with the `engagementId` of the deal and Microsoft as its target | inferred from the two creates of a shared referral (docs 2019 to 2024): the connectors can do it (2023), their calls are not published |
//!
//! Above the client: the second referral is that of
//! [`shared_referral`](crate::shared_referral).

mod again;

use std::fmt;

use again::Again;

use crate::client::ReferralsClient;
use crate::error::{Error, Operation, Outcome};
use crate::generated::client::types::{NewReferral, Referral};
use crate::generated::enums::{AssistanceRequestCode, Status};
use crate::generated::wire::{MICROSOFT_ID, referral};
use crate::registration::judged;
use crate::scalar::ReferralId;
use crate::shared_referral::{Half, PlanProblem, Rule, SharedReferralPlan};

/// What Microsoft is asked for; see
/// [`ReferralsClient::invite_microsoft`].
///
/// ```
/// use partner_referrals::Invitation;
/// use partner_referrals::types::AssistanceRequestCode;
///
/// let invitation = Invitation::new(AssistanceRequestCode::ProofOfConceptOrDemo)
///     .notes("Can you join the workshop on the 14th?");
/// # let _ = invitation;
/// ```
#[derive(Clone, PartialEq)]
#[must_use]
pub struct Invitation {
    help: AssistanceRequestCode,
    notes: Option<String>,
    connected: Option<Box<NewReferral>>,
    portal_rules: bool,
}

impl Invitation {
    /// An invitation to help with this.
    pub fn new(help: impl Into<AssistanceRequestCode>) -> Self {
        Self {
            help: help.into(),
            notes: None,
            connected: None,
            portal_rules: true,
        }
    }

    /// What Microsoft's sellers read beside the deal; it cannot be changed
    /// later (portal, 2023).
    pub fn notes(mut self, notes: impl Into<String>) -> Self {
        self.notes = Some(notes.into());
        self
    }

    /// Sends this as Microsoft's referral, in place of the one made from the
    /// deal. Its `engagementId` is that of the deal; help and notes of the
    /// invitation are not used.
    pub fn connected(mut self, connected: NewReferral) -> Self {
        self.connected = Some(Box::new(connected));
        self
    }

    /// Leaves out the rules that are known from the portal only
    /// ([`Rule::Portal`]).
    pub fn without_portal_rules(mut self) -> Self {
        self.portal_rules = false;
        self
    }

    /// The plan for a deal as it was read, or all that is wrong with it.
    fn planned(&self, own: &Referral) -> Result<SharedReferralPlan, Vec<PlanProblem>> {
        let problem = |path: &str, what: &str| {
            PlanProblem::new(Half::Own, Rule::Lifecycle, &format!("/{path}"), what)
        };
        let mut problems = Vec::new();
        if own.status != Status::Active {
            let what = "must be Active: Microsoft is invited to a deal under way";
            problems.push(problem(referral::STATUS, what));
        }
        if own.organization_id.as_deref() == Some(MICROSOFT_ID) {
            let what = "must not be Microsoft's: this is its half of a deal";
            problems.push(problem(referral::ORGANIZATION_ID, what));
        }
        let again = Again::of(own);
        let plan = self.plan(again.referral);
        problems.extend(plan.problems());
        // A body of the caller's own takes nothing over.
        if self.connected.is_none() {
            problems.extend(again.left_out);
        }
        match problems.is_empty() {
            true => Ok(plan),
            false => Err(problems),
        }
    }

    fn plan(&self, own: NewReferral) -> SharedReferralPlan {
        let mut plan = SharedReferralPlan::new(own, self.help.clone());
        if let Some(notes) = &self.notes {
            plan = plan.notes_to_microsoft(notes);
        }
        if let Some(connected) = &self.connected {
            plan = plan.connected(NewReferral::clone(connected));
        }
        match self.portal_rules {
            true => plan,
            false => plan.without_portal_rules(),
        }
    }
}

impl fmt::Debug for Invitation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Invitation")
            .field("connected", &self.connected)
            .field("portal_rules", &self.portal_rules)
            .finish_non_exhaustive()
    }
}

/// A deal that Microsoft was invited to.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Invited {
    /// The partner's own referral, as it was last seen.
    pub own: Referral,
    /// Microsoft's referral.
    pub connected: Referral,
}

/// Why Microsoft was not invited, or may not have been.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InvitationError {
    /// Something is wrong with it; nothing was sent.
    #[error("referral {referral_id} cannot be shared with Microsoft, and nothing was sent: {}", list(.problems))]
    #[non_exhaustive]
    Refused {
        /// The partner's own referral.
        referral_id: ReferralId,
        /// All that is wrong.
        problems: Vec<PlanProblem>,
    },
    /// The deal, or what is in its engagement, could not be read. Nothing was
    /// sent.
    #[error("the deal could not be read, and nothing was sent")]
    LookUpFailed(#[source] Error),
    /// The deal was not shown to Microsoft's sellers, or that is in doubt
    /// ([`Error::outcome`]). Microsoft's referral was not created; the same call
    /// again goes on from here.
    #[error("the deal was not shown to Microsoft's sellers, or that is in doubt")]
    NotShown(#[source] Error),
    /// Microsoft's referral was not created. The deal is shown to Microsoft's
    /// sellers; the same call again goes on from here.
    #[error("the deal is shown to Microsoft's sellers, and Microsoft's referral was not created")]
    NotInvited(#[source] Error),
    /// It is not known whether Microsoft's referral was created: the answer was
    /// lost and lists do not show it. Wait before you call again, because lists may
    /// show it later and a second one cannot be deleted.
    #[error(
        "Microsoft's referral may have been created, and is not listed; wait and look before the same call again"
    )]
    Unclear(#[source] Error),
}

impl InvitationError {
    /// What is wrong, where it was refused for anything.
    pub fn problems(&self) -> &[PlanProblem] {
        match self {
            Self::Refused { problems, .. } => problems,
            _ => &[],
        }
    }
}

fn list(problems: &[PlanProblem]) -> String {
    let texts: Vec<String> = problems.iter().map(ToString::to_string).collect();
    texts.join("; ")
}

fn refused(own: &Referral, problems: Vec<PlanProblem>) -> InvitationError {
    InvitationError::Refused {
        referral_id: own.id.clone(),
        problems,
    }
}

/// What is wrong with a deal that is shown already.
fn not_invited(own: &Referral, problems: &[PlanProblem]) -> Error {
    Error::invalid(Operation::CreateReferral, list(problems)).about(own.id.as_str())
}

/// # From one kind of deal to the next
impl ReferralsClient {
    /// Makes a private or partner-led deal a co-sell one: shows it to
    /// Microsoft's sellers and asks Microsoft for help. **It cannot be taken
    /// back.** A deal that Microsoft was invited to already is left alone.
    ///
    /// ```no_run
    /// # async fn run(client: partner_referrals::ReferralsClient, id: partner_referrals::ReferralId)
    /// # -> Result<(), partner_referrals::InvitationError> {
    /// use partner_referrals::Invitation;
    /// use partner_referrals::types::AssistanceRequestCode;
    ///
    /// let invitation = Invitation::new(AssistanceRequestCode::QuotesOrLicensing);
    /// let invited = client.invite_microsoft(&id, &invitation).await?;
    /// println!("{} for Microsoft", invited.connected.id);
    /// # Ok(()) }
    /// ```
    ///
    /// # Expected flow
    /// The deal is read and the referrals of its engagement are listed; one of
    /// Microsoft's among them ends the call. What a shared referral must have is
    /// checked, all of it. The deal is [shown to
    /// sellers](Self::show_to_microsoft_sellers), unless it is; as it was read for
    /// that it is checked again, and Microsoft's referral is created with its name,
    /// customer, consent and details as they are by then. What of these a new
    /// referral cannot have, such as a solution without an id, is told as a problem
    /// and not left out.
    ///
    /// # Guarantees
    /// After an answer that was lost, Microsoft's referral is looked for, and
    /// nothing is created twice by one call.
    ///
    /// # Assumptions
    /// The calls are inferred: see the [kinds of deals](crate::DealType). A list
    /// shows Microsoft's referral. Where it does not, or only later, a second call
    /// invites again; [`shared_referral`](crate::shared_referral) keeps a journal
    /// for deals that are shared from the beginning.
    ///
    /// # Caveats
    /// What the document has no place for in the details of a new referral is not
    /// sent: `customerAction`, `customerRequestedContact`, `incentiveLevel`, and
    /// members that this version does not know. No published create has them, and
    /// the service may refuse a body for them. Where they matter, send a body with
    /// [`Invitation::connected`].
    ///
    /// Texts are sent as they were read: those that the service gives back escaped
    /// for HTML (`A &amp; B`), escaped.
    ///
    /// Two calls at once for one deal may both invite. The `type` of the own
    /// referral stays as it is: no patch path is known for it, and
    /// [`DealType::of`](crate::DealType::of) says co-sell of Microsoft's referral
    /// only. [`DealType::of_engagement`](crate::DealType::of_engagement) says it of
    /// both.
    ///
    /// # Errors
    /// [`InvitationError`]: each says what was done by then. What is wrong with a
    /// deal that changed while it was shown is the text of a
    /// [`NotInvited`](InvitationError::NotInvited).
    pub async fn invite_microsoft(
        &self,
        id: &ReferralId,
        invitation: &Invitation,
    ) -> Result<Invited, InvitationError> {
        use InvitationError as Failed;

        let own = self.get(id).await.map_err(Failed::LookUpFailed)?;
        let halves = self.microsofts_halves(&own.engagement_id).await;
        if let Some(connected) = judged(halves.map_err(Failed::LookUpFailed)?) {
            return Ok(Invited { own, connected });
        }
        if let Err(all) = invitation.planned(&own) {
            return Err(refused(&own, all));
        }
        let shown = self.show_to_microsoft_sellers(id).await;
        let shown = shown.map_err(Failed::NotShown)?;
        let changed = shown.is_changed();
        let own = match shown.into_referral() {
            Some(own) => own,
            None => self.get(id).await.map_err(Failed::NotInvited)?,
        };
        // The deal may have been lost, or become another one, since it was read.
        let plan = invitation.planned(&own).map_err(|all| match changed {
            true => Failed::NotInvited(not_invited(&own, &all)),
            false => refused(&own, all),
        })?;
        let connected = plan.connected_for(&own.engagement_id);
        let error = match self.create(&connected).await {
            Ok(connected) => return Ok(Invited { own, connected }),
            Err(error) => error,
        };
        if !matches!(error.outcome(), Outcome::Unknown | Outcome::Done) {
            return Err(Failed::NotInvited(error));
        }
        match self.microsofts_halves(&own.engagement_id).await.map(judged) {
            Ok(Some(connected)) => Ok(Invited { own, connected }),
            _ => Err(Failed::Unclear(error)),
        }
    }
}
