//! Lists: what to ask for, one page, and the way to the next.

mod page;
mod stream;

use std::fmt;

pub use page::{Continuation, InvalidContinuation, Page};
pub use stream::Referrals;
pub(crate) use stream::Trail;

/// What a list shows, in OData's terms.
///
/// ```
/// use partner_referrals::ListOptions;
///
/// let open = ListOptions::new()
///     .filter("direction eq 'Incoming' and substatus eq 'Pending'")
///     .order_by("createdDateTime desc")
///     .top(10);
/// # let _ = open;
/// ```
///
/// # Caveats
/// Documented are filters of `eq`, `and`, parentheses, paths such as
/// `customerProfile/address/country` and `team/any(t:t/email eq '..')`
/// (docs 2019 to 2025); a quote inside a text is written twice. `$select`
/// leaves members out, and a page without the members that every referral has
/// cannot be read.
#[derive(Clone, Default, PartialEq, Eq)]
#[must_use]
pub struct ListOptions {
    pub(crate) filter: Option<String>,
    pub(crate) order_by: Option<String>,
    pub(crate) select: Option<String>,
    pub(crate) expand: Option<String>,
    pub(crate) top: Option<i32>,
    pub(crate) skip: Option<i32>,
    pub(crate) count: Option<bool>,
}

impl ListOptions {
    /// Everything, in the service's order.
    pub fn new() -> Self {
        Self::default()
    }

    /// Which referrals (`$filter`). Never printed: it may hold an e-mail
    /// address.
    pub fn filter(mut self, filter: impl Into<String>) -> Self {
        self.filter = Some(filter.into());
        self
    }

    /// In which order (`$orderby`), such as `createdDateTime desc`.
    pub fn order_by(mut self, order: impl Into<String>) -> Self {
        self.order_by = Some(order.into());
        self
    }

    /// Which members (`$select`), with commas between them.
    pub fn select(mut self, members: impl Into<String>) -> Self {
        self.select = Some(members.into());
        self
    }

    /// What to expand (`$expand`). Nothing is known to be expandable.
    pub fn expand(mut self, members: impl Into<String>) -> Self {
        self.expand = Some(members.into());
        self
    }

    /// How many at most (`$top`). The service's own maximum is not known.
    pub fn top(mut self, referrals: u32) -> Self {
        self.top = Some(i32::try_from(referrals).unwrap_or(i32::MAX));
        self
    }

    /// How many to leave out first (`$skip`).
    pub fn skip(mut self, referrals: u32) -> Self {
        self.skip = Some(i32::try_from(referrals).unwrap_or(i32::MAX));
        self
    }

    /// Whether to count (`$count`). Whether the count is of the page or of all
    /// is not documented.
    pub fn count(mut self, count: bool) -> Self {
        self.count = Some(count);
        self
    }
}

impl fmt::Debug for ListOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ListOptions")
            .field(
                "filter",
                &self.filter.as_ref().map(|_| crate::redact::Hidden),
            )
            .field("order_by", &self.order_by)
            .field("select", &self.select)
            .field("top", &self.top)
            .field("skip", &self.skip)
            .finish_non_exhaustive()
    }
}
