//! One shared referral under way, as its records tell it.

mod fingerprint;
mod id;
mod record;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub(super) use fingerprint::canonical;
pub use fingerprint::{Fingerprint, InvalidFingerprint};
pub use id::{InvalidOperationId, OperationId};
pub use record::{Record, Witness};

use super::problem::Half;
use crate::scalar::{EngagementId, ReferralId, Timestamp};

/// One shared referral under way: what its journal knows of it.
///
/// Ids, times and fingerprints; nothing of the customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation {
    id: OperationId,
    begun: Begun,
    own: HalfState,
    connected: HalfState,
    abandoned: bool,
    closed: bool,
    records: usize,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Begun {
    at: Timestamp,
    marker: String,
    content: Fingerprint,
    traits: Fingerprint,
}

/// How far an operation has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum Stage {
    /// Nothing is on the service.
    NotBegun,
    /// The own referral may be on the service.
    OwnInDoubt,
    /// The own referral is there, the connected one is not.
    OwnCreated,
    /// The own referral is there, and perhaps the connected one.
    ConnectedInDoubt,
    /// Both are there.
    Complete,
    /// The caller gave it up.
    Abandoned,
}

/// What is known of one of the two creates.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct HalfState {
    /// How often the create was begun.
    pub(super) sends: u32,
    /// How many of those may have been carried out without our knowing.
    pub(super) doubts: u32,
    /// The service answered one of them with success, unreadably.
    pub(super) carried_out: bool,
    /// The id that such an answer let see.
    pub(super) hint: Option<ReferralId>,
    /// The same for all attempts.
    pub(super) request_id: Option<Uuid>,
    /// From when on a search must look.
    pub(super) since: Option<Timestamp>,
    /// When the last attempt began.
    pub(super) last_sent: Option<Timestamp>,
    /// When the last attempt ended; none after a crash.
    pub(super) ended: Option<Timestamp>,
    /// One of them was sent before the service's clock was known.
    pub(super) blind: bool,
    pub(super) made: Option<Made>,
}

/// A referral that is known to be there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Made {
    pub(super) referral: ReferralId,
    pub(super) engagement: EngagementId,
    pub(super) by: Witness,
}

/// Records that cannot follow one another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("record {position} of an operation cannot stand where it stands")]
#[non_exhaustive]
pub struct InvalidHistory {
    /// Which record, from 1.
    pub position: usize,
}

impl Operation {
    /// Reads the records of an operation, in the order in which they were
    /// written.
    ///
    /// # Errors
    /// [`InvalidHistory`] where a record cannot follow the one before it: the
    /// first must be [`Record::Begun`], and no other may be.
    pub fn from_records(id: OperationId, records: &[Record]) -> Result<Self, InvalidHistory> {
        let Some(Record::Begun {
            at,
            marker,
            content,
            traits,
        }) = records.first()
        else {
            return Err(InvalidHistory { position: 1 });
        };
        let mut operation = Self {
            id,
            begun: Begun {
                at: *at,
                marker: marker.clone(),
                content: *content,
                traits: *traits,
            },
            own: HalfState::default(),
            connected: HalfState::default(),
            abandoned: false,
            closed: false,
            records: records.len(),
        };
        for (index, record) in records.iter().enumerate().skip(1) {
            operation.apply(record).ok_or(InvalidHistory {
                position: index + 1,
            })?;
        }
        Ok(operation)
    }

    /// Adds a record to what is known; none where it cannot follow.
    fn apply(&mut self, record: &Record) -> Option<()> {
        match record {
            Record::Begun { .. } => return None,
            // Nobody gives up what is complete.
            Record::Abandoned { .. } if self.stage() == Stage::Complete => return None,
            Record::Abandoned { .. } => self.abandoned = true,
            Record::Closed { .. } => self.closed = true,
            Record::Sending {
                half,
                at,
                since,
                request_id,
                blind,
            } => {
                let state = self.half_mut(*half);
                state.sends += 1;
                state.doubts += 1;
                state.request_id.get_or_insert(*request_id);
                state.since = Some(state.since.map_or(*since, |first| first.min(*since)));
                state.last_sent = Some(*at);
                state.ended = None;
                state.blind |= blind;
            }
            Record::NotDone { half, at } => {
                let state = self.half_mut(*half);
                state.doubts = match state.made {
                    // It may be settled already: somebody adopted a referral.
                    Some(_) => state.doubts.saturating_sub(1),
                    None => state.doubts.checked_sub(1)?,
                };
                state.ended = Some(*at);
            }
            Record::NoTwin { half, .. } => {
                let state = self.half_mut(*half);
                state.made.as_ref()?;
                state.doubts = 0;
            }
            Record::Unanswered {
                half,
                at,
                carried_out,
                referral,
            } => {
                let state = self.half_mut(*half);
                state.ended = Some(*at);
                state.carried_out |= *carried_out;
                if referral.is_some() {
                    state.hint.clone_from(referral);
                }
            }
            Record::Created {
                half,
                at,
                referral,
                engagement,
                by,
            } => {
                // Given up and closed before this one was known: it is to be closed
                // as well.
                let known = self.half(*half).made.as_ref();
                let is_other = known.is_none_or(|made| made.referral != *referral);
                self.closed &= !(*half == Half::Own && is_other);
                let state = self.half_mut(*half);
                state.ended.get_or_insert(*at);
                state.doubts = match by {
                    // Whatever else may be there, the caller knows of it.
                    Witness::Caller => 0,
                    _ => state.doubts.saturating_sub(1),
                };
                state.made = Some(Made {
                    referral: referral.clone(),
                    engagement: engagement.clone(),
                    by: *by,
                });
            }
        }
        Some(())
    }

    /// Its id.
    pub fn id(&self) -> OperationId {
        self.id
    }

    /// What the own referral is marked with on the service
    /// (`externalReferenceId`): the caller's key, or the id of the operation.
    pub fn marker(&self) -> &str {
        &self.begun.marker
    }

    /// When it was begun, by the service's clock where that was known.
    pub fn begun_at(&self) -> Timestamp {
        self.begun.at
    }

    /// The fingerprint of the plan.
    pub fn content(&self) -> Fingerprint {
        self.begun.content
    }

    /// The fingerprint of what a search compares.
    pub(super) fn traits(&self) -> Fingerprint {
        self.begun.traits
    }

    /// How far it has come.
    pub fn stage(&self) -> Stage {
        if self.abandoned {
            return Stage::Abandoned;
        }
        match (&self.own.made, &self.connected.made) {
            (Some(_), Some(_)) => Stage::Complete,
            (Some(_), None) if self.connected.doubts > 0 => Stage::ConnectedInDoubt,
            (Some(_), None) => Stage::OwnCreated,
            (None, _) if self.own.doubts > 0 => Stage::OwnInDoubt,
            (None, _) => Stage::NotBegun,
        }
    }

    /// Whether something is left to do: neither complete nor given up and
    /// closed.
    pub fn is_open(&self) -> bool {
        match self.stage() {
            Stage::Complete => false,
            Stage::Abandoned => !self.closed,
            _ => true,
        }
    }

    /// The own referral, once it is known to be there.
    pub fn own_id(&self) -> Option<&ReferralId> {
        self.own.made.as_ref().map(|made| &made.referral)
    }

    /// The connected referral, once it is known to be there.
    pub fn connected_id(&self) -> Option<&ReferralId> {
        self.connected.made.as_ref().map(|made| &made.referral)
    }

    /// The engagement, once it is known.
    pub fn engagement_id(&self) -> Option<&EngagementId> {
        self.own.made.as_ref().map(|made| &made.engagement)
    }

    /// The id that all attempts at a create are sent with (`request-id`).
    pub fn request_id(&self, half: Half) -> Option<Uuid> {
        self.half(half).request_id
    }

    /// Whether a create was sent more often than its results are known: then
    /// a twin that no list showed may be there.
    pub fn twin_possible(&self) -> bool {
        [&self.own, &self.connected]
            .iter()
            .any(|state| state.made.is_some() && state.doubts > 0)
    }

    /// Whether a create of this half may have been carried out whose result is
    /// not known.
    #[cfg(feature = "restate")]
    pub(crate) fn in_doubt(&self, half: Half) -> bool {
        let state = self.half(half);
        state.made.is_none() && state.doubts > 0
    }

    /// How many records it has.
    pub fn records(&self) -> usize {
        self.records
    }

    pub(super) fn half(&self, half: Half) -> &HalfState {
        match half {
            Half::Own => &self.own,
            Half::Connected => &self.connected,
        }
    }

    fn half_mut(&mut self, half: Half) -> &mut HalfState {
        match half {
            Half::Own => &mut self.own,
            Half::Connected => &mut self.connected,
        }
    }
}

#[cfg(test)]
pub(crate) mod samples;
#[cfg(test)]
mod tests;
