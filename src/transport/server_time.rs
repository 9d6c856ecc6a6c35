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

#[derive(Clone, Copy, Debug)]
struct Told {
    date: SystemTime,
    /// When, on the scale that never goes back.
    at: Duration,
}

impl ServerTime {
    /// Notes the `Date` of an answer; an answer without one changes nothing.
    pub(crate) fn note(&self, headers: &HeaderMap, clock: &dyn Clock) {
        if let Some(date) = date(headers) {
            let at = clock.elapsed();
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Told { date, at });
        }
    }

    /// The time there now; none before the first answer.
    pub(crate) fn now(&self, clock: &dyn Clock) -> Option<SystemTime> {
        let told = (*self.0.lock().unwrap_or_else(PoisonError::into_inner))?;
        told.date
            .checked_add(clock.elapsed().saturating_sub(told.at))
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
