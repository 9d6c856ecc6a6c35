//! Lists: what is asked, and how the next page is found.

use futures::{StreamExt as _, TryStreamExt as _};
use partner_referrals::sandbox::Sandbox;
use partner_referrals::types::Referral;
use partner_referrals::{ErrorKind, ListOptions, ReferralsClient, StaticToken};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::support::{client, sandbox};

fn fill(sandbox: &Sandbox, count: usize) {
    for index in 0..count {
        sandbox.insert(json!({
            "name": format!("deal {index}"),
            "status": "New", "substatus": "Pending", "direction": "Incoming",
            "type": "Shared", "qualification": "SalesQualified",
            "customerProfile": {"name": "Contoso", "address": {"country": if index % 2 == 0 { "US" } else { "DE" }}},
            "team": [{"email": "r2d2@o'hara.example"}]
        }));
    }
}

#[tokio::test]
async fn options_go_over_the_wire_as_odata_writes_them() {
    let sandbox = sandbox().await;
    let options = ListOptions::new()
        .filter("team/any(t:t/email eq 'r2d2@o''hara.example') and status eq 'New'")
        .order_by("createdDateTime desc")
        .top(10)
        .skip(0)
        .count(true);
    client(&sandbox).list(&options).await.unwrap();
    let sent = &sandbox.requests()[0];
    assert_eq!(sent.method, "GET");
    assert_eq!(sent.path, "/v1.0/engagements/referrals");
    let query = sent.query.as_deref().unwrap();
    assert!(query.contains("$orderby=createdDateTime%20desc"), "{query}");
    assert!(!query.contains('+') && !query.contains("%24"), "{query}");
    assert_eq!(
        sent.query_option("$filter").as_deref(),
        Some("team/any(t:t/email eq 'r2d2@o''hara.example') and status eq 'New'")
    );
    assert_eq!(sent.query_option("$top").as_deref(), Some("10"));
    assert_eq!(sent.query_option("$count").as_deref(), Some("true"));
    assert_eq!(sent.header("content-length"), None);
}

#[tokio::test]
async fn documented_filters_find_what_they_should() {
    let sandbox = Sandbox::builder()
        .documented_filters_only(true)
        .start()
        .await
        .unwrap();
    fill(&sandbox, 4);
    let client = client(&sandbox);
    for (filter, found) in [
        (
            "customerProfile/address/country eq 'US' and direction eq 'Incoming'",
            2,
        ),
        ("(type eq 'Shared' and direction eq 'Incoming')", 4),
        ("team/any(t:t/email eq 'r2d2@o''hara.example')", 4),
        ("status eq 'Active'", 0),
    ] {
        let page = client
            .list(&ListOptions::new().filter(filter))
            .await
            .unwrap();
        assert_eq!(page.referrals.len(), found, "{filter}");
    }
}

#[tokio::test]
async fn the_stream_gives_every_referral_once_over_links_that_lead_elsewhere() {
    // The sandbox's links are as published: http, another host, another path.
    let sandbox = Sandbox::builder()
        .page_size(3)
        .seed(3)
        .start()
        .await
        .unwrap();
    fill(&sandbox, 10);
    let client = client(&sandbox);
    let all: Vec<Referral> = client
        .referrals(ListOptions::new().order_by("createdDateTime desc"))
        .try_collect()
        .await
        .unwrap();
    let mut ids: Vec<_> = all.iter().map(|referral| referral.id.clone()).collect();
    ids.sort();
    ids.dedup();
    assert_eq!((all.len(), ids.len()), (10, 10));

    let requests = sandbox.requests();
    assert_eq!(requests.len(), 4);
    let bearer = format!("Bearer {}", sandbox.token());
    for request in &requests {
        assert_eq!(request.path, "/v1.0/engagements/referrals");
        assert_eq!(request.header("authorization"), Some(bearer.as_str()));
    }
    for request in &requests[1..] {
        assert!(request.query.as_deref().unwrap().starts_with("$skiptoken="));
    }
}

#[tokio::test]
async fn without_prefetch_pages_are_fetched_only_as_they_are_asked_for() {
    let sandbox = Sandbox::builder().page_size(2).start().await.unwrap();
    fill(&sandbox, 10);
    let client = client(&sandbox);
    let options = ListOptions::new().prefetch(false);
    let first: Vec<_> = client.referrals(options).take(2).collect().await;
    assert_eq!(first.len(), 2);
    assert_eq!(sandbox.requests().len(), 1);

    let page = client.list(&ListOptions::new()).await.unwrap();
    let next = client.list_next(&page.next.unwrap()).await.unwrap();
    assert_eq!(next.referrals.len(), 2);
    assert_ne!(next.referrals[0].id, page.referrals[0].id);
}

/// A server that answers with these pages, over and over.
async fn pages(pages: Vec<serde_json::Value>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        for page in pages.iter().cycle().take(10) {
            let Ok((mut stream, _)) = listener.accept().await else {
                return;
            };
            let mut request = [0; 8192];
            let _ = stream.read(&mut request).await;
            let body = page.to_string();
            let answer = format!(
                "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
                body.len()
            );
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    url
}

async fn same_page_forever(body: serde_json::Value) -> String {
    pages(vec![body]).await
}

#[tokio::test]
async fn pages_that_lead_in_a_circle_end_the_list_with_an_error() {
    let to = |token: &str| json!({"value": [], "@odata.nextLink": format!("http://h/v1.0/referrals?$skiptoken={token}")});
    let url = pages(vec![to("a"), to("b"), to("a")]).await;
    let client = ReferralsClient::builder(StaticToken::new("t").unwrap())
        .base_url(url)
        .allow_insecure_loopback()
        .build()
        .unwrap();
    let all: Vec<_> = client.referrals(ListOptions::new()).collect().await;
    assert_eq!(all.len(), 1);
    let error = all[0].as_ref().unwrap_err();
    assert!(error.to_string().contains("already read"), "{error}");
}

#[tokio::test]
async fn a_page_that_names_itself_as_its_next_ends_the_list_with_an_error() {
    let url = same_page_forever(json!({
        "value": [], "@odata.nextLink": "http://h/v1.0/referrals?$skiptoken=again"
    }))
    .await;
    let client = ReferralsClient::builder(StaticToken::new("t").unwrap())
        .base_url(url)
        .allow_insecure_loopback()
        .build()
        .unwrap();
    let mut referrals = client.referrals(ListOptions::new());
    let error = referrals.next().await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unreadable);
    assert!(error.to_string().contains("already read"), "{error}");
    assert!(
        error.client_request_id().is_some() && error.attempts() == 1,
        "{error}"
    );
    assert!(referrals.next().await.is_none());
}

#[tokio::test]
async fn a_next_link_without_a_query_is_an_error_not_the_end_of_the_list() {
    let url =
        same_page_forever(json!({"value": [], "@odata.nextLink": "http://h/v1.0/referrals"})).await;
    let client = ReferralsClient::builder(StaticToken::new("t").unwrap())
        .base_url(url)
        .allow_insecure_loopback()
        .build()
        .unwrap();
    let error = client.list(&ListOptions::new()).await.unwrap_err();
    assert!(
        error
            .to_string()
            .contains("the way to the next page is lost"),
        "{error}"
    );
}

#[tokio::test]
async fn a_filter_that_the_service_refuses_is_not_repeated_in_the_error() {
    let sandbox = sandbox().await;
    let options = ListOptions::new().filter("team/any(t:t/email eq 'canary@contoso.com'");
    let error = client(&sandbox).list(&options).await.unwrap_err();
    assert_eq!(error.status(), Some(400));
    assert!(
        !format!("{error} {error:?} {options:?}").contains("canary"),
        "{error}"
    );
}
