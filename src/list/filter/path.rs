//! The members that a list can be filtered by, each with what it is compared
//! with.

use std::fmt;
use std::marker::PhantomData;

use chrono::Datelike as _;

use super::{Filter, InvalidFilter};
use crate::generated::enums::{Direction, Qualification, ReferralType, Status, Substatus};
use crate::generated::wire::{address, customer_profile, member, referral};
use crate::scalar::{EngagementId, Timestamp};

/// A member that is compared with a `T` for being equal.
#[derive(Clone)]
#[must_use]
pub struct Field<T> {
    before: String,
    after: &'static str,
    value: PhantomData<fn(T)>,
}

impl<T: fmt::Display> Field<T> {
    fn new(before: String, after: &'static str) -> Self {
        let value = PhantomData;
        Self {
            before,
            after,
            value,
        }
    }

    /// The member has this value. The value is written in quotes, as in every
    /// published example; ids too.
    pub fn eq(self, value: impl Into<T>) -> Filter {
        let (before, after) = (self.before, self.after);
        let literal = quoted(&value.into().to_string());
        Filter::typed(
            literal.map(|literal| format!("{before} eq {literal}{after}")),
            true,
        )
    }
}

impl<T> fmt::Debug for Field<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Field").field(&self.before).finish()
    }
}

/// A time that is compared with another one. No page of the vendor shows such a
/// comparison; the time is written without quotes, as OData 4.0 has it.
#[derive(Clone, Debug)]
#[must_use]
pub struct TimeField(&'static str);

impl TimeField {
    /// At this time or later.
    pub fn ge(self, time: impl Into<Timestamp>) -> Filter {
        self.compare("ge", time.into())
    }

    /// Later than this time.
    pub fn gt(self, time: impl Into<Timestamp>) -> Filter {
        self.compare("gt", time.into())
    }

    /// At this time or earlier.
    pub fn le(self, time: impl Into<Timestamp>) -> Filter {
        self.compare("le", time.into())
    }

    /// Earlier than this time.
    pub fn lt(self, time: impl Into<Timestamp>) -> Filter {
        self.compare("lt", time.into())
    }

    fn compare(self, operator: &str, time: Timestamp) -> Filter {
        let text = if (0..=9999).contains(&time.utc().year()) {
            Ok(format!("{} {operator} {time}", self.0))
        } else {
            Err(InvalidFilter::Time)
        };
        Filter::typed(text, false)
    }
}

/// `status`.
pub fn status() -> Field<Status> {
    plain(referral::STATUS)
}

/// `substatus`.
pub fn substatus() -> Field<Substatus> {
    plain(referral::SUBSTATUS)
}

/// `type`: shared or independent.
pub fn referral_type() -> Field<ReferralType> {
    plain(referral::TYPE)
}

/// `qualification`.
pub fn qualification() -> Field<Qualification> {
    plain(referral::QUALIFICATION)
}

/// `direction`.
pub fn direction() -> Field<Direction> {
    plain(referral::DIRECTION)
}

/// `engagementId`: all referrals of one deal.
pub fn engagement_id() -> Field<EngagementId> {
    plain(referral::ENGAGEMENT_ID)
}

/// The country of the customer, two letters (ISO 3166-1).
pub fn country() -> Field<String> {
    let (profile, address, country) = (
        referral::CUSTOMER_PROFILE,
        customer_profile::ADDRESS,
        address::COUNTRY,
    );
    Field::new(format!("{profile}/{address}/{country}"), "")
}

/// The e-mail address of anybody in the partner's own team.
pub fn team_email() -> Field<String> {
    let (team, email) = (referral::TEAM, member::EMAIL);
    Field::new(format!("{team}/any(t:t/{email}"), ")")
}

/// `updatedDateTime`.
pub fn updated() -> TimeField {
    TimeField(referral::UPDATED_DATE_TIME)
}

/// `createdDateTime`.
pub fn created() -> TimeField {
    TimeField(referral::CREATED_DATE_TIME)
}

fn plain<T: fmt::Display>(member: &str) -> Field<T> {
    Field::new(member.to_owned(), "")
}

/// A text as OData's literal.
fn quoted(text: &str) -> Result<String, InvalidFilter> {
    if text.chars().any(char::is_control) {
        return Err(InvalidFilter::ControlCharacter);
    }
    Ok(format!("'{}'", text.replace('\'', "''")))
}
