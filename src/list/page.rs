//! One page of a list.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::generated::client::types::Referral;

/// One page of referrals.
#[derive(Debug)]
#[non_exhaustive]
pub struct Page<T = Referral> {
    /// The referrals of this page; a page may be empty and have a next one.
    pub referrals: Vec<T>,
    /// One error for each referral that could not be read, with its place in
    /// the list ([`Error::list_position`]) and its id where that could be told.
    pub unreadable: Vec<Error>,
    /// `@odata.count`: of the page or of all, which is not documented.
    pub count: Option<i64>,
    /// The way to the next page; none on the last one.
    pub next: Option<Continuation>,
}

/// The way to the next page: what the service put behind the `?` of its
/// `@odata.nextLink`, byte for byte.
///
/// The rest of the link is not used. In every published example it is `http`
/// and its path is wrong (docs 2019 to 2025): following it would send the
/// token in the clear, so the query is put on the client's own address.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Continuation(String);

impl Continuation {
    /// Takes the query out of a link; only a query that a URL can hold as it
    /// is, so that it reaches the service unchanged.
    pub(crate) fn from_link(link: &str) -> Option<Self> {
        let query = link.split_once('?')?.1;
        let query = query.split('#').next().unwrap_or_default();
        let mut probe = url::Url::parse("https://h/").ok()?;
        probe.set_query(Some(query));
        let query = probe.query().unwrap_or_default();
        (!query.is_empty()).then(|| Self(query.to_owned()))
    }

    pub(crate) fn query(&self) -> &str {
        &self.0
    }

    /// The query as text, to be kept and given back with
    /// [`try_from`](Self::try_from) later. It may repeat the filter.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A text that is no way to a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a query that `Continuation::as_str` gave")]
#[non_exhaustive]
pub struct InvalidContinuation;

impl TryFrom<String> for Continuation {
    type Error = InvalidContinuation;

    fn try_from(query: String) -> Result<Self, InvalidContinuation> {
        Self::from_link(&format!("?{query}"))
            .filter(|next| next.0 == query)
            .ok_or(InvalidContinuation)
    }
}

impl From<Continuation> for String {
    fn from(next: Continuation) -> Self {
        next.0
    }
}

impl fmt::Debug for Continuation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The query may repeat the filter.
        f.write_str("Continuation(<hidden>)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_query_of_a_link_is_kept_and_byte_for_byte() {
        let link = "http://api.partner.microsoft.com/v1.0/referrals?$skiptoken=a%2Bb+c%3D%3D~x/y";
        assert_eq!(
            Continuation::from_link(link).unwrap().query(),
            "$skiptoken=a%2Bb+c%3D%3D~x/y"
        );
    }

    #[test]
    fn a_way_to_the_next_page_can_be_kept_as_text() {
        let next = Continuation::from_link("http://h/p?$skiptoken=a%2Bb").unwrap();
        let kept = serde_json::to_string(&next).unwrap();
        assert_eq!(serde_json::from_str::<Continuation>(&kept).unwrap(), next);
        for bad in ["", "a b", "a#b"] {
            assert!(Continuation::try_from(bad.to_owned()).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_link_without_a_query_is_no_way_to_the_next_page() {
        for link in ["http://h/p", "http://h/p?", "http://h/p?#x", ""] {
            assert_eq!(Continuation::from_link(link), None, "{link}");
        }
    }
}
