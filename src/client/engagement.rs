//! What else belongs to a deal.

use futures::TryStreamExt as _;

use super::ReferralsClient;
use crate::error::Error;
use crate::generated::client::types::Referral;
use crate::generated::wire::MICROSOFT_ID;
use crate::list::{ListOptions, filter};
use crate::scalar::EngagementId;

impl ReferralsClient {
    /// Microsoft's referrals of an engagement, as far as they are listed.
    /// Whether a partner can list them is not documented.
    pub(crate) async fn microsofts_halves(
        &self,
        engagement: &EngagementId,
    ) -> Result<Vec<Referral>, Error> {
        let of_engagement = filter::engagement_id().eq(engagement.clone());
        let mut referrals = self.referrals(ListOptions::new().filter(of_engagement));
        let mut halves = Vec::new();
        while let Some(one) = referrals.try_next().await? {
            // A service that ignores the filter lists all there is.
            if one.engagement_id == *engagement
                && one.organization_id.as_deref() == Some(MICROSOFT_ID)
            {
                halves.push(one);
            }
        }
        Ok(halves)
    }
}
