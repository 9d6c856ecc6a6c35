//! One token for many callers, renewed before it ends.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use super::{AccessToken, CredentialError, FreshToken, TokenFuture, TokenProvider, TokenSource};
use crate::clock::{Clock, SystemClock};

/// The longest time for which a failure is remembered, whatever `Retry-After`
/// says: a token endpoint must not be able to lock the program out for a day.
const LONGEST_MEMORY: Duration = Duration::from_secs(300);

/// A token younger than this is not renewed because it was refused.
const TOO_YOUNG: Duration = Duration::from_secs(10);

/// Keeps the token of a [`TokenSource`] and renews it in time.
///
/// # Expected flow
/// The first caller fetches. From five minutes before the token ends, the next
/// caller fetches a new one, while all others go on with the old one.
///
/// # Guarantees
/// - One fetch at a time, however many callers there are; those without a valid
///   token wait for it and share its result.
/// - Callers are never made to wait for a fetch while the token is valid, save
///   the one that does the fetch: there is no task in the background that could
///   outlive the client. It waits as long as the source does (30 s at most for
///   the ones of this crate).
/// - A failed early fetch is nobody's error: the old token is used until its end.
/// - A failure is remembered for a second (or what `Retry-After` asks, five
///   minutes at most), and given to all who ask in the meantime.
/// - A caller that is dropped while it fetches holds up nobody: another takes
///   its place.
/// - [`rejected`](TokenProvider::rejected) drops exactly that token; a newer
///   one stays. One that is younger than 10 s stays as well: a service that
///   refuses it refuses something else, a role or the audience, and a new
///   exchange for every call would lock the whole app out.
///
/// # Caveats
/// The age of a token is the longer of two: by the steady clock and by the time
/// of day, because the steady one of some systems stands still while the
/// machine sleeps. A time of day that jumps ahead costs one fetch.
///
/// # Errors
/// Those of the source.
pub struct CachedToken<S> {
    source: S,
    clock: Arc<dyn Clock>,
    refresh_before: Duration,
    remember_failure_for: Duration,
    state: Mutex<State>,
    /// Held by the one who fetches.
    turn: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct State {
    held: Option<Held>,
    failed: Option<Failed>,
}

struct Held {
    token: AccessToken,
    lifetime: Duration,
    since: Moment,
}

struct Failed {
    error: CredentialError,
    until: Duration,
}

#[derive(Clone, Copy)]
struct Moment {
    elapsed: Duration,
    day: SystemTime,
}

/// What a caller finds.
enum Found {
    /// To be used as it is.
    Fresh(AccessToken),
    /// Valid, but somebody should fetch the next one.
    Early(AccessToken),
    Missing,
    Failed(CredentialError),
}

impl<S: TokenSource> CachedToken<S> {
    /// Caches the tokens of this source; nothing is fetched yet.
    pub fn new(source: S) -> Self {
        Self {
            source,
            clock: Arc::new(SystemClock::default()),
            refresh_before: Duration::from_secs(300),
            remember_failure_for: Duration::from_secs(1),
            state: Mutex::default(),
            turn: tokio::sync::Mutex::default(),
        }
    }

    /// Another clock, for tests.
    #[must_use]
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// How long before its end a token is renewed: 5 min by default, and never
    /// more than half of its lifetime.
    #[must_use]
    pub fn refresh_before(mut self, time: Duration) -> Self {
        self.refresh_before = time;
        self
    }

    /// How long a failed fetch stands for those who ask next: 1 s by default.
    #[must_use]
    pub fn remember_failure_for(mut self, time: Duration) -> Self {
        self.remember_failure_for = time;
        self
    }

    /// The source of the tokens.
    pub fn source(&self) -> &S {
        &self.source
    }

    async fn get(&self) -> Result<AccessToken, CredentialError> {
        let _turn = match self.find() {
            Found::Fresh(token) => return Ok(token),
            Found::Failed(error) => return Err(error),
            Found::Early(token) => match self.turn.try_lock() {
                Ok(turn) => turn,
                Err(_) => return Ok(token),
            },
            Found::Missing => self.turn.lock().await,
        };
        // Somebody else may have fetched while this caller waited.
        match self.find() {
            Found::Fresh(token) => return Ok(token),
            Found::Failed(error) => return Err(error),
            Found::Early(_) | Found::Missing => {}
        }
        let asked = self.moment();
        match self.source.fetch().await {
            Ok(fresh) => Ok(self.keep(fresh, asked)),
            Err(error) => {
                self.remember(&error);
                match self.find() {
                    Found::Fresh(token) | Found::Early(token) => {
                        tracing::warn!(
                            kind = ?error.kind(),
                            code = error.code(),
                            "the access token could not be renewed early; the old one is used on"
                        );
                        Ok(token)
                    }
                    Found::Failed(_) | Found::Missing => Err(error),
                }
            }
        }
    }

    fn find(&self) -> Found {
        let now = self.moment();
        let state = self.state();
        let failed = state
            .failed
            .as_ref()
            .filter(|failed| now.elapsed < failed.until);
        let held = state.held.as_ref().and_then(|held| {
            let left = held.lifetime.checked_sub(held.since.age(now))?;
            (!left.is_zero()).then_some((held, left))
        });
        match (held, failed) {
            (Some((held, left)), failed) => {
                let early = left <= self.refresh_before.min(held.lifetime / 2);
                if early && failed.is_none() {
                    Found::Early(held.token.clone())
                } else {
                    Found::Fresh(held.token.clone())
                }
            }
            (None, Some(failed)) => Found::Failed(failed.error.clone()),
            (None, None) => Found::Missing,
        }
    }

    fn keep(&self, fresh: FreshToken, asked: Moment) -> AccessToken {
        let mut state = self.state();
        state.failed = None;
        state.held = Some(Held {
            token: fresh.token.clone(),
            lifetime: fresh.lifetime,
            since: asked,
        });
        fresh.token
    }

    fn remember(&self, error: &CredentialError) {
        let time = self
            .remember_failure_for
            .max(error.retry_after().unwrap_or_default().min(LONGEST_MEMORY));
        let until = self.clock.elapsed().saturating_add(time);
        self.state().failed = Some(Failed {
            error: error.clone(),
            until,
        });
    }

    fn moment(&self) -> Moment {
        Moment {
            elapsed: self.clock.elapsed(),
            day: self.clock.now(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Moment {
    /// How long ago this was.
    fn age(self, now: Moment) -> Duration {
        let steady = now.elapsed.saturating_sub(self.elapsed);
        steady.max(now.day.duration_since(self.day).unwrap_or_default())
    }
}

impl<S: TokenSource> TokenProvider for CachedToken<S> {
    fn token(&self) -> TokenFuture<'_> {
        Box::pin(self.get())
    }

    fn rejected(&self, token: &AccessToken) {
        let now = self.moment();
        let mut state = self.state();
        if state
            .held
            .as_ref()
            .is_some_and(|held| held.token.same(token) && held.since.age(now) >= TOO_YOUNG)
        {
            state.held = None;
        }
    }
}

impl<S> fmt::Debug for CachedToken<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CachedToken")
            .field("refresh_before", &self.refresh_before)
            .field("remember_failure_for", &self.remember_failure_for)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
#[path = "cached_tests.rs"]
mod tests;
