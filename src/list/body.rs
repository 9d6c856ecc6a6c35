//! The body of a list, item by item.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde::de::Error as _;
use serde_json::value::RawValue;

use super::{Continuation, Page};
use crate::error::Error;
use crate::generated::wire::referral_list;
use crate::transport::{Call, place_of, unreadable};

/// A page whose referrals are JSON still. Each is read when it is its turn, so
/// that one that cannot be read costs no other.
#[derive(Debug)]
pub(crate) struct Body {
    items: Vec<Box<RawValue>>,
    count: Option<i64>,
    next_link: Option<String>,
}

impl Body {
    /// Reads what stands around the referrals.
    pub(crate) fn read(bytes: &Bytes) -> Result<Self, serde_json::Error> {
        let members: HashMap<String, &RawValue> = serde_json::from_slice(bytes)?;
        let member = |name: &str| members.get(name).map(|raw| raw.get());
        let items = member(referral_list::VALUE)
            .ok_or_else(|| serde_json::Error::custom("no list of referrals"))?;
        Ok(Self {
            items: serde_json::from_str(items)?,
            // A count that is none is worth no failure.
            count: member(referral_list::ODATA_COUNT)
                .and_then(|count| serde_json::from_str(count).ok()),
            next_link: match member(referral_list::ODATA_NEXT_LINK) {
                Some(link) => serde_json::from_str(link)?,
                None => None,
            },
        })
    }
}

/// A page that was fetched, with the call that fetched it.
pub(crate) struct RawPage {
    pub(crate) items: std::vec::IntoIter<Box<RawValue>>,
    pub(crate) count: Option<i64>,
    pub(crate) next: Option<Continuation>,
    pub(crate) call: Arc<Call>,
}

impl RawPage {
    pub(crate) fn new(body: Body, call: Arc<Call>) -> Result<Self, Error> {
        let next = match body.next_link.as_deref() {
            None | Some("") => None,
            Some(link) => Some(Continuation::from_link(link).ok_or_else(|| {
                unreadable(
                    &call,
                    "its `@odata.nextLink` has no query, so the way to the next page is lost",
                )
            })?),
        };
        Ok(Self {
            items: body.items.into_iter(),
            count: body.count,
            next,
            call,
        })
    }

    /// Reads all items; the first has the number `position` in its list.
    pub(crate) fn into_page<T: DeserializeOwned>(self, position: usize) -> Page<T> {
        let (mut referrals, mut unreadable) = (Vec::new(), Vec::new());
        for (index, raw) in self.items.enumerate() {
            match item(&self.call, &raw, position.saturating_add(index)) {
                Ok(one) => referrals.push(one),
                Err(error) => unreadable.push(error),
            }
        }
        Page {
            referrals,
            unreadable,
            count: self.count,
            next: self.next,
        }
    }
}

/// Reads one item of a list. The error names its place in the list and, where
/// it can be told, its id.
pub(crate) fn item<T: DeserializeOwned>(
    call: &Call,
    raw: &RawValue,
    position: usize,
) -> Result<T, Error> {
    serde_json::from_str(raw.get()).map_err(|error| {
        let detail = format!("item {position} of the list, from 0: {}", place_of(&error));
        unreadable(call, &detail)
            .with(|parts| {
                parts.list_position = Some(position);
                parts.body = Bytes::copy_from_slice(raw.get().as_bytes());
            })
            .salvage_id()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(text: &str) -> Result<Body, serde_json::Error> {
        Body::read(&Bytes::copy_from_slice(text.as_bytes()))
    }

    #[test]
    fn what_stands_around_the_referrals_is_read_whatever_they_are() {
        let read = body(r#"{"@odata.count": 3, "later": {}, "value": [1, {"id": "a"}, null]}"#);
        let read = read.unwrap();
        assert_eq!((read.items.len(), read.count), (3, Some(3)));
        assert_eq!(read.next_link, None);
        let odd = body(r#"{"@odata.count": "3", "@odata.nextLink": null, "value": []}"#).unwrap();
        assert_eq!((odd.count, odd.next_link), (None, None));
        for bad in [
            "",
            "[]",
            "{}",
            r#"{"value": {}}"#,
            r#"{"value": null}"#,
            r#"{"value": [}"#,
            r#"{"value": [], "@odata.nextLink": 1}"#,
        ] {
            assert!(body(bad).is_err(), "{bad}");
        }
    }
}
