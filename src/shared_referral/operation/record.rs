//! What a journal holds.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Fingerprint;
use crate::scalar::{EngagementId, ReferralId, Timestamp};
use crate::shared_referral::problem::Half;

/// Who says that a referral is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum Witness {
    /// The service's answer to the create.
    Answer,
    /// A search, after an answer that was lost.
    Search,
    /// The caller, who looked and chose.
    Caller,
}

/// One thing that became known of an operation. Ids, times and fingerprints:
/// no names, addresses or notes.
///
/// Times are by the service's clock, as far as an answer of it was seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    tag = "record",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
#[non_exhaustive]
pub enum Record {
    /// The first record of every operation.
    Begun {
        /// When.
        at: Timestamp,
        /// What the own referral is marked with on the service.
        marker: String,
        /// The fingerprint of the whole plan.
        content: Fingerprint,
        /// The fingerprint of those members by which a referral is recognised.
        traits: Fingerprint,
    },
    /// A create is about to be sent. Durable before it is.
    Sending {
        /// Which of the two referrals.
        half: Half,
        /// When.
        at: Timestamp,
        /// From when on a search for its result must look.
        since: Timestamp,
        /// The id of the request, the same for all attempts.
        request_id: Uuid,
        /// No answer of the service had told the time yet: the times are by this
        /// machine's clock, which may be wrong.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        blind: bool,
    },
    /// The create that was sent last did nothing: it did not leave, or the
    /// service refused it.
    NotDone {
        /// Which of the two referrals.
        half: Half,
        /// When.
        at: Timestamp,
    },
    /// The create that was sent last has no answer that can be read.
    Unanswered {
        /// Which of the two referrals.
        half: Half,
        /// When.
        at: Timestamp,
        /// The service answered with success: the referral is there.
        carried_out: bool,
        /// Its id, where the answer let it be seen.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        referral: Option<ReferralId>,
    },
    /// The referral is there.
    Created {
        /// Which of the two referrals.
        half: Half,
        /// When.
        at: Timestamp,
        /// Its id.
        referral: ReferralId,
        /// Its engagement.
        engagement: EngagementId,
        /// Who says so.
        by: Witness,
    },
    /// A create was sent more than once, and a search after the settle times
    /// showed one referral: there is no twin.
    NoTwin {
        /// Which of the two referrals.
        half: Half,
        /// When.
        at: Timestamp,
    },
    /// The caller gave the operation up. Durable before anything is closed.
    Abandoned {
        /// When.
        at: Timestamp,
    },
    /// What was there of an abandoned operation is closed.
    Closed {
        /// When.
        at: Timestamp,
    },
}
