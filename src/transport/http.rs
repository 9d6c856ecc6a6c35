//! The HTTP client under everything that this crate sends.

use reqwest::ClientBuilder;
use url::{Host, Url};

/// A client of `base` that sends each request once, over TLS where the address
/// says so. The message of an error is for people.
pub(crate) fn builder(base: &Url) -> Result<ClientBuilder, String> {
    let builder = reqwest::Client::builder()
        // Followed redirects would resend a create, and would make "could not
        // connect" mean something else than "was not sent".
        .redirect(reqwest::redirect::Policy::none())
        // reqwest would resend what it deems safe to resend: that is for the
        // layer to say which knows the operation.
        .retry(reqwest::retry::never())
        .referer(false);
    // What is on this machine is not reached through a proxy, which would see
    // the token in the clear.
    let builder = if base.scheme() == "http" {
        builder.no_proxy()
    } else {
        builder
    };
    #[cfg(feature = "rustls")]
    let builder = builder.tls_backend_preconfigured(tls()?);
    Ok(builder)
}

/// Whether an address is on this machine; none where it names no host. The one
/// place that says where plain http may go.
pub(crate) fn on_this_machine(url: &Url) -> Option<bool> {
    Some(match url.host()? {
        Host::Domain(name) => name == "localhost",
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    })
}

/// rustls on ring, told so explicitly: no process-wide provider is installed.
#[cfg(feature = "rustls")]
fn tls() -> Result<rustls::ClientConfig, String> {
    use std::sync::Arc;

    use rustls_platform_verifier::BuilderVerifierExt as _;

    let text = |error: rustls::Error| error.to_string();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    Ok(rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(text)?
        .with_platform_verifier()
        .map_err(text)?
        .with_no_client_auth())
}
