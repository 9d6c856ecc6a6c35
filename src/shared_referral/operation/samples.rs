//! Records for tests.

use uuid::Uuid;

use super::{Record, Witness};
use crate::scalar::{EngagementId, ReferralId, Timestamp};
use crate::shared_referral::problem::Half;

/// So many seconds into 2026.
pub(crate) fn at(second: i64) -> Timestamp {
    let time = chrono::DateTime::from_timestamp(1_767_225_600 + second, 0);
    time.unwrap().into()
}

pub(crate) fn begun() -> Record {
    let print = "0123456789abcdef0123456789abcdef".parse().unwrap();
    Record::Begun {
        at: at(0),
        marker: "crm-1".to_owned(),
        content: print,
        traits: print,
    }
}

/// Each second has its own request.
pub(crate) fn sending(half: Half, second: i64) -> Record {
    Record::Sending {
        half,
        at: at(second),
        since: at(second),
        request_id: Uuid::from_u128(second.unsigned_abs().into()),
        blind: false,
    }
}

pub(crate) fn created(half: Half, id: &str) -> Record {
    Record::Created {
        half,
        at: at(9),
        referral: ReferralId::new(id).unwrap(),
        engagement: EngagementId::new("e").unwrap(),
        by: Witness::Answer,
    }
}
