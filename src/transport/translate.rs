//! From progenitor's error to ours: the only file that reads progenitor's.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::HeaderMap;
use http::header::{CONTENT_TYPE, RETRY_AFTER};
use progenitor_client::Error as Generated;

use super::call::{Call, Head};
use super::limit::{BodyTooLarge, read_bounded};
use super::server_time::date;
use crate::error::{Error, ErrorKind, Outcome, ServiceFault};
use crate::generated::wire::header;

/// Translates the error of one generated call.
pub(crate) async fn translate(call: &Call, error: Generated<()>) -> Error {
    let operation = call.operation;
    let error = match error {
        Generated::InvalidRequest(detail) => Error::invalid(operation, detail),
        // Only a token that could not be had is reported so, by the hooks.
        Generated::Custom(detail) => Error::new(operation, ErrorKind::Credential, Outcome::NotSent)
            .with(|parts| parts.detail = Some(detail)),
        Generated::CommunicationError(error) => communication(call, error),
        Generated::UnexpectedResponse(response) => {
            let body = read_bounded(response).await;
            of_status(call, body)
        }
        Generated::ErrorResponse(_) => of_status(call, Bytes::new()),
        Generated::InvalidResponsePayload(body, error) => {
            success(call, body).with(|parts| parts.detail = Some(place_of(&error)))
        }
        Generated::ResponseBodyError(error) => broken_body(call, error),
        Generated::InvalidUpgrade(_) => {
            Error::new(operation, ErrorKind::Interrupted, Outcome::Unknown)
        }
    };
    of_call(error, call)
}

fn of_call(error: Error, call: &Call) -> Error {
    error.with(|parts| {
        parts.client_request_id = Some(call.client_request_id);
        parts.attempts = call.attempts();
        parts.repeatable = call.repeatable;
        let sent = || call.request_id.to_string();
        parts.request_id = parts.request_id.take().or_else(|| Some(sent()));
    })
}

/// A success that says what this client cannot follow.
pub(crate) fn unreadable(call: &Call, detail: &str) -> Error {
    let error = success(call, Bytes::new());
    of_call(
        error.with(|parts| parts.detail = Some(detail.to_owned())),
        call,
    )
}

/// A call that ended without an attempt of its own to tell of.
pub(super) fn without_attempt(call: &Call, error: Error) -> Error {
    of_call(error, call)
}

/// A body that broke off while it was read.
fn broken_body(call: &Call, error: reqwest::Error) -> Error {
    let too_large = BodyTooLarge::caused(&error);
    let detail = if too_large {
        "it is larger than `max_response_bytes`"
    } else if error.is_timeout() {
        "the time was over before it was complete"
    } else {
        "it was cut"
    };
    success(call, Bytes::new())
        .with(|parts| {
            parts.detail = Some(detail.to_owned());
            parts.cut = !too_large;
        })
        .caused_by(error.without_url())
}

fn communication(call: &Call, error: reqwest::Error) -> Error {
    let (kind, outcome) = if error.is_builder() {
        (ErrorKind::InvalidRequest, Outcome::NotSent)
    } else if error.is_connect() {
        (ErrorKind::Connect, Outcome::NotSent)
    } else if error.is_timeout() {
        (ErrorKind::Timeout, Outcome::Unknown)
    } else {
        (ErrorKind::Interrupted, Outcome::Unknown)
    };
    // The address may hold a filter, and a filter an e-mail address.
    Error::new(call.operation, kind, outcome).caused_by(error.without_url())
}

/// Status and headers are those that the hooks noted.
fn of_status(call: &Call, body: Bytes) -> Error {
    let Some(head) = call.head() else {
        return Error::new(call.operation, ErrorKind::Interrupted, Outcome::Unknown);
    };
    let outcome = Outcome::of_status(head.status.as_u16());
    let error = Error::new(call.operation, ErrorKind::Status, outcome);
    of_head(error, &head).with(|parts| {
        parts.fault = ServiceFault::read(&body);
        parts.body = body;
    })
}

fn success(call: &Call, body: Bytes) -> Error {
    let error = Error::new(call.operation, ErrorKind::Unreadable, Outcome::Done)
        .with(|parts| parts.body = body);
    match call.head() {
        Some(head) => of_head(error, &head),
        None => error,
    }
}

fn of_head(error: Error, head: &Head) -> Error {
    error.with(|parts| {
        parts.status = Some(head.status.as_u16());
        parts.request_id = request_id(head);
        parts.content_type = text(&head.headers, CONTENT_TYPE.as_str(), |c| {
            c.is_ascii_alphanumeric() || "/+-.".contains(c)
        });
        parts.retry_after = retry_after(&head.headers, head.at);
    })
}

fn request_id(head: &Head) -> Option<String> {
    text(&head.headers, header::REQUEST_ID, |c| {
        c.is_ascii_alphanumeric() || "-._:".contains(c)
    })
}

/// The id that the service answered the last attempt with.
pub(super) fn answered_id(call: &Call) -> Option<String> {
    request_id(&call.head()?)
}

/// The beginning of a header's text, as far as it is what it should be: it is
/// printed.
fn text(headers: &HeaderMap, name: &str, plain: impl Fn(char) -> bool) -> Option<String> {
    let value = headers.get(name)?.to_str().ok()?;
    let text: String = value.chars().take_while(|c| plain(*c)).take(64).collect();
    (!text.is_empty()).then_some(text)
}

/// `Retry-After` in seconds, or as a date measured against the server's own
/// `Date`, so that a wrong local clock does no harm.
fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = value.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let until = httpdate::parse_http_date(value).ok()?;
    let now = date(headers).unwrap_or(now);
    Some(until.duration_since(now).unwrap_or(Duration::ZERO))
}

/// Where reading failed. serde's own text may quote the value.
pub(crate) fn place_of(error: &serde_json::Error) -> String {
    let what = match error.classify() {
        serde_json::error::Category::Eof => "it ends early",
        serde_json::error::Category::Syntax => "it is not JSON",
        serde_json::error::Category::Data => "a member is not what the document says",
        serde_json::error::Category::Io => "it could not be read",
    };
    format!("{what} (line {}, column {})", error.line(), error.column())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| {
                (
                    http::HeaderName::from_static(name),
                    http::HeaderValue::from_str(value).unwrap(),
                )
            })
            .collect()
    }

    #[test]
    fn retry_after_is_read_as_seconds_and_as_a_date_against_the_servers_clock() {
        let wrong_clock = SystemTime::UNIX_EPOCH;
        let read = |pairs: &[(&'static str, &str)]| retry_after(&headers(pairs), wrong_clock);
        assert_eq!(
            read(&[("retry-after", " 57 ")]),
            Some(Duration::from_secs(57))
        );
        let date = ("date", "Sun, 06 Nov 1994 08:49:37 GMT");
        for form in [
            "Sun, 06 Nov 1994 08:54:47 GMT",
            "Sunday, 06-Nov-94 08:54:47 GMT",
            "Sun Nov  6 08:54:47 1994",
        ] {
            assert_eq!(
                read(&[("retry-after", form), date]),
                Some(Duration::from_secs(310)),
                "{form}"
            );
        }
        assert_eq!(
            read(&[("retry-after", "Sun, 06 Nov 1994 08:00:00 GMT"), date]),
            Some(Duration::ZERO)
        );
        for nonsense in ["soon", "-1", "1.5", ""] {
            assert_eq!(read(&[("retry-after", nonsense)]), None, "{nonsense}");
        }
    }

    proptest::proptest! {
        #[test]
        fn retry_after_never_panics_and_seconds_are_what_they_say(
            text in "[ -~]{0,40}", seconds in proptest::prelude::any::<u64>()
        ) {
            let read = |text: &str| {
                retry_after(&headers(&[("retry-after", text)]), SystemTime::UNIX_EPOCH)
            };
            let _ = read(&text);
            proptest::prop_assert_eq!(
                read(&seconds.to_string()),
                Some(Duration::from_secs(seconds))
            );
        }
    }
}
