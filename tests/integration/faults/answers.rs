//! Complete answers that are not what the document says.

use std::time::Duration;

use partner_referrals::clock::ManualClock;

use super::*;

const CREATED: &str = "201 Created";

/// The error of a create that was answered so, and how often it was sent.
async fn created(status: &str, headers: &[(&str, &str)], body: &[u8]) -> (Error, usize) {
    let server = FaultServer::start([Act::Answer(answer(status, headers, body))]).await;
    let client = at(&server.url()).build().unwrap();
    let error = client.create(&published()).await.unwrap_err();
    (error, server.requests().len())
}

#[tokio::test]
async fn a_proxys_html_is_unknown_shows_no_markup_and_only_a_read_is_sent_again() {
    for status in ["502 Bad Gateway", "503 Service Unavailable"] {
        let page = b"<html><h1>Bad Gateway</h1></html>";
        let met = meet_answer((status, &[HTML], page), (Status, Unknown), [1, 4]).await;
        for (error, _) in met {
            let text = error.to_string();
            assert!(text.contains("text/html") && !text.contains('<'), "{text}");
            assert_eq!(error.body(), Some(page.as_slice()));
            assert!(error.client_request_id().is_some() && error.request_id().is_some());
        }
    }
}

#[tokio::test]
async fn an_empty_401_is_rejected_and_the_same_token_is_not_tried_again() {
    let met = meet_answer(("401 Unauthorized", &[], b""), (Status, Rejected), [1, 1]).await;
    for (error, _) in met {
        assert!(error.is_unauthenticated(), "{error}");
        assert!(error.body().is_none());
    }
}

#[tokio::test]
async fn a_429_is_rejected_and_sent_again_after_what_it_asks_for() {
    let date = ("date", "Sun, 06 Nov 1994 08:49:37 GMT");
    let until = ("retry-after", "Sun, 06 Nov 1994 08:50:07 GMT");
    let millis = |all: [u64; 3]| all.map(Duration::from_millis);
    for (headers, waits) in [
        // Half of the way from the floor to 0.5, 1 and 2 seconds.
        (vec![], millis([300, 550, 1050])),
        (vec![("retry-after", "soon")], millis([300, 550, 1050])),
        (vec![("retry-after", "7")], millis([7000; 3])),
        (vec![date, until], millis([30_000; 3])),
    ] {
        let bytes = answer("429 Too Many Requests", &headers, b"");
        let server = FaultServer::start([Act::Answer(bytes)]).await;
        for call in 1..=2 {
            let clock = ManualClock::default();
            let client = at(&server.url()).clock(clock.clone()).build().unwrap();
            let error = if call == 1 {
                client.create(&published()).await.unwrap_err()
            } else {
                client.get(&id()).await.unwrap_err()
            };
            assert_eq!((error.kind(), error.outcome()), (Status, Rejected));
            assert!(error.is_throttled() && error.is_retryable(), "{error}");
            assert_eq!(clock.slept(), waits, "{headers:?}");
            assert_eq!(server.requests().len(), 4 * call);
        }
    }
}

#[tokio::test]
async fn a_503_with_retry_after_is_waited_for_by_a_read_and_left_alone_by_a_create() {
    let bytes = answer("503 Unavailable", &[("retry-after", "9")], b"");
    let server = FaultServer::start([Act::Answer(bytes)]).await;
    let clock = ManualClock::default();
    let client = at(&server.url()).clock(clock.clone()).build().unwrap();
    let error = client.create(&published()).await.unwrap_err();
    assert_eq!(error.outcome(), Unknown);
    assert_eq!(error.retry_after(), Some(Duration::from_secs(9)));
    assert_eq!((server.requests().len(), clock.slept().len()), (1, 0));
    client.get(&id()).await.unwrap_err();
    assert_eq!(server.requests().len(), 1 + 4);
    assert_eq!(clock.slept(), [Duration::from_secs(9); 3]);
}

#[tokio::test]
async fn json_under_another_content_type_is_read_all_the_same() {
    for headers in [&[HTML][..], &[]] {
        let act = Act::Answer(answer(CREATED, headers, REFERRAL));
        let server = FaultServer::start([act]).await;
        let client = at(&server.url()).build().unwrap();
        client.create(&published()).await.unwrap();
        assert_eq!(server.requests().len(), 1);
    }
    let body = br#"{"error":{"code":"invalidRequest","message":"no"}}"#;
    let (error, requests) = created("400 Bad Request", &[HTML], body).await;
    assert_eq!(error.service_code(), Some("invalidRequest"));
    assert_eq!((error.outcome(), requests), (Rejected, 1));
}

#[tokio::test]
async fn an_answer_that_is_not_utf8_is_done_or_keeps_its_status() {
    let body = b"{\"id\":\"\xff\xfe\"}";
    meet_answer(("200 OK", &[JSON], body), (Unreadable, Done), [1, 1]).await;
    let body = b"{\"error\":{\"code\":\"\xff\",\"message\":\"\xff\"}}";
    let met = meet_answer(("400 Bad", &[JSON], body), (Status, Rejected), [1, 1]).await;
    assert_eq!(met[0].0.body(), Some(body.as_slice()));
    meet_answer(("500 Oops", &[JSON], body), (Status, Unknown), [1, 4]).await;
}

#[tokio::test]
async fn a_success_without_a_referral_says_that_the_create_was_carried_out() {
    for (status, body) in [
        ("204 No Content", &b""[..]),
        ("202 Accepted", b""),
        ("200 OK", b""),
        (CREATED, b"null"),
        (CREATED, b"[]"),
        (CREATED, b"{}"),
    ] {
        let (error, requests) = created(status, &[JSON], body).await;
        assert_eq!((error.outcome(), requests), (Done, 1), "{status}: {error}");
        let text = error.to_string();
        assert!(text.contains("do not send this again"), "{status}: {text}");
    }
}

#[tokio::test]
async fn json_nested_ten_thousand_deep_is_refused_and_the_id_is_saved_from_it() {
    let (open, shut) = ("[".repeat(10_000), "]".repeat(10_000));
    let body = format!(r#"{{"id":"{}","x":{open}{shut}}}"#, id());
    let (error, requests) = created(CREATED, &[JSON], body.as_bytes()).await;
    assert_eq!((error.kind(), error.outcome()), (Unreadable, Done));
    assert_eq!(error.referral_id(), Some(id().as_str()), "{error}");
    assert_eq!(requests, 1);

    let inner = r#"{"code":"c","innerError":"#.repeat(10_000);
    let body = format!(
        r#"{{"error":{{"code":"c","message":"m","innerError":{inner}null{}}}}}"#,
        "}".repeat(10_000)
    );
    let answered = ("409 Conflict", &[JSON][..], body.as_bytes());
    let met = meet_answer(answered, (Status, Rejected), [1, 1]).await;
    assert!(met[0].0.service_fault().is_none(), "{}", met[0].0);

    let nested = |depth: usize| {
        let inner = r#"{"code":"c","innerError":"#.repeat(depth);
        let end = "}".repeat(depth);
        format!(r#"{{"error":{{"code":"c","message":"m","innerError":{inner}null{end}}}}}"#)
    };
    let (error, _) = created("409 Conflict", &[JSON], nested(50).as_bytes()).await;
    let fault = error.service_fault().unwrap();
    assert!(fault.inner_codes().count() <= 16, "{error}");
}

#[tokio::test]
async fn control_characters_and_overlong_texts_of_the_service_reach_nobodys_terminal() {
    let body = r#"{"error":{"code":"c\u001b[2J","message":"line\r\nforged\u0007\u001b]0;t\u0000 end",
        "target":"t\u009b1m","innerError":{"code":"i\u001b\n"}}}"#;
    let long = "r".repeat(5_000);
    let headers = &[JSON, ("request-id", long.as_str())];
    let (error, _) = created("400 Bad Request", headers, body.as_bytes()).await;
    let fault = error.service_fault().unwrap();
    let mut texts = vec![
        error.to_string(),
        format!("{error:?}"),
        fault.to_string(),
        error.service_code().unwrap().to_owned(),
        error.service_message().unwrap().to_owned(),
        fault.target().unwrap().to_owned(),
    ];
    texts.extend(fault.inner_codes().map(str::to_owned));
    for text in texts {
        assert!(!text.contains(char::is_control), "{text:?}");
        assert!(text.len() < 1_000, "{text}");
    }
    let message = error.service_message().unwrap();
    assert!(message.starts_with("line  forged") && message.ends_with(" end"));
    assert_eq!(error.request_id(), Some(&long[..64]));

    for body in [
        format!(r#"{{"error":{{"code":"{long}","message":"{long}"}}}}"#),
        format!(r#"{{"code":1,"description":"{long}","source":"{long}"}}"#),
        format!(r#"{{"statusCode":400,"message":"{long}"}}"#),
    ] {
        let (error, _) = created("400 Bad Request", &[JSON], body.as_bytes()).await;
        assert_eq!(error.service_message().unwrap().len(), 1024);
        assert!(error.to_string().len() < 1_500, "{error}");
    }
}
