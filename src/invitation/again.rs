//! A referral that was read, as it would be created.
//!
//! Of the details only what the document names for a new referral is taken over:
//! `customerAction`, `customerRequestedContact`, `incentiveLevel` and members that
//! this version does not know stand in no published create, and one that the
//! service refuses would cost the invitation. Texts are taken as they were read,
//! with the escapes of HTML that the service gives some back with.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::generated::client::types::{
    Address, Consent, CustomerProfile, Member, NewAddress, NewConsent, NewCustomerProfile,
    NewMember, NewReferral, NewReferralDetails, NewTarget, Referral,
};
use crate::generated::enums::ReferralType;
use crate::generated::wire::customer_profile::IDS;
use crate::generated::wire::referral;
use crate::shared_referral::{Half, PlanProblem, Rule};
use crate::update::{items, list, members, object};

/// What a shared referral takes over of one that was read. What that lacks is
/// blank, for the rules to find.
pub(super) struct Again {
    pub(super) referral: NewReferral,
    /// What a new referral cannot have. Microsoft's referral can neither be
    /// deleted nor corrected at will, so nothing is left out of it in silence.
    pub(super) left_out: Vec<PlanProblem>,
}

impl Again {
    pub(super) fn of(read: &Referral) -> Self {
        let mut left_out = Vec::new();
        let consent = read.consent.as_ref().map_or_else(no_consent, consent);
        let details = read.details.as_ref();
        let details =
            details.and_then(|details| taken(details, &[referral::DETAILS], &mut left_out));
        let mut details: NewReferralDetails = details.unwrap_or_default();
        // What no create is known to have.
        details.extra.clear();
        let mut customer = NewCustomerProfile::new("", no_address());
        if let Some(profile) = &read.customer_profile {
            customer = customer_profile(profile);
            let at = [referral::CUSTOMER_PROFILE, IDS];
            let ids = profile.ids.as_ref();
            customer.ids = ids.and_then(|ids| taken(ids, &at, &mut left_out));
        }
        let mut own = NewReferral::new(ReferralType::Shared, customer, consent, details);
        own.name.clone_from(&read.name);
        own.qualification.clone_from(&read.qualification);
        own.team = read.team.as_ref().map(|team| people(team));
        let targets = read.target.iter().flatten();
        let targets = targets.filter_map(|target| {
            let (type_, id) = (target.type_.clone()?, target.id.clone()?);
            Some(NewTarget::new(type_, id))
        });
        own.target = Some(targets.collect());
        Self {
            referral: own,
            left_out,
        }
    }
}

/// What was read as a new referral has it, member by member and item by item:
/// one that does not fit must not cost the others. Which names there are is told
/// by what was read.
fn taken<N: DeserializeOwned>(
    read: &impl Serialize,
    at: &[&str],
    left_out: &mut Vec<PlanProblem>,
) -> Option<N> {
    // Through text: a tree of JSON would turn exact amounts into floats.
    let text = serde_json::to_string(read).ok()?;
    let path = at.iter().map(|name| format!("/{name}")).collect();
    let fits = |text: &str| serde_json::from_str::<N>(text).is_ok();
    let fitting = fitting(&text, path, &fits, left_out)?;
    serde_json::from_str(&fitting).ok()
}

fn fitting(
    text: &str,
    path: String,
    fits: &dyn Fn(&str) -> bool,
    left_out: &mut Vec<PlanProblem>,
) -> Option<String> {
    if fits(text) {
        return Some(text.to_owned());
    }
    // Without any member it fits, so one of them does not.
    if let Some(members) = members(text).filter(|_| fits("{}")) {
        let kept = members.iter().filter_map(|(name, value)| {
            let fits = |value: &str| fits(&object([(name.as_str(), value.to_owned())]));
            let path = format!("{path}/{name}");
            let kept = fitting(value.get(), path, &fits, left_out)?;
            Some((name.as_str(), kept))
        });
        return Some(object(kept));
    }
    if let Some(items) = items(text).filter(|_| fits("[]")) {
        let kept = items.iter().enumerate().filter_map(|(index, value)| {
            let fits = |value: &str| fits(&list([value.to_owned()]));
            fitting(value.get(), format!("{path}/{index}"), &fits, left_out)
        });
        return Some(list(kept));
    }
    // What says nothing is not missed.
    if text != "{}" {
        let what = "cannot be taken over to Microsoft's referral: it lacks what a new one must \
                    have there, such as an id";
        left_out.push(PlanProblem::new(Half::Own, Rule::Sharing, &path, what));
    }
    None
}

fn consent(read: &Consent) -> NewConsent {
    let mut consent = NewConsent::new(
        read.consent_to_to_share_info_with_others == Some(true),
        read.consent_to_contact == Some(true),
    );
    consent.consent_to_microsoft_to_contact_specific_partners =
        read.consent_to_microsoft_to_contact_specific_partners;
    // What Microsoft helps with, its sellers see.
    consent.consent_to_share_referral_with_microsoft_sellers = Some(true);
    consent
}

fn no_consent() -> NewConsent {
    let mut consent = NewConsent::new(false, false);
    consent.consent_to_share_referral_with_microsoft_sellers = Some(true);
    consent
}

fn customer_profile(read: &CustomerProfile) -> NewCustomerProfile {
    let name = read.name.clone().unwrap_or_default();
    let address = read.address.as_ref().map_or_else(no_address, address);
    let mut customer = NewCustomerProfile::new(name, address);
    customer.size.clone_from(&read.size);
    customer.team = read.team.as_ref().map(|team| people(team));
    customer
}

fn address(read: &Address) -> NewAddress {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let (line, city) = (text(&read.address_line1), text(&read.city));
    let mut address = NewAddress::new(line, city, text(&read.country));
    address.address_line2.clone_from(&read.address_line2);
    address.postal_code.clone_from(&read.postal_code);
    address.region.clone_from(&read.region);
    address.state.clone_from(&read.state);
    address
}

fn no_address() -> NewAddress {
    NewAddress::new("", "", "")
}

fn people(read: &[Member]) -> Vec<NewMember> {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let member = |one: &Member| {
        let (first, last) = (text(&one.first_name), text(&one.last_name));
        NewMember::new(first, last, text(&one.phone_number), text(&one.email))
    };
    read.iter().map(member).collect()
}
