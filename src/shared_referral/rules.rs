//! What a plan must have. Every rule reports and the next one goes on, so that
//! all problems come at once.

use super::plan::SharedReferralPlan;
use super::problem::{Half, PlanProblem, Rule};
use crate::generated::client::types::{NewMember, NewReferral, NewTarget};
use crate::generated::enums::{AssistanceRequestCode, ReferralType};
use crate::generated::wire::{MICROSOFT_ID, MICROSOFT_TARGET_TYPE};
use crate::lifecycle::{State, check_pair};
use crate::scalar::EngagementId;

/// The portal's bulk upload takes at most so many solutions and team members.
const MOST: usize = 50;

pub(super) fn problems(plan: &SharedReferralPlan) -> Vec<PlanProblem> {
    let mut found = Found(Vec::new());
    // The connected referral as it will be sent, but for the engagement, which
    // only the service can name.
    let connected = plan.connected_for(&EngagementId::from(uuid::Uuid::nil()));
    own_shares(&plan.own, &mut found);
    connected_shares(plan, &connected, &mut found);
    lifecycle(Half::Own, &plan.own, &mut found);
    lifecycle(Half::Connected, &connected, &mut found);
    if plan.portal_rules {
        portal(Half::Own, &plan.own, &mut found);
        // A derived one has the same customer and details: told once.
        if plan.connected.is_some() {
            portal(Half::Connected, &connected, &mut found);
        }
    }
    found.0
}

struct Found(Vec<PlanProblem>);

impl Found {
    fn report(&mut self, wrong: bool, half: Half, rule: Rule, path: &str, message: &str) {
        if wrong {
            self.0.push(PlanProblem::new(half, rule, path, message));
        }
    }
}

fn is_microsofts(target: &NewTarget) -> bool {
    target.type_ == MICROSOFT_TARGET_TYPE && target.id == MICROSOFT_ID
}

fn aims_at_microsoft(referral: &NewReferral) -> bool {
    referral.target.iter().flatten().any(is_microsofts)
}

fn own_shares(own: &NewReferral, found: &mut Found) {
    let mut check = |wrong, path, message| {
        found.report(wrong, Half::Own, Rule::Sharing, path, message);
    };
    check(own.type_ != ReferralType::Shared, "/type", "must be Shared");
    check(
        own.engagement_id.is_some(),
        "/engagementId",
        "must be left out: the service gives the engagement its id",
    );
    check(
        aims_at_microsoft(own),
        "/target",
        "must not be Microsoft: that target belongs to the connected referral",
    );
    check(
        hides_from_sellers(own),
        "/consent/consentToShareReferralWithMicrosoftSellers",
        HIDDEN,
    );
}

fn connected_shares(plan: &SharedReferralPlan, connected: &NewReferral, found: &mut Found) {
    let mut check = |wrong, path, message| {
        found.report(wrong, Half::Connected, Rule::Sharing, path, message);
    };
    if let Some(given) = &plan.connected {
        check(
            given.type_ != ReferralType::Shared,
            "/type",
            "must be Shared",
        );
        check(
            given.engagement_id.is_some(),
            "/engagementId",
            "must be left out: it is taken from the own referral",
        );
        check(
            !aims_at_microsoft(given),
            "/target",
            "must have the target BusinessProfileLocation/msft",
        );
        check(
            hides_from_sellers(given),
            "/consent/consentToShareReferralWithMicrosoftSellers",
            HIDDEN,
        );
    }
    let help = connected
        .invite_context
        .as_ref()
        .and_then(|context| context.assistance_request_code.as_ref());
    check(
        help.is_none_or(|help| *help == AssistanceRequestCode::Unknown || !help.is_known()),
        "/inviteContext/assistanceRequestCode",
        "must name the help that is requested: a deal without is not shared with Microsoft",
    );
}

const HIDDEN: &str = "must not be false: the deal is to be shared with Microsoft";

fn hides_from_sellers(referral: &NewReferral) -> bool {
    referral
        .consent
        .consent_to_share_referral_with_microsoft_sellers
        == Some(false)
}

fn lifecycle(half: Half, referral: &NewReferral, found: &mut Found) {
    if let (Some(status), Some(substatus)) = (&referral.status, &referral.substatus)
        && let Err(refusal) = check_pair(&State::new(status.clone(), substatus.clone()))
    {
        found.report(
            true,
            half,
            Rule::Lifecycle,
            "/substatus",
            &refusal.to_string(),
        );
    }
}

fn portal(half: Half, referral: &NewReferral, found: &mut Found) {
    let mut check = |wrong, path: &str, message| {
        found.report(wrong, half, Rule::Portal, path, message);
    };
    check(
        referral.name.as_deref().is_none_or(blank),
        "/name",
        "the deal needs a name",
    );
    check(
        !referral.consent.consent_to_to_share_info_with_others,
        "/consent/consentToToShareInfoWithOthers",
        "must be true: without consent the deal is neither created nor updated",
    );
    let customer = &referral.customer_profile;
    check(
        blank(&customer.name),
        "/customerProfile/name",
        "must not be empty",
    );
    let address = &customer.address;
    check(
        blank(&address.address_line1),
        "/customerProfile/address/addressLine1",
        "must not be empty",
    );
    check(
        blank(&address.city),
        "/customerProfile/address/city",
        "must not be empty",
    );
    check(
        !letters(&address.country, 2),
        "/customerProfile/address/country",
        "must be two letters (ISO 3166-1 alpha-2)",
    );
    check(
        !customer.team.iter().flatten().next().is_some_and(reachable),
        "/customerProfile/team/0",
        "where help is requested, a customer contact with first and last name, phone number \
         and e-mail is needed",
    );
    let members = referral.team.as_ref().map_or(0, Vec::len);
    check(
        members == 0 || members > MOST,
        "/team",
        "1 to 50 people of your own are needed",
    );
    let details = &referral.details;
    check(
        details
            .deal_value
            .is_none_or(|value| value.decimal() <= 0.into()),
        "/details/dealValue",
        "must be more than zero: the portal cannot update a deal without a value",
    );
    check(
        !details
            .currency
            .as_deref()
            .is_some_and(|code| letters(code, 3)),
        "/details/currency",
        "must be three letters (ISO 4217)",
    );
    check(
        details.closing_date_time.is_none(),
        "/details/closingDateTime",
        "the estimated close date is needed",
    );
    let solutions: Vec<_> = details
        .requirements
        .iter()
        .filter_map(|requirements| requirements.solutions.as_ref())
        .flatten()
        .collect();
    check(
        solutions.is_empty() || solutions.len() > MOST,
        "/details/requirements/solutions",
        "1 to 50 solutions are needed",
    );
    for (index, solution) in solutions.iter().enumerate() {
        check(
            blank(&solution.id),
            &format!("/details/requirements/solutions/{index}/id"),
            "must not be empty",
        );
    }
}

fn blank(text: &str) -> bool {
    text.trim().is_empty()
}

fn letters(text: &str, count: usize) -> bool {
    text.len() == count && text.bytes().all(|byte| byte.is_ascii_alphabetic())
}

fn reachable(contact: &NewMember) -> bool {
    [
        &contact.first_name,
        &contact.last_name,
        &contact.phone_number,
        &contact.email,
    ]
    .into_iter()
    .all(|text| !blank(text))
}
