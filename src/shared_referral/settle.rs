//! What only the caller can decide: which referral is the one, and that a deal
//! is given up.

use super::error::{CloseFailed, NotFitting, SharedReferralError};
use super::look::is_microsofts;
use super::operation::{Operation, OperationId, Record, Stage};
use super::problem::Half;
use super::run::SharedReferrals;
use super::session::{Plan, Saved, Session};
use super::steps;
use super::traits::{Likeness, compare};
use crate::client::ReferralsClient;
use crate::error::Error;
use crate::generated::client::types::Referral;
use crate::generated::enums::Status;
use crate::lifecycle::Transition;
use crate::scalar::ReferralId;

impl SharedReferrals {
    /// Takes a referral that the caller found as the own or connected one of an
    /// operation: after [`Ambiguous`](SharedReferralError::Ambiguous), or after
    /// [`DuplicateFound`](SharedReferralError::DuplicateFound), once the spare
    /// ones are closed. What else may be there is settled by it.
    ///
    /// ```no_run
    /// # use partner_referrals::{ReferralId, shared_referral::*};
    /// # async fn run(deals: SharedReferrals, error: SharedReferralError) -> Result<(), Box<dyn std::error::Error>> {
    /// if let SharedReferralError::Ambiguous(ambiguous) = &error {
    ///     let seen = ReferralId::new("4111fffc-f9ee-4d53-bba6-569135228642")?;
    ///     deals.adopt(&error.operation(), ambiguous.half(), &seen).await?;
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`NotFitting`](SharedReferralError::NotFitting) where the referral cannot
    /// be the one: the own referral has neither its mark nor its content, is
    /// closed, or is of another engagement than a connected one that is there or
    /// may be; the connected one is not of its engagement.
    /// [`LookUpFailed`](SharedReferralError::LookUpFailed) where it cannot be
    /// read.
    pub async fn adopt(
        &self,
        operation: &OperationId,
        half: Half,
        referral: &ReferralId,
    ) -> Result<Operation, SharedReferralError> {
        let _turn = self.engine().turns().wait(*operation).await;
        let mut session = self.take_up(*operation).await?;
        loop {
            let client = &self.engine().client;
            let read = chosen(client, &session.operation, half, referral).await?;
            // Where somebody else wrote in between, it is judged again.
            if session.adopted(half, read).await? == Saved::Yes {
                return Ok(session.operation);
            }
        }
    }

    /// Gives an operation up. The own referral, where there is one, is closed as
    /// `transition` says, such as `Transition::declined("..")`: **Microsoft's
    /// sellers see it, and it cannot be undone.** No later call sends anything
    /// for this operation.
    ///
    /// What may be there is searched for once. Where nothing is found for
    /// certain, nothing is closed: look in Partner Center first, at the candidates
    /// too that [`Ambiguous`](SharedReferralError::Ambiguous) named. What comes to
    /// light later is [adopted](Self::adopt), and closed by the same call again.
    ///
    /// # Errors
    /// [`Complete`](SharedReferralError::Complete) where both referrals are
    /// there: change them by themselves.
    /// [`DuplicateFound`](SharedReferralError::DuplicateFound) where more than one
    /// is there, and [`LookUpFailed`](SharedReferralError::LookUpFailed): nothing
    /// is given up then.
    /// [`CloseFailed`](SharedReferralError::CloseFailed) after it is written down
    /// that the operation is given up; the same call goes on from there.
    pub async fn abandon(
        &self,
        operation: &OperationId,
        transition: Transition,
    ) -> Result<Operation, SharedReferralError> {
        let _turn = self.engine().turns().wait(*operation).await;
        let mut session = self.take_up(*operation).await?;
        while session.operation.stage() != Stage::Abandoned {
            session.look_around().await?;
            if session.operation.stage() == Stage::Complete {
                session.save().await?;
                return Err(complete(&session.operation));
            }
            let at = self.engine().now();
            session.note(Record::Abandoned { at })?;
            // Where somebody else wrote in between, it may be complete by now.
            session.save().await?;
        }
        if session.operation.is_open() {
            close(&self.engine().client, &session.operation, transition).await?;
            let at = self.engine().now();
            session.note(Record::Closed { at })?;
            session.save().await?;
        }
        Ok(session.operation)
    }

    async fn take_up(&self, id: OperationId) -> Result<Session<'_>, SharedReferralError> {
        let records = self.engine().load(id).await?;
        if records.is_empty() {
            return Err(SharedReferralError::Unknown(id));
        }
        let saved = records.len();
        Session::new(self.engine(), id, records, saved, Plan::Asked)
    }
}

/// Reads the referral that the caller chose, where it can be the one.
pub(crate) async fn chosen(
    client: &ReferralsClient,
    operation: &Operation,
    half: Half,
    referral: &ReferralId,
) -> Result<Referral, SharedReferralError> {
    let read = client.get(referral).await;
    let read = read.map_err(|source| steps::look_up_failed(operation, half, source))?;
    match fits(operation, half, &read) {
        Ok(()) => Ok(read),
        Err(reason) => Err(SharedReferralError::NotFitting(NotFitting {
            standing: operation.into(),
            half,
            referral: read.id,
            reason,
        })),
    }
}

/// Closes the own referral of an operation that is given up, where there is one.
pub(crate) async fn close(
    client: &ReferralsClient,
    operation: &Operation,
    transition: Transition,
) -> Result<(), SharedReferralError> {
    let Some(own) = operation.own_id() else {
        return Ok(());
    };
    close_one(client, own, transition).await.map_err(|source| {
        SharedReferralError::CloseFailed(CloseFailed {
            standing: operation.into(),
            source,
        })
    })
}

/// Closes a referral that may be closed already, by an earlier call whose answer
/// was lost.
async fn close_one(
    client: &ReferralsClient,
    own: &ReferralId,
    transition: Transition,
) -> Result<(), Error> {
    let referral = client.get(own).await?;
    if referral.status == Status::Closed {
        return Ok(());
    }
    client.transition(&referral, transition).await.map(|_| ())
}

/// What is complete is not given up.
pub(crate) fn complete(operation: &Operation) -> SharedReferralError {
    SharedReferralError::Complete(operation.into())
}

/// Whether a referral can be the one that the caller takes it for.
fn fits(operation: &Operation, half: Half, referral: &Referral) -> Result<(), &'static str> {
    let connected = operation.half(Half::Connected);
    let alone = connected.made.is_none() && connected.doubts == 0;
    if half == Half::Own && connected.made.is_none() && referral.status == Status::Closed {
        return Err("it is closed: nothing can be shared of it");
    }
    // Another own referral can take the place of the one that is known as long
    // as nothing hangs on the engagement of that.
    let engagement = match half {
        Half::Own if alone => None,
        _ => operation.engagement_id(),
    };
    match (half, engagement) {
        (Half::Connected, None) => Err("the own referral is not known yet"),
        (_, Some(engagement)) if *engagement != referral.engagement_id => {
            Err("it is of another engagement")
        }
        (Half::Connected, Some(_)) if !is_microsofts(referral) => Err("it is not Microsoft's"),
        (Half::Connected, Some(_)) => Ok(()),
        (Half::Own, _) if is_microsofts(referral) => Err("it is Microsoft's"),
        (Half::Own, _) => {
            let (marker, traits) = (operation.marker(), operation.traits());
            match compare(referral, operation.id(), marker, traits) {
                Likeness::Same | Likeness::Alike => Ok(()),
                Likeness::Other => Err("it has neither the mark nor the content of the plan"),
            }
        }
    }
}
