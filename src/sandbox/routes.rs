//! The addresses of the service and what answers them.
//!
//! There is one collection and its items; no DELETE, no batch, no actions
//! (facts of 2019 to 2025). An update answers 204 unless `Prefer` asks for the
//! referral (D20); that this is then a 200 is the OData norm.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, Path, RawQuery, Request, State};
use axum::http::{HeaderMap, Response, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::IntoResponse;
use axum::routing::get;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use uuid::Uuid;

use super::answer::{Refusal, json_answer, no_content, referral_answer};
use super::page::{self, COLLECTION};
use super::service::Service;
use super::{change, create};

type Shared = State<Arc<Service>>;

/// Headers that hold an id of the request.
const IDS: [&str; 4] = [
    "client-request-id",
    "request-id",
    "ms-correlationid",
    "ms-requestid",
];

/// The whole service, but for connections, faults and records.
pub(super) fn router(service: Arc<Service>) -> Router {
    Router::new()
        .route(COLLECTION, get(list).post(post))
        .route(
            &format!("{COLLECTION}/{{id}}"),
            get(get_one).patch(patch).put(put),
        )
        .fallback(async || Refusal::not_found("resource"))
        .method_not_allowed_fallback(async || Refusal::method_not_allowed())
        .layer(middleware::from_fn(check_ids))
        .layer(middleware::from_fn_with_state(
            Arc::clone(&service),
            authenticate,
        ))
        // The connection has read the body already, within its own limit.
        .layer(DefaultBodyLimit::disable())
        .with_state(service)
}

/// Lets only a bearer pass; which one matters only if the sandbox was given one.
async fn authenticate(
    State(service): Shared,
    request: Request,
    next: Next,
) -> Result<Response<Body>, Refusal> {
    let bearer = header_text(request.headers(), header::AUTHORIZATION.as_str())
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| token.trim())
        .filter(|token| !token.is_empty());
    match (bearer, &service.settings.token) {
        (Some(_), None) => Ok(next.run(request).await),
        (Some(given), Some(wanted)) if given == wanted => Ok(next.run(request).await),
        _ => Err(Refusal::unauthenticated()),
    }
}

/// The ids of a request are documented as GUIDs (D19, SW20b, D23). What the
/// service makes of others is not; a stand-in had better say so.
async fn check_ids(request: Request, next: Next) -> Result<Response<Body>, Refusal> {
    for name in IDS {
        for value in request.headers().get_all(name) {
            let is_guid = value
                .to_str()
                .is_ok_and(|text| text.len() == 36 && Uuid::try_parse(text).is_ok());
            if !is_guid {
                return Err(Refusal::invalid(name, "The header must be a GUID."));
            }
        }
    }
    Ok(next.run(request).await)
}

async fn list(
    State(service): Shared,
    RawQuery(query): RawQuery,
) -> Result<Response<Body>, Refusal> {
    let now = service.now();
    let page = page::list(&service.state(), &service.settings, query.as_deref(), now)?;
    Ok(json_answer(StatusCode::OK, &page))
}

async fn post(State(service): Shared, body: Bytes) -> Result<Response<Body>, Refusal> {
    let now = service.now();
    let visible_from = now
        .checked_add_signed(service.settings.visibility_delay)
        .unwrap_or(DateTime::<Utc>::MAX_UTC);
    let referral = create::create(&mut service.state(), &body, now, visible_from)?;
    Ok(referral_answer(service.settings.create_status, &referral))
}

async fn get_one(
    State(service): Shared,
    Path(id): Path<String>,
) -> Result<Response<Body>, Refusal> {
    let mut referral = service
        .state()
        .get(&id)
        .cloned()
        .ok_or_else(|| Refusal::not_found("referral"))?;
    if let Value::Object(members) = &mut referral {
        // The address is misspelled in every version of the page.
        let context = "https://api.partner.microsoft.com/v1.0/engagments/referrals/$metadata#Referrals/$entity";
        members.insert("@odata.context".to_owned(), json!(context));
    }
    Ok(referral_answer(StatusCode::OK, &referral))
}

async fn patch(
    State(service): Shared,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response<Body>, Refusal> {
    let now = service.now();
    let if_match = if_match(&headers)?;
    let referral = change::patch(&mut service.state(), &id, if_match, &body, now)?;
    if wants_referral(&headers) {
        return Ok(referral_answer(StatusCode::OK, &referral));
    }
    Ok(no_content(&referral))
}

async fn put(
    State(service): Shared,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response<Body>, Refusal> {
    let now = service.now();
    let if_match = if_match(&headers)?;
    let referral = change::put(&mut service.state(), &id, if_match, &body, now)?;
    Ok(referral_answer(StatusCode::OK, &referral).into_response())
}

fn header_text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// The eTag that the caller means. One that is no text matches no referral, and
/// must not pass for none at all.
fn if_match(headers: &HeaderMap) -> Result<Option<&str>, Refusal> {
    match headers.get(header::IF_MATCH) {
        None => Ok(None),
        Some(value) => value
            .to_str()
            .map(|value| Some(value.trim()))
            .map_err(|_| Refusal::precondition_failed()),
    }
}

fn wants_referral(headers: &HeaderMap) -> bool {
    headers
        .get_all("prefer")
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split([',', ';']))
        .any(|preference| {
            preference
                .trim()
                .eq_ignore_ascii_case("return=representation")
        })
}
