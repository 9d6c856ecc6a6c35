//! The sandbox over a real connection, spoken to byte by byte.

use std::time::Duration;

use chrono::DateTime;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::page::COLLECTION;
use super::*;

const DEAL: &str = r#"{"type":"Independent",
    "customerProfile":{"name":"Contoso","address":{
        "addressLine1":"One Microsoft Way","city":"Redmond","country":"US"}},
    "consent":{"consentToToShareInfoWithOthers":true,"consentToContact":true},
    "details":{"dealValue":1}}"#;

/// Everything that comes back until the sandbox, or the test's patience, ends.
async fn send(sandbox: &Sandbox, request: &str) -> String {
    let address = sandbox.base_url();
    let mut stream = TcpStream::connect(address.strip_prefix("http://").unwrap())
        .await
        .unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let read = stream.read_to_end(&mut answer);
    let _ = tokio::time::timeout(Duration::from_secs(5), read)
        .await
        .unwrap();
    String::from_utf8(answer).unwrap()
}

fn request(method: &str, path: &str, headers: &str, body: &str) -> String {
    format!(
        "{method} {path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer t\r\n\
         connection: close\r\n{headers}content-length: {}\r\n\r\n{body}",
        body.len()
    )
}

fn post() -> String {
    request("POST", COLLECTION, "", DEAL)
}

fn status(answer: &str) -> &str {
    answer.get(9..12).unwrap_or("none")
}

fn body(answer: &str) -> Value {
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    serde_json::from_str(body).unwrap()
}

/// Waits, as long as a busy machine may take.
async fn until(is_so: impl Fn() -> bool) {
    for _ in 0..3_000 {
        if is_so() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("it does not come");
}

async fn with(fault: Fault) -> Sandbox {
    let plan = FaultPlan::new().rule(FaultRule::new(fault).nth(1));
    Sandbox::builder().faults(plan).start().await.unwrap()
}

#[tokio::test]
async fn a_create_is_answered_with_the_usual_headers() {
    let at = DateTime::parse_from_rfc3339("2024-01-01T00:00:00Z").unwrap();
    let builder = Sandbox::builder().clock(move || at.to_utc());
    let sandbox = builder.start().await.unwrap();
    let id = "client-request-id: 0f8fad5b-d9cb-469f-a165-70867728950e\r\n";
    let answer = send(&sandbox, &request("POST", COLLECTION, id, DEAL)).await;
    assert_eq!(status(&answer), "201");
    let stored = sandbox.referrals();
    assert_eq!(vec![body(&answer)], stored);
    for header in [
        id,
        "date: Mon, 01 Jan 2024 00:00:00 GMT\r\n",
        "timestamp: 2024-01-01T00:00:00.0000000Z\r\n",
        "x-ms-ags-diagnostic: ",
        "request-id: ",
        &format!("etag: {}\r\n", stored[0]["eTag"].as_str().unwrap()),
    ] {
        assert!(answer.contains(header), "{header} in {answer}");
    }
}

#[tokio::test]
async fn an_id_of_a_request_is_a_guid() {
    let sandbox = Sandbox::start().await.unwrap();
    for wrong in ["7", "", "0f8fad5bd9cb469fa16570867728950e"] {
        let id = format!("ms-correlationid: {wrong}\r\n");
        let answer = send(&sandbox, &request("POST", COLLECTION, &id, DEAL)).await;
        assert_eq!(status(&answer), "400", "{wrong}");
        assert_eq!(body(&answer)["error"]["target"], "ms-correlationid");
    }
    assert!(sandbox.referrals().is_empty());
}

#[tokio::test]
async fn a_qualification_of_tomorrow_is_refused_only_where_that_is_asked_for() {
    let tomorrow = DEAL.replacen('{', r#"{"qualification":"AgentQualified","#, 1);
    for (only, wanted) in [(false, "201"), (true, "400")] {
        let builder = Sandbox::builder().documented_values_only(only);
        let sandbox = builder.start().await.unwrap();
        let answer = send(&sandbox, &request("POST", COLLECTION, "", &tomorrow)).await;
        assert_eq!(status(&answer), wanted);
    }
}

#[tokio::test]
async fn a_connection_cut_before_the_write_leaves_nothing() {
    let sandbox = with(Fault::CutBeforeWrite).await;
    assert_eq!(send(&sandbox, &post()).await, "");
    assert!(sandbox.referrals().is_empty());
    assert_eq!(sandbox.requests()[0].fault, Some(Fault::CutBeforeWrite));
    assert_eq!(sandbox.requests()[0].status, None);
    assert_eq!(status(&send(&sandbox, &post()).await), "201");
}

#[tokio::test]
async fn a_connection_cut_after_the_write_leaves_the_referral() {
    let sandbox = with(Fault::CutAfterWrite).await;
    assert_eq!(send(&sandbox, &post()).await, "");
    assert_eq!(sandbox.referrals().len(), 1);
}

#[tokio::test]
async fn a_cut_body_announces_its_length_and_sends_half() {
    let sandbox = with(Fault::CutBody).await;
    let answer = send(&sandbox, &post()).await;
    assert_eq!(status(&answer), "201");
    let whole = sandbox.referrals()[0].to_string();
    let length = format!("content-length: {}\r\n", whole.len());
    assert!(answer.contains(&length), "{answer}");
    let (_, half) = answer.split_once("\r\n\r\n").unwrap();
    assert_eq!(half, &whole[..whole.len() / 2]);
    assert_eq!(sandbox.requests()[0].status, Some(201));
}

#[tokio::test]
async fn answers_that_mislead_after_the_write() {
    for (fault, wanted, text) in [
        (Fault::Garbage, "201", "{\"id\""),
        (Fault::HtmlAfterWrite, "200", "<html>"),
        (Fault::status_after_write(504, FaultBody::Empty), "504", ""),
    ] {
        let sandbox = with(fault).await;
        let answer = send(&sandbox, &post()).await;
        assert_eq!(status(&answer), wanted);
        assert!(answer.contains(text));
        assert_eq!(sandbox.referrals().len(), 1);
    }
}

#[tokio::test]
async fn answers_in_place_of_the_write() {
    let partner_center = Fault::Status {
        status: 503,
        body: FaultBody::PartnerCenter,
        headers: vec![("Retry-After".to_owned(), "7".to_owned())],
    };
    for (fault, wanted, text) in [
        (
            Fault::Throttle {
                retry_after: Some(57),
            },
            "429",
            "retry-after: 57\r\n",
        ),
        (
            Fault::Throttle {
                retry_after: Some(57),
            },
            "429",
            "\"statusCode\":429",
        ),
        (partner_center.clone(), "503", "retry-after: 7\r\n"),
        (partner_center, "503", "\"source\":"),
        (
            Fault::status(500, FaultBody::Json),
            "500",
            "generalException",
        ),
        (
            Fault::status(1, FaultBody::Text("plain".to_owned())),
            "500",
            "plain",
        ),
    ] {
        let sandbox = with(fault).await;
        let answer = send(&sandbox, &post()).await;
        assert_eq!(status(&answer), wanted);
        assert!(answer.contains(text), "{answer}");
        assert!(sandbox.referrals().is_empty());
    }
}

#[tokio::test]
async fn a_caller_that_gives_up_during_a_delay_has_written_nothing_or_all() {
    for (fault, written) in [
        (Fault::Delay(Duration::from_secs(60)), 0),
        (Fault::DelayAfterWrite(Duration::from_secs(60)), 1),
    ] {
        let sandbox = with(fault).await;
        let sent = post();
        tokio::select! {
            answer = send(&sandbox, &sent) => panic!("answered: {answer}"),
            () = until(|| sandbox.requests().len() == 1) => {}
        }
        until(|| sandbox.referrals().len() == written).await;
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert_eq!(sandbox.referrals().len(), written);
    }
}

#[tokio::test]
async fn what_a_caller_gave_up_waiting_for_is_not_done_later() {
    let sandbox = with(Fault::Delay(Duration::from_millis(300))).await;
    let sent = post();
    tokio::select! {
        answer = send(&sandbox, &sent) => panic!("answered: {answer}"),
        () = until(|| sandbox.requests().len() == 1) => {}
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert!(sandbox.referrals().is_empty());
}

#[tokio::test]
async fn a_late_write_is_done_though_its_caller_is_gone() {
    let sandbox = with(Fault::LateWrite(Duration::from_millis(300))).await;
    let sent = post();
    tokio::select! {
        answer = send(&sandbox, &sent) => panic!("answered: {answer}"),
        () = until(|| sandbox.requests().len() == 1) => {}
    }
    assert!(sandbox.referrals().is_empty());
    until(|| sandbox.referrals().len() == 1).await;
}

#[tokio::test]
async fn a_referral_that_lists_never_show_can_be_read() {
    let builder = Sandbox::builder().visibility_delay(Duration::MAX);
    let sandbox = builder.start().await.unwrap();
    let created = body(&send(&sandbox, &post()).await);
    let one = format!("{COLLECTION}/{}", created["id"].as_str().unwrap());
    let read = send(&sandbox, &request("GET", &one, "", "")).await;
    assert_eq!(status(&read), "200");
    let list = body(&send(&sandbox, &request("GET", COLLECTION, "", "")).await);
    assert_eq!(list["value"], json!([]));
}

#[tokio::test]
async fn only_a_bearer_that_is_taken_passes() {
    let sandbox = Sandbox::builder().token("right").start().await.unwrap();
    let refused = send(&sandbox, &post()).await;
    assert_eq!(status(&refused), "401");
    assert_eq!(body(&refused)["error"]["code"], "unauthenticated");
    assert_eq!(sandbox.token(), "right");
    let taken = post().replace("Bearer t", "bearer right");
    assert_eq!(status(&send(&sandbox, &taken).await), "201");

    let any = Sandbox::start().await.unwrap();
    for none in [
        "x: y",
        "authorization: Bearer ",
        "authorization: Basic dDp0",
    ] {
        let request = post().replace("authorization: Bearer t", none);
        assert_eq!(status(&send(&any, &request).await), "401");
    }
}

#[tokio::test]
async fn an_update_answers_with_the_referral_only_if_asked() {
    let sandbox = Sandbox::start().await.unwrap();
    let created = body(&send(&sandbox, &post()).await);
    let one = format!("{COLLECTION}/{}", created["id"].as_str().unwrap());
    let patch = r#"[{"op":"replace","path":"/details/notes","value":"x"}]"#;
    let quiet = send(&sandbox, &request("PATCH", &one, "", patch)).await;
    assert_eq!(status(&quiet), "204");
    assert!(quiet.ends_with("\r\n\r\n"));
    let prefer = "prefer: return=representation\r\n";
    let full = send(&sandbox, &request("PATCH", &one, prefer, patch)).await;
    assert_eq!(status(&full), "200");
    assert_eq!(body(&full)["details"]["notes"], "x");
    let stale = format!("if-match: {}\r\n", created["eTag"].as_str().unwrap());
    let refused = send(&sandbox, &request("PATCH", &one, &stale, patch)).await;
    assert_eq!(status(&refused), "412");
    let read = body(&send(&sandbox, &request("GET", &one, "", "")).await);
    assert!(
        read["@odata.context"]
            .as_str()
            .unwrap()
            .ends_with("$entity")
    );
    assert_eq!(read["eTag"], body(&full)["eTag"]);
}

#[tokio::test]
async fn unknown_addresses_and_methods_are_refused_in_the_documented_shape() {
    let sandbox = Sandbox::start().await.unwrap();
    for (method, path, wanted, code) in [
        ("GET", "/v1.0/referrals", "404", "itemNotFound"),
        ("GET", "/v1.0/engagements/referrals/", "404", "itemNotFound"),
        (
            "GET",
            "/v1.0/engagements/referrals/none",
            "404",
            "itemNotFound",
        ),
        (
            "DELETE",
            "/v1.0/engagements/referrals/none",
            "405",
            "invalidRequest",
        ),
        (
            "PUT",
            "/v1.0/engagements/referrals",
            "405",
            "invalidRequest",
        ),
    ] {
        let answer = send(&sandbox, &request(method, path, "", "")).await;
        assert_eq!(status(&answer), wanted, "{method} {path}");
        assert_eq!(body(&answer)["error"]["code"], code);
    }
}

#[tokio::test]
async fn two_requests_share_a_connection() {
    let sandbox = Sandbox::start().await.unwrap();
    let first = post().replace("connection: close\r\n", "");
    let answer = send(&sandbox, &(first + &post())).await;
    assert_eq!(answer.matches("HTTP/1.1 201").count(), 2);
}

#[tokio::test]
async fn an_edit_by_somebody_else_gives_a_new_etag() {
    let sandbox = Sandbox::builder().seed(1).start().await.unwrap();
    let seeded = sandbox.insert(json!({ "id": "7", "name": "old" }));
    let edited = sandbox
        .edit("7", |referral| referral["name"] = json!("new"))
        .unwrap();
    assert_eq!(edited["name"], "new");
    assert_ne!(edited["eTag"], seeded["eTag"]);
    assert!(sandbox.edit("8", |_| {}).is_none());
}

#[tokio::test]
async fn a_stopped_sandbox_takes_no_more_connections() {
    let sandbox = Sandbox::start().await.unwrap();
    let address = sandbox.base_url().replace("http://", "");
    sandbox.shutdown().await;
    assert!(TcpStream::connect(&address).await.is_err());

    let dropped = Sandbox::start().await.unwrap();
    let address = dropped.base_url().replace("http://", "");
    drop(dropped);
    // The abort takes effect when the runtime next runs the task.
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(TcpStream::connect(&address).await.is_err());
}

#[tokio::test]
async fn nothing_secret_is_printed() {
    let sandbox = Sandbox::builder().token("tell-none").start().await.unwrap();
    sandbox.insert(json!({ "name": "Contoso" }));
    let printed = format!("{sandbox:?} {:?}", Sandbox::builder().token("tell-none"));
    assert!(!printed.contains("tell-none") && !printed.contains("Contoso"));
}
