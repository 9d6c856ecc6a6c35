//! What the service says in the body of a failure, in any of its three forms.

use std::fmt;

use crate::generated::client::types::{InnerError, ServiceError};

/// How much of a message is kept, in characters. The vendor's limit is 1,024.
const MESSAGE: usize = 1024;
/// How much of a code is kept.
const CODE: usize = 64;
/// How deep nested errors are followed.
const DEPTH: usize = 16;

/// The service's own words about a failure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceFault {
    code: Option<String>,
    inner_codes: Vec<String>,
    message: Option<String>,
    target: Option<String>,
}

impl ServiceFault {
    /// Reads a body; none where it has none of the three forms.
    pub(crate) fn read(body: &[u8]) -> Option<Self> {
        Some(match serde_json::from_slice(body).ok()? {
            ServiceError::ErrorBody(body) => Self {
                code: Some(clean(&body.error.code, CODE)),
                inner_codes: inner_codes(body.error.inner_error.as_ref()),
                message: body
                    .error
                    .message
                    .as_deref()
                    .map(|text| clean(text, MESSAGE)),
                target: body.error.target.as_deref().map(|text| clean(text, CODE)),
            },
            ServiceError::PartnerCenterErrorBody(body) => Self {
                code: body
                    .code
                    .as_str()
                    .map(str::to_owned)
                    .or_else(|| body.code.as_i64().map(|code| code.to_string()))
                    .map(|code| clean(&code, CODE)),
                inner_codes: Vec::new(),
                message: Some(clean(&body.description, MESSAGE)),
                target: body.source.as_deref().map(|text| clean(text, CODE)),
            },
            ServiceError::ThrottlingErrorBody(body) => Self {
                code: None,
                inner_codes: Vec::new(),
                message: Some(clean(&body.message, MESSAGE)),
                target: None,
            },
        })
    }

    /// The code, such as `invalidRequest` or `900421`. New ones may come at any
    /// time.
    pub fn code(&self) -> Option<&str> {
        self.code.as_deref()
    }

    /// The codes nested below it, from general to specific.
    pub fn inner_codes(&self) -> impl Iterator<Item = &str> {
        self.inner_codes.iter().map(String::as_str)
    }

    /// The message, for developers.
    pub fn message(&self) -> Option<&str> {
        self.message.as_deref()
    }

    /// What the error is about, in the service's words.
    pub fn target(&self) -> Option<&str> {
        self.target.as_deref()
    }
}

impl fmt::Display for ServiceFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(code) = &self.code {
            f.write_str(code)?;
            for inner in &self.inner_codes {
                write!(f, "/{inner}")?;
            }
        }
        if let Some(message) = &self.message {
            if self.code.is_some() {
                f.write_str(": ")?;
            }
            // A message may quote what was sent: only plain words are shown.
            f.write_str(&shown(message))?;
        }
        match &self.target {
            Some(target) => write!(f, " (about {target})"),
            None => Ok(()),
        }
    }
}

fn inner_codes(first: Option<&InnerError>) -> Vec<String> {
    let mut codes = Vec::new();
    let mut next = first;
    while let Some(inner) = next
        && codes.len() < DEPTH
    {
        if let Some(code) = &inner.code {
            codes.push(clean(code, CODE));
        }
        next = inner.inner_error.as_ref().as_ref();
    }
    codes
}

fn clean(text: &str, length: usize) -> String {
    text.chars()
        .map(|character| {
            if character.is_control() {
                ' '
            } else {
                character
            }
        })
        .take(length)
        .collect()
}

/// Hides words that look like an e-mail address or a telephone number.
fn shown(message: &str) -> String {
    let personal = |word: &&str| {
        word.contains('@')
            || word.chars().filter(char::is_ascii_digit).count() >= 7 && !word.contains('-')
    };
    message
        .split(' ')
        .map(|word| if personal(&word) { "<hidden>" } else { word })
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn all_three_forms_are_read() {
        let fault = ServiceFault::read(
            br#"{"error":{"code":"preconditionFailed","message":"stale","target":"referral",
                "innerError":{"code":"99918","innerError":{"code":"deep"}}}}"#,
        )
        .unwrap();
        assert_eq!(fault.code(), Some("preconditionFailed"));
        assert_eq!(fault.inner_codes().collect::<Vec<_>>(), ["99918", "deep"]);
        assert_eq!(
            fault.to_string(),
            "preconditionFailed/99918/deep: stale (about referral)"
        );

        for code in ["900421", "\"900421\""] {
            let body =
                format!(r#"{{"code":{code},"description":"no MFA","data":[],"source":"PC"}}"#);
            let fault = ServiceFault::read(body.as_bytes()).unwrap();
            assert_eq!(fault.code(), Some("900421"));
            assert_eq!(fault.message(), Some("no MFA"));
        }

        let fault =
            ServiceFault::read(br#"{"statusCode":429,"message":"Try again in 57 seconds."}"#)
                .unwrap();
        assert_eq!(
            (fault.code(), fault.message()),
            (None, Some("Try again in 57 seconds."))
        );
    }

    #[test]
    fn addresses_and_line_breaks_of_a_message_are_not_printed() {
        let fault = ServiceFault::read(
            br#"{"error":{"code":"invalidRequest","message":"bad\nvalue sue@contoso.com or 4035698759"}}"#,
        )
        .unwrap();
        assert_eq!(
            fault.to_string(),
            "invalidRequest: bad value <hidden> or <hidden>"
        );
    }

    proptest! {
        #[test]
        fn no_body_panics(body in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = ServiceFault::read(&body).map(|fault| fault.to_string());
        }
    }
}
