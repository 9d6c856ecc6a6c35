//! Every way in which a connection or an answer can go wrong: what the error
//! says of the service's side, and how many requests the server saw. Default
//! policy, so that a create that is sent twice would show.

mod answers;
mod origin;

use std::io::Write as _;
use std::time::Duration;

use partner_referrals::clock::{Clock, ManualClock, Sleep};
use partner_referrals::{
    ClientBuilder, Error, ErrorKind, Outcome, ReferralId, ReferralsClient, StaticToken,
};

use crate::fault_server::{Act, FaultServer, Reserved, answer, head};
use crate::support::published;

use ErrorKind::{Connect, Interrupted, Status, Timeout, Unreadable};
use Outcome::{Done, NotSent, Rejected, Unknown};

const REFERRAL: &str = include_str!("../../openapi/examples/create_referral.response.200.json");
const JSON: (&str, &str) = ("content-type", "application/json");
const HTML: (&str, &str) = ("content-type", "text/html");
const GZIP: (&str, &str) = ("content-encoding", "gzip");
const MIB: usize = 1024 * 1024;

fn at(url: &str) -> ClientBuilder {
    ReferralsClient::builder(StaticToken::new("the-token").unwrap())
        .base_url(url)
        .allow_insecure_loopback()
        .clock(ManualClock::default())
        .random(|| 0.5)
}

fn id() -> ReferralId {
    ReferralId::new("4111fffc-f9ee-4d53-bba6-569135228642").unwrap()
}

/// A create and a read, each with a server of its own. Both must end with
/// `kind` and `outcome`, after so many requests each.
async fn meet_with(
    act: Act,
    set: impl Fn(ClientBuilder) -> ClientBuilder,
    (kind, outcome): (ErrorKind, Outcome),
    requests: [usize; 2],
) -> [(Error, FaultServer); 2] {
    let server = FaultServer::start([act.clone()]).await;
    let client = set(at(&server.url())).build().unwrap();
    let create = (client.create(&published()).await.unwrap_err(), server);
    let server = FaultServer::start([act]).await;
    let client = set(at(&server.url())).build().unwrap();
    let read = (client.get(&id()).await.unwrap_err(), server);
    let met = [create, read];
    for ((error, server), (method, count)) in met.iter().zip(["POST", "GET"].iter().zip(requests)) {
        assert_eq!((error.kind(), error.outcome()), (kind, outcome), "{error}");
        let seen = server.requests();
        assert!(
            seen.iter().all(|request| request.method == *method
                && request.target.starts_with("/v1.0/engagements/referrals")
                && request.values("authorization") == ["Bearer the-token"]),
            "{error}"
        );
        assert_eq!(seen.len(), count, "{method}: {error}");
        let doubtful = matches!(outcome, Unknown | Done) && *method == "POST";
        assert!(!(doubtful && error.is_retryable()), "{error}");
        let text = error.to_string();
        assert!(!text.contains(char::is_control), "{text:?}");
    }
    met
}

async fn meet(
    act: Act,
    expected: (ErrorKind, Outcome),
    requests: [usize; 2],
) -> [(Error, FaultServer); 2] {
    meet_with(act, |builder| builder, expected, requests).await
}

async fn meet_answer(
    (status, headers, body): (&str, &[(&str, &str)], &[u8]),
    expected: (ErrorKind, Outcome),
    requests: [usize; 2],
) -> [(Error, FaultServer); 2] {
    meet(
        Act::Answer(answer(status, headers, body)),
        expected,
        requests,
    )
    .await
}

#[tokio::test]
async fn a_refused_connection_is_not_sent_and_tried_again_also_for_a_create() {
    let nobody = Reserved::new();
    let client = at(&nobody.url()).build().unwrap();
    for error in [
        client.create(&published()).await.unwrap_err(),
        client.get(&id()).await.unwrap_err(),
    ] {
        assert_eq!((error.kind(), error.outcome()), (Connect, NotSent));
        assert_eq!(error.attempts(), 4);
        assert!(error.is_retryable());
    }
}

#[tokio::test]
async fn a_service_that_comes_back_while_a_create_waits_sees_it_once() {
    /// Starts the server at the first wait.
    #[derive(Clone)]
    struct Waking(
        std::sync::Arc<std::sync::Mutex<(Option<Reserved>, Option<FaultServer>)>>,
        ManualClock,
    );
    impl Clock for Waking {
        fn now(&self) -> std::time::SystemTime {
            self.1.now()
        }
        fn elapsed(&self) -> Duration {
            self.1.elapsed()
        }
        fn sleep(&self, duration: Duration) -> Sleep {
            let (asleep, awake) = &mut *self.0.lock().unwrap();
            if let Some(reserved) = asleep.take() {
                let act = Act::Answer(answer("201 Created", &[JSON], REFERRAL));
                *awake = Some(FaultServer::on(reserved.listen(16), [act]));
            }
            self.1.sleep(duration)
        }
    }
    let nobody = Reserved::new();
    let url = nobody.url();
    let state = std::sync::Arc::new(std::sync::Mutex::new((Some(nobody), None)));
    let clock = Waking(state.clone(), ManualClock::default());
    let client = at(&url).clock(clock).build().unwrap();
    client.create(&published()).await.unwrap();
    let state = state.lock().unwrap();
    let seen = state.1.as_ref().unwrap().requests();
    assert_eq!(seen.len(), 1);
    assert_eq!(
        serde_json::from_slice::<serde_json::Value>(&seen[0].body).unwrap(),
        serde_json::to_value(published()).unwrap()
    );
}

#[tokio::test]
async fn a_reset_before_the_request_was_read_is_unknown_and_a_create_is_sent_once() {
    let met = meet(Act::ResetUnread, (Interrupted, Unknown), [0, 0]).await;
    assert_eq!(met[0].1.connections(), 1, "the client cannot know");
    assert_eq!(met[1].1.connections(), 4);
}

#[tokio::test]
async fn a_connection_that_ends_after_the_request_is_unknown_and_a_create_is_sent_once() {
    for act in [Act::Reset, Act::Close] {
        let met = meet(act, (Interrupted, Unknown), [1, 4]).await;
        assert_eq!((met[0].0.attempts(), met[1].0.attempts()), (1, 4));
    }
}

#[tokio::test]
async fn a_stalled_answer_is_a_timeout_and_a_stalled_201_is_done() {
    let quick = |builder: ClientBuilder| builder.attempt_timeout(Duration::from_millis(300));
    meet_with(Act::Stall, quick, (Timeout, Unknown), [1, 4]).await;

    let half = &REFERRAL.as_bytes()[..REFERRAL.len() / 2];
    let mut bytes = head("201 Created", &[JSON], Some(REFERRAL.len()));
    bytes.extend_from_slice(half);
    let act = Act::AnswerThenStall(bytes);
    let server = FaultServer::start([act.clone()]).await;
    let client = quick(at(&server.url())).build().unwrap();
    let error = client.create(&published()).await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (Unreadable, Done));
    assert_eq!(error.status(), Some(201));
    assert!(error.to_string().contains("time was over"), "{error}");
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn a_cut_success_is_done_and_only_a_read_is_sent_again() {
    for status in ["201 Created", "200 OK"] {
        let mut bytes = head(status, &[JSON], Some(REFERRAL.len()));
        bytes.extend_from_slice(&REFERRAL.as_bytes()[..REFERRAL.len() / 2]);
        // A read that is answered 201 has no answer that the document names.
        let server = FaultServer::start([Act::Answer(bytes)]).await;
        let client = at(&server.url()).build().unwrap();
        let error = client.create(&published()).await.unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (Unreadable, Done));
        assert!(error.to_string().contains("it was cut"), "{error}");
        assert_eq!(server.requests().len(), 1);
        if status == "200 OK" {
            let error = client.get(&id()).await.unwrap_err();
            assert_eq!((error.kind(), error.outcome()), (Unreadable, Done));
            assert_eq!(server.requests().len(), 1 + 4);
        }
    }
}

#[tokio::test]
async fn a_redirect_is_unknown_also_to_a_dead_host_and_nobody_else_gets_the_token() {
    let dead = Reserved::new();
    let elsewhere = FaultServer::start([Act::Answer(answer("200 OK", &[JSON], REFERRAL))]).await;
    for status in ["307 Temporary Redirect", "303 See Other", "302 Found"] {
        for to in [dead.url(), elsewhere.url()] {
            let headers: &[(&str, &str)] = &[("location", &to)];
            let met = meet_answer((status, headers, b""), (Status, Unknown), [1, 1]).await;
            assert!(met[0].0.to_string().contains("check the base URL"));
        }
    }
    assert_eq!(elsewhere.connections(), 0);
}

#[tokio::test]
async fn a_body_of_100_megabytes_is_cut_at_the_limit() {
    const FLOOD: usize = 100 * MIB;
    for length in [None, Some(FLOOD)] {
        let act = |status| Act::Flood(head(status, &[JSON], length), FLOOD);
        let met = meet(act("200 OK"), (Unreadable, Done), [1, 1]).await;
        for (error, server) in &met {
            assert!(error.to_string().contains("max_response_bytes"), "{error}");
            // What was sent and not read lies in the buffers of the sockets.
            let sent = settled(server, 1).await;
            assert!(sent.iter().all(|sent| *sent < 60 * MIB), "{sent:?}");
        }
        let met = meet(act("500 Oops"), (Status, Unknown), [1, 4]).await;
        for ((error, server), count) in met.iter().zip([1, 4]) {
            let body = error.body().unwrap().len();
            assert!((1..=256 * 1024).contains(&body), "{body}");
            let sent = settled(server, count).await;
            assert!(sent.iter().all(|sent| *sent < 40 * MIB), "{sent:?}");
        }
    }
}

/// What the floods sent, once they all have ended.
async fn settled(server: &FaultServer, count: usize) -> Vec<usize> {
    for _ in 0..500 {
        if server.sent().len() == count {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let sent = server.sent();
    assert_eq!(sent.len(), count);
    sent
}

fn gzip(plain: impl AsRef<[u8]>) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(plain.as_ref()).unwrap();
    encoder.finish().unwrap()
}

#[tokio::test]
async fn limits_count_what_comes_out_of_gzip_for_successes_and_failures() {
    let bomb = gzip(vec![b' '; 20 * MIB]);
    assert!(bomb.len() < MIB, "{}", bomb.len());
    let headers = &[JSON, GZIP];
    let met = meet_answer(("200 OK", headers, &bomb), (Unreadable, Done), [1, 1]).await;
    for (error, _) in met {
        assert!(error.to_string().contains("max_response_bytes"), "{error}");
    }
    let met = meet_answer(("502 Bad", headers, &bomb), (Status, Unknown), [1, 4]).await;
    for (error, _) in met {
        let body = error.body().unwrap().len();
        assert!((1..=256 * 1024).contains(&body), "{body}");
    }

    // Between the two sizes of one body, the larger one decides.
    let padded = format!("{REFERRAL}{}", " ".repeat(20_000));
    let packed = gzip(&padded);
    assert!(packed.len() < 5_000);
    let server = FaultServer::start([Act::Answer(answer("201 Created", headers, &packed))]).await;
    for (limit, fits) in [(padded.len(), true), (padded.len() - 1, false)] {
        let client = at(&server.url()).max_response_bytes(limit).build().unwrap();
        assert_eq!(client.create(&published()).await.is_ok(), fits, "{limit}");
    }
}

#[tokio::test]
async fn an_error_body_is_read_up_to_its_limit_and_whole_when_it_fits() {
    let body = br#"{"error":{"code":"invalidRequest","message":"no"}}"#;
    let act = Act::Answer(answer("400 Bad Request", &[JSON], body));
    let server = FaultServer::start([act]).await;
    for (limit, whole) in [(body.len(), true), (body.len() - 1, false), (0, false)] {
        let client = at(&server.url()).max_error_bytes(limit).build().unwrap();
        let error = client.create(&published()).await.unwrap_err();
        assert_eq!((error.status(), error.outcome()), (Some(400), Rejected));
        assert_eq!(error.service_code().is_some(), whole, "{limit}");
        assert!(error.body().is_none_or(|read| read.len() <= limit));
        assert_eq!(error.body() == Some(body.as_slice()), whole);
    }
    // More than a limit, in pieces that fit: what fits is kept.
    let act = Act::Flood(head("500 Oops", &[], None), 4 * MIB);
    let server = FaultServer::start([act]).await;
    let client = at(&server.url()).build().unwrap();
    let error = client.create(&published()).await.unwrap_err();
    assert!(
        error.body().is_some_and(|body| body.len() > 1024),
        "{error}"
    );
}
