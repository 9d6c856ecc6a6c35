//! What the sandbox remembers of every request, for a test to look at.

use std::fmt;

use axum::http::HeaderMap;
use bytes::Bytes;
use serde_json::Value;

use super::fault::Fault;

/// One request as it arrived, and what became of it.
///
/// `Debug` prints the method, the path, the fault and the status, never the
/// query, the headers or the body: a referral names people, and a request
/// carries a bearer token.
#[derive(Clone)]
#[non_exhaustive]
pub struct RecordedRequest {
    /// The method, in upper case.
    pub method: String,
    /// The path as sent, still percent-encoded.
    pub path: String,
    /// The query as sent, still percent-encoded, without the question mark.
    pub query: Option<String>,
    /// The headers as sent.
    pub headers: HeaderMap,
    /// The body as sent.
    pub body: Bytes,
    /// The fault that the plan applied to this request.
    pub fault: Option<Fault>,
    /// The status that was answered; `None` while the request is being handled
    /// and for good where the connection was cut without an answer.
    pub status: Option<u16>,
}

impl RecordedRequest {
    /// The value of a header, the first one if it was sent several times.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The body as JSON, or `None` if it is not JSON.
    pub fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }

    /// The decoded value of a query option, for instance `$filter`.
    pub fn query_option(&self, name: &str) -> Option<String> {
        let query = self.query.as_deref()?;
        url::form_urlencoded::parse(query.as_bytes())
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.into_owned())
    }
}

impl fmt::Debug for RecordedRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecordedRequest")
            .field("method", &self.method)
            .field("path", &self.path)
            .field("fault", &self.fault)
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn debug_prints_no_token_no_query_and_no_body() {
        let mut headers = HeaderMap::new();
        headers.insert(
            "authorization",
            HeaderValue::from_static("Bearer tell-none"),
        );
        let request = RecordedRequest {
            method: "POST".to_owned(),
            path: "/v1.0/engagements/referrals".to_owned(),
            query: Some("$filter=team/any(t:t/email%20eq%20'sue@contoso.com')".to_owned()),
            headers,
            body: Bytes::from_static(b"{\"name\":\"Contoso\"}"),
            fault: None,
            status: Some(201),
        };
        let printed = format!("{request:?}");
        assert!(printed.contains("POST") && printed.contains("201"));
        for secret in ["tell-none", "sue@", "Contoso"] {
            assert!(!printed.contains(secret), "{printed}");
        }
        assert_eq!(
            request.query_option("$filter").as_deref(),
            Some("team/any(t:t/email eq 'sue@contoso.com')")
        );
        assert_eq!(request.json().unwrap()["name"], "Contoso");
    }
}
