use super::*;

fn refused(app: EntraApp) -> String {
    let error = Entra::new(app).unwrap_err();
    assert_eq!(error.kind(), CredentialErrorKind::Invalid);
    error.to_string()
}

#[test]
fn what_would_change_the_address_is_refused() {
    for tenant in ["", ".", "..", "a/b", "a?b", "a#b", "a b", "common/", "é"] {
        assert!(
            refused(EntraApp::new(tenant, "id")).contains("tenant"),
            "{tenant}"
        );
        assert!(
            refused(EntraApp::new("t", tenant)).contains("client id"),
            "{tenant}"
        );
    }
}

#[test]
fn the_secret_goes_over_https_only() {
    let app = || EntraApp::new("common", "id");
    for (authority, why) in [
        ("http://login.example.com", "https only"),
        ("ftp://login.example.com", "https only"),
        ("http://127.0.0.1:1", "allow_insecure_loopback"),
        ("https://user:canary@login.example.com", "more than"),
        ("https://login.example.com/common", "more than"),
        ("https://login.example.com?a", "more than"),
        ("canary", "not a URL"),
    ] {
        let error = refused(app().authority(authority));
        assert!(error.contains(why) && !error.contains("canary"), "{error}");
    }
    let remote = app()
        .authority("http://example.com")
        .allow_insecure_loopback();
    assert!(refused(remote).contains("https only"));
    for local in [
        "http://127.0.0.1:1",
        "http://localhost:1/",
        "http://[::1]:1",
    ] {
        Entra::new(app().authority(local).allow_insecure_loopback()).unwrap();
    }
}

#[test]
fn the_two_endpoints_have_their_addresses() {
    let entra = Entra::new(EntraApp::new("contoso.com", "id")).unwrap();
    let host = "https://login.microsoftonline.com/contoso.com";
    assert_eq!(entra.token.as_str(), format!("{host}/oauth2/token"));
    assert_eq!(
        entra.device_code.as_str(),
        format!("{host}/oauth2/devicecode?api-version=1.0")
    );
    let app = EntraApp::new("contoso.com", "id").endpoint(TokenEndpoint::V2Scope);
    let entra = Entra::new(app).unwrap();
    assert_eq!(entra.token.as_str(), format!("{host}/oauth2/v2.0/token"));
    assert_eq!(
        entra.device_code.as_str(),
        format!("{host}/oauth2/v2.0/devicecode")
    );
}

#[test]
fn a_lifetime_is_a_number_or_a_string() {
    let lifetime = |expires: &str| {
        let json = format!(r#"{{"access_token":"a"{expires}}}"#);
        let answer: Answer = serde_json::from_str(&json).unwrap();
        answer.tokens().unwrap().access.lifetime.as_secs()
    };
    assert_eq!(lifetime(r#","expires_in":3599"#), 3599);
    assert_eq!(lifetime(r#","expires_in":"3600""#), 3600);
    for untold in [
        "",
        r#","expires_in":null"#,
        r#","expires_in":"soon""#,
        r#","expires_in":-1"#,
    ] {
        assert_eq!(lifetime(untold), 300, "{untold}");
    }
}

#[test]
fn a_token_of_another_kind_is_refused() {
    let answer: Answer =
        serde_json::from_str(r#"{"access_token":"canary","token_type":"pop"}"#).unwrap();
    assert!(!answer.tokens().unwrap_err().to_string().contains("canary"));
}
