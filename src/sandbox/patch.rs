//! JSON Patch as the service takes it: `add` and `replace`, nothing else.
//!
//! Documented since 2020-09 (D20): the two operations, `-` to append to a list,
//! status and substatus changed in one patch. Which paths the server accepts is
//! unknown beyond the connector's list; here any whose parent exists.

use serde_json::Value;

use super::answer::Refusal;
use super::skeleton;

/// One operation, read and not yet applied.
#[derive(Debug)]
pub(super) struct Operation {
    add: bool,
    path: String,
    segments: Vec<String>,
    value: Value,
}

impl Operation {
    /// The names along the path.
    pub(super) fn segments(&self) -> &[String] {
        &self.segments
    }

    /// The member of the referral that the path starts at.
    pub(super) fn member(&self) -> &str {
        self.segments.first().map_or("", String::as_str)
    }
}

/// Reads a patch, refusing what the service does not take.
pub(super) fn read(body: &[u8]) -> Result<Vec<Operation>, Refusal> {
    let operations: Value = serde_json::from_slice(body)
        .map_err(|_| Refusal::invalid("patch", "The body is not valid JSON."))?;
    let Value::Array(operations) = operations else {
        return Err(Refusal::invalid(
            "patch",
            "The body must be an array of operations.",
        ));
    };
    operations.into_iter().map(read_one).collect()
}

fn read_one(mut operation: Value) -> Result<Operation, Refusal> {
    let text = |member: &str| {
        operation
            .get(member)
            .and_then(Value::as_str)
            .map(str::to_owned)
            .ok_or_else(|| {
                Refusal::invalid(member, format!("An operation needs '{member}', a string."))
            })
    };
    let (op, path) = (text("op")?, text("path")?);
    let add = match op.as_str() {
        "add" => true,
        "replace" => false,
        _ => {
            return Err(Refusal::invalid(
                "op",
                "Only the operations 'add' and 'replace' are supported.",
            ));
        }
    };
    let value = operation
        .get_mut("value")
        .map(Value::take)
        .ok_or_else(|| Refusal::invalid(&path, "An operation needs a 'value'."))?;
    let segments = pointer(&path)
        .ok_or_else(|| Refusal::invalid(&path, "The path is not a JSON pointer to a member."))?;
    let operation = Operation {
        add,
        path,
        segments,
        value,
    };
    if skeleton::is_server_set(operation.member()) {
        return Err(Refusal::invalid(
            &operation.path,
            "The member is read-only.",
        ));
    }
    Ok(operation)
}

/// The decoded segments of a pointer to something within the referral.
fn pointer(path: &str) -> Option<Vec<String>> {
    path.strip_prefix('/')?
        .split('/')
        .map(|segment| {
            let escapes_are_whole = segment
                .split('~')
                .skip(1)
                .all(|rest| rest.starts_with(['0', '1']));
            escapes_are_whole.then(|| segment.replace("~1", "/").replace("~0", "~"))
        })
        .collect()
}

/// Applies the operations in order; the caller throws the referral away if one
/// of them fails, so that a patch is applied whole or not at all.
pub(super) fn apply(referral: &mut Value, operations: Vec<Operation>) -> Result<(), Refusal> {
    operations
        .into_iter()
        .try_for_each(|operation| apply_one(referral, operation))
}

fn apply_one(referral: &mut Value, operation: Operation) -> Result<(), Refusal> {
    let Operation {
        add,
        path,
        segments,
        value,
    } = operation;
    let refuse = |message: &str| Refusal::invalid(&path, message);
    let Some((last, parents)) = segments.split_last() else {
        return Err(refuse("The path is empty."));
    };
    let mut parent = referral;
    for segment in parents {
        let child = match parent {
            Value::Object(members) => members.get_mut(segment),
            Value::Array(items) => place(segment).and_then(|at| items.get_mut(at)),
            _ => None,
        };
        parent = child.ok_or_else(|| refuse("The path does not exist."))?;
    }
    match parent {
        Value::Object(members) => {
            members.insert(last.clone(), value);
            Ok(())
        }
        Value::Array(items) if add => {
            let at = if last == "-" {
                items.len()
            } else {
                place(last).ok_or_else(|| refuse("A list is addressed by a number or '-'."))?
            };
            if at > items.len() {
                return Err(refuse("The list has no such place."));
            }
            items.insert(at, value);
            Ok(())
        }
        Value::Array(items) => {
            let item = place(last).and_then(|at| items.get_mut(at));
            *item.ok_or_else(|| refuse("The list has no such item."))? = value;
            Ok(())
        }
        _ => Err(refuse("The path does not exist.")),
    }
}

/// A list index as RFC 6901 writes it: digits, no leading zero.
fn place(segment: &str) -> Option<usize> {
    let plain = segment == "0" || !segment.starts_with(['0', '+']);
    plain.then(|| segment.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn patched(patch: Value) -> Result<Value, Refusal> {
        let mut referral = json!({
            "status": "Active",
            "details": { "notes": null, "a/b": 1 },
            "team": [{ "firstName": "Sue" }, { "firstName": "Joe" }],
        });
        apply(&mut referral, read(patch.to_string().as_bytes())?)?;
        Ok(referral)
    }

    fn op(op: &str, path: &str, value: Value) -> Value {
        json!([{ "op": op, "path": path, "value": value }])
    }

    #[test]
    fn a_member_is_replaced_or_added() {
        let after = patched(op("replace", "/details/notes", json!("new"))).unwrap();
        assert_eq!(after["details"]["notes"], "new");
        let after = patched(op("add", "/details/tomorrow", json!(1))).unwrap();
        assert_eq!(after["details"]["tomorrow"], 1);
        let after = patched(op("replace", "/details/a~1b", json!(2))).unwrap();
        assert_eq!(after["details"]["a/b"], 2);
    }

    #[test]
    fn a_list_is_appended_to_inserted_into_and_replaced_in() {
        let names = |after: Value| {
            let team = after["team"].as_array().unwrap().clone();
            team.iter()
                .map(|m| m["firstName"].as_str().unwrap().to_owned())
                .collect::<Vec<_>>()
        };
        let ann = json!({ "firstName": "Ann" });
        let after = patched(op("add", "/team/-", ann.clone())).unwrap();
        assert_eq!(names(after), ["Sue", "Joe", "Ann"]);
        let after = patched(op("add", "/team/0", ann.clone())).unwrap();
        assert_eq!(names(after), ["Ann", "Sue", "Joe"]);
        let after = patched(op("replace", "/team/1", ann)).unwrap();
        assert_eq!(names(after), ["Sue", "Ann"]);
        let after = patched(op("replace", "/team/1/firstName", json!("Jo"))).unwrap();
        assert_eq!(names(after), ["Sue", "Jo"]);
    }

    #[test]
    fn what_the_service_does_not_take_is_refused() {
        for patch in [
            json!({ "status": "Closed" }),
            op("remove", "/team/0", Value::Null),
            op("test", "/status", json!("Active")),
            op("add", "", json!({})),
            op("add", "status", json!("x")),
            op("add", "/details/x~2", json!("x")),
            op("replace", "/team/2", json!({})),
            op("replace", "/team/-", json!({})),
            op("add", "/team/3", json!({})),
            op("add", "/team/00", json!({})),
            op("add", "/nothing/here", json!(1)),
            op("add", "/status/here", json!(1)),
            op("replace", "/id", json!("x")),
            op("replace", "/eTag", json!("x")),
            op("add", "/links/self", json!("x")),
            json!([{ "op": "add", "path": "/name" }]),
            json!([{ "op": "add", "value": 1 }]),
            json!(["add"]),
        ] {
            let refusal = patched(patch.clone()).expect_err(&patch.to_string());
            assert_eq!(refusal.status, 400, "{patch}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_path_makes_it_panic(path in ".{0,30}", add: bool) {
            let name = if add { "add" } else { "replace" };
            let _ = patched(op(name, &path, json!(1)));
            let _ = patched(op(name, &format!("/team/{path}"), json!(1)));
        }
    }
}
