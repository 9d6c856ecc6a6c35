//! What kind of deal a referral is: derived, never a member of the wire.

use std::fmt;

use crate::generated::client::types::Referral;
use crate::generated::enums::{AssistanceRequestCode, Qualification, ReferralType};
use crate::generated::wire::MICROSOFT_ID;

/// The kind of a deal that a partner works on.
///
/// | kind | Microsoft's sellers see it | Microsoft's help is asked for |
/// |---|---|---|
/// | private | no | no |
/// | partner-led | yes | no |
/// | co-sell | yes | yes |
///
/// The service has no member for it. The portal derives it from
/// `consent.consentToShareReferralWithMicrosoftSellers` and from the help asked
/// for (portal 2021 and 2023, API pages of 2024, a published connector); `type`
/// only hints at it.
///
/// From one to the next:
/// [`show_to_microsoft_sellers`](crate::ReferralsClient::show_to_microsoft_sellers),
/// a patch of that consent (connector 2020 to 2023), and
/// [`invite_microsoft`](crate::ReferralsClient::invite_microsoft), a second
/// referral in the same engagement (inferred from the two creates of a shared
/// referral). Neither can be taken back (portal, 2023).
///
/// ```
/// use partner_referrals::DealType;
///
/// assert_eq!(DealType::PartnerLed.to_string(), "partner-led");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DealType {
    /// Only the partner's own people see it.
    Private,
    /// Microsoft's sellers see it; the partner sells it alone.
    PartnerLed,
    /// Sold together with Microsoft.
    CoSell,
}

impl DealType {
    /// The kind of a deal, by one referral of it; none for a lead, and where the
    /// referral does not say whether sellers of Microsoft see it.
    ///
    /// A lead is what came from the marketplace (`Direct`), and what Microsoft
    /// qualified and invited the partner to alone: `Independent` and
    /// `MarketingQualified` or `SalesQualified` (API pages, 2025).
    ///
    /// # Caveats
    /// An item of a list that was narrowed by `$select` may lack what this looks
    /// at. A referral that Microsoft declined is a co-sell still. The own referral
    /// of a deal that Microsoft was invited to later does not say so:
    /// [`of_engagement`](Self::of_engagement) does.
    pub fn of(referral: &Referral) -> Option<Self> {
        if is_lead(referral) {
            return None;
        }
        let invite = referral.invite_context.as_ref();
        let helped = invite
            .and_then(|invite| invite.assistance_request_code.as_ref())
            .is_some_and(|code| *code != AssistanceRequestCode::Unknown);
        let seen = referral
            .consent
            .as_ref()
            .and_then(|consent| consent.consent_to_share_referral_with_microsoft_sellers);
        match (seen, helped || referral.type_ == ReferralType::Shared) {
            // What Microsoft helps with, its sellers see.
            (_, true) => Some(Self::CoSell),
            (Some(true), false) => Some(Self::PartnerLed),
            (Some(false), false) => Some(Self::Private),
            (None, false) => None,
        }
    }

    /// The kind of a deal, by all referrals of its engagement that can be had: as
    /// of [`of`](Self::of), and co-sell where one of them is Microsoft's. None for
    /// a lead, and where no referral says.
    ///
    /// ```no_run
    /// # async fn run(client: partner_referrals::ReferralsClient, own: partner_referrals::types::Referral)
    /// # -> Result<(), partner_referrals::Error> {
    /// use futures::TryStreamExt as _;
    /// use partner_referrals::{DealType, ListOptions, filter};
    ///
    /// let same_engagement = filter::engagement_id().eq(own.engagement_id.clone());
    /// let list = client.referrals(ListOptions::new().filter(same_engagement));
    /// let mut all: Vec<_> = list.try_collect().await?;
    /// // A service that ignores the filter lists all there is.
    /// all.retain(|one| one.engagement_id == own.engagement_id);
    /// println!("{:?}", DealType::of_engagement(&all));
    /// # Ok(()) }
    /// ```
    ///
    /// # Assumptions
    /// Microsoft's half of a deal is the referral whose organization is Microsoft
    /// (`msft`). Whether a partner can list it is not documented.
    pub fn of_engagement(referrals: &[Referral]) -> Option<Self> {
        let (microsofts, partners): (Vec<_>, Vec<_>) =
            referrals.iter().partition(|one| is_microsofts(one));
        if !partners.is_empty() && partners.iter().all(|one| is_lead(one)) {
            return None;
        }
        if !microsofts.is_empty() {
            return Some(Self::CoSell);
        }
        // From private to co-sell, and never back.
        partners
            .into_iter()
            .filter_map(Self::of)
            .max_by_key(|kind| *kind as u8)
    }
}

fn is_microsofts(referral: &Referral) -> bool {
    referral.organization_id.as_deref() == Some(MICROSOFT_ID)
}

fn is_lead(referral: &Referral) -> bool {
    let invite = referral.invite_context.as_ref();
    let inviter = invite.and_then(|invite| invite.invited_by.as_ref());
    let by_microsoft =
        inviter.and_then(|inviter| inviter.organization_id.as_deref()) == Some(MICROSOFT_ID);
    match referral.qualification {
        Some(Qualification::Direct) => true,
        Some(Qualification::MarketingQualified | Qualification::SalesQualified) => {
            by_microsoft && referral.type_ == ReferralType::Independent
        }
        _ => false,
    }
}

impl fmt::Display for DealType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Private => "private",
            Self::PartnerLed => "partner-led",
            Self::CoSell => "co-sell",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn example() -> Value {
        let example = include_str!("../openapi/examples/create_referral.response.200.json");
        serde_json::from_str(example).unwrap()
    }

    #[test]
    fn the_kind_of_an_engagement_is_that_of_all_its_referrals() {
        let shared = "consentToShareReferralWithMicrosoftSellers";
        let one = |organization: &str, seen: bool, qualification: &str| -> Referral {
            let mut one = example();
            one["organizationId"] = json!(organization);
            one["consent"] = json!({ shared: seen });
            one["inviteContext"] = Value::Null;
            one["type"] = json!("Independent");
            one["qualification"] = json!(qualification);
            serde_json::from_value(one).unwrap()
        };
        let private = one("contoso", false, "None");
        let led = one("contoso", true, "None");
        let microsofts = one("msft", true, "None");
        let lead = one("contoso", true, "Direct");
        for (referrals, kind) in [
            (vec![], None),
            (vec![&private], Some(DealType::Private)),
            (vec![&led, &private], Some(DealType::PartnerLed)),
            (vec![&private, &microsofts], Some(DealType::CoSell)),
            (vec![&microsofts], Some(DealType::CoSell)),
            (vec![&lead], None),
            (vec![&lead, &microsofts], None),
            (vec![&lead, &led], Some(DealType::PartnerLed)),
        ] {
            let referrals: Vec<Referral> = referrals.into_iter().cloned().collect();
            assert_eq!(DealType::of_engagement(&referrals), kind);
        }
    }

    #[test]
    fn the_kind_follows_from_consent_help_and_type() {
        let shared = "consentToShareReferralWithMicrosoftSellers";
        let help = |code: &str| json!({ "assistanceRequestCode": code });
        let none = Value::Null;
        for (consent, invite, type_, qualification, kind) in [
            (
                json!({shared: false}),
                none.clone(),
                "Independent",
                "SalesQualified",
                Some(DealType::Private),
            ),
            (
                json!({shared: false}),
                help("Unknown"),
                "Independent",
                "None",
                Some(DealType::Private),
            ),
            (
                json!({shared: true}),
                help("Unknown"),
                "Independent",
                "None",
                Some(DealType::PartnerLed),
            ),
            (
                json!({shared: true}),
                none.clone(),
                "Independent",
                "None",
                Some(DealType::PartnerLed),
            ),
            (
                json!({shared: true}),
                help("GeneralOrOther"),
                "Independent",
                "None",
                Some(DealType::CoSell),
            ),
            (
                json!({shared: true}),
                help("Tomorrows"),
                "Independent",
                "None",
                Some(DealType::CoSell),
            ),
            (
                json!({shared: true}),
                none.clone(),
                "Shared",
                "None",
                Some(DealType::CoSell),
            ),
            (
                json!({shared: null}),
                none.clone(),
                "Independent",
                "None",
                None,
            ),
            (none.clone(), none.clone(), "Independent", "None", None),
            (
                json!({shared: true}),
                none.clone(),
                "Independent",
                "Direct",
                None,
            ),
            (
                json!({shared: true}),
                json!({"invitedBy": {"organizationId": "msft"}}),
                "Independent",
                "MarketingQualified",
                None,
            ),
            (
                json!({shared: true}),
                json!({"invitedBy": {"organizationId": "another"}}),
                "Independent",
                "MarketingQualified",
                Some(DealType::PartnerLed),
            ),
            (
                json!({shared: true}),
                json!({"invitedBy": {"organizationId": "msft"}}),
                "Shared",
                "MarketingQualified",
                Some(DealType::CoSell),
            ),
            (
                json!({shared: true}),
                json!({"invitedBy": {"organizationId": "msft"}}),
                "Independent",
                "SalesQualified",
                None,
            ),
            (
                json!({shared: true}),
                json!({"invitedBy": {"organizationId": "msft"}}),
                "Shared",
                "SalesQualified",
                Some(DealType::CoSell),
            ),
            (
                json!({shared: true}),
                json!({"invitedBy": {"organizationId": "another"}}),
                "Independent",
                "SalesQualified",
                Some(DealType::PartnerLed),
            ),
        ] {
            let mut referral = example();
            referral["consent"] = consent.clone();
            referral["inviteContext"] = invite.clone();
            referral["type"] = json!(type_);
            referral["qualification"] = json!(qualification);
            let referral = serde_json::from_value(referral).unwrap();
            assert_eq!(DealType::of(&referral), kind, "{consent} {invite} {type_}");
        }
    }
}
