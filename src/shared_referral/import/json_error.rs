//! What does not fit in a JSON value: where, and what would.
//!
//! serde's own messages quote the value, which may be a person's name or
//! notes. Only their parts that come from the types are used.

use serde_json::Error;

use crate::scalar::{InvalidAmount, InvalidTimestamp};

/// Where a value does not fit, and what would.
pub(super) struct Misfit {
    pub(super) pointer: String,
    pub(super) message: String,
}

pub(super) fn misfit(text: &str, error: &Error) -> Misfit {
    let said = error.to_string();
    // Columns count bytes; the one named was read already.
    let mut path = path_before(text, error.column().saturating_sub(1));
    let named = [
        ("missing field `", "is missing"),
        ("duplicate field `", "is there twice: leave one out"),
    ]
    .into_iter()
    .find_map(|(begin, message)| {
        let (name, _) = said.strip_prefix(begin)?.split_once('`')?;
        Some((name, message))
    });
    let message = if let Some((name, message)) = named {
        // Told after another member of the object: the last that it has, or
        // the one before.
        path.pop();
        path.push(Step::Member(name.to_owned()));
        message.to_owned()
    } else if said.starts_with(&InvalidAmount.to_string()) {
        InvalidAmount.to_string()
    } else if said.starts_with(&InvalidTimestamp.to_string()) {
        InvalidTimestamp.to_string()
    } else {
        expected(&said)
    };
    Misfit {
        pointer: pointer(&path),
        message,
    }
}

/// The value stands before the last ", expected ", the type after it.
fn expected(said: &str) -> String {
    let kind = said
        .strip_prefix("invalid type: ")
        .and_then(|rest| rest.rsplit_once(", expected "))
        .map(|(_, kind)| kind.split(" at line ").next().unwrap_or(kind));
    match kind {
        Some(kind) if kind.starts_with("struct ") => "must be an object".to_owned(),
        Some(kind) => format!("must be {kind}"),
        None => "does not fit this member of the create request".to_owned(),
    }
}

/// The way to the value in which a byte stands. The text is JSON; of anything
/// else it gives some way, and never fails.
fn path_before(text: &str, end: usize) -> Vec<Step> {
    let mut path: Vec<Step> = Vec::new();
    let mut bytes = text.bytes().take(end).peekable();
    while let Some(byte) = bytes.next() {
        match byte {
            b'{' => path.push(Step::Member(String::new())),
            b'[' => path.push(Step::Item(0)),
            b'}' | b']' => {
                path.pop();
            }
            b',' => match path.last_mut() {
                Some(Step::Item(index)) => *index += 1,
                Some(Step::Member(name)) => name.clear(),
                None => {}
            },
            b'"' => {
                let mut found = Vec::new();
                while let Some(one) = bytes.next() {
                    match one {
                        b'"' => break,
                        b'\\' => found.extend(bytes.next()),
                        one => found.push(one),
                    }
                }
                // A text after which no colon comes is a value, which must not
                // get into the pointer.
                while bytes.next_if(|one| one.is_ascii_whitespace()).is_some() {}
                if bytes.peek() == Some(&b':')
                    && let Some(Step::Member(name)) = path.last_mut()
                {
                    *name = String::from_utf8_lossy(&found).into_owned();
                }
            }
            _ => {}
        }
    }
    path
}

fn pointer(path: &[Step]) -> String {
    path.iter()
        .filter(|step| !matches!(step, Step::Member(name) if name.is_empty()))
        .map(|step| match step {
            Step::Member(name) => format!("/{name}"),
            Step::Item(index) => format!("/{index}"),
        })
        .collect()
}

enum Step {
    Member(String),
    Item(usize),
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generated::client::types::NewReferral;
    use proptest::prelude::*;

    fn of(text: &str) -> (String, String) {
        let error = serde_json::from_str::<NewReferral>(text)
            .map(drop)
            .unwrap_err();
        let misfit = misfit(text, &error);
        (misfit.pointer, misfit.message)
    }

    fn told(pointer: &str, message: &str) -> (String, String) {
        (pointer.to_owned(), message.to_owned())
    }

    #[test]
    fn a_value_that_does_not_fit_is_named_and_not_shown() {
        assert_eq!(
            of(r#"{"type": "Shared", "name": 17}"#),
            told("/name", "must be a string")
        );
        assert_eq!(
            of(
                r#"{"team": [{"firstName": "Ada", "lastName": "B", "email": "c", "phoneNumber": "1"}, {"firstName": {}}]}"#
            ),
            told("/team/1/firstName", "must be a string")
        );
        assert_eq!(
            of(r#"{"details": {"dealValue": "much, expected more"}}"#),
            told("/details/dealValue", &InvalidAmount.to_string())
        );
        assert_eq!(
            of(r#"{"details": {"closingDateTime": "tomorrow"}}"#),
            told("/details/closingDateTime", &InvalidTimestamp.to_string())
        );
        assert_eq!(
            of(r#"{"customerProfile": {"name": "Contoso"}}"#),
            told("/customerProfile/address", "is missing")
        );
        assert_eq!(
            of(r#"{"team": [{"email": "c", "firstName": "Ada", "email": "d"}]}"#),
            told("/team/0/email", "is there twice: leave one out")
        );
        assert_eq!(
            of(r#"{"customerProfile": "Secret, expected"}"#),
            told("/customerProfile", "must be an object")
        );
        assert_eq!(
            of(r#"{"favorite": "Secret, expected at line 3"}"#),
            told("/favorite", "must be a boolean")
        );
    }

    proptest! {
        #[test]
        fn no_text_and_no_place_panics(text in ".{0,60}", end in 0usize..80) {
            let _ = pointer(&path_before(&text, end));
        }
    }
}
