//! What an edit of a deal registration changed: each member by its own path,
//! also within lists.

use crate::generated::enums::PatchOp;
use crate::generated::wire::KNOWN_PATHS;

use super::diff::{Change, Refusal, pointer};
use super::json::{at, items, members};

/// The changes from `before` to `after`, both as this library writes them, of
/// what stands at `place`. `raw` is the referral as the service sent it.
pub(crate) fn corrections(
    raw: &str,
    place: &[String],
    before: &str,
    after: &str,
) -> Result<Vec<Change>, Refusal> {
    let mut found = Vec::new();
    walk(raw, &mut place.to_vec(), Some(before), after, &mut found)?;
    Ok(found)
}

fn walk(
    raw: &str,
    path: &mut Vec<String>,
    before: Option<&str>,
    after: &str,
    found: &mut Vec<Change>,
) -> Result<(), Refusal> {
    if before == Some(after) {
        return Ok(());
    }
    if let (Some(old), Some(new)) = (before.and_then(members), members(after)) {
        if let Some(gone) = old.keys().find(|name| !new.contains_key(*name)) {
            path.push(gone.clone());
            return Err(Refusal::Remove(pointer(path)));
        }
        for (name, value) in &new {
            path.push(name.clone());
            let old = old.get(name).map(|old| old.get());
            walk(raw, path, old, value.get(), found)?;
            path.pop();
        }
        return Ok(());
    }
    if let (Some(old), Some(new)) = (before.and_then(items), items(after))
        && old.len() == new.len()
    {
        for (index, (old, new)) in old.iter().zip(&new).enumerate() {
            path.push(index.to_string());
            walk(raw, path, Some(old.get()), new.get(), found)?;
            path.pop();
        }
        return Ok(());
    }
    if !is_known(path, after) {
        return Err(Refusal::OnceRegistered(pointer(path)));
    }
    let op = match at(raw, path) {
        Some(_) => PatchOp::Replace,
        None => PatchOp::Add,
    };
    found.push(Change {
        op,
        path: path.clone(),
        append: false,
        value: after.to_owned(),
        comes_back: None,
    });
    Ok(())
}

/// Whether the member is known to be taken; of an object that was not there,
/// whether each of its members is. Known are the paths of the first of a list,
/// which stand for those of the others.
fn is_known(path: &[String], value: &str) -> bool {
    if let Some(members) = members(value) {
        return !members.is_empty()
            && members.iter().all(|(name, value)| {
                let inner = [path, std::slice::from_ref(name)].concat();
                is_known(&inner, value.get())
            });
    }
    let first = |name: &String| match name.parse::<usize>() {
        Ok(_) => "0".to_owned(),
        Err(_) => name.clone(),
    };
    let path: Vec<String> = path.iter().map(first).collect();
    KNOWN_PATHS.contains(&pointer(&path).as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEFORE: &str = r#"{"id":"r","contract":{"value":1,"currency":"USD"},
        "solutionDetails":[{"id":"a","value":1},{"id":"b","value":2}]}"#;

    fn changes(after: &str) -> Result<Vec<String>, Refusal> {
        let raw = format!(r#"{{"registrations":[{BEFORE}]}}"#);
        let place = ["registrations", "0"].map(str::to_owned);
        let changes = corrections(&raw, &place, BEFORE, after)?;
        let shown = |one: &Change| format!("{} {} {}", one.op.as_str(), one.pointer(), one.value);
        Ok(changes.iter().map(shown).collect())
    }

    fn with(from: &str, to: &str) -> Result<Vec<String>, Refusal> {
        assert!(BEFORE.contains(from));
        changes(&BEFORE.replace(from, to))
    }

    #[test]
    fn each_member_is_changed_by_its_own_path_with_its_digits() {
        assert_eq!(changes(BEFORE), Ok(vec![]));
        assert_eq!(
            with(r#"{"value":1,"#, r#"{"value":9007199254740993.01,"#),
            Ok(vec![
                "replace /registrations/0/contract/value 9007199254740993.01".to_owned()
            ])
        );
        assert_eq!(
            with(r#""value":2"#, r#""value":3,"pricingModel":"Other""#),
            Ok(vec![
                r#"add /registrations/0/solutionDetails/1/pricingModel "Other""#.to_owned(),
                "replace /registrations/0/solutionDetails/1/value 3".to_owned(),
            ])
        );
        let sale = r#""value":1,"marketplaceTransactionDetails":{"isMarketplaceTransacted":true}}"#;
        assert_eq!(
            with(r#""value":1}"#, sale),
            Ok(vec![
                r#"add /registrations/0/solutionDetails/0/marketplaceTransactionDetails {"isMarketplaceTransacted":true}"#
                    .to_owned()
            ])
        );
    }

    #[test]
    fn what_no_path_is_known_for_is_refused_by_name() {
        let once = |path: &str| Err(Refusal::OnceRegistered(format!("/registrations/0/{path}")));
        assert_eq!(with("USD", "EUR"), once("contract/currency"));
        assert_eq!(with(r#""id":"r""#, r#""id":"s""#), once("id"));
        assert_eq!(
            with(r#",{"id":"b","value":2}"#, ""),
            once("solutionDetails")
        );
        assert_eq!(
            with(r#""id":"r","#, r#""id":"r","statusHistory":{},"#),
            once("statusHistory")
        );
        assert_eq!(
            with(r#""value":1,"#, ""),
            Err(Refusal::Remove(
                "/registrations/0/contract/value".to_owned()
            ))
        );
    }
}
