//! What all requests of one sandbox share: settings, clock, referrals, faults
//! and the record of requests.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::http::StatusCode;
use chrono::{DateTime, TimeDelta, Utc};

use super::chance::Ids;
use super::fault::{Fault, FaultPlan};
use super::record::RecordedRequest;
use super::state::State;

/// What time it is, as the sandbox sees it.
pub(super) type Clock = Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>;

/// What the builder decided.
#[derive(Clone)]
pub(super) struct Settings {
    /// The one token that is taken; any without.
    pub(super) token: Option<String>,
    pub(super) page_size: usize,
    pub(super) create_status: StatusCode,
    pub(super) documented_filters_only: bool,
    pub(super) documented_values_only: bool,
    pub(super) lists_microsofts_half: bool,
    pub(super) visibility_delay: TimeDelta,
    /// What a next link starts with.
    pub(super) next_link_base: String,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            token: None,
            page_size: 100,
            create_status: StatusCode::CREATED,
            documented_filters_only: false,
            documented_values_only: false,
            lists_microsofts_half: true,
            visibility_delay: TimeDelta::zero(),
            next_link_base: "http://api.partner.microsoft.com/v1.0/referrals".to_owned(),
        }
    }
}

/// One sandbox's inside.
pub(super) struct Service {
    pub(super) settings: Settings,
    clock: Clock,
    state: Mutex<State>,
    faults: Mutex<FaultPlan>,
    requests: Mutex<Vec<RecordedRequest>>,
    /// Apart from the referrals' ids, so that one more retry of a caller does
    /// not give the next referral another id.
    request_ids: Mutex<Ids>,
}

/// A test that panicked in a closure of its own must not take the others'
/// sandbox with it.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Service {
    pub(super) fn new(
        settings: Settings,
        clock: Clock,
        seed: Option<u64>,
        faults: FaultPlan,
    ) -> Self {
        let mut state = State::new(Ids::new(seed));
        state.documented_values_only = settings.documented_values_only;
        Self {
            settings,
            clock,
            state: Mutex::new(state),
            faults: Mutex::new(faults),
            requests: Mutex::new(Vec::new()),
            request_ids: Mutex::new(Ids::new(seed.map(|seed| !seed))),
        }
    }

    pub(super) fn now(&self) -> DateTime<Utc> {
        (self.clock)()
    }

    /// The referrals, with those expired that nobody answered in time.
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        let now = self.now();
        let mut state = lock(&self.state);
        state.expire(now);
        state
    }

    pub(super) fn request_id(&self) -> String {
        lock(&self.request_ids).guid()
    }

    pub(super) fn set_faults(&self, faults: FaultPlan) {
        *lock(&self.faults) = faults;
    }

    /// Writes a request down and decides its fault, both in the order of
    /// arrival; gives the place to write the status to.
    pub(super) fn record(&self, mut request: RecordedRequest) -> (usize, Option<Fault>) {
        let mut requests = lock(&self.requests);
        let fault = lock(&self.faults).decide(&request.method, &request.path);
        request.fault.clone_from(&fault);
        requests.push(request);
        (requests.len() - 1, fault)
    }

    pub(super) fn answered(&self, place: usize, status: StatusCode) {
        if let Some(request) = lock(&self.requests).get_mut(place) {
            request.status = Some(status.as_u16());
        }
    }

    pub(super) fn requests_so_far(&self) -> usize {
        lock(&self.requests).len()
    }

    pub(super) fn requests(&self) -> Vec<RecordedRequest> {
        lock(&self.requests).clone()
    }
}
