//! What time it is at the service: a wrong clock of this machine must not make
//! a search miss what was just created.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use http::HeaderMap;
use http::header::DATE;

use crate::clock::Clock;

/// The service's clock, as its last answer told it.
#[derive(Debug, Default)]
pub(crate) struct ServerTime(Mutex<Option<Told>>);

/// How far the two clocks of this machine may come apart between two answers:
/// more than the time of day is ever corrected by, and less than a sleep.
const TOLERANCE: Duration = Duration::from_secs(60);

#[derive(Clone, Copy, Debug)]
struct Told {
    date: SystemTime,
    /// When, on the scale that never goes back.
    at: Duration,
    /// The same by this machine's time of day: while it sleeps, the other
    /// stands still.
    of_day: SystemTime,
}

impl ServerTime {
    /// Notes the `Date` of an answer; an answer without one changes nothing.
    pub(crate) fn note(&self, headers: &HeaderMap, clock: &dyn Clock) {
        if let Some(date) = date(headers) {
            let (at, of_day) = (clock.elapsed(), clock.now());
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) =
                Some(Told { date, at, of_day });
        }
    }

    /// The time there now; none before the first answer, and none where this
    /// machine slept since the last one.
    pub(crate) fn now(&self, clock: &dyn Clock) -> Option<SystemTime> {
        let told = (*self.0.lock().unwrap_or_else(PoisonError::into_inner))?;
        let passed = clock.elapsed().saturating_sub(told.at);
        let apart = match clock.now().duration_since(told.of_day) {
            Ok(of_day) => of_day.abs_diff(passed),
            Err(back) => passed.saturating_add(back.duration()),
        };
        // It slept, or its time of day was set: how long it is since then is
        // not known.
        if apart > TOLERANCE {
            return None;
        }
        told.date.checked_add(passed)
    }
}

/// The `Date` of an answer.
pub(super) fn date(headers: &HeaderMap) -> Option<SystemTime> {
    httpdate::parse_http_date(headers.get(DATE)?.to_str().ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::ManualClock;

    #[test]
    fn the_services_clock_goes_on_between_its_answers_whatever_this_machines_says() {
        let (time, clock) = (ServerTime::default(), ManualClock::default());
        assert_eq!(time.now(&clock), None);
        let mut headers = HeaderMap::new();
        time.note(&headers, &clock);
        assert_eq!(time.now(&clock), None);

        let then = http::HeaderValue::from_static("Sun, 06 Nov 1994 08:49:37 GMT");
        headers.insert(DATE, then);
        time.note(&headers, &clock);
        clock.advance(Duration::from_secs(90));
        let told = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
        assert_eq!(time.now(&clock), Some(told + Duration::from_secs(90)));
    }

    /// A clock of each kind, as far apart as the test has them.
    #[derive(Debug)]
    struct Apart(ManualClock, Duration);

    impl Clock for Apart {
        fn now(&self) -> SystemTime {
            self.0.now() + self.1
        }

        fn elapsed(&self) -> Duration {
            self.0.elapsed()
        }

        fn sleep(&self, duration: Duration) -> crate::clock::Sleep {
            self.0.sleep(duration)
        }

        fn limit(&self, duration: Duration) -> crate::clock::Sleep {
            self.0.limit(duration)
        }
    }

    #[test]
    fn it_is_not_known_any_more_where_this_machine_slept_or_its_time_was_set() {
        let mut headers = HeaderMap::new();
        let then = http::HeaderValue::from_static("Sun, 06 Nov 1994 08:49:37 GMT");
        headers.insert(DATE, then);
        let mut clock = Apart(ManualClock::default(), Duration::from_secs(3600));
        let time = ServerTime::default();
        time.note(&headers, &clock);
        for (apart, known) in [
            (3600, true),
            (3540, true),
            (3660, true),
            (3661, false),
            (3500, false),
        ] {
            clock.1 = Duration::from_secs(apart);
            assert_eq!(time.now(&clock).is_some(), known, "{apart}");
        }
        time.note(&headers, &clock);
        assert!(time.now(&clock).is_some(), "the next answer tells it");
    }
}
