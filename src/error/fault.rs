//! What the service says in the body of a failure, in any of its three forms.

use std::fmt;

use crate::generated::client::types::{InnerError, ServiceError};
use crate::redact::Hidden;

/// How much of a message is kept, in characters. The vendor's limit is 1,024.
const MESSAGE: usize = 1024;
/// How much of a code is kept.
const CODE: usize = 64;
/// How deep nested errors are followed.
const DEPTH: usize = 16;

/// The service's own words about a failure.
///
/// `Display` shows the codes and the message without what may be personal data
/// by its form: quoted texts, e-mail addresses, long numbers. A name that the
/// service writes without quotes cannot be told from its other words and is
/// shown. `Debug` shows the codes only. [`message`](Self::message) is the whole
/// text.
#[derive(Clone, PartialEq, Eq)]
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
        let mut separator = "";
        if let Some(code) = &self.code {
            f.write_str(&shown(code))?;
            for inner in &self.inner_codes {
                write!(f, "/{}", shown(inner))?;
            }
            separator = ": ";
        }
        if let Some(message) = &self.message {
            write!(f, "{separator}{}", shown(message))?;
        }
        match &self.target {
            Some(target) => write!(f, " (about {})", shown(target)),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for ServiceFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let codes: Vec<String> = self
            .code
            .iter()
            .chain(&self.inner_codes)
            .map(|code| shown(code))
            .collect();
        f.debug_struct("ServiceFault")
            .field("codes", &codes)
            .field("message", &self.message.as_ref().map(|_| Hidden))
            .field("target", &self.target.as_ref().map(|_| Hidden))
            .finish()
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
    // What turns the direction of a line round or breaks it forges a log line
    // as well as a control character does.
    let forging = |c: char| {
        c.is_control()
            || matches!(c, '\u{200E}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
    };
    text.chars()
        .map(|character| if forging(character) { ' ' } else { character })
        .take(length)
        .collect()
}

/// The text without what may be personal data by its form: whatever stands in
/// quotes (a service quotes what it was sent), e-mail addresses, and runs of
/// digits that could be a telephone number. GUIDs stay.
fn shown(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut inside: Option<char> = None;
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        // An apostrophe inside a word opens and closes nothing.
        let in_word = characters.peek().is_some_and(|next| next.is_alphanumeric());
        match inside {
            Some(end) if character == end && !in_word => {
                out.push_str("<hidden>");
                inside = None;
            }
            Some(_) => {}
            None => match closing(character) {
                Some(end) if !out.ends_with(char::is_alphanumeric) => inside = Some(end),
                _ => out.push(character),
            },
        }
    }
    if inside.is_some() {
        out.push_str("<hidden>");
    }
    without_contacts(&out)
}

/// The quote that ends what this one begins.
fn closing(quote: char) -> Option<char> {
    Some(match quote {
        '"' | '\'' | '`' => quote,
        '“' => '”',
        '„' => '“',
        '‘' | '‚' => '’',
        '«' => '»',
        _ => return None,
    })
}

fn without_contacts(text: &str) -> String {
    let mut words: Vec<&str> = text.split(' ').collect();
    // A number may be written in groups: count over neighbours without letters.
    let groups = |word: &str| !word.is_empty() && !word.contains(char::is_alphabetic);
    let digits = |word: &str| word.chars().filter(char::is_ascii_digit).count();
    let mut at = 0;
    while at < words.len() {
        let run = words[at..].iter().take_while(|word| groups(word)).count();
        let number = words[at..at + run]
            .iter()
            .map(|word| digits(word))
            .sum::<usize>()
            >= 7;
        for word in &mut words[at..at + run.max(1)] {
            let bare = word.trim_matches(|c: char| !c.is_ascii_alphanumeric());
            let guid = uuid::Uuid::parse_str(bare).is_ok();
            if word.contains('@') || !guid && (number || digits(word) >= 7) {
                *word = "<hidden>";
            }
        }
        at += run.max(1);
    }
    words.join(" ")
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
    fn what_may_be_personal_in_a_message_is_not_printed() {
        for (message, printed) in [
            (
                "bad\\nvalue sue@contoso.com or 4035698759",
                "bad value <hidden> or <hidden>",
            ),
            ("call +1-425-555-0100 now", "call <hidden> now"),
            (
                "call (425) 555 0100 now",
                "call <hidden> <hidden> <hidden> now",
            ),
            (
                "The value 'Sue Smith' isn't valid",
                "The value <hidden> isn't valid",
            ),
            ("no 'Sue", "no <hidden>"),
            ("'O'Brien Ltd' is unknown", "<hidden> is unknown"),
            (
                "‘Ada’ «Grace» „Sue“ are unknown",
                "<hidden> <hidden> <hidden> are unknown",
            ),
            (
                "referral 4111fffc-f9ee-4d53-bba6-569135228642 is gone",
                "referral 4111fffc-f9ee-4d53-bba6-569135228642 is gone",
            ),
            ("Try again in 57 seconds.", "Try again in 57 seconds."),
            ("turned \u{202E} round", "turned   round"),
        ] {
            let body = format!(
                r#"{{"error":{{"code":"c","message":"{message}","target":"sue@contoso.com"}}}}"#
            );
            let fault = ServiceFault::read(body.as_bytes()).unwrap();
            assert_eq!(fault.to_string(), format!("c: {printed} (about <hidden>)"));
            assert!(!format!("{fault:?}").contains("ue"), "{fault:?}");
        }
    }

    proptest! {
        #[test]
        fn an_address_or_a_quoted_text_is_not_printed_wherever_it_stands(
            before in "[a-z ]{0,20}", after in "[a-z ]{0,20}"
        ) {
            for personal in ["'canary'", "\"canary\"", "canary@contoso.com", "<canary@contoso.com>,"] {
                let printed = shown(&format!("{before} {personal} {after}"));
                prop_assert!(!printed.contains("canary"), "{}", printed);
            }
        }

        #[test]
        fn no_body_panics(body in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = ServiceFault::read(&body).map(|fault| fault.to_string());
        }
    }
}
