//! A change of status, and what became of it.

use bytes::Bytes;

use super::settle::conflict;
use super::{ReferralsClient, version};
use crate::error::{Error, ErrorKind, Operation, Outcome};
use crate::generated::client::types::Referral;
use crate::lifecycle::{State, Transition};
use crate::update::{Patch, Patched, same_text};

/// # Status changes
impl ReferralsClient {
    /// Changes the status of a referral.
    ///
    /// The change is checked against the very referral whose eTag is sent as
    /// `If-Match`, so the check cannot be stale: if somebody was faster, the
    /// service answers 412.
    ///
    /// ```no_run
    /// # async fn run(client: partner_referrals::ReferralsClient, id: partner_referrals::ReferralId)
    /// # -> Result<(), Box<dyn std::error::Error>> {
    /// use partner_referrals::lifecycle::Transition;
    ///
    /// let referral = client.get(&id).await?;
    /// client.transition(&referral, Transition::won()).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Guarantees
    /// After an answer that was lost the referral is read again. Where it has
    /// the status, the substatus and the reason that were sent, the change counts
    /// as made, whoever made it: a 412 that one's own lost request brought about
    /// is no conflict.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`] where the table does not allow the change
    /// ([`Error::transition_error`] lists what it allows) or the referral has no
    /// eTag; nothing is sent then. [`Error::is_precondition_failed`] where the
    /// referral has changed since it was read. [`Outcome::Unknown`] where it
    /// cannot be told whether the change was made, or was not made so far and may
    /// be still: the message says which, and the same call again is safe. It can be
    /// that and [`Error::is_precondition_failed`] at once, where the lost request was
    /// sent again: ask [`Error::outcome`] first.
    pub async fn transition(
        &self,
        referral: &Referral,
        transition: impl Into<Transition>,
    ) -> Result<Patched, Error> {
        let operation = Operation::PatchReferral;
        let transition = transition.into();
        transition
            .check_from(&State::from(referral))
            .map_err(|refusal| Error::refused(operation, refusal).about(referral.id.as_str()))?;
        let etag = version(operation, referral)?.clone();
        let patch = Patch::of_transition(&transition)
            .if_match(etag)
            .return_referral();
        let error = match self.patch(&referral.id, &patch).await {
            Ok(patched) => return Ok(patched),
            Err(error) => error,
        };
        match error.outcome() {
            Outcome::Unknown | Outcome::Done => self.looked_up(referral, &transition, error).await,
            Outcome::NotSent | Outcome::Rejected => Err(error),
        }
    }

    /// What the referral says of a change whose answer was lost.
    async fn looked_up(
        &self,
        base: &Referral,
        transition: &Transition,
        error: Error,
    ) -> Result<Patched, Error> {
        let Ok(now) = self.get(&base.id).await else {
            return Err(error);
        };
        if is_reached(transition, &now) {
            return Ok(Patched::Referral(Box::new(now)));
        }
        let stands = |one: &Referral| (State::from(one), one.status_reason.clone());
        Err(match error.outcome() {
            // The service said that it made it: a read can be behind.
            Outcome::Done => error,
            _ if now.e_tag == base.e_tag => undone(error),
            // A read can be behind, and show what was before the base.
            _ if now.updated_date_time <= base.updated_date_time => error,
            _ if error.is_precondition_failed() && stands(&now) == stands(base) => conflict(error),
            _ => error,
        })
    }
}

/// Whether a referral is as the change was to make it.
fn is_reached(transition: &Transition, now: &Referral) -> bool {
    let found = now.status_reason.as_deref().unwrap_or_default();
    let reason = transition.status_reason();
    State::from(now) == *transition.state() && reason.is_none_or(|sent| same_text(sent, found))
}

/// A lost answer, with what the referral says: it has the eTag that was sent.
fn undone(error: Error) -> Error {
    let refused = error.is_precondition_failed();
    error.with(|parts| {
        parts.detail = Some(
            "read again, the referral has the eTag that was sent: nothing was changed so far"
                .to_owned(),
        );
        // The 412 of a repeated attempt is not true: nobody was faster.
        if refused {
            parts.kind = ErrorKind::Interrupted;
            parts.status = None;
            parts.fault = None;
            parts.body = Bytes::new();
        }
    })
}
