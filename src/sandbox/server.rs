//! Connections: reads requests, applies the fault plan, adds the usual headers.
//!
//! hyper is driven by hand, one task for each connection, because only an error
//! from its service closes a connection without an answer. The headers are those
//! of the documentation's header page (D19): `request-id`, `client-request-id`
//! as sent, `timestamp`, `x-ms-ags-diagnostic`.

use std::convert::Infallible;
use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, Request, Response, StatusCode, header};
use axum::response::IntoResponse;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures::StreamExt;
use futures::stream;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tower::ServiceExt;

use super::answer::{
    self, HTML, JSON, Refusal, empty_answer, error_body, html_page, partner_center_body,
    text_answer,
};
use super::chance::wire_time;
use super::fault::{Fault, FaultBody};
use super::record::RecordedRequest;
use super::service::Service;

/// More than any referral, less than what would hurt a test machine.
const BODY_LIMIT: usize = 4 * 1024 * 1024;

/// Tells hyper to drop the connection.
#[derive(Debug)]
struct Cut;

impl fmt::Display for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the connection was cut")
    }
}

impl std::error::Error for Cut {}

/// Takes connections until the task is dropped, and the connections with it.
pub(super) async fn accept(listener: TcpListener, service: Arc<Service>, router: Router) {
    let mut connections = JoinSet::new();
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                connections.spawn(serve(stream, Arc::clone(&service), router.clone()));
            }
            // Out of file handles, or a caller gone before it was taken:
            // neither is the listener's end.
            Err(_) => tokio::task::yield_now().await,
        }
        while connections.try_join_next().is_some() {}
    }
}

async fn serve(stream: TcpStream, service: Arc<Service>, router: Router) {
    // Without it an answer may wait for the caller's acknowledgement; a socket
    // that refuses is slower and no worse.
    let _ = stream.set_nodelay(true);
    let answering = service_fn(move |request| {
        let (service, router) = (Arc::clone(&service), router.clone());
        async move { answer(&service, router, request).await }
    });
    // Cuts end as errors here, and so do callers that hang up.
    let _ = http1::Builder::new()
        .serve_connection(TokioIo::new(stream), answering)
        .await;
}

async fn answer(
    service: &Service,
    router: Router,
    request: Request<Incoming>,
) -> Result<Response<Body>, Cut> {
    let arrived = service.now();
    let (parts, body) = request.into_parts();
    let body = match Limited::new(body, BODY_LIMIT).collect().await {
        Ok(body) => Some(body.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => None,
        Err(_) => return Err(Cut),
    };
    let (place, fault) = service.record(RecordedRequest {
        method: parts.method.as_str().to_owned(),
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().map(str::to_owned),
        headers: parts.headers.clone(),
        body: body.clone().unwrap_or_default(),
        fault: None,
        status: None,
    });
    let asked = parts.headers.get("client-request-id").cloned();
    let extra = extra_headers(fault.as_ref());

    let mut answer = match before(fault.as_ref()).await? {
        Some(answer) => answer,
        None => {
            let handled = match body {
                Some(body) => match fault {
                    Some(Fault::LateWrite(pause)) => late(pause, router, parts, body).await?,
                    _ => handle(router, parts, body).await,
                },
                None => Refusal::too_large().into_response(),
            };
            after(fault, handled).await?
        }
    };
    add_headers(&mut answer, service, arrived, asked);
    for (name, value) in extra {
        answer.headers_mut().insert(name, value);
    }
    service.answered(place, answer.status());
    Ok(answer)
}

async fn handle(router: Router, parts: Parts, body: Bytes) -> Response<Body> {
    let answered: Result<_, Infallible> = router
        .oneshot(Request::from_parts(parts, Body::from(body)))
        .await;
    match answered {
        Ok(answer) => answer,
    }
}

/// Handles a request in a task of its own, which a caller that hangs up does not
/// end.
async fn late(
    pause: Duration,
    router: Router,
    parts: Parts,
    body: Bytes,
) -> Result<Response<Body>, Cut> {
    let handling = tokio::spawn(async move {
        tokio::time::sleep(pause).await;
        handle(router, parts, body).await
    });
    handling.await.map_err(|_| Cut)
}

/// What a fault does instead of, or ahead of, handling the request.
async fn before(fault: Option<&Fault>) -> Result<Option<Response<Body>>, Cut> {
    match fault {
        Some(Fault::Delay(pause)) => {
            tokio::time::sleep(*pause).await;
            Ok(None)
        }
        Some(Fault::Throttle { retry_after }) => {
            let body = answer::throttle_body(*retry_after).to_string();
            Ok(Some(text_answer(StatusCode::TOO_MANY_REQUESTS, JSON, body)))
        }
        Some(Fault::Status { status, body, .. }) => Ok(Some(injected(*status, body))),
        Some(Fault::CutBeforeWrite) => Err(Cut),
        _ => Ok(None),
    }
}

/// What a fault does to the answer of a request that was handled.
async fn after(fault: Option<Fault>, handled: Response<Body>) -> Result<Response<Body>, Cut> {
    match fault {
        Some(Fault::DelayAfterWrite(pause)) => {
            tokio::time::sleep(pause).await;
            Ok(handled)
        }
        Some(Fault::StatusAfterWrite { status, body, .. }) => Ok(injected(status, &body)),
        Some(Fault::CutAfterWrite) => Err(Cut),
        Some(Fault::CutBody) => cut_body(handled).await,
        Some(Fault::Garbage) => {
            // A 204 may carry no body, so garbage needs another status.
            let status = match handled.status() {
                StatusCode::NO_CONTENT => StatusCode::OK,
                status => status,
            };
            let garbage = "{\"id\": \"4111fffc-f9ee-4d53-bba6-".to_owned();
            Ok(text_answer(status, JSON, garbage))
        }
        Some(Fault::HtmlAfterWrite) => {
            let page = html_page(StatusCode::OK);
            Ok(text_answer(StatusCode::OK, HTML, page))
        }
        _ => Ok(handled),
    }
}

fn injected(status: u16, body: &FaultBody) -> Response<Body> {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    match body {
        FaultBody::Json => text_answer(status, JSON, error_body(status).to_string()),
        FaultBody::PartnerCenter => {
            text_answer(status, JSON, partner_center_body(status).to_string())
        }
        FaultBody::Html => text_answer(status, HTML, html_page(status)),
        FaultBody::Empty => empty_answer(status),
        FaultBody::Text(text) => text_answer(status, "text/plain", text.clone()),
    }
}

/// The answer with its full length announced and half of its body.
async fn cut_body(handled: Response<Body>) -> Result<Response<Body>, Cut> {
    let (mut parts, body) = handled.into_parts();
    let mut whole = to_bytes(body, usize::MAX).await.map_err(|_| Cut)?;
    if whole.is_empty() {
        return Err(Cut);
    }
    let length = HeaderValue::from(whole.len());
    parts.headers.insert(header::CONTENT_LENGTH, length);
    let half = whole.split_to(whole.len() / 2);
    let sent = stream::once(async { Ok::<_, io::Error>(half) });
    let cut = stream::once(async {
        // hyper drops what it has not yet written when a body fails; giving way
        // once lets it flush the half first.
        tokio::task::yield_now().await;
        Err(io::Error::other(Cut))
    });
    Ok(Response::from_parts(
        parts,
        Body::from_stream(sent.chain(cut)),
    ))
}

/// The headers that a fault asks for; what no header can carry is left out.
fn extra_headers(fault: Option<&Fault>) -> Vec<(HeaderName, HeaderValue)> {
    match fault {
        Some(Fault::Throttle {
            retry_after: Some(seconds),
        }) => vec![(header::RETRY_AFTER, HeaderValue::from(*seconds))],
        Some(Fault::Status { headers, .. } | Fault::StatusAfterWrite { headers, .. }) => headers
            .iter()
            .filter_map(|(name, value)| {
                let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
                Some((name, HeaderValue::from_str(value).ok()?))
            })
            .collect(),
        _ => Vec::new(),
    }
}

fn add_headers(
    answer: &mut Response<Body>,
    service: &Service,
    arrived: DateTime<Utc>,
    asked: Option<HeaderValue>,
) {
    // The sandbox's clock, which callers compare a Retry-After date with.
    let date = arrived.format("%a, %d %b %Y %H:%M:%S GMT").to_string();
    let headers = answer.headers_mut();
    for (name, value) in [
        (header::DATE, date),
        (HeaderName::from_static("request-id"), service.request_id()),
        (HeaderName::from_static("timestamp"), wire_time(arrived)),
    ] {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(name, value);
        }
    }
    headers.insert(
        "x-ms-ags-diagnostic",
        HeaderValue::from_static(
            "{\"ServerInfo\":{\"DataCenter\":\"Sandbox\",\"Slice\":\"SliceA\",\"Ring\":\"1\",\
             \"ScaleUnit\":\"000\",\"Host\":\"loopback\"}}",
        ),
    );
    if let Some(asked) = asked {
        headers.insert("client-request-id", asked);
    }
}
