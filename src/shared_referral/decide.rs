//! What to do next for an operation: a pure function of what is known.
//!
//! The same function drives the journaled run and a durable engine, so neither
//! can take a step that the other would not.

use std::time::Duration;

use chrono::{DateTime, Utc};

use super::operation::{HalfState, Operation, Stage};
use super::problem::Half;
use super::recovery::{BLIND, Recovery, WhenNotFound};
use crate::scalar::Timestamp;

/// The next step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Send the create.
    Create(Half),
    /// Search for what an earlier create may have made.
    Look(Half),
    /// Wait, then decide again.
    Wait(Half, Duration),
    /// It may be there, and cannot be found.
    NotFound(Half),
    /// The caller gave it up.
    Abandoned,
    /// Both are there.
    Finished,
}

/// What this run has seen, besides the records.
#[derive(Clone, Debug, Default)]
pub(crate) struct Run {
    /// The operation, or its engagement, was made in this run: a create that was
    /// never sent cannot have left anything on the service.
    pub(crate) fresh: bool,
    own: Seen,
    connected: Seen,
}

#[derive(Clone, Debug, Default)]
struct Seen {
    /// When the first look was made that found nothing, or nothing new.
    first: Option<Timestamp>,
    /// When the last one was.
    looked_at: Option<Timestamp>,
}

impl Run {
    pub(crate) fn new(fresh: bool) -> Self {
        Self {
            fresh,
            ..Self::default()
        }
    }

    /// A look was made, and what was found is in the records.
    pub(crate) fn looked(&mut self, half: Half, at: Timestamp) {
        let seen = self.seen_mut(half);
        seen.first.get_or_insert(at);
        seen.looked_at = Some(at);
    }

    /// A create is sent: what was looked at before says nothing of it.
    pub(crate) fn creating(&mut self, half: Half) {
        *self.seen_mut(half) = Seen::default();
    }

    /// A referral was found that this run did not make: what else may hang on
    /// it has to be looked for.
    pub(crate) fn found(&mut self) {
        self.fresh = false;
    }

    fn seen(&self, half: Half) -> &Seen {
        match half {
            Half::Own => &self.own,
            Half::Connected => &self.connected,
        }
    }

    fn seen_mut(&mut self, half: Half) -> &mut Seen {
        match half {
            Half::Own => &mut self.own,
            Half::Connected => &mut self.connected,
        }
    }
}

/// Decides, at the time `now` of the service.
pub(crate) fn next(operation: &Operation, run: &Run, recovery: &Recovery, now: Timestamp) -> Next {
    if operation.stage() == Stage::Abandoned {
        return Next::Abandoned;
    }
    for half in [Half::Own, Half::Connected] {
        if let Some(next) = next_of(operation, half, run, recovery, now) {
            return next;
        }
    }
    Next::Finished
}

/// The next step of one half; none when it is done.
fn next_of(
    operation: &Operation,
    half: Half,
    run: &Run,
    recovery: &Recovery,
    now: Timestamp,
) -> Option<Next> {
    let (state, seen) = (operation.half(half), run.seen(half));
    if state.made.is_some() {
        // Sent again while the first may have been carried out: a twin shows.
        let unsettled = state.doubts > 0 && seen.looked_at.is_none();
        return unsettled.then_some(Next::Look(half));
    }
    let Some(looked_at) = seen.looked_at else {
        let nothing_sent = state.doubts == 0 && run.fresh && recovery.look_back.is_none();
        return Some(if nothing_sent {
            Next::Create(half)
        } else {
            Next::Look(half)
        });
    };
    if state.doubts == 0 {
        return Some(Next::Create(half));
    }
    let over = over(state, seen, recovery).unwrap_or(now);
    if let Some(due) = recovery.next_look(between(over, looked_at)) {
        let age = between(over, now);
        return Some(match due.checked_sub(age) {
            Some(left) if !left.is_zero() => Next::Wait(half, left),
            _ => Next::Look(half),
        });
    }
    // What was sent again is in the records, so that no number of runs sends
    // more often than one.
    let resend = recovery.when_not_found == WhenNotFound::Resend
        && !state.carried_out
        && state.doubts <= recovery.most_resends;
    Some(if resend {
        Next::Create(half)
    } else {
        Next::NotFound(half)
    })
}

/// Whether lists show by now what the last create of the half made.
pub(crate) fn settled(
    operation: &Operation,
    half: Half,
    run: &Run,
    recovery: &Recovery,
    now: Timestamp,
) -> bool {
    let over = over(operation.half(half), run.seen(half), recovery);
    over.is_some_and(|over| recovery.next_look(between(over, now)).is_none())
}

/// By when the last create has come to the service, or never will: the settle
/// times count from there. An attempt that runs into its time-out may come to
/// the service at its end, and what was sent before a crash until the crash.
fn over(state: &HalfState, seen: &Seen, recovery: &Recovery) -> Option<Timestamp> {
    let sent = state.last_sent?;
    let margin = match (state.blind, state.ended) {
        // Nobody knows how far apart the clocks are by which it is told.
        (true, _) => BLIND,
        (false, Some(_)) => Duration::ZERO,
        (false, None) => recovery.horizon,
    };
    // Over when this run first looked: who sent it is no more. Also where an
    // answer told a time that was wrong by a day.
    let latest = later(state.ended.map_or(sent, |ended| ended.max(sent)), margin);
    Some(seen.first.map_or(latest, |first| first.min(latest)))
}

fn later(at: Timestamp, time: Duration) -> Timestamp {
    let time = chrono::TimeDelta::from_std(time).ok();
    let later = time.and_then(|time| at.checked_add_signed(time));
    later.unwrap_or(DateTime::<Utc>::MAX_UTC).into()
}

/// How long after `from` it is at `to`; nothing where a clock went back.
fn between(from: Timestamp, to: Timestamp) -> Duration {
    to.utc()
        .signed_duration_since(from.utc())
        .to_std()
        .unwrap_or_default()
}

#[cfg(test)]
mod tests;
