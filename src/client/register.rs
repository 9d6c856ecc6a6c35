//! Deal registrations: making one, and correcting it.

use super::ReferralsClient;
use super::settle::{Snapshot, text};
use crate::deal_type::DealType;
use crate::error::{Error, Operation};
use crate::generated::client::types::{NewRegistration, Referral, Registration};
use crate::generated::wire::referral;
use crate::registration::{
    RegistrationError, RegistrationProblem, comes_back, judged, problems, problems_of_change,
    stands,
};
use crate::scalar::ReferralId;
use crate::update::{Change, Updated, corrections, places};

/// # Deal registrations
impl ReferralsClient {
    /// Registers a deal that was won (`/registrations/-`).
    ///
    /// ```no_run
    /// # async fn run(client: partner_referrals::ReferralsClient, id: partner_referrals::ReferralId)
    /// # -> Result<(), Box<dyn std::error::Error>> {
    /// use partner_referrals::types::*;
    /// use partner_referrals::{Amount, Timestamp};
    ///
    /// let (signed, begins): (Timestamp, Timestamp) =
    ///     ("2026-09-28T00:00:00Z".parse()?, "2026-10-01T00:00:00Z".parse()?);
    /// let value = Amount::from(200_000);
    /// let contract =
    ///     NewRegistrationContract::new(value, "USD", ContractTerm::Perpetual, begins, signed);
    /// let solution = NewRegistrationSolution::new("SOL-34104-EBB", value, "USD");
    /// let registration =
    ///     NewRegistration::new(RegistrationType::AzureIpCoSell, contract, [solution]);
    /// client.register_deal(&id, &registration).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Expected flow
    /// The referral is read, and Microsoft's half of the deal is looked for.
    /// The [portal's rules](crate::registration::RegistrationRule) are checked, all
    /// of them, and the registration is sent with the eTag that was read. Its
    /// status is `ReviewPending` at first;
    /// [`wait_until`](Self::wait_until) and
    /// [`Registration::history`] tell what becomes of it.
    ///
    /// # Guarantees
    /// Nothing is registered twice: a registration with the same content that is
    /// there already is left alone ([`Updated::Unchanged`]), unless it has failed
    /// or was closed; one whose answer was lost is looked for, and one that somebody made in the meantime is seen
    /// (412). The same call again is safe after any failure.
    ///
    /// # Assumptions
    /// Days and hours are reckoned to the time of the service's last answer. An
    /// answer repeats what was sent, but for the program and the currency of a
    /// solution, which it does not have (connector, 2022).
    ///
    /// # Caveats
    /// Whether the API itself holds to the rules, and whether it takes a second
    /// registration of one referral, is not documented;
    /// [`register_deal_unchecked`](Self::register_deal_unchecked) leaves that to it.
    ///
    /// # Errors
    /// [`RegistrationError::Refused`] with every rule that is broken, and
    /// [`RegistrationError::LookUpFailed`], both with nothing sent;
    /// [`RegistrationError::Failed`] otherwise.
    pub async fn register_deal(
        &self,
        id: &ReferralId,
        registration: &NewRegistration,
    ) -> Result<Updated, RegistrationError> {
        let first = self.snapshot(id).await?;
        let half = self.microsofts_half(&first.referral).await;
        let half = half.map_err(RegistrationError::LookUpFailed)?;
        let now = self.service_time();
        self.register(first, registration, |referral| {
            problems(referral, half.as_ref(), registration, now)
        })
        .await
    }

    /// Registers a deal without asking whether the portal would take it; else
    /// as [`register_deal`](Self::register_deal).
    ///
    /// # Errors
    /// [`RegistrationError::Failed`].
    pub async fn register_deal_unchecked(
        &self,
        id: &ReferralId,
        registration: &NewRegistration,
    ) -> Result<Updated, RegistrationError> {
        let first = self.snapshot(id).await?;
        self.register(first, registration, |_| Vec::new()).await
    }

    /// Reads the first registration of a referral, lets `edit` change it, and
    /// sends what changed, each member by its own path.
    ///
    /// ```no_run
    /// # async fn run(client: partner_referrals::ReferralsClient, id: partner_referrals::ReferralId)
    /// # -> Result<(), Box<dyn std::error::Error>> {
    /// client
    ///     .update_registration(&id, |registration| {
    ///         if let Some(contract) = &mut registration.contract {
    ///             contract.value = Some(130_000.into());
    ///         }
    ///     })
    ///     .await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Guarantees
    /// As of [`update`](Self::update): `If-Match`, an edit that is made anew where
    /// somebody else was faster, a lost answer that is looked after. Of the
    /// portal's rules, one that was broken before the edit does not stop it.
    ///
    /// # Assumptions
    /// What can be changed stands in the document (`x-known-paths` of
    /// `PatchOperation`), from the connector (2022). It always addresses the first
    /// registration and its first solution; further solutions are taken to be
    /// changed by the same paths with their own number.
    ///
    /// # Errors
    /// [`RegistrationError::Refused`], and nothing sent, for an edit that breaks a
    /// rule or a registration that has ended; [`RegistrationError::Failed`] with
    /// [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest) for a
    /// referral without a registration and an edit of what cannot be changed.
    pub async fn update_registration(
        &self,
        id: &ReferralId,
        mut edit: impl FnMut(&mut Registration),
    ) -> Result<Updated, RegistrationError> {
        self.settle(id, None, |before| {
            let referral = &before.referral;
            let first = referral.registrations.iter().flatten().next();
            let first = first.ok_or_else(|| invalid(id, "the referral has no registration"))?;
            let mut after = first.clone();
            edit(&mut after);
            let (old, new) = (text(id, first)?, text(id, &after)?);
            let place = [referral::REGISTRATIONS, "0"].map(str::to_owned);
            let changes = corrections(&before.text, &place, &old, &new)
                .map_err(|why| invalid(id, &why.to_string()))?;
            if changes.is_empty() {
                return Ok(changes);
            }
            let now = self.service_time();
            allowed(id, problems_of_change(referral, first, &after, now))?;
            Ok(changes)
        })
        .await
    }

    async fn register(
        &self,
        first: Snapshot,
        new: &NewRegistration,
        rules: impl Fn(&Referral) -> Vec<RegistrationProblem>,
    ) -> Result<Updated, RegistrationError> {
        let id = first.referral.id.clone();
        let back = comes_back(new).map_err(|_| super::settle::unwritable(&id))?;
        let back = text(&id, &back)?;
        let change = Change::appended(referral::REGISTRATIONS, text(&id, new)?, back);
        self.settle(&id, Some(first), |before| {
            let made = before.referral.registrations.as_deref().unwrap_or_default();
            let made = places(&change, &before.text)
                .into_iter()
                .filter_map(|place| made.get(place));
            if made.into_iter().any(|one| stands(one, &before.referral)) {
                return Ok(Vec::new());
            }
            allowed(&id, rules(&before.referral))?;
            Ok(vec![change.clone()])
        })
        .await
    }

    /// Microsoft's half of a deal, where it is listed. A deal that Microsoft was
    /// invited to later does not say so itself; a private one has none.
    async fn microsofts_half(&self, referral: &Referral) -> Result<Option<Referral>, Error> {
        if DealType::of(referral) == Some(DealType::Private) {
            return Ok(None);
        }
        let halves = self.microsofts_halves(&referral.engagement_id).await?;
        Ok(judged(halves))
    }
}

fn allowed(id: &ReferralId, problems: Vec<RegistrationProblem>) -> Result<(), RegistrationError> {
    if problems.is_empty() {
        return Ok(());
    }
    Err(RegistrationError::Refused {
        referral_id: id.clone(),
        problems,
    })
}

fn invalid(id: &ReferralId, why: &str) -> Error {
    Error::invalid(Operation::PatchReferral, why).about(id.as_str())
}
