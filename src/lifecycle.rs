//! Which status may become which, and which substatus belongs to which status.
//!
//! The table is data of the document (`x-lifecycle`), the same in every
//! version that the vendor published from 2018-11 to 2023-10:
//!
//! | status | may become | substatus |
//! |---|---|---|
//! | New | New, Active, Closed | Pending, Received |
//! | Active | Active, Closed | Accepted |
//! | Closed | Closed | Won, Lost, Declined, Expired |
//!
//! It says nothing about the order of substatuses, and neither does a check:
//! `Closed`/`Won` to `Closed`/`Lost` passes here, and it is for the service to
//! refuse it.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::generated::client::types::Referral;
pub use crate::generated::enums::{ClosingReason, ErrorReason, Status, Substatus};
pub use crate::generated::lifecycle::{ENDED, Row, TABLE};

/// A status and its substatus.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct State {
    /// The status.
    pub status: Status,
    /// The substatus.
    pub substatus: Substatus,
}

impl State {
    /// The pair, unchecked.
    pub fn new(status: Status, substatus: Substatus) -> Self {
        Self { status, substatus }
    }
}

impl From<(Status, Substatus)> for State {
    fn from((status, substatus): (Status, Substatus)) -> Self {
        Self { status, substatus }
    }
}

impl From<&Referral> for State {
    fn from(referral: &Referral) -> Self {
        Self::new(referral.status.clone(), referral.substatus.clone())
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.status, self.substatus)
    }
}

/// A change, or a pair, that the table does not allow.
///
/// `Display` lists what would have been allowed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TransitionError {
    /// The status has no row: it is `None`, or one that this version does not
    /// know. It can be read; whether it may be written is not known.
    #[error("no rule is known for the status {status}; known are {}", list(TABLE.iter().map(|row| &row.status)))]
    UnknownStatus {
        /// The status.
        status: Status,
    },
    /// One status may not become the other.
    #[error("{from} may not become {to}; it may become {}", list(*allowed))]
    Status {
        /// The status that it has.
        from: Status,
        /// The status that was asked for.
        to: Status,
        /// What would have been allowed.
        allowed: &'static [Status],
    },
    /// The substatus does not belong to the status.
    #[error("{status} may not have the substatus {substatus}; it may have {}", list(*allowed))]
    Pair {
        /// The status.
        status: Status,
        /// The substatus that was asked for.
        substatus: Substatus,
        /// What would have been allowed.
        allowed: &'static [Substatus],
    },
}

fn list<'i, T: fmt::Display + 'i>(items: impl IntoIterator<Item = &'i T>) -> String {
    let items: Vec<String> = items.into_iter().map(T::to_string).collect();
    items.join(", ")
}

fn row(status: &Status) -> Result<&'static Row, TransitionError> {
    TABLE
        .iter()
        .find(|row| row.status == *status)
        .ok_or_else(|| TransitionError::UnknownStatus {
            status: status.clone(),
        })
}

/// Checks that a status is one that the table knows.
pub(crate) fn check_status(status: &Status) -> Result<(), TransitionError> {
    row(status).map(|_| ())
}

/// Whether a referral with this status has ended: the portal refuses to change
/// it then (2021 to 2023), but for the registration of a deal that was won.
/// What the API does is not documented.
pub fn is_ended(status: &Status) -> bool {
    ENDED.contains(status)
}

/// Checks that a substatus belongs to its status.
///
/// # Errors
/// [`TransitionError::Pair`] with the allowed substatuses, or
/// [`TransitionError::UnknownStatus`].
pub fn check_pair(state: &State) -> Result<(), TransitionError> {
    let row = row(&state.status)?;
    if row.substatuses.contains(&state.substatus) {
        Ok(())
    } else {
        Err(TransitionError::Pair {
            status: state.status.clone(),
            substatus: state.substatus.clone(),
            allowed: row.substatuses,
        })
    }
}

/// Checks that a referral in the state `from` may go to the state `to`.
///
/// ```
/// use partner_referrals::lifecycle::{State, Status, Substatus, check};
///
/// let new = State::new(Status::New, Substatus::Received);
/// let won = State::new(Status::Closed, Substatus::Won);
/// assert!(check(&new, &won).is_ok());
/// assert_eq!(
///     check(&won, &new).unwrap_err().to_string(),
///     "Closed may not become New; it may become Closed"
/// );
/// ```
///
/// # Errors
/// [`TransitionError`] with what would have been allowed. The substatus of
/// `from` is not looked at: the table does not speak of it.
pub fn check(from: &State, to: &State) -> Result<(), TransitionError> {
    check_turn(&from.status, &to.status)?;
    check_pair(to)
}

/// Checks that one status may become the other.
fn check_turn(from: &Status, to: &Status) -> Result<(), TransitionError> {
    let row = row(from)?;
    if row.becomes.contains(to) {
        return Ok(());
    }
    // A status that nobody knows is told as such, not as forbidden.
    self::row(to)?;
    Err(TransitionError::Status {
        from: from.clone(),
        to: to.clone(),
        allowed: row.becomes,
    })
}

/// A change of status to ask for: the state to reach, and why.
///
/// ```
/// use partner_referrals::lifecycle::Transition;
///
/// let lost = Transition::lost("Customer chose another vendor");
/// assert_eq!(lost.state().to_string(), "Closed/Lost");
/// ```
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[must_use]
pub struct Transition {
    to: State,
    reason: Option<String>,
    unchecked: bool,
    /// The pair is the portal's and not in the table.
    any_pair: bool,
}

impl Transition {
    /// To a status and substatus.
    pub fn to(status: Status, substatus: Substatus) -> Self {
        Self {
            to: State::new(status, substatus),
            reason: None,
            unchecked: false,
            any_pair: false,
        }
    }

    /// Accepts a referral: `Active`/`Accepted`.
    pub fn accepted() -> Self {
        Self::to(Status::Active, Substatus::Accepted)
    }

    /// Closes a referral as won: `Closed`/`Won`.
    pub fn won() -> Self {
        Self::to(Status::Closed, Substatus::Won)
    }

    /// Closes a referral as lost, with the reason that the portal asks for.
    pub fn lost(reason: impl Into<String>) -> Self {
        Self::to(Status::Closed, Substatus::Lost).reason(reason)
    }

    /// Declines a referral, with the reason that the portal asks for.
    pub fn declined(reason: impl Into<String>) -> Self {
        Self::to(Status::Closed, Substatus::Declined).reason(reason)
    }

    /// Closes a referral as error: `Closed`/`Error`, from any status that may
    /// close. Known from the portal and its upload form only (2023); the API
    /// pages up to 2023-10 do not have the substatus, and may refuse it.
    pub fn closed_as_error(reason: impl Into<String>) -> Self {
        Self {
            any_pair: true,
            ..Self::to(Status::Closed, Substatus::Error).reason(reason)
        }
    }

    /// Says why (`statusReason`): free text. The portal requires it for
    /// declined and lost (2021, 2023); what the API requires is not known.
    pub fn reason(mut self, reason: impl Into<String>) -> Self {
        self.reason = Some(reason.into());
        self
    }

    /// Asks for the change whatever the table says: for a status or substatus
    /// that this version does not know, such as the portal's `Error`.
    pub fn unchecked(mut self) -> Self {
        self.unchecked = true;
        self
    }

    /// The state to reach.
    pub fn state(&self) -> &State {
        &self.to
    }

    pub(crate) fn status_reason(&self) -> Option<&str> {
        self.reason.as_deref()
    }

    pub(crate) fn check_from(&self, from: &State) -> Result<(), TransitionError> {
        if self.unchecked {
            return Ok(());
        }
        if self.any_pair {
            return check_turn(&from.status, &self.to.status);
        }
        check(from, &self.to)
    }
}

/// The portal's text of the reason.
impl From<ClosingReason> for String {
    fn from(reason: ClosingReason) -> Self {
        reason.as_str().to_owned()
    }
}

/// The portal's text of the reason.
impl From<ErrorReason> for String {
    fn from(reason: ErrorReason) -> Self {
        reason.as_str().to_owned()
    }
}

impl From<(Status, Substatus)> for Transition {
    fn from((status, substatus): (Status, Substatus)) -> Self {
        Self::to(status, substatus)
    }
}

impl fmt::Debug for Transition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transition")
            .field("to", &format_args!("{}", self.to))
            .field(
                "reason",
                &self.reason.as_ref().map(|_| crate::redact::Hidden),
            )
            .field("unchecked", &self.unchecked)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The rules as the mission states them, written a second time on purpose.
    fn allowed(from: &Status, to: &Status) -> bool {
        use Status::{Active, Closed, New};
        matches!(
            (from, to),
            (New, New | Active | Closed) | (Active, Active | Closed) | (Closed, Closed)
        )
    }

    fn paired(status: &Status, substatus: &Substatus) -> bool {
        use Substatus::{Accepted, Declined, Expired, Lost, Pending, Received, Won};
        match status {
            Status::New => matches!(substatus, Pending | Received),
            Status::Active => matches!(substatus, Accepted),
            Status::Closed => matches!(substatus, Won | Lost | Declined | Expired),
            _ => false,
        }
    }

    #[test]
    fn a_transition_comes_back_from_json_as_it_was() {
        for transition in [
            Transition::won(),
            Transition::lost("Others"),
            Transition::closed_as_error("Duplicate"),
            Transition::to(Status::Closed, Substatus::from("Odd".to_owned())).unchecked(),
        ] {
            let text = serde_json::to_string(&transition).unwrap();
            let read: Transition = serde_json::from_str(&text).unwrap();
            assert_eq!(read, transition, "{text}");
        }
    }

    #[test]
    fn a_state_is_shown_as_both_its_words() {
        let state = State::new(Status::Active, Substatus::Accepted);
        assert_eq!(state.to_string(), "Active/Accepted");
    }

    #[test]
    fn every_change_between_all_states_is_judged_as_the_rules_say() {
        let statuses: Vec<Status> = Status::KNOWN
            .iter()
            .cloned()
            .chain(["Paused".into()])
            .collect();
        let substatuses: Vec<Substatus> = Substatus::KNOWN
            .iter()
            .cloned()
            .chain(["Engaged".into()])
            .collect();
        let mut checked = 0;
        for from in &statuses {
            for to in &statuses {
                for substatus in &substatuses {
                    for before in &substatuses {
                        let result = check(
                            &State::new(from.clone(), before.clone()),
                            &State::new(to.clone(), substatus.clone()),
                        );
                        let expected = allowed(from, to) && paired(to, substatus);
                        assert_eq!(result.is_ok(), expected, "{from} -> {to}/{substatus}");
                        checked += 1;
                    }
                }
            }
        }
        assert_eq!(checked, 5 * 5 * 10 * 10);
    }

    #[test]
    fn the_error_lists_what_would_have_been_allowed() {
        let active = State::new(Status::Active, Substatus::Accepted);
        assert_eq!(
            check(&active, &State::new(Status::Closed, Substatus::Accepted))
                .unwrap_err()
                .to_string(),
            "Closed may not have the substatus Accepted; it may have Won, Lost, Declined, Expired"
        );
        assert_eq!(
            check(&active, &State::new("Paused".into(), Substatus::Accepted))
                .unwrap_err()
                .to_string(),
            "no rule is known for the status Paused; known are New, Active, Closed"
        );
    }
}
