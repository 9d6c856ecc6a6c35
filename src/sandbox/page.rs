//! GET on the collection: query options, order, pages, next link.
//!
//! From the list page (D19, D20) and the connector's description (2020 to
//! 2023). The next link is by default as every version of the page prints it:
//! plain http, and a path without `/engagements`; whoever follows it to the
//! letter leaves loopback. Ours, for want of a source: `@odata.count` counts all
//! matches, a list without `$orderby` comes in the order of creation, and a page
//! starts behind the last referral shown, not at a number.

use std::cmp::Ordering;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use super::answer::Refusal;
use super::filter::Filter;
use super::service::Settings;
use super::skeleton;
use super::skiptoken::Position;
use super::state::{State, is_microsofts_half, text};

/// The path of the collection.
pub(super) const COLLECTION: &str = "/v1.0/engagements/referrals";

#[derive(Debug, Clone, Copy, PartialEq)]
struct Order {
    member: &'static str,
    descending: bool,
}

/// A list request, understood.
#[derive(Debug)]
struct Query {
    filter: Option<Filter>,
    order: Option<Order>,
    select: Option<Vec<String>>,
    skip: usize,
    /// What the next page is asked with.
    rest: Position,
    /// Whether the list goes on behind the place that `rest` names.
    goes_on: bool,
}

/// Answers a list request.
pub(super) fn list(
    state: &State,
    settings: &Settings,
    query: Option<&str>,
    now: DateTime<Utc>,
) -> Result<Value, Refusal> {
    let mut query = Query::read(query.unwrap_or_default(), settings)?;
    if let Some(filter) = &query.filter {
        check_members(state, filter)?;
    }
    let mut found: Vec<(DateTime<Utc>, usize, &Value)> = state
        .all()
        .filter(|(_, stored)| stored.visible_from <= now)
        .filter(|(_, stored)| settings.lists_microsofts_half || !is_microsofts_half(&stored.value))
        .filter(|(_, stored)| {
            query
                .filter
                .as_ref()
                .is_none_or(|filter| filter.passes(&stored.value))
        })
        .map(|(place, stored)| (sort_time(&stored.value, query.order), place, &stored.value))
        .collect();
    let count = found.len();
    let by = |a: &(DateTime<Utc>, usize), b: &(DateTime<Utc>, usize)| compare(query.order, a, b);
    found.sort_unstable_by(|a, b| by(&(a.0, a.1), &(b.0, b.1)));
    if query.goes_on {
        let last = (query.rest.at, query.rest.place);
        found.retain(|item| by(&(item.0, item.1), &last) == Ordering::Greater);
    }

    let left = query.rest.left.unwrap_or(usize::MAX);
    let take = settings.page_size.min(left);
    let behind = found.len().saturating_sub(query.skip);
    let shown: Vec<_> = found.into_iter().skip(query.skip).take(take).collect();
    let more = behind > shown.len() && left > shown.len();
    let last = shown.last().map(|(at, place, _)| (*at, *place));
    let value: Vec<Value> = shown
        .into_iter()
        .map(|(_, _, referral)| select(referral, query.select.as_deref()))
        .collect();

    let mut answer = json!({
        "@odata.context": "http://api.partner.microsoft.com/v1.0/$metadata#Referrals",
    });
    if let Some(members) = answer.as_object_mut() {
        if query.rest.count {
            members.insert("@odata.count".to_owned(), json!(count));
        }
        if let (true, Some((at, place))) = (more, last) {
            query.rest.at = at;
            query.rest.place = place;
            query.rest.left = query.rest.left.map(|left| left.saturating_sub(value.len()));
            let token = query.rest.token();
            let link = format!("{}?$skiptoken={token}", settings.next_link_base);
            members.insert("@odata.nextLink".to_owned(), json!(link));
        }
        members.insert("value".to_owned(), Value::Array(value));
    }
    Ok(answer)
}

impl Query {
    fn read(query: &str, settings: &Settings) -> Result<Self, Refusal> {
        let mut given = Position {
            count: true,
            ..Position::default()
        };
        let mut skip = 0;
        let mut seen: Vec<String> = Vec::new();
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            // OData leaves names without a dollar to the service, which
            // documents none.
            if !name.starts_with('$') {
                continue;
            }
            if seen.iter().any(|seen| *seen == name) {
                return Err(Refusal::invalid(&name, "The option is given twice."));
            }
            match name.as_ref() {
                "$filter" => given.filter = Some(value.into_owned()),
                "$orderby" => given.orderby = Some(value.into_owned()),
                "$select" => given.select = Some(value.into_owned()),
                "$top" => given.left = Some(whole(&name, &value)?),
                "$skip" => skip = whole(&name, &value)?,
                "$count" => given.count = flag(&name, &value)?,
                "$skiptoken" => {}
                _ => return Err(Refusal::invalid(&name, "The option is not supported.")),
            }
            seen.push(name.into_owned());
        }
        // With a token the rest of the query is what the token says.
        let token = raw_option(query, "skiptoken");
        let rest = match token {
            Some(token) => {
                skip = 0;
                Position::read(token)?
            }
            None => given,
        };
        Ok(Self {
            filter: match &rest.filter {
                Some(filter) => Some(Filter::parse(filter, settings.documented_filters_only)?),
                None => None,
            },
            order: match &rest.orderby {
                Some(orderby) => Some(order(orderby)?),
                None => None,
            },
            select: match &rest.select {
                Some(select) => Some(selection(select)?),
                None => None,
            },
            skip,
            rest,
            goes_on: token.is_some(),
        })
    }
}

/// An option's value as sent, without decoding.
fn raw_option<'a>(query: &'a str, name: &str) -> Option<&'a str> {
    query.split('&').find_map(|part| {
        let (key, value) = part.split_once('=')?;
        let key = key.strip_prefix('$').or_else(|| key.strip_prefix("%24"))?;
        (key == name).then_some(value)
    })
}

/// A whole number of 32 bits, as the connector's description types the options
/// (SW20a).
fn whole(name: &str, value: &str) -> Result<usize, Refusal> {
    value
        .parse::<i32>()
        .ok()
        .and_then(|value| usize::try_from(value).ok())
        .ok_or_else(|| Refusal::invalid(name, "The option must be a whole number from 0 on."))
}

fn flag(name: &str, value: &str) -> Result<bool, Refusal> {
    value
        .parse()
        .map_err(|_| Refusal::invalid(name, "The option must be true or false."))
}

fn order(text: &str) -> Result<Order, Refusal> {
    let mut words = text.split_whitespace();
    let member = match words.next() {
        Some("createdDateTime") => "createdDateTime",
        Some("updatedDateTime") => "updatedDateTime",
        _ => {
            return Err(Refusal::invalid(
                "$orderby",
                "Only createdDateTime and updatedDateTime can be ordered by.",
            ));
        }
    };
    let descending = match (words.next(), words.next()) {
        (None | Some("asc"), None) => false,
        (Some("desc"), None) => true,
        _ => {
            return Err(Refusal::invalid(
                "$orderby",
                "The order is either asc or desc.",
            ));
        }
    };
    Ok(Order { member, descending })
}

fn selection(text: &str) -> Result<Vec<String>, Refusal> {
    text.split(',')
        .map(str::trim)
        .map(|name| {
            let is_name = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric());
            is_name.then(|| name.to_owned()).ok_or_else(|| {
                Refusal::invalid("$select", "Only members of the referral can be selected.")
            })
        })
        .collect()
}

/// Refuses a filter by a member that no referral has: most likely a typing
/// error, and OData services say so.
fn check_members(state: &State, filter: &Filter) -> Result<(), Refusal> {
    for name in filter.members() {
        let known = skeleton::is_known_member(name)
            || state
                .all()
                .any(|(_, stored)| stored.value.get(name).is_some());
        if !known {
            return Err(Refusal::invalid(
                "$filter",
                format!("A referral has no member '{name}'."),
            ));
        }
    }
    Ok(())
}

fn select(referral: &Value, names: Option<&[String]>) -> Value {
    let Some(names) = names else {
        return referral.clone();
    };
    let kept: Map<String, Value> = names
        .iter()
        .filter_map(|name| Some((name.clone(), referral.get(name)?.clone())))
        .collect();
    Value::Object(kept)
}

fn sort_time(referral: &Value, order: Option<Order>) -> DateTime<Utc> {
    order
        .and_then(|order| text(referral, order.member))
        .and_then(|at| DateTime::parse_from_rfc3339(at).ok())
        .map_or(DateTime::UNIX_EPOCH, |at| at.to_utc())
}

fn compare(
    order: Option<Order>,
    a: &(DateTime<Utc>, usize),
    b: &(DateTime<Utc>, usize),
) -> Ordering {
    let by_time = a.0.cmp(&b.0);
    let by_time = match order {
        Some(order) if order.descending => by_time.reverse(),
        _ => by_time,
    };
    by_time.then(a.1.cmp(&b.1))
}

#[cfg(test)]
#[path = "page_tests.rs"]
mod tests;
