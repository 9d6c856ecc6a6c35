use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::Notify;

use super::*;
use crate::clock::ManualClock;
use crate::credential::{CredentialErrorKind, FetchFuture};

const HOUR: Duration = Duration::from_secs(3600);
const MINUTE: Duration = Duration::from_secs(60);

/// Gives `t1`, `t2` and so on, or what it was told to fail with.
#[derive(Clone, Default)]
struct Source(Arc<Script>);

#[derive(Default)]
struct Script {
    fetches: AtomicUsize,
    /// Where set, a fetch waits until it is told to go on.
    hold: Mutex<Option<Arc<Notify>>>,
    failures: Mutex<VecDeque<CredentialError>>,
}

impl Source {
    fn fetches(&self) -> usize {
        self.0.fetches.load(Ordering::SeqCst)
    }

    fn hold(&self) -> Arc<Notify> {
        let notify = Arc::new(Notify::new());
        *self.0.hold.lock().unwrap() = Some(Arc::clone(&notify));
        notify
    }

    fn fail(&self, error: CredentialError) {
        self.0.failures.lock().unwrap().push_back(error);
    }
}

impl TokenSource for Source {
    fn fetch(&self) -> FetchFuture<'_> {
        Box::pin(async {
            let count = self.0.fetches.fetch_add(1, Ordering::SeqCst) + 1;
            let hold = self.0.hold.lock().unwrap().clone();
            if let Some(hold) = hold {
                hold.notified().await;
                // Held once: a fetch too many is counted, it does not hang.
                *self.0.hold.lock().unwrap() = None;
            }
            if let Some(error) = self.0.failures.lock().unwrap().pop_front() {
                return Err(error);
            }
            Ok(FreshToken::new(token(&format!("t{count}")), HOUR))
        })
    }
}

fn token(text: &str) -> AccessToken {
    AccessToken::new(text).unwrap()
}

fn down() -> CredentialError {
    CredentialError::new("down").with_kind(CredentialErrorKind::Unavailable)
}

fn cache() -> (Arc<CachedToken<Source>>, Source, ManualClock) {
    let (source, clock) = (Source::default(), ManualClock::default());
    let cache = CachedToken::new(source.clone()).with_clock(Arc::new(clock.clone()));
    (Arc::new(cache), source, clock)
}

#[track_caller]
fn is(given: Result<AccessToken, CredentialError>, expected: &str) {
    assert!(given.unwrap().same(&token(expected)), "not {expected}");
}

/// Lets every other task run until it waits.
async fn settle() {
    for _ in 0..2000 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_token_is_kept_until_five_minutes_before_its_end() {
    let (cache, source, clock) = cache();
    is(cache.token().await, "t1");
    clock.advance(55 * MINUTE - Duration::from_secs(1));
    is(cache.token().await, "t1");
    assert_eq!(source.fetches(), 1);
    clock.advance(Duration::from_secs(1));
    is(cache.token().await, "t2");
    is(cache.token().await, "t2");
    assert_eq!(source.fetches(), 2);
}

#[tokio::test]
async fn a_short_token_is_kept_for_half_of_its_life() {
    struct Short(Source);
    impl TokenSource for Short {
        fn fetch(&self) -> FetchFuture<'_> {
            Box::pin(async {
                let fresh = self.0.fetch().await?;
                Ok(FreshToken::new(fresh.token, MINUTE))
            })
        }
    }
    let (source, clock) = (Source::default(), ManualClock::default());
    let cache = CachedToken::new(Short(source.clone())).with_clock(Arc::new(clock.clone()));
    is(cache.token().await, "t1");
    clock.advance(Duration::from_secs(29));
    is(cache.token().await, "t1");
    clock.advance(Duration::from_secs(1));
    is(cache.token().await, "t2");
}

#[tokio::test]
async fn a_thousand_callers_cause_one_fetch() {
    let (cache, source, _) = cache();
    let hold = source.hold();
    let callers: Vec<_> = (0..1000)
        .map(|_| {
            let cache = Arc::clone(&cache);
            tokio::spawn(async move { cache.token().await })
        })
        .collect();
    settle().await;
    hold.notify_one();
    for caller in callers {
        is(caller.await.unwrap(), "t1");
    }
    assert_eq!(source.fetches(), 1);
}

#[tokio::test]
async fn a_thousand_callers_share_one_failure_until_it_is_forgotten() {
    let (cache, source, clock) = cache();
    let hold = source.hold();
    source.fail(down());
    let callers: Vec<_> = (0..1000)
        .map(|_| {
            let cache = Arc::clone(&cache);
            tokio::spawn(async move { cache.token().await })
        })
        .collect();
    settle().await;
    hold.notify_one();
    for caller in callers {
        assert!(caller.await.unwrap().unwrap_err().is_retryable());
    }
    assert_eq!(source.fetches(), 1);
    clock.advance(Duration::from_millis(999));
    assert!(cache.token().await.is_err());
    assert_eq!(source.fetches(), 1);
    clock.advance(Duration::from_millis(1));
    hold.notify_one();
    is(cache.token().await, "t2");
}

#[tokio::test]
async fn retry_after_lengthens_the_memory_of_a_failure_within_reason() {
    let throttled =
        |seconds| crate::credential::aadsts::explain(429, b"", Some(Duration::from_secs(seconds)));
    let (cache, source, clock) = cache();
    for (asked, kept) in [(30, 30), (1_000_000, 300)] {
        source.fail(throttled(asked));
        let before = source.fetches();
        assert!(cache.token().await.is_err());
        clock.advance(Duration::from_secs(kept - 1));
        assert!(cache.token().await.is_err());
        assert_eq!(source.fetches(), before + 1);
        clock.advance(Duration::from_secs(1));
    }
    is(cache.token().await, "t3");
}

#[tokio::test]
async fn the_others_go_on_with_the_old_token_while_one_renews_it() {
    let (cache, source, clock) = cache();
    is(cache.token().await, "t1");
    clock.advance(56 * MINUTE);
    let hold = source.hold();
    let renewing = tokio::spawn({
        let cache = Arc::clone(&cache);
        async move { cache.token().await }
    });
    settle().await;
    assert_eq!(source.fetches(), 2);
    for _ in 0..100 {
        is(cache.token().await, "t1");
    }
    hold.notify_one();
    is(renewing.await.unwrap(), "t2");
    is(cache.token().await, "t2");
    assert_eq!(source.fetches(), 2);
}

#[tokio::test]
async fn the_old_token_serves_to_its_end_while_renewing_fails() {
    let (cache, source, clock) = cache();
    is(cache.token().await, "t1");
    clock.advance(56 * MINUTE);
    source.fail(down());
    is(cache.token().await, "t1");
    is(cache.token().await, "t1");
    assert_eq!(source.fetches(), 2, "the failure is remembered here too");
    clock.advance(Duration::from_secs(1));
    source.fail(down());
    is(cache.token().await, "t1");
    assert_eq!(source.fetches(), 3);
    clock.advance(4 * MINUTE);
    source.fail(down());
    assert_eq!(cache.token().await.unwrap_err().to_string(), "down");
}

#[tokio::test]
async fn a_caller_who_goes_away_while_fetching_holds_up_nobody() {
    let (cache, source, _) = cache();
    let hold = source.hold();
    let callers: Vec<_> = (0..3)
        .map(|_| {
            let cache = Arc::clone(&cache);
            tokio::spawn(async move { cache.token().await })
        })
        .collect();
    settle().await;
    callers[0].abort();
    settle().await;
    assert_eq!(source.fetches(), 2, "the next in line fetches");
    hold.notify_one();
    for caller in callers.into_iter().skip(1) {
        is(caller.await.unwrap(), "t2");
    }
    assert_eq!(source.fetches(), 2);
}

#[tokio::test]
async fn a_rejected_token_is_dropped_and_a_newer_one_is_kept() {
    let (cache, source, clock) = cache();
    let old = cache.token().await.unwrap();
    clock.advance(MINUTE);
    cache.rejected(&old);
    let new = cache.token().await.unwrap();
    assert!(!new.same(&old));
    // A second task whose call began with the old token.
    cache.rejected(&old);
    assert!(cache.token().await.unwrap().same(&new));
    assert_eq!(source.fetches(), 2);
}

#[tokio::test]
async fn a_service_that_refuses_every_token_does_not_cause_an_exchange_for_every_call() {
    let (cache, source, clock) = cache();
    for _ in 0..100 {
        let token = cache.token().await.unwrap();
        cache.rejected(&token);
        clock.advance(Duration::from_millis(100));
    }
    assert!(source.fetches() <= 2, "{}", source.fetches());
}

#[tokio::test]
async fn a_token_rejected_while_it_is_renewed_does_not_come_back() {
    let (cache, source, clock) = cache();
    let old = cache.token().await.unwrap();
    clock.advance(56 * MINUTE);
    let hold = source.hold();
    source.fail(down());
    let renewing = tokio::spawn({
        let cache = Arc::clone(&cache);
        async move { cache.token().await }
    });
    settle().await;
    cache.rejected(&old);
    hold.notify_one();
    assert!(renewing.await.unwrap().is_err());
    assert!(cache.token().await.is_err());
}

#[tokio::test]
async fn a_machine_that_slept_does_not_use_a_token_that_ended_meanwhile() {
    /// Its steady clock stands still.
    #[derive(Default)]
    struct Asleep(ManualClock);
    impl Clock for Asleep {
        fn now(&self) -> SystemTime {
            self.0.now()
        }
        fn elapsed(&self) -> Duration {
            Duration::ZERO
        }
        fn sleep(&self, duration: Duration) -> crate::clock::Sleep {
            self.0.sleep(duration)
        }
    }
    let clock = ManualClock::default();
    let source = Source::default();
    let cache = CachedToken::new(source).with_clock(Arc::new(Asleep(clock.clone())));
    is(cache.token().await, "t1");
    clock.advance(2 * HOUR);
    is(cache.token().await, "t2");
}

#[tokio::test]
async fn the_settings_are_used() {
    let (source, clock) = (Source::default(), ManualClock::default());
    let cache = CachedToken::new(source.clone())
        .with_clock(Arc::new(clock.clone()))
        .refresh_before(10 * MINUTE)
        .remember_failure_for(MINUTE);
    source.fail(down());
    assert!(cache.token().await.is_err());
    clock.advance(Duration::from_secs(59));
    assert!(cache.token().await.is_err());
    clock.advance(Duration::from_secs(1));
    is(cache.token().await, "t2");
    clock.advance(50 * MINUTE);
    is(cache.token().await, "t3");
}
