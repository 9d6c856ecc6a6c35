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
        let of_day = clock.now().duration_since(told.of_day).ok()?;
        // It slept, or its time of day was set: how long it is since then is
        // not known.
        if of_day.abs_diff(passed) > TOLERANCE {
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
}
