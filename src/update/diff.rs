//! What an edit changed, as the smallest patch of `add` and `replace`.

use crate::generated::enums::PatchOp;
use crate::generated::wire::rights::{Right, TABLE};

use super::json::{at, is_null, items, list, members, object};

/// One operation of the patch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    pub(crate) op: PatchOp,
    /// Names from the referral down to the member.
    pub(crate) path: Vec<String>,
    /// The value is appended to the list at `path`.
    pub(crate) append: bool,
    /// The value as JSON.
    pub(crate) value: String,
    /// What of the value a referral has afterwards, where that is not all.
    pub(crate) comes_back: Option<String>,
}

impl Change {
    /// A value at the end of a list of the referral.
    pub(crate) fn appended(list: &str, value: String, comes_back: String) -> Self {
        Self {
            op: PatchOp::Add,
            path: vec![list.to_owned()],
            append: true,
            value,
            comes_back: Some(comes_back),
        }
    }

    /// What is looked for afterwards.
    pub(super) fn meant(&self) -> &str {
        self.comes_back.as_deref().unwrap_or(&self.value)
    }

    /// The path as a JSON pointer (RFC 6901).
    pub(crate) fn pointer(&self) -> String {
        let end = if self.append { "/-" } else { "" };
        format!("{}{end}", pointer(&self.path))
    }
}

pub(super) fn pointer(path: &[String]) -> String {
    let escaped = path
        .iter()
        .map(|name| name.replace('~', "~0").replace('/', "~1"));
    escaped.fold(String::new(), |path, name| format!("{path}/{name}"))
}

/// Why an edit cannot be sent. Names the member, never its value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    #[error(
        "the edit takes {0} away, which needs `remove`, and the service has `add` and `replace` \
         only; `Patch::clear` sets it to null"
    )]
    Remove(String),
    #[error("the edit changes {0}, which only the service sets")]
    ReadOnly(String),
    #[error("the edit changes {0}, which can be set when a referral is created and not afterwards")]
    CreateOnly(String),
    #[error("the edit takes {0} back, which stays true once it is")]
    StaysTrue(String),
    #[error("the edit changes {0}, which has calls of its own")]
    OwnPaths(String),
    #[error("the edit changes {0}, which is set when a deal is registered and not afterwards")]
    OnceRegistered(String),
}

/// The changes from `before` to `after`, both as this library writes them.
/// `raw` is the referral as the service sent it: what did not change is taken
/// from there, digits and nulls included, where a list is sent as a whole.
pub(crate) fn diff(raw: &str, before: &str, after: &str) -> Result<Vec<Change>, Refusal> {
    let mut differ = Differ {
        raw,
        changes: Vec::new(),
    };
    differ.value(&mut Vec::new(), before, after)?;
    Ok(differ.changes)
}

struct Differ<'r> {
    raw: &'r str,
    changes: Vec<Change>,
}

impl Differ<'_> {
    fn value(&mut self, path: &mut Vec<String>, before: &str, after: &str) -> Result<(), Refusal> {
        if before == after {
            return Ok(());
        }
        allowed(path, after)?;
        if let (Some(old), Some(new)) = (members(before), members(after)) {
            for (name, value) in &new {
                path.push(name.clone());
                match old.get(name) {
                    Some(old) => self.value(path, old.get(), value.get())?,
                    None => self.added(path, value.get())?,
                }
                path.pop();
            }
            for name in old.keys() {
                if !new.contains_key(name) {
                    path.push(name.clone());
                    // Whose it is says more than that it is gone.
                    allowed(path, "null")?;
                    return Err(Refusal::Remove(pointer(path)));
                }
            }
            return Ok(());
        }
        let raw = at(self.raw, path);
        if let (Some(old), Some(new)) = (items(before), items(after)) {
            let kept = old
                .iter()
                .zip(&new)
                .all(|(old, new)| old.get() == new.get());
            if kept && new.len() > old.len() && raw.and_then(items).is_some() {
                let appended = new.iter().skip(old.len());
                self.changes.extend(appended.map(|item| Change {
                    op: PatchOp::Add,
                    path: path.clone(),
                    append: true,
                    value: item.get().to_owned(),
                    comes_back: None,
                }));
                return Ok(());
            }
        }
        self.changes.push(Change {
            op: PatchOp::Replace,
            path: path.clone(),
            append: false,
            value: rewritten(raw, before, after),
            comes_back: None,
        });
        Ok(())
    }

    /// A member that was not there, or null.
    fn added(&mut self, path: &mut Vec<String>, value: &str) -> Result<(), Refusal> {
        allowed_within(path, value)?;
        let op = match at(self.raw, path) {
            Some(_) => PatchOp::Replace,
            None => PatchOp::Add,
        };
        self.changes.push(Change {
            op,
            path: path.clone(),
            append: false,
            value: value.to_owned(),
            comes_back: None,
        });
        Ok(())
    }
}

/// Whether the member may become `after`.
fn allowed(path: &[String], after: &str) -> Result<(), Refusal> {
    let row = TABLE
        .iter()
        .find(|(row, _)| row.iter().copied().eq(path.iter().map(String::as_str)));
    let Some((_, right)) = row else {
        return Ok(());
    };
    let path = pointer(path);
    match right {
        Right::ReadOnly => Err(Refusal::ReadOnly(path)),
        Right::CreateOnly => Err(Refusal::CreateOnly(path)),
        Right::OwnPaths => Err(Refusal::OwnPaths(path)),
        Right::StaysTrue if after == "true" => Ok(()),
        Right::StaysTrue => Err(Refusal::StaysTrue(path)),
    }
}

/// The same, for a value and all members in it. A flag that stays true may be
/// false where nothing was said before.
fn allowed_within(path: &mut Vec<String>, value: &str) -> Result<(), Refusal> {
    match allowed(path, value) {
        Err(Refusal::StaysTrue(_)) => {}
        other => other?,
    }
    for (name, value) in members(value).into_iter().flatten() {
        path.push(name);
        allowed_within(path, value.get())?;
        path.pop();
    }
    Ok(())
}

/// `after` as JSON, with everything that did not change as the service sent it.
fn rewritten(raw: Option<&str>, before: &str, after: &str) -> String {
    let Some(raw) = raw.filter(|raw| !is_null(Some(raw))) else {
        return after.to_owned();
    };
    if before == after {
        return raw.to_owned();
    }
    if let (Some(raw), Some(before), Some(after)) = (members(raw), members(before), members(after))
    {
        let changed = after.iter().map(|(name, value)| {
            let raw = raw.get(name).map(|raw| raw.get());
            let text = match before.get(name) {
                Some(before) => rewritten(raw, before.get(), value.get()),
                None => value.get().to_owned(),
            };
            (name.as_str(), text)
        });
        // What reads as nothing, null or an empty text, is in neither.
        let blank = raw.iter().filter(|(name, value)| {
            let unread = is_null(Some(value.get())) || !before.contains_key(*name);
            unread && !after.contains_key(*name)
        });
        let blank = blank.map(|(name, value)| (name.as_str(), value.get().to_owned()));
        return object(changed.chain(blank));
    }
    if let (Some(raw), Some(before), Some(after)) = (items(raw), items(before), items(after))
        && raw.len() == before.len()
    {
        let same_length = before.len() == after.len();
        return list(after.iter().enumerate().map(|(index, item)| {
            let same = before.iter().position(|one| one.get() == item.get());
            let twin = same.or(same_length.then_some(index));
            let pair = twin.and_then(|at| Some((raw.get(at)?, before.get(at)?)));
            match pair {
                Some((raw, before)) => rewritten(Some(raw.get()), before.get(), item.get()),
                None => item.get().to_owned(),
            }
        }));
    }
    after.to_owned()
}

#[cfg(test)]
#[path = "diff_tests.rs"]
mod tests;
