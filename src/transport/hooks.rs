//! The hooks around every generated request.

use http::header::{ACCEPT, AUTHORIZATION};
use http::{HeaderName, HeaderValue};
use progenitor_client::{ClientHooks, ClientInfo, Error, OperationInfo};
use reqwest::{Request, Response};
use url::Url;

use super::call::{Call, Head};
use super::limit::bounded;
use super::{Inner, Shared};
use crate::generated::client::Client;
use crate::generated::wire::header;

/// The header that progenitor adds with the document's version: nothing that
/// the service knows.
const STRAY: HeaderName = HeaderName::from_static("api-version");

impl ClientHooks<Inner> for Client {
    async fn pre<E>(&self, request: &mut Request, _: &OperationInfo) -> Result<(), Error<E>> {
        let shared = &*self.inner().0;
        let call = Call::current();
        request.headers_mut().remove(STRAY);
        request
            .headers_mut()
            .entry(ACCEPT)
            .or_insert(HeaderValue::from_static("application/json"));
        match call.as_ref().and_then(|call| call.raw_query.as_deref()) {
            Some(query) => request.url_mut().set_query(Some(query)),
            None => plain_query(request.url_mut()),
        }
        identify(request, shared, call.as_deref());
        if !same_origin(request.url(), &shared.base) {
            return Err(Error::InvalidRequest(
                "the request is not for the configured origin".to_owned(),
            ));
        }
        let token = match call.and_then(|call| call.armed()) {
            Some((token, timeout)) => {
                *request.timeout_mut() = Some(timeout);
                token
            }
            None => shared
                .tokens
                .token()
                .await
                .map_err(|error| Error::Custom(error.to_string()))?,
        };
        let Some(value) = token.header() else {
            return Err(Error::InvalidRequest(
                "the token fits into no header".to_owned(),
            ));
        };
        request.headers_mut().insert(AUTHORIZATION, value);
        Ok(())
    }

    async fn exec(&self, request: Request, info: &OperationInfo) -> reqwest::Result<Response> {
        let limits = self.inner().0.limits;
        let call = Call::current();
        let attempt = call.as_ref().map_or(1, |call| call.begin_attempt());
        let result = self.client().execute(request).await;
        match &result {
            Ok(response) => tracing::debug!(
                operation = info.operation_id,
                attempt,
                status = response.status().as_u16(),
                "answered"
            ),
            Err(error) => tracing::debug!(
                operation = info.operation_id,
                attempt,
                connect = error.is_connect(),
                timeout = error.is_timeout(),
                "no answer"
            ),
        }
        let response = result?;
        let shared = &*self.inner().0;
        shared.server_time.note(response.headers(), &*shared.clock);
        if let Some(call) = call {
            call.answered(Head {
                status: response.status(),
                headers: response.headers().clone(),
                at: self.inner().0.clock.now(),
            });
        }
        let limit = if response.status().is_success() {
            limits.success
        } else {
            limits.error
        };
        Ok(bounded(response, limit))
    }
}

fn identify(request: &mut Request, shared: &Shared, call: Option<&Call>) {
    let (client, ours) = match call {
        Some(call) => (call.client_request_id, call.request_id),
        None => ((shared.ids)(), (shared.ids)()),
    };
    let headers = request.headers_mut();
    for (name, value) in &shared.headers {
        headers.insert(name, value.clone());
    }
    for (name, id) in [
        (header::CLIENT_REQUEST_ID, client),
        (header::REQUEST_ID, ours),
    ] {
        if let Ok(id) = HeaderValue::try_from(id.to_string()) {
            headers.insert(HeaderName::from_static(name), id);
        }
    }
}

fn same_origin(url: &Url, base: &Url) -> bool {
    url.scheme() == base.scheme()
        && url.host_str() == base.host_str()
        && url.port_or_known_default() == base.port_or_known_default()
}

/// reqwest writes a query as a form does: `%24filter=a+b`. OData clients write
/// `$filter=a%20b`, and whether the service takes the other is not known.
fn plain_query(url: &mut Url) {
    let Some(query) = url.query() else { return };
    let plain: Vec<String> = query
        .split('&')
        .map(|pair| {
            let pair = pair.replace('+', "%20");
            match pair.strip_prefix("%24") {
                Some(rest) => format!("${rest}"),
                None => pair,
            }
        })
        .collect();
    let plain = plain.join("&");
    url.set_query(
        Some(&plain)
            .filter(|plain| !plain.is_empty())
            .map(String::as_str),
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_plain_query_says_the_same_as_the_form_did(key in "[$a-z+ ]{1,8}", value in ".{0,30}") {
            let mut url = Url::parse("https://h/p").unwrap();
            url.query_pairs_mut().append_pair(&key, &value);
            let before: Vec<(String, String)> = url.query_pairs().into_owned().collect();
            plain_query(&mut url);
            let after: Vec<(String, String)> = url.query_pairs().into_owned().collect();
            prop_assert_eq!(before, after);
            prop_assert!(!url.query().unwrap().contains('+'));
        }
    }

    #[test]
    fn the_token_stays_at_its_origin() {
        let base = Url::parse("https://api.partner.microsoft.com").unwrap();
        for (url, same) in [
            ("https://api.partner.microsoft.com/v1.0/x", true),
            ("https://api.partner.microsoft.com:443/v1.0/x", true),
            ("http://api.partner.microsoft.com/v1.0/x", false),
            ("https://api.partner.microsoft.com.evil.example/x", false),
            ("https://api.partner.microsoft.com:444/x", false),
        ] {
            assert_eq!(same_origin(&Url::parse(url).unwrap(), &base), same, "{url}");
        }
    }
}
