//! What is done with a referral in the end, by name; and the one step between
//! kinds of deals that takes one call.

use super::ReferralsClient;
use crate::error::Error;
use crate::generated::client::types::Referral;
use crate::lifecycle::{ClosingReason, ErrorReason, Transition};
use crate::scalar::ReferralId;
use crate::update::{Patched, Updated};

/// # Status changes by name
///
/// Each is a [`transition`](ReferralsClient::transition): checked against the
/// referral that is given, sent with its eTag, and looked after where the answer
/// is lost. A reason is one of the portal's texts or any other text; what the
/// portal itself stores is not known.
impl ReferralsClient {
    /// Accepts a referral: `Active`/`Accepted`.
    ///
    /// # Errors
    /// As of [`transition`](Self::transition).
    pub async fn accept(&self, referral: &Referral) -> Result<Patched, Error> {
        self.transition(referral, Transition::accepted()).await
    }

    /// Declines a referral: `Closed`/`Declined`.
    ///
    /// ```no_run
    /// # async fn run(client: partner_referrals::ReferralsClient, referral: partner_referrals::types::Referral)
    /// # -> Result<(), partner_referrals::Error> {
    /// use partner_referrals::lifecycle::ClosingReason;
    ///
    /// client.decline(&referral, ClosingReason::NotACustomer).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As of [`transition`](Self::transition).
    pub async fn decline(
        &self,
        referral: &Referral,
        reason: impl Into<ClosingReason>,
    ) -> Result<Patched, Error> {
        let declined = Transition::declined(reason.into());
        self.transition(referral, declined).await
    }

    /// Closes a referral as won: `Closed`/`Won`. A deal that is won within 72
    /// hours of its creation may be refused as a registered deal (portal, 2021 and
    /// 2023).
    ///
    /// # Errors
    /// As of [`transition`](Self::transition).
    pub async fn win(&self, referral: &Referral) -> Result<Patched, Error> {
        self.transition(referral, Transition::won()).await
    }

    /// Closes a referral as lost: `Closed`/`Lost`.
    ///
    /// # Errors
    /// As of [`transition`](Self::transition).
    pub async fn lose(
        &self,
        referral: &Referral,
        reason: impl Into<ClosingReason>,
    ) -> Result<Patched, Error> {
        let lost = Transition::lost(reason.into());
        self.transition(referral, lost).await
    }

    /// Closes a referral that should not be there, as the portal does:
    /// `Closed`/`Error`. See [`Transition::closed_as_error`].
    ///
    /// # Errors
    /// As of [`transition`](Self::transition); the service may refuse the
    /// substatus.
    pub async fn close_as_error(
        &self,
        referral: &Referral,
        reason: impl Into<ErrorReason>,
    ) -> Result<Patched, Error> {
        let error = Transition::closed_as_error(reason.into());
        self.transition(referral, error).await
    }

    /// Makes a private deal a partner-led one: shows it to Microsoft's sellers.
    /// **It cannot be taken back.** A deal that they see already is left alone.
    ///
    /// To ask for Microsoft's help, too:
    /// [`invite_microsoft`](Self::invite_microsoft).
    ///
    /// # Errors
    /// As of [`update`](Self::update).
    pub async fn show_to_microsoft_sellers(&self, id: &ReferralId) -> Result<Updated, Error> {
        self.update(id, |referral| {
            // Of a referral that says nothing of consent, it is all that is said.
            if referral.consent.is_none() {
                referral.consent = serde_json::from_str("{}").ok();
            }
            if let Some(consent) = &mut referral.consent {
                consent.consent_to_share_referral_with_microsoft_sellers = Some(true);
            }
        })
        .await
    }
}
