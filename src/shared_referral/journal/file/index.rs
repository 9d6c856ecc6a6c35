//! What is known of the file without reading it: the records of open
//! operations, and where those of finished ones stand.

use std::collections::{BTreeMap, HashMap};

use super::line::Entry;
use crate::shared_referral::operation::{Operation, OperationId, Record};

/// Where a line stands in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) offset: u64,
    pub(super) length: u32,
}

/// An operation that is under way.
#[derive(Debug)]
struct Open {
    records: Vec<Record>,
    /// Bytes of its lines.
    bytes: u64,
    /// When it was begun, among the others.
    turn: u64,
    finished: bool,
}

/// All operations of a journal. A finished one takes about 40 bytes.
#[derive(Debug, Default)]
pub(super) struct Index {
    open: HashMap<OperationId, Open>,
    finished: HashMap<OperationId, Place>,
    /// Bytes of lines that hold something no other line holds.
    live: u64,
    turns: u64,
}

/// Why a line cannot stand where it stands.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Misplaced;

impl Index {
    /// How many records an operation has, as far as it is not finished; a
    /// finished one must be read from its place.
    pub(super) fn open(&self, operation: OperationId) -> Option<&[Record]> {
        self.open
            .get(&operation)
            .map(|open| open.records.as_slice())
    }

    /// Where the line of a finished operation stands.
    pub(super) fn finished(&self, operation: OperationId) -> Option<Place> {
        self.finished.get(&operation).copied()
    }

    /// The operations under way, oldest first.
    pub(super) fn list_open(&self) -> Vec<OperationId> {
        let turns: BTreeMap<u64, OperationId> = self
            .open
            .iter()
            .filter(|(_, open)| !open.finished)
            .map(|(id, open)| (open.turn, *id))
            .collect();
        turns.into_values().collect()
    }

    /// Every finished operation with its place, in the order of the file.
    pub(super) fn list_finished(&self) -> Vec<(OperationId, Place)> {
        let mut all: Vec<_> = self
            .finished
            .iter()
            .map(|(id, place)| (*id, *place))
            .collect();
        all.sort_unstable_by_key(|(_, place)| place.offset);
        all
    }

    /// Bytes of the file that a compacted one would hold too.
    pub(super) fn live(&self) -> u64 {
        self.live
    }

    /// Takes in a line of the file.
    pub(super) fn add(&mut self, entry: Entry, place: Place) -> Result<(), Misplaced> {
        let Entry {
            operation,
            after,
            records,
            ..
        } = entry;
        let bytes = u64::from(place.length);
        if after == 0 {
            self.forget(operation);
            self.turns += 1;
            let turn = self.turns;
            let begun = Open {
                records,
                bytes,
                turn,
                finished: false,
            };
            self.open.insert(operation, begun);
        } else {
            let open = self.open.get_mut(&operation).ok_or(Misplaced)?;
            if open.records.len() != after {
                return Err(Misplaced);
            }
            open.records.extend(records);
            open.bytes += bytes;
        }
        self.live += bytes;
        let Some(open) = self.open.get_mut(&operation) else {
            return Err(Misplaced);
        };
        let read = Operation::from_records(operation, &open.records).map_err(|_| Misplaced)?;
        open.finished = !read.is_open();
        // Only a line with all the records can stand for a finished operation.
        if after == 0 && open.finished {
            self.open.remove(&operation);
            self.finished.insert(operation, place);
        }
        Ok(())
    }

    fn forget(&mut self, operation: OperationId) {
        if let Some(open) = self.open.remove(&operation) {
            self.live = self.live.saturating_sub(open.bytes);
        }
        if let Some(place) = self.finished.remove(&operation) {
            self.live = self.live.saturating_sub(u64::from(place.length));
        }
    }
}
