//! Waiting until a referral is as somebody wants it.

use std::time::Duration;

use super::ReferralsClient;
use crate::error::{Error, ErrorKind};
use crate::generated::client::types::Referral;
use crate::scalar::ReferralId;

/// The pause after the first look; it doubles with every further one.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// The longest pause between two looks: people answer, not machines.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// How a wait ended.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Waited {
    /// The referral is as it was waited for.
    Met(Box<Referral>),
    /// The time was over; the referral as it was last seen.
    TimeOver(Box<Referral>),
}

/// # Waiting
impl ReferralsClient {
    /// Reads a referral again and again until `condition` holds, for `patience`
    /// at most: until Microsoft has answered its half of a deal, for example.
    ///
    /// ```no_run
    /// # async fn run(client: partner_referrals::ReferralsClient, id: partner_referrals::ReferralId)
    /// # -> Result<(), partner_referrals::Error> {
    /// use std::time::Duration;
    /// use partner_referrals::Waited;
    /// use partner_referrals::types::Status;
    ///
    /// let answered = client
    ///     .wait_until(&id, |referral| referral.status != Status::New, Duration::from_secs(3600))
    ///     .await?;
    /// if let Waited::Met(referral) = answered {
    ///     println!("{}/{}", referral.status, referral.substatus);
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// # Expected flow
    /// The pauses grow from a second to a minute. A pause that the service asks
    /// for (429, `Retry-After`) is kept, and is part of the patience. All time is
    /// that of the client's [`Clock`](crate::clock::Clock). The last look comes
    /// when the patience is over; where the service throttles it, the one before
    /// it counts.
    ///
    /// # Caveats
    /// A partner has 14 days to answer, so does Microsoft; for so long a wait,
    /// note the id and look again from a task that runs now and then.
    ///
    /// # Errors
    /// [`Error`] of a read that failed for another reason than throttling; the
    /// client has then sent it as often as its policy allows. Also of a throttled
    /// one, where the patience was over before the referral was seen once.
    pub async fn wait_until(
        &self,
        id: &ReferralId,
        mut condition: impl FnMut(&Referral) -> bool,
        patience: Duration,
    ) -> Result<Waited, Error> {
        let clock = self.clock();
        let end = clock.elapsed().saturating_add(patience);
        let mut pause = FIRST_PAUSE;
        let mut last = None;
        loop {
            let asked = match self.get(id).await {
                Ok(referral) if condition(&referral) => {
                    return Ok(Waited::Met(Box::new(referral)));
                }
                Ok(referral) => {
                    last = Some(Box::new(referral));
                    None
                }
                Err(error) if !is_held_back(&error) => return Err(error),
                Err(error) if clock.elapsed() >= end && last.is_none() => return Err(error),
                Err(error) => error.retry_after(),
            };
            if clock.elapsed() >= end
                && let Some(last) = last
            {
                return Ok(Waited::TimeOver(last));
            }
            let left = end.saturating_sub(clock.elapsed());
            clock
                .sleep(pause.max(asked.unwrap_or_default()).min(left))
                .await;
            pause = pause.saturating_mul(2).min(LONGEST_PAUSE);
        }
    }
}

/// Whether the read only has to wait: the service throttles, or throttled until
/// the deadline of the call.
fn is_held_back(error: &Error) -> bool {
    error.is_throttled() || error.kind() == ErrorKind::Deadline
}
