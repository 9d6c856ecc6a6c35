//! Where requests go, and where the token does not: proxies, other origins,
//! servers without TLS or without an ear.

use std::process::Command;

use progenitor_client::{ClientHooks as _, OperationInfo};

use super::*;

const SERVER: &str = "PARTNER_REFERRALS_TEST_SERVER";

/// Not a test of its own: runs in a process with a proxy in its environment.
#[tokio::test]
#[ignore = "started by the test below, with a proxy"]
async fn proxied_child() {
    let Ok(server) = std::env::var(SERVER) else {
        return;
    };
    let client = at(&server).build().unwrap();
    client.create(&published()).await.unwrap();

    // That the proxy is in force at all: https does go through it.
    #[cfg(feature = "rustls")]
    {
        let nobody = Reserved::new();
        let tls = nobody.url().replace("http:", "https:");
        let error = at(&tls).build().unwrap().get(&id()).await.unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (Connect, NotSent));
    }
}

#[tokio::test]
async fn the_systems_proxy_sees_no_request_to_this_machine() {
    let server = FaultServer::start([Act::Answer(answer("201 Created", &[JSON], REFERRAL))]).await;
    let proxy = FaultServer::start([Act::Answer(answer("502 No", &[], b""))]).await;
    let (server_url, proxy_url) = (server.url(), proxy.url());
    let child = tokio::task::spawn_blocking(move || {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command
            .args(["--exact", "faults::origin::proxied_child", "--ignored"])
            .env(SERVER, server_url)
            .env_remove("NO_PROXY")
            .env_remove("no_proxy");
        for name in ["http_proxy", "https_proxy", "all_proxy"] {
            command.env(name, &proxy_url);
            command.env(name.to_uppercase(), &proxy_url);
        }
        command.output().unwrap()
    });
    let child = child.await.unwrap();
    let said = String::from_utf8_lossy(&child.stdout);
    assert!(
        child.status.success() && said.contains("1 passed"),
        "{said}"
    );
    assert_eq!(server.requests().len(), 1);
    let through = proxy.requests();
    assert!(
        through.iter().all(|seen| seen.method == "CONNECT"),
        "a request to this machine went through the proxy"
    );
    assert!(
        through
            .iter()
            .all(|seen| seen.values("authorization").is_empty())
    );
    if cfg!(feature = "rustls") {
        assert_eq!(through.len(), 4, "the proxy is in force");
    }
}

#[tokio::test]
async fn a_request_for_another_origin_gets_no_token() {
    let server = FaultServer::start([Act::Close]).await;
    let client = at(&server.url()).build().unwrap();
    let info = OperationInfo {
        operation_id: "get_referral",
    };
    let port = server.address().port();
    for (url, ours) in [
        (format!("http://127.0.0.1:{port}/v1.0/x"), true),
        (format!("https://127.0.0.1:{port}/v1.0/x"), false),
        (format!("http://127.0.0.2:{port}/v1.0/x"), false),
        (format!("http://localhost:{port}/v1.0/x"), false),
        ("http://127.0.0.1/v1.0/x".to_owned(), false),
    ] {
        let mut request = reqwest::Request::new(http::Method::GET, url.parse().unwrap());
        let answered = client.raw().pre::<()>(&mut request, &info).await;
        assert_eq!(answered.is_ok(), ours, "{url}");
        assert_eq!(
            request.headers().contains_key("authorization"),
            ours,
            "{url}"
        );
    }
    assert_eq!(server.connections(), 0);
}

#[cfg(feature = "rustls")]
#[tokio::test]
async fn https_to_a_server_without_tls_is_not_sent() {
    let server = FaultServer::start([Act::Answer(answer("400 Bad Request", &[], b""))]).await;
    let url = server.url().replace("http:", "https:");
    let client = at(&url).build().unwrap();
    for calls in 1..=2 {
        let error = if calls == 1 {
            client.create(&published()).await.unwrap_err()
        } else {
            client.get(&id()).await.unwrap_err()
        };
        assert_eq!((error.kind(), error.outcome()), (Connect, NotSent));
        assert!(error.is_retryable(), "{error}");
        assert_eq!(server.connections(), 4 * calls);
    }
    assert!(server.requests().is_empty());
}

/// A listener whose queue is full leaves a further connection unanswered on
/// Linux; elsewhere it may be refused.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_connection_that_takes_too_long_is_not_sent() {
    use std::net::SocketAddr;

    use tokio::net::TcpStream;
    use tokio::time::timeout;

    let reserved = Reserved::new();
    let url = reserved.url();
    let address: SocketAddr = url.trim_start_matches("http://").parse().unwrap();
    let _listener = reserved.listen(0);
    let mut queue = Vec::new();
    let short = Duration::from_millis(100);
    let full = loop {
        match timeout(short, TcpStream::connect(address)).await {
            Ok(stream) => queue.push(stream.unwrap()),
            Err(_) => break true,
        }
        if queue.len() == 64 {
            break false;
        }
    };
    assert!(full, "the queue of the listener has no end");
    let client = at(&url)
        .connect_timeout(short)
        .attempt_timeout(Duration::from_secs(20))
        .build()
        .unwrap();
    let started = std::time::Instant::now();
    let error = client.create(&published()).await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (Connect, NotSent));
    assert_eq!(error.attempts(), 4);
    assert!(started.elapsed() < Duration::from_secs(10));
}
