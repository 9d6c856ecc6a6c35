//! What kind of deal a referral is: derived, never a member of the wire.

use std::fmt;

use crate::generated::client::types::Referral;
use crate::generated::enums::{AssistanceRequestCode, Qualification, ReferralType};

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
    /// The kind of a deal; none for a lead that came from a customer, and where
    /// the referral does not say whether sellers of Microsoft see it.
    ///
    /// # Caveats
    /// An item of a list that was narrowed by `$select` may lack what this looks
    /// at. A referral that Microsoft declined is a co-sell still.
    pub fn of(referral: &Referral) -> Option<Self> {
        if referral.qualification == Some(Qualification::Direct) {
            return None;
        }
        let helped = referral
            .invite_context
            .as_ref()
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
        ] {
            let example = include_str!("../openapi/examples/create_referral.response.200.json");
            let mut referral: Value = serde_json::from_str(example).unwrap();
            referral["consent"] = consent.clone();
            referral["inviteContext"] = invite.clone();
            referral["type"] = json!(type_);
            referral["qualification"] = json!(qualification);
            let referral = serde_json::from_value(referral).unwrap();
            assert_eq!(DealType::of(&referral), kind, "{consent} {invite} {type_}");
        }
    }
}
