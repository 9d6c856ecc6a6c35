//! Values of a caller that the document does not list, or that are not of its
//! types.
//!
//! The enums are published as such (D19 to L25) and the service types its
//! members, but what it answers to a value of another list or type is in no
//! source: 400 is ours. A value that was there before, seeded or of a service of
//! tomorrow, may stay: a caller sends back what it read.

use serde_json::Value;

use super::answer::Refusal;
use crate::Timestamp;
use crate::types::{
    AssistanceRequestCode, ContractTerm, CustomerProfileIdType, CustomerSize, DeploymentOwner,
    PricingModel, Qualification, Referral, ReferralType, RegistrationType, SolutionType, Status,
    Substatus, TargetType,
};

/// A path, where `*` stands for each item, and which texts may stand there.
type Rule = (&'static str, fn(&str) -> bool);

/// Where a caller writes values of a list.
const LISTED: [Rule; 13] = [
    ("status", |value| Status::from(value).is_known()),
    ("substatus", |value| Substatus::from(value).is_known()),
    ("type", |value| ReferralType::from(value).is_known()),
    ("qualification", |value| {
        Qualification::from(value).is_known()
    }),
    ("target/*/type", |value| TargetType::from(value).is_known()),
    ("customerProfile/size", |value| {
        CustomerSize::from(value).is_known()
    }),
    ("customerProfile/ids/*/profileType", |value| {
        CustomerProfileIdType::from(value).is_known()
    }),
    ("details/requirements/solutions/*/type", |value| {
        SolutionType::from(value).is_known()
    }),
    ("inviteContext/assistanceRequestCode", |value| {
        AssistanceRequestCode::from(value).is_known()
    }),
    ("registrations/*/type", |value| {
        RegistrationType::from(value).is_known()
    }),
    ("registrations/*/contract/term", |value| {
        ContractTerm::from(value).is_known()
    }),
    (
        "registrations/*/solutionDetails/*/primaryDeploymentOn",
        |value| DeploymentOwner::from(value).is_known(),
    ),
    ("registrations/*/solutionDetails/*/pricingModel", |value| {
        PricingModel::from(value).is_known()
    }),
];

/// Where a caller writes times. The types read `""` as none, for answers have it;
/// a request has none.
const TIMES: [Rule; 6] = [
    ("details/closingDateTime", is_time),
    ("details/requirements/solutions/*/closingDateTime", is_time),
    ("registrations/*/contract/startDateTime", is_time),
    ("registrations/*/contract/endDateTime", is_time),
    ("registrations/*/contract/signDateTime", is_time),
    (
        "registrations/*/solutionDetails/*/marketplaceTransactionDetails/\
         marketplaceTransactionDateTime",
        is_time,
    ),
];

fn is_time(value: &str) -> bool {
    value.parse::<Timestamp>().is_ok()
}

/// Refuses what a change brings in; `before` is null for a new referral.
pub(super) fn check(before: &Value, after: &Value, listed_only: bool) -> Result<(), Refusal> {
    let readable = |referral: &Value| serde_json::from_value::<Referral>(referral.clone());
    if let Err(error) = readable(after)
        && (before.is_null() || readable(before).is_ok())
    {
        return Err(Refusal::invalid("referral", error.to_string()));
    }
    let lists = LISTED.iter().filter(|_| listed_only);
    for (path, is_fit) in TIMES.iter().chain(lists) {
        let old = texts(before, path);
        let new = texts(after, path);
        if new.iter().any(|new| !is_fit(new) && !old.contains(new)) {
            let member = path.rsplit('/').next().unwrap_or(path);
            return Err(Refusal::invalid(
                member,
                format!("The value of {member} is none that it can have."),
            ));
        }
    }
    Ok(())
}

/// The texts at a path.
fn texts<'v>(value: &'v Value, path: &str) -> Vec<&'v str> {
    let (step, rest) = match path.split_once('/') {
        Some((step, rest)) => (step, Some(rest)),
        None => (path, None),
    };
    let next: Vec<&Value> = match step {
        "*" => value.as_array().into_iter().flatten().collect(),
        member => value.get(member).into_iter().collect(),
    };
    match rest {
        Some(rest) => next
            .into_iter()
            .flat_map(|value| texts(value, rest))
            .collect(),
        None => next.into_iter().filter_map(Value::as_str).collect(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn referral(change: impl FnOnce(&mut Value)) -> Value {
        let mut referral = json!({
            "id": "a", "engagementId": "e", "status": "New", "substatus": "Pending",
            "type": "Shared", "createdDateTime": "2024-01-01T00:00:00Z",
            "updatedDateTime": "2024-01-01T00:00:00Z",
            "target": [{ "type": "SolutionProfile", "id": "s" }],
        });
        change(&mut referral);
        referral
    }

    #[test]
    fn a_value_of_no_list_is_refused_where_that_is_asked_for_unless_it_was_there() {
        let usual = referral(|_| ());
        assert!(check(&Value::Null, &usual, true).is_ok());
        let strange = referral(|one| one["target"][0]["type"] = json!("Galaxy"));
        let refusal = check(&Value::Null, &strange, true).unwrap_err();
        assert_eq!(refusal.body()["error"]["target"], "type");
        assert!(check(&usual, &strange, true).is_err());
        assert!(check(&strange, &strange, true).is_ok());
        assert!(check(&usual, &strange, false).is_ok());
    }

    #[test]
    fn a_value_of_another_type_is_refused_unless_it_was_there() {
        let wrong = referral(|one| one["name"] = json!(7));
        assert!(check(&Value::Null, &wrong, false).is_err());
        assert!(check(&referral(|_| ()), &wrong, false).is_err());
        assert!(check(&wrong, &wrong, false).is_ok());
    }

    #[test]
    fn no_time_is_null_and_not_an_empty_text() {
        let blank = referral(|one| one["details"] = json!({ "closingDateTime": "" }));
        let refusal = check(&Value::Null, &blank, false).unwrap_err();
        assert_eq!(refusal.body()["error"]["target"], "closingDateTime");
        let null = referral(|one| one["details"] = json!({ "closingDateTime": null }));
        assert!(check(&Value::Null, &null, false).is_ok());
    }

    #[test]
    fn every_path_is_followed_to_its_end() {
        for (path, is_fit) in LISTED.iter().chain(&TIMES) {
            assert!(!is_fit("Galaxy"), "{path}");
            let value = path.rsplit('/').fold(json!("x"), |inner, step| match step {
                "*" => json!([inner]),
                member => json!({ member: inner }),
            });
            assert_eq!(texts(&value, path), ["x"], "{path}");
        }
    }
}
