//! What goes back: referrals with their `ETag`, and the documented error bodies.
//!
//! Three error shapes are documented. The one for referrals is
//! `{"error":{"code","message","target","innerError"}}` (docs 2019-05, D19; the
//! 412 body below is one that a user got from the live service in 2022). The
//! gateway's throttling answer (docs 2022-07) and the Partner Center one (docs
//! 2023-06) come only through the fault plan. Which code goes with a refused
//! transition or a missing `If-Match` is in no source: `invalidRequest` is ours.

use axum::body::Body;
use axum::http::{HeaderValue, Response, StatusCode, header};
use axum::response::IntoResponse;
use serde_json::{Value, json};

/// What the service writes into a content type is not documented; this is
/// ASP.NET's usual one.
pub(super) const JSON: &str = "application/json; charset=utf-8";
/// The type of a proxy's error page.
pub(super) const HTML: &str = "text/html; charset=utf-8";

/// An error answer in the shape documented for referrals.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    code: &'static str,
    message: String,
    target: String,
    inner: Option<Value>,
}

impl Refusal {
    fn new(status: StatusCode, code: &'static str, target: &str, message: String) -> Self {
        Self {
            status,
            code,
            message,
            target: target.to_owned(),
            inner: None,
        }
    }

    /// 400: the request itself is wrong; `target` names the member or option.
    pub(super) fn invalid(target: &str, message: impl Into<String>) -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "invalidRequest",
            target,
            message.into(),
        )
    }

    /// 401: no bearer, or not the one this sandbox takes.
    pub(super) fn unauthenticated() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "unauthenticated",
            "referral",
            "The caller is not authenticated.".to_owned(),
        )
    }

    /// 403: the caller is known and may not do this.
    pub(super) fn access_denied(target: &str, message: impl Into<String>) -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "accessDenied",
            target,
            message.into(),
        )
    }

    /// 404 for a referral or a path that does not exist.
    pub(super) fn not_found(target: &str) -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "itemNotFound",
            target,
            "The resource could not be found.".to_owned(),
        )
    }

    /// 405: the path exists, the method does not.
    pub(super) fn method_not_allowed() -> Self {
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "invalidRequest",
            "referral",
            "The HTTP method in the request is not allowed on the resource.".to_owned(),
        )
    }

    /// 412, word for word as the live service gave it (public report, 2022-02).
    pub(super) fn precondition_failed() -> Self {
        Self {
            inner: Some(json!({
                "code": "99918",
                "message": "One of the specified pre-condition is not met. \
                            Etag value did not Match",
                "details": null,
            })),
            ..Self::new(
                StatusCode::PRECONDITION_FAILED,
                "preconditionFailed",
                "ETag",
                "A precondition provided in the request (such as an if-match header) \
                 does not match the resource's current state."
                    .to_owned(),
            )
        }
    }

    /// 413: the body is larger than the sandbox reads.
    pub(super) fn too_large() -> Self {
        Self::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "invalidRequest",
            "referral",
            "The request is larger than the maximum that the service takes.".to_owned(),
        )
    }

    /// The error body.
    pub(super) fn body(&self) -> Value {
        let mut error = json!({
            "code": self.code,
            "message": self.message,
            "target": self.target,
        });
        if let (Some(inner), Some(error)) = (&self.inner, error.as_object_mut()) {
            error.insert("innerError".to_owned(), inner.clone());
        }
        json!({ "error": error })
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response<Body> {
        json_answer(self.status, &self.body())
    }
}

/// An answer with a JSON body.
pub(super) fn json_answer(status: StatusCode, body: &Value) -> Response<Body> {
    text_answer(status, JSON, body.to_string())
}

/// An answer with any body.
pub(super) fn text_answer(
    status: StatusCode,
    content_type: &'static str,
    body: String,
) -> Response<Body> {
    let mut answer = Response::new(Body::from(body));
    *answer.status_mut() = status;
    answer
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    answer
}

/// An answer without a body.
pub(super) fn empty_answer(status: StatusCode) -> Response<Body> {
    let mut answer = Response::new(Body::empty());
    *answer.status_mut() = status;
    answer
}

/// One referral, with its eTag as the header too.
pub(super) fn referral_answer(status: StatusCode, referral: &Value) -> Response<Body> {
    with_etag(json_answer(status, referral), referral)
}

/// 204, with the new eTag.
pub(super) fn no_content(referral: &Value) -> Response<Body> {
    with_etag(empty_answer(StatusCode::NO_CONTENT), referral)
}

fn with_etag(mut answer: Response<Body>, referral: &Value) -> Response<Body> {
    // An eTag seeded by a test may hold bytes that no header can carry.
    if let Some(tag) = referral.get("eTag").and_then(Value::as_str)
        && let Ok(tag) = HeaderValue::from_str(tag)
    {
        answer.headers_mut().insert(header::ETAG, tag);
    }
    answer
}

/// An error body in the referrals shape for a status chosen by the fault plan.
pub(super) fn error_body(status: StatusCode) -> Value {
    let code = match status.as_u16() {
        401 => "unauthenticated",
        403 => "accessDenied",
        404 => "itemNotFound",
        409 => "resourceModified",
        412 => "preconditionFailed",
        503 => "serviceNotAvailable",
        400..500 => "invalidRequest",
        _ => "generalException",
    };
    json!({ "error": {
        "code": code,
        "message": status.canonical_reason().unwrap_or("Unspecified error."),
        "target": "referral",
        "innerError": { "code": status.as_str(), "message": "Injected by the fault plan." },
    }})
}

/// The Partner Center error shape, which the referral pages link to since 2023.
pub(super) fn partner_center_body(status: StatusCode) -> Value {
    json!({
        "code": match status.as_u16() {
            401 => "900421".to_owned(),
            status => status.to_string(),
        },
        "description": status.canonical_reason().unwrap_or("Unspecified error."),
        "data": [],
        "source": "PartnerFD",
    })
}

/// The gateway's throttling body.
pub(super) fn throttle_body(retry_after: Option<u64>) -> Value {
    let message = match retry_after {
        Some(seconds) => format!("Rate limit is exceeded. Try again in {seconds} seconds."),
        None => "Rate limit is exceeded. Try again later.".to_owned(),
    };
    json!({ "statusCode": 429, "message": message })
}

/// What a proxy in front of the service writes when it answers itself.
pub(super) fn html_page(status: StatusCode) -> String {
    let reason = status.canonical_reason().unwrap_or("Error");
    format!(
        "<!DOCTYPE html><html><head><title>{status}</title></head>\
         <body><h1>{reason}</h1><p>The gateway could not complete your request.</p></body></html>",
        status = status.as_u16()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_412_reads_as_the_live_service_wrote_it() {
        let body = Refusal::precondition_failed().body();
        assert_eq!(body["error"]["code"], "preconditionFailed");
        assert_eq!(body["error"]["target"], "ETag");
        assert_eq!(body["error"]["innerError"]["code"], "99918");
    }

    #[test]
    fn an_error_without_an_inner_one_has_no_such_member() {
        let body = Refusal::invalid("type", "missing").body();
        assert_eq!(body["error"]["target"], "type");
        assert!(body["error"].get("innerError").is_none());
    }

    #[test]
    fn an_etag_that_no_header_can_carry_is_left_out() {
        let answer = referral_answer(StatusCode::OK, &json!({ "eTag": "a\nb" }));
        assert!(!answer.headers().contains_key(header::ETAG));
    }
}
