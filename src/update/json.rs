//! JSON as text: a tree of values would turn exact amounts into floats.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use crate::scalar::{Amount, Timestamp};

/// The members of an object; none of anything else.
pub(super) fn members(text: &str) -> Option<BTreeMap<String, &RawValue>> {
    text.trim_start().starts_with('{').then_some(())?;
    serde_json::from_str(text).ok()
}

/// The items of a list; none of anything else.
pub(super) fn items(text: &str) -> Option<Vec<&RawValue>> {
    text.trim_start().starts_with('[').then_some(())?;
    serde_json::from_str(text).ok()
}

/// What stands at a path of member names and places in lists.
pub(super) fn at<'a>(text: &'a str, path: &[String]) -> Option<&'a str> {
    let mut value = text;
    for name in path {
        value = match items(value) {
            Some(items) => items.get(name.parse::<usize>().ok()?)?.get(),
            None => members(value)?.get(name)?.get(),
        };
    }
    Some(value)
}

pub(super) fn is_null(text: Option<&str>) -> bool {
    text.is_none_or(|text| text.trim() == "null")
}

/// An object as text.
pub(super) fn object<'a>(members: impl IntoIterator<Item = (&'a str, String)>) -> String {
    let mut out = String::from("{");
    for (index, (name, value)) in members.into_iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        out.push_str(&serde_json::Value::from(name).to_string());
        out.push(':');
        out.push_str(&value);
    }
    out.push('}');
    out
}

/// A list as text.
pub(super) fn list(items: impl IntoIterator<Item = String>) -> String {
    let items: Vec<String> = items.into_iter().collect();
    format!("[{}]", items.join(","))
}

/// Whether `found` says what `meant` says, as the service may write it: times
/// with other digits, numbers as texts, escaped HTML, members of its own.
pub(super) fn alike(meant: Option<&str>, found: Option<&str>) -> bool {
    let (Some(meant), Some(found)) = (meant, found) else {
        return is_null(meant) && is_null(found);
    };
    if meant.trim() == found.trim() {
        return true;
    }
    if let (Some(meant), Some(found)) = (members(meant), members(found)) {
        return meant.iter().all(|(name, value)| {
            let found = found.get(name).map(|found| found.get());
            alike(Some(value.get()), found)
        });
    }
    if let (Some(meant), Some(found)) = (items(meant), items(found)) {
        return meant.len() == found.len()
            && meant
                .iter()
                .zip(&found)
                .all(|(meant, found)| alike(Some(meant.get()), Some(found.get())));
    }
    let number = |text: &str| serde_json::from_str::<Amount>(text).ok();
    if let (Some(meant), Some(found)) = (number(meant), number(found)) {
        return meant == found;
    }
    let text = |json: &str| serde_json::from_str::<String>(json).ok();
    let (Some(meant), Some(found)) = (text(meant), text(found)) else {
        return false;
    };
    let time = |text: &str| text.parse::<Timestamp>().ok();
    match (time(&meant), time(&found)) {
        (Some(meant), Some(found)) => meant == found,
        _ => unescaped(&meant) == unescaped(&found),
    }
}

/// The service has been seen to give names back with HTML's escapes.
fn unescaped(text: &str) -> String {
    let text = text.replace("&lt;", "<").replace("&gt;", ">");
    let text = text.replace("&quot;", "\"").replace("&#39;", "'");
    text.replace("&#x27;", "'").replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_service_writes_its_own_way_is_alike() {
        for (meant, found) in [
            (r#""A & B's""#, r#""A &amp; B&#39;s""#),
            (
                r#""2024-01-01T00:00:00.1Z""#,
                r#""2024-01-01T00:00:00.1000000Z""#,
            ),
            ("10", r#""10.00""#),
            (r#"{"a":1,"b":null}"#, r#"{"a":1.0,"new":2}"#),
            ("[1,2]", "[ 1, 2.0 ]"),
        ] {
            assert!(alike(Some(meant), Some(found)), "{meant} {found}");
        }
        for (meant, found) in [
            ("9007199254740993.01", "9007199254740993.02"),
            (r#"{"a":1}"#, "{}"),
            ("[1]", "[1,1]"),
            ("true", "false"),
            (r#""a""#, "null"),
            ("{}", "[]"),
        ] {
            assert!(!alike(Some(meant), Some(found)), "{meant} {found}");
        }
        assert!(alike(None, Some("null")) && alike(Some("null"), None));
        assert!(!alike(None, Some("1")));
    }
}
