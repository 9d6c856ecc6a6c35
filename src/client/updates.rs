//! Updates: an edit, and the difference that it makes.

use super::ReferralsClient;
use super::settle::{Snapshot, parsed, text};
#[cfg(doc)]
use crate::error::Outcome;
use crate::error::{Error, Operation};
use crate::escapes::unescaped;
use crate::generated::client::types::{Member, NewMember, Referral};
use crate::generated::wire::referral::CUSTOMER_PROFILE;
use crate::lifecycle::{self, State, Transition};
use crate::scalar::ReferralId;
use crate::update::{Change, Updated, diff};

/// # Updates
impl ReferralsClient {
    /// Reads a referral, lets `edit` change it, and sends what changed.
    ///
    /// ```no_run
    /// # async fn run(client: partner_referrals::ReferralsClient, id: partner_referrals::ReferralId)
    /// # -> Result<(), partner_referrals::Error> {
    /// client
    ///     .update(&id, |referral| {
    ///         if let Some(details) = &mut referral.details {
    ///             details.notes = Some("Customer confirmed the date".to_owned());
    ///         }
    ///     })
    ///     .await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Expected flow
    /// One read and one JSON Patch with `If-Match` and
    /// `Prefer: return=representation`. Without a change nothing is sent. Where
    /// somebody else was faster (412), the referral is read again and edited
    /// again, five times in all: `edit` may run more than once, and sees the
    /// newest referral each time.
    ///
    /// # Guarantees
    /// Only what changed is sent: members that this library does not model, and
    /// those that nobody touched, stay as they are at the service. Amounts are
    /// sent digit for digit. A list of which only the end grew is appended to;
    /// any other change of a list sends it as a whole, with what did not change
    /// in it as the service wrote it.
    ///
    /// After an answer that was lost, the referral is read again: what was meant
    /// and is there counts as made, and nothing is made twice.
    ///
    /// # Assumptions
    /// What the service sets alone, what can be set at creation only, and what
    /// cannot be taken back stands in the document (`x-ms-mutability`,
    /// `x-stays`, `x-lifecycle.ended`), mostly from the portal and the vendor's
    /// connector (2020 to 2023). Whether the service refuses the same is not
    /// known; [`patch`](Self::patch) sends without asking.
    ///
    /// # Caveats
    /// The service is known to take the paths of `x-known-paths` in the document;
    /// whether it takes others is not known, and it answers 400 if not.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest), and
    /// nothing sent, for an edit that takes a member away (it would need
    /// `remove`, which the service does not have), that changes what cannot be
    /// changed, or that breaks the [status table](crate::lifecycle); the message
    /// names the member. [`Error::is_precondition_failed`] where somebody else
    /// was faster each time. [`Outcome::Unknown`] where it cannot be told
    /// whether the change was made.
    pub async fn update(
        &self,
        id: &ReferralId,
        mut edit: impl FnMut(&mut Referral),
    ) -> Result<Updated, Error> {
        self.settle(id, None, |before| self.edited(before, &mut edit))
            .await
    }

    /// Appends somebody to the partner's team (`/team/-`), unless somebody with
    /// this e-mail address is in it; upper and lower case count as one. Without an
    /// address, unless somebody with these names and this phone number is. HTML's
    /// escapes, with which the service gives some texts back, make no difference.
    ///
    /// # Guarantees
    /// As of [`update`](Self::update). Appending twice would add two: it is
    /// always sent with `If-Match`, and looked for after a lost answer.
    ///
    /// # Errors
    /// As of [`update`](Self::update).
    pub async fn append_team_member(
        &self,
        id: &ReferralId,
        member: &NewMember,
    ) -> Result<Updated, Error> {
        let member = self.member(id, member)?;
        self.update(id, |referral| {
            join(referral.team.get_or_insert_default(), &member);
        })
        .await
    }

    /// Appends a contact at the customer (`/customerProfile/team/-`), unless the
    /// contact is there; who is the same is told as by
    /// [`append_team_member`](Self::append_team_member).
    ///
    /// # Errors
    /// As of [`append_team_member`](Self::append_team_member);
    /// [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest), and nothing
    /// sent, for a referral without a customer profile.
    pub async fn append_customer_contact(
        &self,
        id: &ReferralId,
        contact: &NewMember,
    ) -> Result<Updated, Error> {
        let contact = self.member(id, contact)?;
        let mut edit = |referral: &mut Referral| {
            if let Some(customer) = &mut referral.customer_profile {
                join(customer.team.get_or_insert_default(), &contact);
            }
        };
        self.settle(id, None, |before| {
            if before.referral.customer_profile.is_none() {
                let why = format!("the referral has no {CUSTOMER_PROFILE} to add a contact to");
                return Err(Error::invalid(Operation::PatchReferral, why).about(id.as_str()));
            }
            self.edited(before, &mut edit)
        })
        .await
    }

    /// A person as a referral has it.
    fn member(&self, id: &ReferralId, new: &NewMember) -> Result<Member, Error> {
        text(id, new).and_then(|text| parsed(id, &text))
    }

    /// The changes of an edit, if it may be made.
    fn edited(
        &self,
        before: &Snapshot,
        edit: &mut impl FnMut(&mut Referral),
    ) -> Result<Vec<Change>, Error> {
        let (operation, id) = (Operation::PatchReferral, &before.referral.id);
        let mut after = before.referral.clone();
        edit(&mut after);
        let (old, new) = (text(id, &before.referral)?, text(id, &after)?);
        let changes = diff(&before.text, &old, &new)
            .map_err(|why| Error::invalid(operation, why.to_string()).about(id.as_str()))?;
        if changes.is_empty() {
            return Ok(changes);
        }
        let (from, to) = (State::from(&before.referral), State::from(&after));
        if lifecycle::is_ended(&from.status) {
            let why = format!("the referral is {from}, and what is closed is not changed any more");
            return Err(Error::invalid(operation, why).about(id.as_str()));
        }
        if from != to {
            Transition::from((to.status, to.substatus))
                .check_from(&from)
                .map_err(|why| Error::refused(operation, why).about(id.as_str()))?;
        }
        Ok(changes)
    }
}

/// Adds somebody who is not there yet: told by the address, or without one by
/// names and phone number. The service gives some texts back escaped.
fn join(team: &mut Vec<Member>, member: &Member) {
    let text = |text: &Option<String>| {
        let text = unescaped(text.as_deref().unwrap_or_default());
        text.trim().to_lowercase()
    };
    let address = text(&member.email);
    let person = |one: &Member| [&one.first_name, &one.last_name, &one.phone_number].map(text);
    let is_there = team.iter().any(|one| match address.is_empty() {
        true => person(one) == person(member),
        false => text(&one.email) == address,
    });
    if !is_there {
        team.push(member.clone());
    }
}
