//! The status table over all pairs: what the document says, and nothing else.

use partner_referrals::lifecycle::{State, TransitionError, check, check_pair, is_ended};
use partner_referrals::types::{Status, Substatus};
use serde_json::Value;

use super::document;

fn texts(value: &Value) -> Vec<&str> {
    let items = value.as_array().unwrap().iter();
    items.map(|one| one.as_str().unwrap()).collect()
}

fn enum_and_more<'d>(document: &'d Value, schema: &str) -> Vec<&'d str> {
    let mut values = texts(&document["components"]["schemas"][schema]["enum"]);
    values.push("FromTheFuture");
    values
}

#[test]
fn a_state_may_become_another_where_the_document_says_so() {
    let document = document();
    let statuses = enum_and_more(&document, "Status");
    let substatuses = enum_and_more(&document, "Substatus");
    let table = &document["components"]["schemas"]["Status"]["x-lifecycle"]["states"];
    let says = |row: &str, column: &str, value: &str| {
        let row = table.get(row);
        row.map(|row| texts(&row[column]).contains(&value))
    };
    let (mut allowed, mut all) = (0, 0);
    for from in &statuses {
        for to in &statuses {
            for substatus in &substatuses {
                let target = State::new(Status::from(*to), Substatus::from(*substatus));
                let pair = says(to, "substatuses", substatus);
                assert_eq!(check_pair(&target).is_ok(), pair == Some(true), "{target}");
                // That the one before has this or that substatus changes nothing.
                for before in &substatuses {
                    let state = State::new(Status::from(*from), Substatus::from(*before));
                    let result = check(&state, &target);
                    match (says(from, "becomes", to), pair) {
                        (None, _) | (_, None) => assert!(
                            matches!(result, Err(TransitionError::UnknownStatus { .. })),
                            "{state} to {target}: {result:?}"
                        ),
                        (Some(false), _) => assert!(
                            matches!(result, Err(TransitionError::Status { .. })),
                            "{state} to {target}: {result:?}"
                        ),
                        (_, Some(false)) => assert!(
                            matches!(result, Err(TransitionError::Pair { .. })),
                            "{state} to {target}: {result:?}"
                        ),
                        (Some(true), Some(true)) => {
                            result.unwrap();
                            allowed += 1;
                        }
                    }
                    all += 1;
                }
            }
        }
    }
    // By hand from the published table: New and Active reach 7 and 5 pairs,
    // Closed 4, each from 11 substatuses.
    let substatuses = substatuses.len();
    assert_eq!(
        (allowed, all),
        ((7 + 5 + 4) * substatuses, 25 * substatuses * substatuses)
    );
}

#[test]
fn the_states_that_have_ended_are_the_documents() {
    let document = document();
    let ended = texts(&document["components"]["schemas"]["Status"]["x-lifecycle"]["ended"]);
    for status in enum_and_more(&document, "Status") {
        assert_eq!(
            is_ended(&Status::from(status)),
            ended.contains(&status),
            "{status}"
        );
    }
}
