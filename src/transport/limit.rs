//! Bodies of a bounded size.

use std::error::Error as StdError;

use bytes::{Bytes, BytesMut};
use http_body_util::{LengthLimitError, Limited};
use reqwest::{Body, Response};

/// Lets at most `bytes` of the body through; more is an error of the body.
pub(crate) fn bounded(response: Response, bytes: usize) -> Response {
    http::Response::from(response)
        .map(|body| Body::wrap(Limited::new(body, bytes)))
        .into()
}

/// Reads the body of a failure: what came of it, even when it was cut.
pub(crate) async fn read_bounded(mut response: Response) -> Bytes {
    let mut body = BytesMut::new();
    while let Ok(Some(chunk)) = response.chunk().await {
        body.extend_from_slice(&chunk);
    }
    body.freeze()
}

/// The body was larger than the limit.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the body is larger than the configured limit")]
pub(crate) struct BodyTooLarge;

impl BodyTooLarge {
    /// Whether that is why reading failed.
    pub(crate) fn caused(error: &(dyn StdError + 'static)) -> bool {
        let mut next = Some(error);
        while let Some(error) = next {
            if error.is::<LengthLimitError>() {
                return true;
            }
            next = error.source();
        }
        false
    }
}
