//! One thing that is wrong with a plan.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Which of the two referrals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum Half {
    /// The partner's own referral, created first.
    Own,
    /// The one created for Microsoft.
    Connected,
}

/// Where a rule comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Rule {
    /// The two-step create itself: without it there is no shared referral.
    Sharing,
    /// The table of statuses and substatuses.
    Lifecycle,
    /// Required by the portal and its bulk upload (2021, 2023), and what the
    /// vendor's connector fails on. Whether the API refuses it is not known, so
    /// [`without_portal_rules`](super::SharedReferralPlan::without_portal_rules)
    /// leaves these out.
    Portal,
}

/// One thing that is wrong with a plan: where, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanProblem {
    half: Half,
    rule: Rule,
    path: String,
    message: String,
}

impl PlanProblem {
    pub(crate) fn new(half: Half, rule: Rule, path: &str, message: impl Into<String>) -> Self {
        Self {
            half,
            rule,
            path: path.to_owned(),
            message: message.into(),
        }
    }

    /// The referral it is in.
    pub fn half(&self) -> Half {
        self.half
    }

    /// The rule that it breaks.
    pub fn rule(&self) -> Rule {
        self.rule
    }

    /// The member, as a JSON pointer into the request.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// What is wrong and what to do; never the value itself.
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl fmt::Display for Half {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Own => "own referral",
            Self::Connected => "connected referral",
        })
    }
}

impl fmt::Display for PlanProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.half, self.path, self.message)
    }
}
