//! Deal registrations: what stands in one, and the portal's rules for it.
//!
//! A deal that was won is registered by
//! [`register_deal`](crate::ReferralsClient::register_deal), and the registration
//! corrected by
//! [`update_registration`](crate::ReferralsClient::update_registration). Each
//! checks the rules first, all of them at once: [`RegistrationRule`] has them with
//! their sources, [`problems`] is the check by itself. What the API checks is not
//! documented.
//!
//! Not checked, because a referral does not say it: whether Microsoft manages
//! the customer, whether the solution is eligible for Azure IP co-sell, and
//! whether the deal is a solution assessment, which cannot be registered (portal,
//! 2023). Since 2023-07-01 an eligible Azure solution that is sold through the
//! Marketplace needs no registration (portal, 2023).

mod check;
mod rule;

pub use check::problems;
pub(crate) use check::{judged, problems_of_change};
pub use rule::{RegistrationProblem, RegistrationRule};

use crate::error::Error;
use crate::generated::client::types::{NewRegistration, Referral, Registration};
use crate::generated::enums::RegistrationStatus;
use crate::generated::wire::registration_rules::ENDED;
use crate::scalar::{ReferralId, Timestamp};

/// Why a deal was not registered, or its registration not changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RegistrationError {
    /// It breaks rules of the portal; nothing was sent.
    #[error(
        "the registration of referral {referral_id} breaks {} of the portal's rules, and nothing was sent: {}",
        .problems.len(), list(.problems)
    )]
    #[non_exhaustive]
    Refused {
        /// The referral.
        referral_id: ReferralId,
        /// Every rule that is broken.
        problems: Vec<RegistrationProblem>,
    },
    /// Microsoft's half of the deal, whose status is to be checked, could not
    /// be looked for. Nothing was sent.
    #[error("Microsoft's half of the deal could not be looked for, and nothing was sent")]
    LookUpFailed(#[source] Error),
    /// A call failed. Its [`outcome`](Error::outcome) says whether the service
    /// may have acted; the same call again registers nothing twice.
    #[error("the registration was not made, or its answer was lost")]
    Failed(#[from] Error),
}

impl RegistrationError {
    /// The rules that are broken, where it was refused for any.
    pub fn problems(&self) -> &[RegistrationProblem] {
        match self {
            Self::Refused { problems, .. } => problems,
            _ => &[],
        }
    }
}

fn list(problems: &[RegistrationProblem]) -> String {
    let texts: Vec<String> = problems.iter().map(ToString::to_string).collect();
    texts.join("; ")
}

/// # What became of it
impl Registration {
    /// Whether it has ended: approved, passed, failed or closed. The portal takes
    /// no action on it then (2023).
    pub fn has_ended(&self) -> bool {
        let status = self.status.as_ref();
        status.is_some_and(|status| ENDED.contains(status))
    }

    /// The statuses that it has reached, oldest first, each with its time. A
    /// status that this version does not know is among them.
    ///
    /// ```
    /// use partner_referrals::types::{Registration, RegistrationStatus};
    ///
    /// let registration: Registration = serde_json::from_str(
    ///     r#"{"statusHistory": {
    ///         "approvedDateTime": "2024-03-05T00:00:00Z",
    ///         "reviewPendingDateTime": "2024-03-01T00:00:00Z"
    ///     }}"#,
    /// )?;
    /// let reached = registration.history();
    /// assert_eq!(reached[0].0, RegistrationStatus::ReviewPending);
    /// assert_eq!(reached[1].0, RegistrationStatus::Approved);
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn history(&self) -> Vec<(RegistrationStatus, Timestamp)> {
        /// What the name of a status is followed by.
        const TIME: &str = "DateTime";

        // By their names, so that a status of tomorrow is told too.
        let members = serde_json::to_value(&self.status_history).unwrap_or_default();
        let reached = |(name, time): (&String, &serde_json::Value)| {
            let status = name.strip_suffix(TIME)?;
            let (first, rest) = status.split_at_checked(1)?;
            let status = format!("{}{rest}", first.to_ascii_uppercase());
            Some((status.as_str().into(), time.as_str()?.parse().ok()?))
        };
        let members = members.as_object().into_iter().flatten();
        let mut history: Vec<_> = members.filter_map(reached).collect();
        history.sort_by_key(|(_, time)| *time);
        history
    }
}

/// Whether a registration of a referral stands or may still: it has neither
/// failed nor been closed. Without a status of its own it has that of the
/// referral, if it is the only one: else that may be another's.
pub(crate) fn stands(one: &Registration, referral: &Referral) -> bool {
    let only = referral.registrations.iter().flatten().count() == 1;
    let lent = referral.registration_status.as_ref().filter(|_| only);
    let status = one.status.as_ref().or(lent);
    !status.is_some_and(|status| {
        matches!(
            status,
            RegistrationStatus::Failed | RegistrationStatus::Closed
        )
    })
}

/// A new registration as a referral has it afterwards. What an answer does not
/// repeat (the program, the currency of a solution) is in `extra`.
pub(crate) fn as_answered(new: &NewRegistration) -> Result<Registration, serde_json::Error> {
    // Through text: a tree of JSON would turn exact amounts into floats.
    serde_json::from_str(&serde_json::to_string(new)?)
}

/// The same without what an answer does not repeat, to be found again by.
pub(crate) fn comes_back(new: &NewRegistration) -> Result<Registration, serde_json::Error> {
    let mut answered = as_answered(new)?;
    answered.extra.clear();
    if let Some(contract) = &mut answered.contract {
        contract.extra.clear();
    }
    for solution in answered.solution_details.iter_mut().flatten() {
        solution.extra.clear();
    }
    Ok(answered)
}
