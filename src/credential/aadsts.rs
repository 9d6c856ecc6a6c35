//! What the answers of Microsoft Entra mean when they refuse a token.
//!
//! Meanings follow the public list "Microsoft Entra authentication and
//! authorization error codes". Codes may change at any time, it says; so a code
//! that is not here falls back on the `error` of OAuth 2.0, and that on the
//! status.

use std::time::Duration;

use serde::Deserialize;
use uuid::Uuid;

use super::error::Details;
use super::{CredentialError, CredentialErrorKind as Kind};

const SIGN_IN: &str = "sign in again";
const SIGN_IN_MFA: &str = "sign in again and complete multi-factor authentication";
const CONSENT: &str = "let an administrator grant consent for the app's API permissions";
const PERMISSION: &str = "add the API `Microsoft Partner` (delegated) to the app's API permissions, \
     and check that the tenant takes part in Partner Center";
const ADMIN: &str = "ask the tenant's administrator, with the ids given here";
const SECRET: &str = "check the client secret: its value, not its id, and whether it has expired";
const APP: &str = "check the client id, and that the app is registered in this tenant";
const TENANT: &str = "check the tenant id or domain, and the cloud it belongs to";
const OWN_TENANT: &str = "name the app's own tenant instead of `common`";
const WAIT: &str = "try again later";
const REPORT: &str =
    "check the settings of the app; if they are right, report this to the maintainers";

struct Known {
    code: u32,
    kind: Kind,
    meaning: &'static str,
    action: &'static str,
}

const fn known(code: u32, kind: Kind, meaning: &'static str, action: &'static str) -> Known {
    Known {
        code,
        kind,
        meaning,
        action,
    }
}

/// In the order of the codes.
#[rustfmt::skip]
const CODES: &[Known] = &[
    known(16000, Kind::SignInRequired, "the user has to choose an account", SIGN_IN),
    known(50001, Kind::WrongAudience, "the API is not known to this tenant", PERMISSION),
    known(50013, Kind::SignInRequired, "the grant's signature or audience is not accepted", SIGN_IN),
    known(50020, Kind::ClientRejected, "the user is not of this tenant", TENANT),
    known(50033, Kind::Unavailable, "Microsoft Entra has passing trouble", WAIT),
    known(50034, Kind::ClientRejected, "the user's account does not exist in this tenant", TENANT),
    known(50053, Kind::Blocked, "the account is locked, or sign-in from this address is blocked", ADMIN),
    known(50055, Kind::SignInRequired, "the user's password has expired", SIGN_IN),
    known(50057, Kind::Blocked, "the user's account is disabled", ADMIN),
    known(50058, Kind::SignInRequired, "the user is not signed in", SIGN_IN),
    known(50059, Kind::ClientRejected, "no tenant could be told from the request", TENANT),
    known(50072, Kind::MfaRequired, "the user has to enrol for multi-factor authentication", SIGN_IN_MFA),
    known(50074, Kind::MfaRequired, "multi-factor authentication is required", SIGN_IN_MFA),
    known(50076, Kind::MfaRequired, "multi-factor authentication is required", SIGN_IN_MFA),
    known(50078, Kind::MfaRequired, "the multi-factor authentication has expired", SIGN_IN_MFA),
    known(50079, Kind::MfaRequired, "the user has to enrol for multi-factor authentication", SIGN_IN_MFA),
    known(50087, Kind::Unavailable, "Microsoft Entra has passing trouble with strong authentication", WAIT),
    known(50089, Kind::SignInRequired, "the sign-in took too long, or was revoked", SIGN_IN),
    known(50097, Kind::Blocked, "a policy wants a known device", ADMIN),
    known(50105, Kind::Blocked, "the user is not assigned to the app", "let an administrator assign the user to the app"),
    known(50128, Kind::ClientRejected, "the tenant's domain is not valid", TENANT),
    known(50131, Kind::Blocked, "a Conditional Access policy refuses the sign-in", ADMIN),
    known(50132, Kind::SignInRequired, "the session ended because the password expired or was changed", SIGN_IN),
    known(50133, Kind::SignInRequired, "the session ended because the password expired or was changed", SIGN_IN),
    known(50144, Kind::SignInRequired, "the user's password has expired", SIGN_IN),
    known(50158, Kind::MfaRequired, "an outside security check was not passed", SIGN_IN_MFA),
    known(50173, Kind::SignInRequired, "the refresh token was revoked (password changed, or by an administrator)", SIGN_IN),
    known(50194, Kind::ClientRejected, "the app is single-tenant, and `common` does not serve it", OWN_TENANT),
    known(50196, Kind::Throttled, "the same request came too often", "keep one cached credential for the whole program"),
    known(50197, Kind::SignInRequired, "the user could not be found", SIGN_IN),
    known(53000, Kind::Blocked, "a Conditional Access policy wants a compliant device", ADMIN),
    known(53001, Kind::Blocked, "a Conditional Access policy wants a domain-joined device", ADMIN),
    known(53003, Kind::Blocked, "a Conditional Access policy refuses the token", ADMIN),
    known(53004, Kind::MfaRequired, "the user has to register for multi-factor authentication", SIGN_IN_MFA),
    known(65001, Kind::ConsentMissing, "neither the user nor an administrator has consented to the app", CONSENT),
    known(65004, Kind::ConsentMissing, "the user declined to consent to the app", CONSENT),
    known(65005, Kind::WrongAudience, "the API is not among the app's permissions", PERMISSION),
    known(70000, Kind::SignInRequired, "the refresh token is not valid", SIGN_IN),
    known(70001, Kind::ClientRejected, "the app is disabled or not known", APP),
    known(70002, Kind::ClientRejected, "the client secret does not match", SECRET),
    known(70008, Kind::SignInRequired, "the refresh token has expired for want of use", SIGN_IN),
    known(70011, Kind::WrongAudience, "the scope is not valid", PERMISSION),
    known(70012, Kind::Unavailable, "Microsoft Entra has passing trouble", WAIT),
    known(70018, Kind::Invalid, "the code that the user typed is wrong", SIGN_IN),
    known(70019, Kind::SignInRequired, "the code was not entered in time", SIGN_IN),
    known(70043, Kind::SignInRequired, "the refresh token is too old for the tenant's sign-in frequency", SIGN_IN),
    known(90002, Kind::ClientRejected, "the tenant does not exist", TENANT),
    known(90006, Kind::Unavailable, "Microsoft Entra is not available", WAIT),
    known(90012, Kind::Unavailable, "Microsoft Entra took too long", WAIT),
    known(90014, Kind::Invalid, "the request lacks a parameter", REPORT),
    known(90024, Kind::Unavailable, "Microsoft Entra has passing trouble", WAIT),
    known(90033, Kind::Unavailable, "Microsoft Entra's directory is not available", WAIT),
    known(90038, Kind::ClientRejected, "the tenant belongs to another cloud", TENANT),
    known(90055, Kind::Throttled, "the tenant sends too many requests", WAIT),
    known(90072, Kind::ClientRejected, "the user's account does not exist in this tenant", TENANT),
    known(90090, Kind::Unavailable, "Microsoft Entra is not available", WAIT),
    known(90094, Kind::ConsentMissing, "an administrator has to consent to the app", CONSENT),
    known(90095, Kind::ConsentMissing, "an administrator has to consent to the app", CONSENT),
    known(90099, Kind::ConsentMissing, "the app has no consent in the customer's tenant", CONSENT),
    known(90124, Kind::ClientRejected, "the API is not served through `common`", OWN_TENANT),
    known(90130, Kind::ClientRejected, "the app is not served through `common`", OWN_TENANT),
    known(135_011, Kind::Blocked, "the device is disabled", ADMIN),
    known(500_011, Kind::WrongAudience, "the API is not known to this tenant", PERMISSION),
    known(500_341, Kind::Blocked, "the user's account was deleted from the directory", ADMIN),
    known(530_032, Kind::Blocked, "a security policy of the tenant refuses the token", ADMIN),
    known(530_035, Kind::Blocked, "the security defaults refuse the sign-in", ADMIN),
    known(650_052, Kind::WrongAudience, "the organization has no subscription for the API", PERMISSION),
    known(650_056, Kind::ConsentMissing, "the app names no permission, or has no consent", CONSENT),
    known(650_057, Kind::WrongAudience, "the API is not among the app's permissions", PERMISSION),
    known(700_003, Kind::Blocked, "the device is not known to the tenant any more", ADMIN),
    known(700_016, Kind::ClientRejected, "the app is not known to this tenant", APP),
    known(700_020, Kind::SignInRequired, "the user has to be there", SIGN_IN),
    known(700_025, Kind::ClientRejected, "the app is a public client, which has no secret", "leave the client secret out"),
    known(700_082, Kind::SignInRequired, "the refresh token has expired for want of use", SIGN_IN),
    known(700_084, Kind::SignInRequired, "the refresh token of a single-page app has expired", "register the app as a native or web app and sign in again"),
    known(900_144, Kind::Invalid, "the request lacks a parameter", REPORT),
    known(901_002, Kind::Invalid, "the endpoint does not take `resource`", "use `TokenEndpoint::V2Scope`"),
    known(7_000_112, Kind::ClientRejected, "the app is disabled", APP),
    known(7_000_215, Kind::ClientRejected, "the client secret is not valid", SECRET),
    known(7_000_218, Kind::ClientRejected, "the app is a confidential client, which needs a secret", "set the client secret, or allow public client flows for the app"),
    known(7_000_222, Kind::ClientRejected, "the client secret has expired", "make a new secret for the app"),
    known(9_002_313, Kind::Invalid, "the request is malformed", REPORT),
];

/// The errors of OAuth 2.0 (RFC 6749, 8628, 8707, OpenID Connect) and those
/// that Microsoft Entra adds.
#[rustfmt::skip]
const ERRORS: &[(&str, Kind, &str, &str)] = &[
    ("access_denied", Kind::SignInRequired, "the sign-in was refused", SIGN_IN),
    ("authorization_declined", Kind::SignInRequired, "the user declined the sign-in", SIGN_IN),
    ("authorization_pending", Kind::Unavailable, "the user has not signed in yet", WAIT),
    ("bad_verification_code", Kind::Invalid, "the device code is not known", SIGN_IN),
    ("code_expired", Kind::SignInRequired, "the code was not entered in time", SIGN_IN),
    ("consent_required", Kind::ConsentMissing, "the app has no consent", CONSENT),
    ("expired_token", Kind::SignInRequired, "the code was not entered in time", SIGN_IN),
    ("interaction_required", Kind::SignInRequired, "the user has to be there", SIGN_IN),
    ("invalid_client", Kind::ClientRejected, "the app or its secret is not accepted", SECRET),
    ("invalid_grant", Kind::SignInRequired, "the refresh token is not accepted", SIGN_IN),
    ("invalid_request", Kind::Invalid, "the request is not accepted", REPORT),
    ("invalid_resource", Kind::WrongAudience, "the API is not known to this tenant", PERMISSION),
    ("invalid_scope", Kind::WrongAudience, "the scope is not valid", PERMISSION),
    ("invalid_target", Kind::WrongAudience, "the API is not known to this tenant", PERMISSION),
    ("login_required", Kind::SignInRequired, "the user is not signed in", SIGN_IN),
    ("server_error", Kind::Unavailable, "Microsoft Entra has trouble", WAIT),
    ("slow_down", Kind::Throttled, "the token endpoint is asked too often", WAIT),
    ("temporarily_unavailable", Kind::Unavailable, "Microsoft Entra is not available", WAIT),
    ("unauthorized_client", Kind::ClientRejected, "the app may not do this", APP),
    ("unsupported_grant_type", Kind::Invalid, "the grant is not supported", REPORT),
];

#[derive(Default, Deserialize)]
#[serde(default)]
struct Body {
    error: Option<String>,
    error_description: Option<String>,
    error_codes: Option<Vec<u32>>,
    suberror: Option<String>,
    trace_id: Option<String>,
    correlation_id: Option<String>,
}

/// What an answer of the token endpoint that gives no token means.
pub(super) fn explain(status: u16, body: &[u8], retry_after: Option<Duration>) -> CredentialError {
    let body: Body = serde_json::from_slice(body).unwrap_or_default();
    let description = body.error_description.as_deref().unwrap_or_default();
    let mut codes = body.error_codes.unwrap_or_default();
    codes.extend(code_in(description));
    let id = |member: Option<String>, label| {
        let text = member.unwrap_or_else(|| after(description, label).to_owned());
        Uuid::parse_str(&text).ok()
    };
    let details = Details {
        trace_id: id(body.trace_id, "Trace ID: "),
        correlation_id: id(body.correlation_id, "Correlation ID: "),
        status: Some(status),
        retry_after,
        ..Details::default()
    };
    // `consent_required` and its like come as a second word to `invalid_grant`.
    let errors = [body.suberror, body.error];
    meaning(&codes, errors.iter().flatten(), details)
}

/// What the error text of another library means, of which nothing is kept but
/// the code.
#[cfg(feature = "azure")]
pub(super) fn explain_text(text: &str, status: Option<u16>) -> CredentialError {
    let codes: Vec<u32> = code_in(text).into_iter().collect();
    let details = Details {
        status,
        ..Details::default()
    };
    meaning(&codes, [].iter(), details)
}

fn meaning<'a>(
    codes: &[u32],
    errors: impl Iterator<Item = &'a String>,
    mut details: Details,
) -> CredentialError {
    let known = codes
        .iter()
        .find_map(|code| CODES.iter().find(|known| known.code == *code));
    details.aadsts = known.map(|known| known.code).or(codes.first().copied());
    let mut oauth = errors.filter_map(|error| ERRORS.iter().find(|known| known.0 == error));
    let first = oauth.next();
    details.oauth = first.map(|error| error.0);
    let (kind, meaning, action) = match (known, first) {
        (Some(known), _) => (known.kind, known.meaning, known.action),
        (None, Some(error)) => (error.1, error.2, error.3),
        (None, None) => by_status(details.status),
    };
    CredentialError::of(kind, format!("no access token: {meaning}; {action}")).with_details(details)
}

fn by_status(status: Option<u16>) -> (Kind, &'static str, &'static str) {
    match status {
        Some(429) => (Kind::Throttled, "too many requests for tokens", WAIT),
        Some(408 | 500..) => (Kind::Unavailable, "the token endpoint has trouble", WAIT),
        Some(300..400) => (
            Kind::Invalid,
            "the token endpoint sends elsewhere, which is not followed",
            "check the authority",
        ),
        Some(_) => (
            Kind::Invalid,
            "the token endpoint refuses, without a known reason",
            REPORT,
        ),
        None => (Kind::Other, "the credential gave none", REPORT),
    }
}

/// The number in the first `AADSTS50076`.
fn code_in(text: &str) -> Option<u32> {
    let rest = text.split_once("AADSTS")?.1;
    let digits = rest
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(rest.len());
    rest.get(..digits)?.parse().ok()
}

/// The word behind a label.
fn after<'a>(text: &'a str, label: &str) -> &'a str {
    let rest = text.split_once(label).map_or("", |(_, rest)| rest);
    rest.split_whitespace().next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_order_and_says_what_to_do() {
        assert!(CODES.windows(2).all(|pair| pair[0].code < pair[1].code));
        assert!(ERRORS.windows(2).all(|pair| pair[0].0 < pair[1].0));
        for known in CODES {
            let body = format!(
                r#"{{"error":"invalid_grant","error_description":"AADSTS{0}: canary","error_codes":[{0}]}}"#,
                known.code
            );
            let error = explain(400, body.as_bytes(), None);
            assert_eq!(error.kind(), known.kind);
            assert_eq!(error.code(), Some(format!("AADSTS{}", known.code)));
            let line = error.to_string();
            assert!(
                line.contains(known.meaning) && line.contains(known.action),
                "{line}"
            );
            assert!(!line.contains('\n') && !line.contains("canary"), "{line}");
        }
    }

    #[test]
    fn an_unknown_code_falls_back_on_the_error_and_that_on_the_status() {
        let error = explain(
            400,
            br#"{"error":"invalid_client","error_codes":[99]}"#,
            None,
        );
        assert_eq!(error.kind(), Kind::ClientRejected);
        assert_eq!(error.code().unwrap(), "AADSTS99");
        let error = explain(400, br#"{"error":"canary"}"#, None);
        assert_eq!((error.kind(), error.code()), (Kind::Invalid, None));
        assert!(!format!("{error} {error:?}").contains("canary"));
        let error = explain(
            400,
            br#"{"error":"invalid_grant","suberror":"consent_required"}"#,
            None,
        );
        assert_eq!(error.kind(), Kind::ConsentMissing);
        for (status, kind) in [
            (302, Kind::Invalid),
            (400, Kind::Invalid),
            (408, Kind::Unavailable),
            (429, Kind::Throttled),
            (500, Kind::Unavailable),
            (503, Kind::Unavailable),
        ] {
            assert_eq!(explain(status, b"<html>", None).kind(), kind, "{status}");
        }
    }

    #[test]
    fn the_code_and_ids_are_found_in_the_description_alone() {
        let body = br#"{"error":"invalid_grant","error_description":"AADSTS50076: Due to ...\r\nTrace ID: 0000aaaa-11bb-cccc-dd22-eeeeee333333\r\nCorrelation ID: aaaa0000-bb11-2222-33cc-444444dddddd\r\nTimestamp: 2016-01-09 02:02:12Z"}"#;
        let error = explain(400, body, None);
        assert_eq!(error.kind(), Kind::MfaRequired);
        assert_eq!(
            error.to_string(),
            "no access token: multi-factor authentication is required; sign in again and complete \
             multi-factor authentication [code AADSTS50076, status 400, \
             trace id 0000aaaa-11bb-cccc-dd22-eeeeee333333, \
             correlation id aaaa0000-bb11-2222-33cc-444444dddddd]"
        );
    }

    #[test]
    fn garbage_is_no_panic() {
        for text in ["AADSTS", "AADSTS99999999999999", "AADSTSé", "Trace ID: "] {
            let body = format!(r#"{{"error_description":"{text}"}}"#);
            assert_eq!(explain(400, body.as_bytes(), None).code(), None);
        }
    }
}
