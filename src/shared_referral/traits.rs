//! By what a referral is recognised as the one that a plan describes.

use serde_json::{Value, json};

use super::operation::{Fingerprint, OperationId};
use crate::escapes::unescaped;
use crate::generated::client::types::{NewReferral, Referral};
use crate::scalar::Amount;

/// How a referral of a list relates to an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Likeness {
    /// Marked with the operation, and of its content.
    Same,
    /// Marked, but of another content; or of the content, but with no mark at
    /// all. It may be the one, changed since or not given back whole.
    Alike,
    /// Another one.
    Other,
}

/// Compares a referral with what an operation created, or meant to.
pub(super) fn compare(
    referral: &Referral,
    operation: OperationId,
    marker: &str,
    traits: Fingerprint,
) -> Likeness {
    let content = fingerprint(operation, &of_referral(referral)) == traits;
    let mark = referral.external_reference_id.as_deref().map(str::trim);
    match (mark, content) {
        (Some(mark), true) if mark == marker.trim() => Likeness::Same,
        (Some(mark), false) if mark == marker.trim() => Likeness::Alike,
        (None | Some(""), true) => Likeness::Alike,
        _ => Likeness::Other,
    }
}

/// The fingerprint of what is compared, for a referral that is to be created.
pub(super) fn of_plan(operation: OperationId, own: &NewReferral) -> Fingerprint {
    fingerprint(operation, &of_new(own))
}

fn fingerprint(operation: OperationId, traits: &Traits<'_>) -> Fingerprint {
    let mut targets: Vec<_> = traits
        .targets
        .iter()
        .map(|(kind, id)| json!([kind, text(Some(id))]))
        .collect();
    targets.sort_by_key(Value::to_string);
    let value = json!([
        text(Some(traits.kind)),
        text(traits.name),
        text(traits.customer),
        text(traits.country).to_lowercase(),
        traits
            .value
            .map(|amount| amount.decimal().normalize().to_string()),
        text(traits.currency).to_lowercase(),
        targets,
    ]);
    Fingerprint::of(operation, &value)
}

/// What every payload gives back as it was sent, in the published create and
/// in those of 2022. The closing date is not among it: the published answer
/// leaves it out.
struct Traits<'a> {
    kind: &'a str,
    name: Option<&'a str>,
    customer: Option<&'a str>,
    country: Option<&'a str>,
    value: Option<Amount>,
    currency: Option<&'a str>,
    targets: Vec<(&'a str, &'a str)>,
}

fn of_new(referral: &NewReferral) -> Traits<'_> {
    let targets = referral.target.iter().flatten();
    Traits {
        kind: referral.type_.as_str(),
        name: referral.name.as_deref(),
        customer: Some(&referral.customer_profile.name),
        country: Some(&referral.customer_profile.address.country),
        value: referral.details.deal_value,
        currency: referral.details.currency.as_deref(),
        targets: targets
            .map(|target| (target.type_.as_str(), target.id.as_str()))
            .collect(),
    }
}

fn of_referral(referral: &Referral) -> Traits<'_> {
    let customer = referral.customer_profile.as_ref();
    let details = referral.details.as_ref();
    let targets = referral.target.iter().flatten();
    Traits {
        kind: referral.type_.as_str(),
        name: referral.name.as_deref(),
        customer: customer.and_then(|customer| customer.name.as_deref()),
        country: customer.and_then(|customer| customer.address.as_ref()?.country.as_deref()),
        value: details.and_then(|details| details.deal_value),
        currency: details.and_then(|details| details.currency.as_deref()),
        targets: targets
            .map(|target| {
                let kind = target.type_.as_ref().map_or("", |kind| kind.as_str());
                (kind, target.id.as_deref().unwrap_or_default())
            })
            .collect(),
    }
}

/// A text as it may come back: a response of 2022 has its names escaped for
/// HTML, and space around a name is easily lost.
fn text(text: Option<&str>) -> String {
    let plain = unescaped(text.unwrap_or_default());
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests;
