//! What is to be created, before anything is sent.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::operation::{Fingerprint, OperationId, canonical};
use super::problem::PlanProblem;
use super::rules;
use crate::generated::client::types::{NewInviteContext, NewReferral, NewTarget};
use crate::generated::enums::{AssistanceRequestCode, ReferralType};
use crate::generated::wire::{MICROSOFT_ID, MICROSOFT_TARGET_TYPE};
use crate::scalar::EngagementId;

/// A shared referral to be created: the own referral, and what Microsoft is
/// asked for.
///
/// ```
/// use partner_referrals::shared_referral::SharedReferralPlan;
/// use partner_referrals::types::{AssistanceRequestCode, NewReferral};
///
/// # let own: NewReferral = serde_json::from_str(include_str!("../../openapi/examples/create_referral.request.json"))?;
/// let plan = SharedReferralPlan::new(own, AssistanceRequestCode::ProofOfConceptOrDemo)
///     .notes_to_microsoft("Can you join the workshop on the 14th?");
/// assert!(plan.problems().is_empty());
/// # Ok::<(), serde_json::Error>(())
/// ```
///
/// # Assumptions
/// The vendor never published a body for the second create. By default it has
/// the same customer, consent and details as the own referral, the help
/// requested and the notes; [`connected`](Self::connected) takes another.
///
/// # Caveats
/// As JSON it is the whole plan, personal data included.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[must_use]
pub struct SharedReferralPlan {
    pub(super) own: NewReferral,
    pub(super) help: AssistanceRequestCode,
    pub(super) notes: Option<String>,
    pub(super) connected: Option<Box<NewReferral>>,
    pub(super) portal_rules: bool,
}

impl SharedReferralPlan {
    /// A plan of the own referral, which is of type `Shared`, and the help that
    /// Microsoft is asked for.
    pub fn new(own: NewReferral, help: impl Into<AssistanceRequestCode>) -> Self {
        Self {
            own,
            help: help.into(),
            notes: None,
            connected: None,
            portal_rules: true,
        }
    }

    /// What Microsoft's sellers read beside the deal; it cannot be changed
    /// later (portal, 2023).
    pub fn notes_to_microsoft(mut self, notes: impl Into<String>) -> Self {
        self.notes = Some(notes.into());
        self
    }

    /// The caller's key of this deal, such as the id of the opportunity in its
    /// CRM: sent as the own referral's `externalReferenceId`, and what makes two
    /// plans the same operation.
    pub fn with_key(mut self, key: impl Into<String>) -> Self {
        self.own.external_reference_id = Some(key.into());
        self
    }

    /// Sends this as the connected referral, in place of the derived one. Its
    /// `engagementId` is set from the first step; the help and notes of the
    /// plan are not used.
    pub fn connected(mut self, connected: NewReferral) -> Self {
        self.connected = Some(Box::new(connected));
        self
    }

    /// Leaves out the rules that are known from the portal only
    /// ([`Rule::Portal`](super::Rule::Portal)).
    pub fn without_portal_rules(mut self) -> Self {
        self.portal_rules = false;
        self
    }

    /// The own referral.
    pub fn own(&self) -> &NewReferral {
        &self.own
    }

    /// The caller's key: the `externalReferenceId` of the own referral. None
    /// where it is missing or blank.
    pub fn key(&self) -> Option<&str> {
        let key = self.own.external_reference_id.as_deref()?.trim();
        (!key.is_empty()).then_some(key)
    }

    /// The operation that this plan is: of its key, or, without one, of its
    /// whole content. Two plans without a key and with the same content are the
    /// same operation.
    pub fn operation_id(&self) -> OperationId {
        match self.key() {
            Some(key) => OperationId::of_key(key),
            None => OperationId::of_content(&canonical(&self.content())),
        }
    }

    /// The own referral as it will be sent: marked with the key, or with the id
    /// of the operation, so that it can be found again.
    pub fn own_to_send(&self) -> NewReferral {
        let mut own = self.own.clone();
        if self.key().is_none() {
            own.external_reference_id = Some(self.operation_id().to_string());
        }
        own
    }

    /// The fingerprint of all that will be sent.
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(self.operation_id(), &self.content())
    }

    fn content(&self) -> Value {
        json!([self.own, self.help, self.notes, self.connected])
    }

    /// The connected referral as it will be sent for an engagement.
    pub fn connected_for(&self, engagement: &EngagementId) -> NewReferral {
        let connected = match &self.connected {
            Some(connected) => NewReferral::clone(connected),
            None => self.derived(),
        };
        connected.with_engagement_id(engagement.clone())
    }

    /// All that is wrong with the plan; nothing is sent while there is
    /// anything.
    pub fn problems(&self) -> Vec<PlanProblem> {
        rules::problems(self)
    }

    fn derived(&self) -> NewReferral {
        let own = self.own.clone();
        let mut context = NewInviteContext::new().with_assistance_request_code(self.help.clone());
        context.notes.clone_from(&self.notes);
        let mut connected = NewReferral::new(
            ReferralType::Shared,
            own.customer_profile,
            own.consent,
            own.details,
        )
        .with_target([NewTarget::new(MICROSOFT_TARGET_TYPE, MICROSOFT_ID)])
        .with_invite_context(context);
        connected.name = own.name;
        connected.qualification = own.qualification;
        connected
    }
}

impl fmt::Debug for SharedReferralPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedReferralPlan")
            .field("own", &self.own)
            .field("help", &self.help)
            .field("connected", &self.connected)
            .field("portal_rules", &self.portal_rules)
            .finish_non_exhaustive()
    }
}
