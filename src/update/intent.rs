//! Whether a change whose answer was lost was made.

use super::diff::Change;
use super::json::{alike, at, items, turned};

/// What a referral says of a change that may have been made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    /// All of it is there.
    Made,
    /// What it would have changed is as it was.
    Untouched,
    /// Neither: somebody else changed the same members.
    Unclear,
}

/// At which places of its list what is to be appended is there already.
pub(crate) fn places(change: &Change, text: &str) -> Vec<usize> {
    let items = at(text, &change.path).and_then(items).unwrap_or_default();
    let items = items.iter().enumerate();
    let like = items.filter(|(_, item)| alike(Some(change.meant()), Some(item.get())));
    like.map(|(place, _)| place).collect()
}

/// Compares what was meant with what is there now. `base` is the referral that
/// the changes were made for, `now` the one that was read afterwards.
pub(crate) fn judge(changes: &[Change], base: &str, now: &str) -> Seen {
    let made = |change: &Change| {
        let found = at(now, &change.path);
        if !change.append {
            return turned(Some(change.meant()), at(base, &change.path), found);
        }
        // As many as there were, and those that were meant to come.
        let like = |text: Option<&str>| {
            let items = text.and_then(items).unwrap_or_default();
            let like = |item: &&&serde_json::value::RawValue| {
                alike(Some(change.meant()), Some(item.get()))
            };
            items.iter().filter(like).count()
        };
        let meant = changes.iter().filter(|other| {
            other.append
                && other.path == change.path
                && alike(Some(change.meant()), Some(other.meant()))
        });
        like(found) >= like(at(base, &change.path)) + meant.count()
    };
    let untouched = |change: &Change| {
        let (before, found) = (at(base, &change.path), at(now, &change.path));
        alike(before, found) && alike(found, before)
    };
    if changes.iter().all(made) {
        Seen::Made
    } else if changes.iter().all(untouched) {
        Seen::Untouched
    } else {
        Seen::Unclear
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generated::enums::PatchOp;

    fn change(path: &str, append: bool, value: &str) -> Change {
        Change {
            op: PatchOp::Add,
            path: path.split('/').map(str::to_owned).collect(),
            append,
            value: value.to_owned(),
            comes_back: None,
        }
    }

    #[test]
    fn a_change_is_made_untouched_or_unclear() {
        let notes = [
            change("d/notes", false, r#""b""#),
            change("d/n", false, "2"),
        ];
        let base = r#"{"d":{"notes":"a","n":1}}"#;
        for (now, seen) in [
            (r#"{"d":{"notes":"b","n":2}}"#, Seen::Made),
            (r#"{"d":{"notes":"a","n":1},"x":1}"#, Seen::Untouched),
            (r#"{"d":{"notes":"c","n":1}}"#, Seen::Unclear),
            (r#"{"d":{"notes":"b","n":1}}"#, Seen::Unclear),
            ("{}", Seen::Unclear),
        ] {
            assert_eq!(judge(&notes, base, now), seen, "{now}");
        }
    }

    #[test]
    fn an_item_that_was_there_before_does_not_pass_for_the_appended_one() {
        let twice = [
            change("t", true, r#"{"e":"x"}"#),
            change("t", true, r#"{"e":"x"}"#),
        ];
        let base = r#"{"t":[{"e":"x"}]}"#;
        let now = |count: usize| {
            format!(
                r#"{{"t":[{}]}}"#,
                vec![r#"{"e":"x","id":1}"#; count].join(",")
            )
        };
        assert_eq!(judge(&twice, base, &now(3)), Seen::Made);
        assert_eq!(judge(&twice, base, &now(2)), Seen::Unclear);
        assert_eq!(judge(&twice, base, base), Seen::Untouched);
        assert_eq!(judge(&twice, "{}", "{}"), Seen::Untouched);
    }
}
