//! One run of one operation: decides, acts, writes down.

use futures::future::BoxFuture;

use super::decide::{Next, Run, next, settled};
use super::error::{JournalFailed, PlanMissing, SharedReferralError};
use super::event::EventKind;
use super::journal::{JournalError, JournalErrorKind};
use super::operation::{Operation, OperationId, Record, Stage, Witness};
use super::plan::SharedReferralPlan;
use super::problem::Half;
use super::run::{Engine, SharedReferral};
use super::steps::{self, Verdict, fold};
use crate::error::Error;
use crate::generated::client::types::Referral;
use crate::scalar::Timestamp;

/// So often another writer may be faster before it is taken for a fault.
const MOST_CONFLICTS: u32 = 16;

/// Where the plan comes from.
#[derive(Clone, Copy)]
pub(super) enum Plan<'a> {
    Given(&'a SharedReferralPlan),
    /// From the caller's source, if it is needed.
    Asked,
}

/// One run of one operation.
pub(super) struct Session<'a> {
    engine: &'a Engine,
    plan: Plan<'a>,
    /// What is known, the records that are not written yet included.
    pub(super) operation: Operation,
    records: Vec<Record>,
    /// How many of them are in the journal.
    saved: usize,
    run: Run,
    own: Option<Referral>,
    connected: Option<Referral>,
    /// How the last create failed, where its outcome is open.
    doubt: Option<Error>,
    conflicts: u32,
}

/// Whether what was decided still holds.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Saved {
    Yes,
    /// Somebody else wrote in between; decide again.
    Overtaken,
}

impl<'a> Session<'a> {
    /// Takes an operation up from its records, of which `saved` are in the
    /// journal.
    pub(super) fn new(
        engine: &'a Engine,
        id: OperationId,
        records: Vec<Record>,
        saved: usize,
        plan: Plan<'a>,
    ) -> Result<Self, SharedReferralError> {
        Ok(Self {
            engine,
            plan,
            operation: fold(id, &records)?,
            records,
            saved,
            run: Run::new(saved == 0),
            own: None,
            connected: None,
            doubt: None,
            conflicts: 0,
        })
    }

    /// Runs until both referrals are there, or something is in the way.
    pub(super) async fn finish(mut self) -> Result<SharedReferral, SharedReferralError> {
        self.tell(match self.saved {
            0 => EventKind::Begun,
            _ => EventKind::TakenUp,
        });
        let result = self.steps().await;
        // What became known last must not be lost with the error.
        let written = self.save().await;
        let result = match (result, written) {
            (Ok(_), Err(error)) => Err(error),
            (result, _) => result,
        };
        let event = match result {
            Ok(()) => EventKind::Finished,
            Err(_) => EventKind::Stopped,
        };
        self.engine.tell(self.operation.id(), event);
        result.and_then(|()| self.result())
    }

    async fn steps(&mut self) -> Result<(), SharedReferralError> {
        if self.operation.is_open() || self.operation.twin_possible() {
            // How old a doubt is must not rest on two clocks.
            self.engine.learn_the_time().await;
        }
        loop {
            let now = self.engine.now();
            match next(&self.operation, &self.run, &self.engine.recovery, now) {
                Next::Create(half) => self.create(half).await?,
                Next::Look(half) => self.look(half, now).await?,
                Next::Wait(half, left) => {
                    self.save().await?;
                    self.tell(EventKind::Waiting(half, left));
                    self.engine.sleep(left).await;
                }
                Next::NotFound(half) => {
                    let doubt = self.doubt.take();
                    return Err(steps::ambiguous(&self.operation, half, Vec::new(), doubt));
                }
                Next::Abandoned => {
                    return Err(SharedReferralError::Abandoned((&self.operation).into()));
                }
                Next::Finished => return Ok(()),
            }
        }
    }

    /// Searches once for whatever may be there.
    pub(super) async fn look_around(&mut self) -> Result<(), SharedReferralError> {
        for half in [Half::Own, Half::Connected] {
            let state = self.operation.half(half);
            let (doubted, made) = (state.doubts > 0, state.made.is_some());
            if doubted && !made {
                let now = self.engine.now();
                match self.look(half, now).await {
                    // Nothing certain is there: the caller's word counts.
                    Ok(()) | Err(SharedReferralError::Ambiguous(_)) => {}
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(())
    }

    /// Writes down that the create is sent, sends it, and notes what came of
    /// it.
    async fn create(&mut self, half: Half) -> Result<(), SharedReferralError> {
        let plan = self.plan().await?;
        let body = steps::body(&plan, &self.operation, half);
        let request_id = self
            .operation
            .request_id(half)
            .unwrap_or_else(|| self.engine.client.new_id());
        let at = self.engine.now();
        self.run.creating(half);
        self.note(Record::Sending {
            half,
            at,
            since: self.engine.since(at),
            request_id,
            blind: self.engine.is_blind(),
        })?;
        match self.save().await {
            Ok(Saved::Yes) => {}
            Ok(Saved::Overtaken) => return Ok(()),
            Err(error) => {
                // It was not sent, so it must not be said later that it was.
                self.retract()?;
                return Err(match error {
                    SharedReferralError::Journal(failed) => self.journal(failed.source),
                    error => error,
                });
            }
        }
        self.tell(EventKind::Sending(half));
        let result = self.engine.client.create_as(&body, request_id).await;
        let record = steps::sent(half, self.engine.now(), &result);
        let not_done = matches!(record, Record::NotDone { .. });
        self.note(record)?;
        match result {
            Ok(referral) => {
                // Nothing can hang on an engagement that has just been made.
                self.run.fresh |= half == Half::Own;
                self.keep(half, referral, Witness::Answer);
                Ok(())
            }
            Err(source) if not_done => {
                self.tell(EventKind::NotDone(half));
                Err(steps::create_failed(&self.operation, half, source))
            }
            Err(error) => {
                self.doubt = Some(error);
                self.tell(EventKind::InDoubt(half));
                Ok(())
            }
        }
    }

    /// Searches for what a create made, and notes what was found.
    async fn look(&mut self, half: Half, now: Timestamp) -> Result<(), SharedReferralError> {
        // A search takes long; what is known must not wait for it.
        self.save().await?;
        let (client, recovery) = (&self.engine.client, &self.engine.recovery);
        let blind = self.engine.is_blind();
        let found = steps::search(client, recovery, &self.operation, half).await;
        // Its answer may have been the first to tell the time.
        let now = if blind { self.engine.now() } else { now };
        match found {
            Ok(Verdict::NotFound) => {
                self.run.looked(half, now);
                self.tell(EventKind::NotFound(half));
                Ok(())
            }
            Ok(Verdict::NothingNew) => {
                self.run.looked(half, now);
                Ok(())
            }
            Ok(Verdict::Alone) => {
                self.run.looked(half, now);
                // Lists show this one, and would show a twin by now.
                match settled(&self.operation, half, &self.run, recovery, now) {
                    true => self.note(Record::NoTwin { half, at: now }),
                    false => Ok(()),
                }
            }
            Ok(Verdict::Found(one)) => self.found(half, *one),
            Ok(Verdict::Several(found)) => Err(steps::duplicate(&self.operation, half, found)),
            Ok(Verdict::Unclear(candidates)) => {
                let doubt = self.doubt.take();
                Err(steps::ambiguous(&self.operation, half, candidates, doubt))
            }
            Err(source) => Err(steps::look_up_failed(&self.operation, half, source)),
        }
    }

    fn found(&mut self, half: Half, referral: Referral) -> Result<(), SharedReferralError> {
        let at = self.engine.now();
        self.note(steps::created(half, at, &referral, Witness::Search))?;
        self.run.found();
        // What is in doubt from here on is another create.
        self.doubt = None;
        self.keep(half, referral, Witness::Search);
        Ok(())
    }

    /// Writes down that the caller takes a referral for a half; says whether what
    /// it was judged by still holds.
    pub(super) async fn adopted(
        &mut self,
        half: Half,
        referral: Referral,
    ) -> Result<Saved, SharedReferralError> {
        let at = self.engine.now();
        let record = steps::created(half, at, &referral, Witness::Caller);
        self.note(record.clone())?;
        let saved = self.save().await?;
        // Where a write that failed was done all the same, it stands there.
        if saved == Saved::Yes || self.records.contains(&record) {
            self.keep(half, referral, Witness::Caller);
            return Ok(Saved::Yes);
        }
        Ok(saved)
    }

    fn keep(&mut self, half: Half, referral: Referral, by: Witness) {
        self.tell(EventKind::Created(half, referral.id.clone(), by));
        match half {
            Half::Own => self.own = Some(referral),
            Half::Connected => self.connected = Some(referral),
        }
    }

    async fn plan(&self) -> Result<SharedReferralPlan, SharedReferralError> {
        let missing = |source| {
            SharedReferralError::PlanMissing(PlanMissing {
                standing: (&self.operation).into(),
                source,
            })
        };
        let plan = match self.plan {
            Plan::Given(plan) => plan.clone(),
            Plan::Asked => match self.engine.plans.plan(&self.operation).await {
                Ok(Some(plan)) => plan,
                Ok(None) => return Err(missing(None)),
                Err(error) => return Err(missing(Some(error))),
            },
        };
        // Also after somebody else began it: the key is what two plans share.
        match steps::is_plan_of(&plan, &self.operation) {
            true => Ok(plan),
            false => Err(SharedReferralError::OtherContent((&self.operation).into())),
        }
    }

    pub(super) fn note(&mut self, record: Record) -> Result<(), SharedReferralError> {
        self.records.push(record);
        self.operation = fold(self.operation.id(), &self.records)?;
        Ok(())
    }

    /// Takes back a create that was not sent, as far as it is not written.
    fn retract(&mut self) -> Result<(), SharedReferralError> {
        let unsaved = self.records.len() > self.saved;
        if unsaved && matches!(self.records.last(), Some(Record::Sending { .. })) {
            self.records.pop();
        }
        self.operation = fold(self.operation.id(), &self.records)?;
        Ok(())
    }

    /// Makes durable what is not yet.
    pub(super) fn save(&mut self) -> BoxFuture<'_, Result<Saved, SharedReferralError>> {
        Box::pin(async move {
            let mut saved = Saved::Yes;
            while self.saved < self.records.len() {
                let unsaved = self.records[self.saved..].to_vec();
                let id = self.operation.id();
                match self.engine.journal.append(id, self.saved, unsaved).await {
                    Ok(()) => self.saved = self.records.len(),
                    Err(error)
                        if error.kind() == JournalErrorKind::Conflict
                            && self.conflicts < MOST_CONFLICTS =>
                    {
                        self.conflicts += 1;
                        saved = Saved::Overtaken;
                        self.catch_up().await?;
                    }
                    Err(error) => return Err(self.journal(error)),
                }
            }
            Ok(saved)
        })
    }

    /// Somebody else wrote to the operation, or a write that failed was done: what
    /// stands there comes first, what became known here is added, and what was
    /// only meant is dropped.
    async fn catch_up(&mut self) -> Result<(), SharedReferralError> {
        let id = self.operation.id();
        let theirs = self.engine.journal.load(id).await;
        let mut records = theirs.map_err(|error| self.journal(error))?;
        let mine = self.records[self.saved..].to_vec();
        let begun = !records.is_empty();
        let theirs = records.get(self.saved..).unwrap_or_default();
        let new: Vec<Record> = mine
            .into_iter()
            .filter(|record| match record {
                Record::Begun { .. } => !begun,
                Record::Sending { .. } | Record::Abandoned { .. } => false,
                // Judged by what was known before.
                Record::Created {
                    by: Witness::Caller,
                    ..
                } => false,
                _ => !theirs.contains(record),
            })
            .collect();
        let saved = records.len();
        records.extend(new);
        let operation = Operation::from_records(id, &records);
        // What is known here must not be lost with what cannot be read there.
        self.operation = operation.map_err(|error| self.journal(steps::damaged(error)))?;
        (self.records, self.saved) = (records, saved);
        self.run = Run::default();
        Ok(())
    }

    fn journal(&self, source: JournalError) -> SharedReferralError {
        SharedReferralError::Journal(JournalFailed {
            standing: (&self.operation).into(),
            in_doubt: [Half::Own, Half::Connected].into_iter().find(|half| {
                let state = self.operation.half(*half);
                state.doubts > 0 && state.made.is_none()
            }),
            source,
        })
    }

    fn tell(&self, kind: EventKind) {
        self.engine.tell(self.operation.id(), kind);
    }

    fn result(self) -> Result<SharedReferral, SharedReferralError> {
        // Only where another writer gave it up in between: the own referral may be
        // closed.
        if self.operation.stage() == Stage::Abandoned {
            return Err(SharedReferralError::Abandoned((&self.operation).into()));
        }
        match steps::finished(&self.operation) {
            Some(shared) => Ok(SharedReferral {
                own: self.own,
                connected: self.connected,
                ..shared
            }),
            None => Err(SharedReferralError::Unknown(self.operation.id())),
        }
    }
}
