//! JSON as text: a tree of values would turn exact amounts into floats.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use crate::escapes::unescaped;
use crate::scalar::{Amount, Timestamp};

/// The members of an object; none of anything else.
pub(crate) fn members(text: &str) -> Option<BTreeMap<String, &RawValue>> {
    text.trim_start().starts_with('{').then_some(())?;
    serde_json::from_str(text).ok()
}

/// The items of a list; none of anything else.
pub(crate) fn items(text: &str) -> Option<Vec<&RawValue>> {
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
pub(crate) fn object<'a>(members: impl IntoIterator<Item = (&'a str, String)>) -> String {
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
pub(crate) fn list(items: impl IntoIterator<Item = String>) -> String {
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
    likeness(meant, found) != Likeness::Other
}

/// Whether `found` is what a change made of `base`. What is merely alike does
/// not tell, where it was alike before: nothing that the change takes away is
/// there any more, and a text that it only spells anew is there to the letter. What
/// it leaves alone, in a list that is sent as a whole, may be spelled anew.
pub(super) fn turned(meant: Option<&str>, base: Option<&str>, found: Option<&str>) -> bool {
    let (Some(meant), Some(found)) = (meant, found) else {
        return is_null(meant) && is_null(found);
    };
    if let (Some(new), Some(now)) = (members(meant), members(found)) {
        let old = base.and_then(members).unwrap_or_default();
        let gone = old.iter().all(|(name, value)| {
            let left = || now.get(name).map(|value| value.get());
            new.contains_key(name) || is_null(Some(value.get())) || is_null(left())
        });
        return gone
            && new.iter().all(|(name, value)| {
                let old = old.get(name).map(|value| value.get());
                let now = now.get(name).map(|value| value.get());
                turned(Some(value.get()), old, now)
            });
    }
    if let (Some(new), Some(now)) = (items(meant), items(found)) {
        let old = base.and_then(items).unwrap_or_default();
        // Which item was which is told by the place alone.
        let old = |index: usize| old.get(index).filter(|_| old.len() == new.len());
        return new.len() == now.len()
            && new.iter().zip(&now).enumerate().all(|(index, (new, now))| {
                let old = old(index).map(|value| value.get());
                turned(Some(new.get()), old, Some(now.get()))
            });
    }
    match likeness(meant, found) {
        Likeness::Same => true,
        Likeness::Spelled => {
            let left_alone = base.is_some_and(|base| base.trim() == meant.trim());
            left_alone || !alike(Some(meant), base)
        }
        Likeness::Other => false,
    }
}

/// How two values compare that are neither objects nor lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Likeness {
    Same,
    /// One text, with HTML's escapes and without, or one time. Whether a member is
    /// a time is not told here: to a text that reads as one the spelling matters.
    Spelled,
    Other,
}

fn likeness(one: &str, other: &str) -> Likeness {
    let text = |json: &str| serde_json::from_str::<String>(json).ok();
    let same = |same: bool| match same {
        true => Likeness::Same,
        false => Likeness::Other,
    };
    let (Some(one_text), Some(other_text)) = (text(one), text(other)) else {
        // Two texts are no numbers: "7" is not "007".
        let number = |json: &str| serde_json::from_str::<Amount>(json).ok();
        let numbers = number(one).zip(number(other));
        return same(one.trim() == other.trim() || numbers.is_some_and(|(a, b)| a == b));
    };
    let time = |text: &str| text.parse::<Timestamp>().ok();
    match (time(&one_text), time(&other_text)) {
        _ if one_text == other_text => Likeness::Same,
        (Some(one), Some(other)) if one == other => Likeness::Spelled,
        _ if same_text(&one_text, &other_text) => Likeness::Spelled,
        _ => Likeness::Other,
    }
}

/// Whether two texts are the same but for HTML's escapes.
pub(crate) fn same_text(one: &str, other: &str) -> bool {
    unescaped(one) == unescaped(other)
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
            (r#""007""#, r#""7""#),
        ] {
            assert!(!alike(Some(meant), Some(found)), "{meant} {found}");
        }
        assert!(alike(None, Some("null")) && alike(Some("null"), None));
        assert!(!alike(None, Some("1")));
    }

    #[test]
    fn what_was_alike_before_is_no_sign_that_a_change_was_made() {
        let (plain, escaped) = (r#""A & B""#, r#""A &amp; B""#);
        let (day, time) = (r#""2024-11-14""#, r#""2024-11-14T00:00:00Z""#);
        let digits = r#""2024-11-14T00:00:00.0000000Z""#;
        let solution = |time: &str, n: u32| format!(r#"[{{"at":{time},"n":{n}}}]"#);
        let six = r#""2024-11-14T00:00:00.000000Z""#;
        let (listed, sent) = (solution(six, 1), solution(six, 2));
        let spelled = solution(digits, 2);
        for (meant, base, found, made) in [
            (plain, r#""C""#, escaped, true),
            (plain, escaped, plain, true),
            (plain, escaped, escaped, false),
            (r#"{"a":1}"#, r#"{"a":1,"b":2}"#, r#"{"a":1,"b":2}"#, false),
            (
                r#"{"a":1}"#,
                r#"{"a":1,"b":2}"#,
                r#"{"a":1,"b":null}"#,
                true,
            ),
            (r#"{"a":1}"#, r#"{"a":0}"#, r#"{"a":1,"new":2}"#, true),
            (
                r#"[{"a":{}}]"#,
                r#"[{"a":{"b":"x"}}]"#,
                r#"[{"a":{"b":"x"}}]"#,
                false,
            ),
            (
                r#"[{"a":1}]"#,
                r#"[{"b":2},{}]"#,
                r#"[{"a":1,"b":2}]"#,
                true,
            ),
            ("[1]", "[1,2]", "[1,2]", false),
            ("null", "1", "1", false),
            ("10.0", "10", "10", true),
            (time, day, day, false),
            (day, time, time, false),
            (time, day, time, true),
            (time, r#""2023-01-01""#, digits, true),
            (&sent, &listed, &spelled, true),
            (
                r#"["A & B",2]"#,
                r#"["A & B",1]"#,
                r#"["A &amp; B",2]"#,
                true,
            ),
        ] {
            let turned = turned(Some(meant), Some(base), Some(found));
            assert_eq!(turned, made, "{base} to {meant}: {found}");
        }
        assert!(turned(Some("null"), Some("1"), None));
    }
}
