//! Lists: what to ask for, one page, and the way to the next.

mod body;
pub mod filter;
mod page;
mod stream;
mod watermark;

use std::fmt;

use self::filter::Filter;
use crate::generated::wire::query;

pub(crate) use body::{Body, RawPage, item};
pub use page::{Continuation, InvalidContinuation, Page};
pub(crate) use stream::Trail;
pub use stream::{Pages, Referrals};
pub use watermark::Watermark;

/// What a list shows, in OData's terms.
///
/// ```
/// use partner_referrals::ListOptions;
///
/// use partner_referrals::filter;
/// use partner_referrals::types::{Direction, Substatus};
///
/// let incoming = filter::direction().eq(Direction::Incoming);
/// let open = ListOptions::new()
///     .filter(incoming.and(filter::substatus().eq(Substatus::Pending)))
///     .order_by("createdDateTime desc")
///     .top(10);
/// # let _ = open;
/// ```
///
/// # Caveats
/// `$select` leaves members out, and a page without the members that every
/// referral has cannot be read. Options of more than
/// [`MAX_QUERY`](Self::MAX_QUERY) bytes are refused before anything is sent.
#[derive(Clone, PartialEq, Eq)]
#[must_use]
pub struct ListOptions {
    pub(crate) filter: Option<Filter>,
    pub(crate) order_by: Option<String>,
    pub(crate) select: Option<String>,
    pub(crate) expand: Option<String>,
    pub(crate) top: Option<i32>,
    pub(crate) skip: Option<i32>,
    pub(crate) count: Option<bool>,
    pub(crate) prefetch: bool,
    resume: Option<Continuation>,
}

impl Default for ListOptions {
    fn default() -> Self {
        Self {
            filter: None,
            order_by: None,
            select: None,
            expand: None,
            top: None,
            skip: None,
            count: None,
            prefetch: true,
            resume: None,
        }
    }
}

/// What to ask a list for.
pub(crate) enum Ask {
    First(Box<ListOptions>),
    Next(Continuation),
}

impl ListOptions {
    /// The longest query that is sent, in bytes, encoded for a URL. The limit
    /// is this library's, below the 8 KiB where common gateways stop; that of
    /// the service is not documented.
    pub const MAX_QUERY: usize = 8_000;

    /// How many empty pages may follow each other before a list ends with an
    /// error. A service that filters behind its pages may send some.
    pub const MAX_EMPTY_PAGES: usize = 100;

    /// Everything, in the service's order.
    pub fn new() -> Self {
        Self::default()
    }

    /// Which referrals (`$filter`): made from the parts in
    /// [`filter`](mod@crate::filter), or a text as it is. Never printed: it may
    /// hold an e-mail address.
    pub fn filter(mut self, filter: impl Into<Filter>) -> Self {
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

    /// How many at most (`$top`). The service's own maximum is not known, nor
    /// whether it keeps to the number over several pages: a stream goes on as long
    /// as the service names a next page, and does not count.
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

    /// Goes on with a list at a page that was kept. Filter, order and the like
    /// are in it; those that are set beside it are not sent.
    pub fn resume(next: Continuation) -> Self {
        Self {
            resume: Some(next),
            ..Self::default()
        }
    }

    /// Whether a stream fetches the next page while this one is read: yes,
    /// unless it is turned off here. It costs one page of memory, and one request
    /// for nothing where the stream is dropped early.
    pub fn prefetch(mut self, prefetch: bool) -> Self {
        self.prefetch = prefetch;
        self
    }

    pub(crate) fn into_ask(mut self) -> Ask {
        match self.resume.take() {
            Some(next) => Ask::Next(next),
            None => Ask::First(Box::new(self)),
        }
    }

    /// The options as they are sent.
    pub(crate) fn query(&self) -> Vec<(&'static str, String)> {
        let text = |name, value: Option<&str>| value.map(|value| (name, value.to_owned()));
        let number = |name, value: Option<i32>| value.map(|value| (name, value.to_string()));
        [
            self.count.map(|count| (query::COUNT, count.to_string())),
            text(query::EXPAND, self.expand.as_deref()),
            text(query::FILTER, self.filter_text()),
            text(query::ORDERBY, self.order_by.as_deref()),
            text(query::SELECT, self.select.as_deref()),
            number(query::SKIP, self.skip),
            number(query::TOP, self.top),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    fn filter_text(&self) -> Option<&str> {
        self.filter.as_ref()?.as_str().ok()
    }

    /// What can be known to be wrong before it is sent.
    pub(crate) fn problem(&self) -> Option<String> {
        if let Some(Err(problem)) = self.filter.as_ref().map(Filter::as_str) {
            return Some(problem.to_string());
        }
        let texts = [
            (query::FILTER, self.filter_text()),
            (query::ORDERBY, self.order_by.as_deref()),
            (query::SELECT, self.select.as_deref()),
            (query::EXPAND, self.expand.as_deref()),
        ];
        let length = texts
            .into_iter()
            .filter_map(|(name, text)| Some(name.len() + 2 + encoded_length(text?)))
            .sum::<usize>();
        (length > Self::MAX_QUERY).then(|| {
            let most = Self::MAX_QUERY;
            format!("its options are {length} bytes in a URL, and {most} are allowed")
        })
    }
}

/// How long a text is in a query: what is not plain takes three bytes.
fn encoded_length(text: &str) -> usize {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"*-._".contains(&byte);
    text.bytes()
        .map(|byte| if plain(byte) { 1 } else { 3 })
        .sum()
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
            .field("prefetch", &self.prefetch)
            .field("resume", &self.resume)
            .finish_non_exhaustive()
    }
}
