//! A call from its first attempt to its last.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tracing::{Instrument, Span, field};

use super::call::Call;
use super::gate::Closed;
use super::retry::{Verdict, decide};
use super::translate::{translate, without_attempt};
use super::{Inner, Shared};
use crate::error::{Error, ErrorKind, Outcome};

/// The longest pause that one answer can bring over a whole client: a service
/// that asks for a year by mistake does not end it.
const LONGEST_PAUSE: Duration = Duration::from_secs(3600);

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
        let span = span(call);
        let start = shared.clock.elapsed();
        let result = attempts(shared, call, &request)
            .instrument(span.clone())
            .await;
        conclude(&span, call, &result, shared.clock.elapsed() - start);
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
        let attempted = match prepare(shared, call, deadline).await {
            Err(error) => Err((None, last.take().unwrap_or(error))),
            Ok((token, _slot)) => match call.run(request()).await {
                Ok(answer) => Ok(answer),
                // The body of the failure is read while the slot is held.
                Err(error) => Err((Some(token), translate(call, error).await)),
            },
        };
        let (token, error) = match attempted {
            Ok(answer) => {
                shared.budget.succeeded();
                return Ok(answer);
            }
            Err(failed) => failed,
        };
        let Some(token) = token else {
            return Err(honest(error, doubtful));
        };
        attempt += 1;
        doubtful |= error.outcome() == Outcome::Unknown;
        if error.status() == Some(401) {
            shared.tokens.rejected(&token);
        }
        if error.is_throttled() {
            let pause = error.retry_after().unwrap_or_default();
            shared.gate.pause(&*shared.clock, pause.min(LONGEST_PAUSE));
        }
        match decide(&error.failure(), attempt, shared.policy.attempts, renewed) {
            Verdict::Stop => return Err(honest(error, doubtful)),
            _ if shared.policy.forbids(&error) => return Err(honest(error, doubtful)),
            Verdict::Reauthenticate => {
                renewed = true;
                attempt -= 1;
                match shared.tokens.token().await {
                    Ok(new) if !new.same(&token) => {}
                    _ => return Err(honest(error, doubtful)),
                }
            }
            Verdict::Retry => {
                if let Err(error) = wait(shared, attempt, deadline, error, &mut last).await {
                    return Err(honest(error, doubtful));
                }
            }
        }
    }
}

/// A slot, a token and the time for one attempt.
async fn prepare(
    shared: &Shared,
    call: &Call,
    deadline: Duration,
) -> Result<
    (
        crate::credential::AccessToken,
        tokio::sync::OwnedSemaphorePermit,
    ),
    Error,
> {
    let clock = &*shared.clock;
    let slot = shared
        .gate
        .enter(clock, deadline)
        .await
        .map_err(|closed| too_late(call, closed))?;
    let token = shared.tokens.token().await.map_err(|error| {
        let failed = Error::new(call.operation, ErrorKind::Credential, Outcome::NotSent);
        without_attempt(call, failed.caused_by(error))
    })?;
    let left = deadline.saturating_sub(clock.elapsed());
    if left.is_zero() {
        return Err(too_late(call, Closed::Busy));
    }
    call.arm(token.clone(), shared.attempt_timeout.min(left));
    Ok((token, slot))
}

/// Waits before the next attempt, or returns why there is none.
async fn wait(
    shared: &Shared,
    attempt: u32,
    deadline: Duration,
    error: Error,
    last: &mut Option<Error>,
) -> Result<(), Error> {
    let clock = &*shared.clock;
    let wait = shared.backoff.wait(attempt, error.retry_after());
    if clock.elapsed().saturating_add(wait) >= deadline {
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
    if error.is_throttled() {
        // Without a `Retry-After`, everybody waits as long as this call does.
        shared.gate.pause(clock, wait.min(LONGEST_PAUSE));
    }
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
        }),
    )
}

fn span(call: &Call) -> Span {
    tracing::info_span!(
        "partner_referrals",
        operation = call.operation.as_str(),
        method = call.operation.method(),
        route = call.operation.path(),
        client_request_id = %call.client_request_id,
        request_id = field::Empty,
        status = field::Empty,
        attempts = field::Empty,
        outcome = field::Empty,
        duration_ms = field::Empty,
    )
}

fn conclude<T>(span: &Span, call: &Call, result: &Result<T, Error>, took: Duration) {
    span.record("attempts", call.attempts());
    span.record(
        "duration_ms",
        u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
    );
    if let Some(head) = call.head() {
        span.record("status", head.status.as_u16());
    }
    match result {
        Ok(_) => {
            span.record("request_id", field::display(call.request_id));
            span.record("outcome", "Done");
        }
        Err(error) => {
            if let Some(id) = error.request_id() {
                span.record("request_id", id);
            }
            span.record("outcome", field::debug(error.outcome()));
        }
    }
}
