//! A call from its first attempt to its last.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use futures::future::{Either, select};
use tokio::sync::OwnedSemaphorePermit;
use tracing::{Instrument, Span, field};

use super::call::Call;
use super::gate::Closed;
use super::retry::{Verdict, decide};
use super::translate::{answered_id, translate, without_attempt};
use super::{Inner, Shared};
use crate::clock::Clock;
use crate::credential::{AccessToken, CredentialError, CredentialErrorKind};
use crate::error::{Error, ErrorKind, Outcome};

/// The longest pause that one answer can bring over a whole client: a service
/// that asks for a year by mistake does not end it.
const LONGEST_PAUSE: Duration = Duration::from_secs(3600);

/// The least time that is worth beginning an attempt with: a create that is cut
/// short by its deadline ends in doubt.
const LEAST_ATTEMPT: Duration = Duration::from_secs(10);

impl Inner {
    /// Sends `request` as `call`, again where that can double nothing.
    pub(crate) async fn call<T, F>(
        &self,
        call: &Arc<Call>,
        request: impl Fn() -> F,
    ) -> Result<T, Error>
    where
        F: Future<Output = Result<T, progenitor_client::Error<()>>>,
    {
        let shared = &*self.0;
        let record = Record::begin(call, &*shared.clock);
        let result = attempts(shared, call, &request)
            .instrument(record.span.clone())
            .await;
        record.end(&result);
        result
    }
}

async fn attempts<T, F>(
    shared: &Shared,
    call: &Arc<Call>,
    request: &impl Fn() -> F,
) -> Result<T, Error>
where
    F: Future<Output = Result<T, progenitor_client::Error<()>>>,
{
    let deadline = shared.clock.elapsed().saturating_add(shared.deadline);
    let mut last: Option<Error> = None;
    let mut doubtful = false;
    let mut renewed = false;
    let mut attempt = 0;
    loop {
        let (token, error) = match prepare(shared, call, deadline).await {
            Err(why) => match last.take() {
                Some(last) => return Err(honest(last.ended_by(why), doubtful)),
                None => (None, why),
            },
            Ok((token, _slot)) => match call.run(request()).await {
                Ok(answer) => {
                    shared.budget.succeeded();
                    return Ok(answer);
                }
                // The body of the failure is read while the slot is held.
                Err(error) => (Some(token), translate(call, error).await),
            },
        };
        attempt += 1;
        doubtful |= error.outcome() == Outcome::Unknown;
        let pause = shared.backoff.wait(attempt, error.retry_after());
        if error.status() == Some(429) {
            // Everybody waits; without a `Retry-After`, as long as this call.
            shared.gate.pause(&*shared.clock, pause.min(LONGEST_PAUSE));
        }
        let verdict = decide(&error.failure(), attempt, shared.policy.attempts, renewed);
        if verdict == Verdict::Stop || shared.policy.forbids(&error) {
            return Err(honest(error, doubtful));
        }
        match (verdict, token) {
            (Verdict::Reauthenticate, Some(refused)) => {
                renewed = true;
                attempt -= 1;
                shared.tokens.rejected(&refused);
                match token_of(shared, call, deadline).await {
                    Ok(new) if !new.same(&refused) => {}
                    Ok(_) => return Err(honest(error, doubtful)),
                    Err(why) => return Err(honest(error.ended_by(why), doubtful)),
                }
                tracing::warn!(
                    operation = call.operation.as_str(),
                    status = 401,
                    "sending again with another token"
                );
            }
            _ => {
                if let Err(error) = wait(shared, attempt, deadline, pause, error, &mut last).await {
                    return Err(honest(error, doubtful));
                }
            }
        }
    }
}

/// A token, a slot and the time for one attempt.
async fn prepare(
    shared: &Shared,
    call: &Call,
    deadline: Duration,
) -> Result<(AccessToken, OwnedSemaphorePermit), Error> {
    let clock = &*shared.clock;
    // Before the slot: a slow sign-in must not keep others from sending.
    let token = token_of(shared, call, deadline).await?;
    let slot = shared
        .gate
        .enter(clock, deadline)
        .await
        .map_err(|closed| too_late(call, closed))?;
    let left = deadline.saturating_sub(clock.elapsed());
    if left < shared.least_attempt() {
        return Err(too_late(call, Closed::Late));
    }
    call.arm(token.clone(), shared.attempt_timeout.min(left));
    Ok((token, slot))
}

async fn token_of(shared: &Shared, call: &Call, deadline: Duration) -> Result<AccessToken, Error> {
    let left = deadline.saturating_sub(shared.clock.elapsed());
    let limit = shared.clock.limit(left);
    let error = match select(shared.tokens.token(), limit).await {
        Either::Left((Ok(token), _)) => return Ok(token),
        Either::Left((Err(error), _)) => error,
        Either::Right(_) => {
            let message = "no access token: the deadline of the call came first";
            CredentialError::new(message).with_kind(CredentialErrorKind::Unavailable)
        }
    };
    let failed = Error::new(call.operation, ErrorKind::Credential, Outcome::NotSent);
    let failed = failed.with(|parts| {
        parts.passing = error.is_retryable();
        parts.retry_after = error.retry_after();
    });
    Err(without_attempt(call, failed.caused_by(error)))
}

impl Shared {
    fn least_attempt(&self) -> Duration {
        LEAST_ATTEMPT
            .min(self.attempt_timeout)
            .min(self.deadline / 4)
    }
}

/// Waits before the next attempt, or returns why there is none.
async fn wait(
    shared: &Shared,
    attempt: u32,
    deadline: Duration,
    wait: Duration,
    error: Error,
    last: &mut Option<Error>,
) -> Result<(), Error> {
    let clock = &*shared.clock;
    let next = clock
        .elapsed()
        .saturating_add(wait)
        .saturating_add(shared.least_attempt());
    if next > deadline {
        return Err(error.with(|parts| {
            parts.detail = Some(match parts.retry_after {
                Some(asked) if asked >= wait => {
                    "the wait that the service asks for goes past the deadline of the call"
                        .to_owned()
                }
                _ => "another attempt would go past the deadline of the call".to_owned(),
            });
        }));
    }
    if !shared.budget.spend(error.kind()) {
        return Err(error.with(|parts| {
            parts.detail = Some("not sent again: the client's retry budget is spent".to_owned());
        }));
    }
    tracing::warn!(
        operation = error.operation().as_str(),
        attempt,
        status = error.status(),
        outcome = ?error.outcome(),
        wait_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX),
        "sending again"
    );
    *last = Some(error);
    clock.sleep(wait).await;
    Ok(())
}

/// What the last attempt says of itself is not all: an earlier one may have
/// been carried out. A write that was answered 412 after a lost answer may well
/// have changed the referral itself.
fn honest(error: Error, doubtful: bool) -> Error {
    let settled = matches!(error.outcome(), Outcome::NotSent | Outcome::Rejected);
    if !doubtful || !settled || error.operation().method() == "GET" {
        return error;
    }
    error.with(|parts| {
        parts.outcome = Outcome::Unknown;
        parts.detail = Some("an earlier attempt may have been carried out".to_owned());
    })
}

fn too_late(call: &Call, closed: Closed) -> Error {
    let error = Error::new(call.operation, ErrorKind::Deadline, Outcome::NotSent);
    without_attempt(
        call,
        error.with(|parts| match closed {
            Closed::Paused(left) => {
                parts.retry_after = Some(left);
                parts.detail = Some("the service throttles this client".to_owned());
            }
            Closed::Busy => {
                parts.detail = Some("too many requests are under way".to_owned());
            }
            Closed::Late => {
                parts.detail = Some("too little time was left for an attempt".to_owned());
            }
        }),
    )
}

/// The span of a call. Closed without an end it says so: a caller who gives up
/// on a create must find it in the log.
struct Record<'c> {
    span: Span,
    call: &'c Call,
    clock: &'c dyn Clock,
    start: Duration,
    ended: bool,
}

impl<'c> Record<'c> {
    fn begin(call: &'c Call, clock: &'c dyn Clock) -> Self {
        let span = tracing::info_span!(
            "partner_referrals",
            operation = call.operation.as_str(),
            method = call.operation.method(),
            route = call.operation.path(),
            client_request_id = %call.client_request_id,
            request_id = field::Empty,
            status = field::Empty,
            attempts = field::Empty,
            outcome = field::Empty,
            cancelled = field::Empty,
            duration_ms = field::Empty,
        );
        Self {
            span,
            call,
            clock,
            start: clock.elapsed(),
            ended: false,
        }
    }

    fn end<T>(mut self, result: &Result<T, Error>) {
        self.ended = true;
        match result {
            Ok(_) => self.span.record("outcome", "Done"),
            Err(error) => self.span.record("outcome", field::debug(error.outcome())),
        };
        let answered = match result {
            Ok(_) => answered_id(self.call),
            Err(error) => error.request_id().map(str::to_owned),
        };
        let sent = || self.call.request_id.to_string();
        self.span
            .record("request_id", answered.unwrap_or_else(sent));
    }
}

impl Drop for Record<'_> {
    fn drop(&mut self) {
        let took = self.clock.elapsed().saturating_sub(self.start);
        let millis = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        self.span.record("attempts", self.call.attempts());
        self.span.record("duration_ms", millis);
        if let Some(head) = self.call.head() {
            self.span.record("status", head.status.as_u16());
        }
        if !self.ended {
            let sent = self.call.attempts() > 0;
            let outcome = if sent {
                Outcome::Unknown
            } else {
                Outcome::NotSent
            };
            self.span.record("outcome", field::debug(outcome));
            self.span.record("cancelled", true);
            self.span
                .record("request_id", self.call.request_id.to_string());
        }
    }
}
