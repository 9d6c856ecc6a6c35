//! Which status, with which substatus, may follow which.
//!
//! The table is the published one (unchanged from 2018-11 to 2023-10), generated
//! from the document. What the table does not say comes from the user
//! documentation of 2023: a closed referral takes no change (except deal
//! registrations on a won one), although the table has a row Closed -> Closed.
//! The HTTP status of a refusal is in no source; 400 `invalidRequest` is ours.

use serde_json::Value;

use super::answer::Refusal;
use crate::generated::lifecycle::{Row, TABLE};

/// A referral's status and substatus as they stand in its JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stand {
    pub(super) status: String,
    pub(super) substatus: String,
}

impl Stand {
    /// Read from a referral; a missing member reads as `None`, the enum's own word.
    pub(super) fn of(referral: &Value) -> Self {
        let read = |member| {
            referral
                .get(member)
                .and_then(Value::as_str)
                .unwrap_or("None")
                .to_owned()
        };
        Self {
            status: read("status"),
            substatus: read("substatus"),
        }
    }

    pub(super) fn is_closed(&self) -> bool {
        self.status == "Closed"
    }

    pub(super) fn is_won(&self) -> bool {
        self.is_closed() && self.substatus == "Won"
    }
}

fn row(status: &str) -> Option<&'static Row> {
    TABLE.iter().find(|row| row.status.as_str() == status)
}

/// Refuses a pair that the table does not know.
pub(super) fn check_pair(stand: &Stand) -> Result<(), Refusal> {
    let Some(row) = row(&stand.status) else {
        return Err(Refusal::invalid(
            "status",
            format!("'{}' is not a status a referral can be in.", stand.status),
        ));
    };
    if row
        .substatuses
        .iter()
        .any(|allowed| allowed.as_str() == stand.substatus)
    {
        return Ok(());
    }
    Err(Refusal::invalid(
        "substatus",
        format!(
            "Substatus '{}' is not allowed with status '{}'.",
            stand.substatus, stand.status
        ),
    ))
}

/// Refuses a change that the table does not allow.
pub(super) fn check_transition(before: &Stand, after: &Stand) -> Result<(), Refusal> {
    // A referral seeded with a pair the table does not know may still have its
    // notes changed: only what the caller moves is judged.
    if before == after {
        return Ok(());
    }
    check_pair(after)?;
    let allowed = row(&before.status).is_none_or(|row| {
        row.becomes
            .iter()
            .any(|status| status.as_str() == after.status)
    });
    if allowed {
        return Ok(());
    }
    Err(Refusal::invalid(
        "status",
        format!(
            "A referral cannot go from '{}' to '{}'.",
            before.status, after.status
        ),
    ))
}

/// Judges the pair that a create body carries; either half may be missing.
pub(super) fn check_given(status: Option<&str>, substatus: Option<&str>) -> Result<(), Refusal> {
    match (status, substatus) {
        (None, None) => Ok(()),
        (Some(status), Some(substatus)) => check_pair(&Stand {
            status: status.to_owned(),
            substatus: substatus.to_owned(),
        }),
        (Some(status), None) if row(status).is_some() => Ok(()),
        (Some(status), None) => Err(Refusal::invalid(
            "status",
            format!("'{status}' is not a status a referral can be in."),
        )),
        (None, Some(substatus)) => {
            let known = TABLE
                .iter()
                .flat_map(|row| row.substatuses)
                .any(|allowed| allowed.as_str() == substatus);
            if known {
                return Ok(());
            }
            Err(Refusal::invalid(
                "substatus",
                format!("'{substatus}' is not a substatus a referral can be in."),
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stand(status: &str, substatus: &str) -> Stand {
        Stand {
            status: status.to_owned(),
            substatus: substatus.to_owned(),
        }
    }

    #[test]
    fn an_active_referral_may_be_won_and_not_go_back_to_new() {
        let active = stand("Active", "Accepted");
        assert!(check_transition(&active, &stand("Closed", "Won")).is_ok());
        let back = check_transition(&active, &stand("New", "Pending")).unwrap_err();
        assert_eq!(back.status, 400);
    }

    #[test]
    fn the_substatus_must_fit_the_status() {
        let new = stand("New", "Pending");
        assert!(check_transition(&new, &stand("Active", "Won")).is_err());
        assert!(check_transition(&new, &stand("New", "Received")).is_ok());
        assert!(check_pair(&stand("None", "None")).is_err());
    }

    #[test]
    fn an_unchanged_pair_is_never_judged() {
        let odd = stand("Active", "Engaged");
        assert!(check_transition(&odd, &odd).is_ok());
    }

    #[test]
    fn half_a_pair_is_judged_by_itself() {
        assert!(check_given(Some("New"), None).is_ok());
        assert!(check_given(None, Some("Accepted")).is_ok());
        assert!(check_given(Some("Open"), None).is_err());
        assert!(check_given(None, Some("Nearly")).is_err());
        assert!(check_given(Some("New"), Some("Accepted")).is_err());
    }
}
