//! How lists are cut into pages, without a connection in between.

use chrono::Duration;

use super::*;
use crate::sandbox::chance::{Ids, wire_time};

fn start() -> DateTime<Utc> {
    DateTime::parse_from_rfc3339("2024-01-01T00:00:00Z")
        .unwrap()
        .to_utc()
}

fn settings(page_size: usize) -> Settings {
    Settings {
        page_size,
        ..Settings::default()
    }
}

/// Referrals `0`, `1`, .. one second apart.
fn filled(count: i64) -> State {
    let mut state = State::new(Ids::new(Some(1)));
    for number in 0..count {
        add(&mut state, number);
    }
    state
}

fn add(state: &mut State, number: i64) {
    let at = start() + Duration::seconds(number);
    state.insert(
        json!({ "id": number.to_string(), "createdDateTime": wire_time(at) }),
        start(),
    );
}

fn page(state: &State, settings: &Settings, query: &str) -> Value {
    list(state, settings, Some(query), start()).unwrap()
}

fn ids(page: &Value) -> Vec<String> {
    let items = page["value"].as_array().unwrap().iter();
    items
        .map(|item| item["id"].as_str().unwrap().to_owned())
        .collect()
}

fn next(page: &Value) -> Option<String> {
    let link = page.get("@odata.nextLink")?.as_str().unwrap();
    Some(link.split_once('?').unwrap().1.to_owned())
}

fn all(state: &State, settings: &Settings, query: &str) -> Vec<String> {
    let mut query = query.to_owned();
    let mut found = Vec::new();
    loop {
        let page = page(state, settings, &query);
        found.extend(ids(&page));
        match next(&page) {
            Some(rest) => query = rest,
            None => return found,
        }
    }
}

#[test]
fn pages_follow_one_another_without_gap_or_repeat() {
    let state = filled(7);
    for size in [1, 2, 3, 7, 100] {
        let forth = all(&state, &settings(size), "$orderby=createdDateTime");
        assert_eq!(forth, ["0", "1", "2", "3", "4", "5", "6"]);
        let back = all(&state, &settings(size), "$orderby=createdDateTime%20desc");
        assert_eq!(back, ["6", "5", "4", "3", "2", "1", "0"]);
        assert_eq!(all(&state, &settings(size), "").len(), 7);
    }
}

#[test]
fn the_next_link_is_as_documented() {
    let first = page(&filled(3), &settings(2), "");
    let link = first["@odata.nextLink"].as_str().unwrap();
    assert!(link.starts_with("http://api.partner.microsoft.com/v1.0/referrals?$skiptoken="));
    assert_eq!(first["@odata.count"], 3);
}

#[test]
fn the_last_page_has_no_next_link() {
    let state = filled(4);
    let rest = next(&page(&state, &settings(2), "")).unwrap();
    assert!(next(&page(&state, &settings(2), &rest)).is_none());
}

#[test]
fn a_token_carries_the_rest_of_the_query() {
    let state = filled(9);
    let query = "$filter=id+ne+'3'&$orderby=createdDateTime+desc&$skip=1&$top=5&$select=id";
    assert_eq!(all(&state, &settings(2), query), ["7", "6", "5", "4", "2"]);
    let rest = next(&page(&state, &settings(2), query)).unwrap();
    let second = page(&state, &settings(2), &rest);
    assert_eq!(second["value"][0], json!({ "id": "5" }));
}

#[test]
fn a_referral_created_between_pages_moves_nothing() {
    let mut state = filled(4);
    let rest = next(&page(&state, &settings(2), "$orderby=createdDateTime desc")).unwrap();
    add(&mut state, 4);
    assert_eq!(ids(&page(&state, &settings(2), &rest)), ["1", "0"]);
}

#[test]
fn a_token_that_was_encoded_again_is_refused() {
    let state = filled(3);
    let rest = next(&page(&state, &settings(2), "")).unwrap();
    let token = rest.strip_prefix("$skiptoken=").unwrap();
    let encoded = format!("$skiptoken=%{:02X}{}", token.as_bytes()[0], &token[1..]);
    assert!(list(&state, &settings(2), Some(&encoded), start()).is_err());
    let key_encoded = format!("%24skiptoken={token}");
    assert_eq!(ids(&page(&state, &settings(2), &key_encoded)), ["2"]);
}

#[test]
fn a_list_may_be_asked_for_nothing() {
    let none = page(&filled(3), &settings(2), "$top=0&$count=false");
    assert!(ids(&none).is_empty() && next(&none).is_none());
    assert!(none.get("@odata.count").is_none());
}

#[test]
fn microsofts_half_and_late_referrals_can_be_hidden() {
    let mut state = filled(1);
    state.insert(json!({ "id": "m", "organizationId": "msft" }), start());
    assert_eq!(all(&state, &settings(9), ""), ["0", "m"]);
    let hidden = Settings {
        lists_microsofts_half: false,
        ..settings(9)
    };
    assert_eq!(all(&state, &hidden, ""), ["0"]);

    state.store(
        "late",
        json!({ "id": "late" }),
        start() + Duration::seconds(5),
    );
    assert_eq!(all(&state, &settings(9), ""), ["0", "m"]);
    let later = list(&state, &settings(9), None, start() + Duration::seconds(5)).unwrap();
    assert_eq!(ids(&later), ["0", "m", "late"]);
}

#[test]
fn options_that_are_not_understood_are_refused() {
    let state = filled(1);
    for query in [
        "$top=-1",
        "$top=many",
        "$top=2147483648",
        "$skip=x",
        "$count=yes",
        "$orderby=name",
        "$orderby=createdDateTime up",
        "$orderby=createdDateTime asc desc",
        "$select=",
        "$select=details/notes",
        "$filter=",
        "$filter=nmae eq 'x'",
        "$expand=team",
        "$top=1&$top=2",
        "$skiptoken=",
        "$skiptoken=AAAA",
    ] {
        let refusal = list(&state, &settings(9), Some(query), start()).expect_err(query);
        assert_eq!(refusal.status, 400, "{query}");
    }
    assert_eq!(all(&state, &settings(9), "api-version=1"), ["0"]);
}
