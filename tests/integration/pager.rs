//! The streams of a list: one bad referral, empty pages, the next page while
//! this one is read, a list gone on with, a type of the caller's own, memory.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures::{StreamExt as _, TryStreamExt as _};
use partner_referrals::sandbox::Sandbox;
use partner_referrals::{
    Continuation, ErrorKind, ListOptions, Outcome, ReferralId, ReferralsClient, StaticToken,
};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::support::{client, sandbox};

/// A server of pages that knows nothing of HTTP but how to answer a GET.
struct Pages {
    url: String,
    asked: Arc<AtomicUsize>,
}

impl Pages {
    /// `page` makes the body of each page from its number, from 0.
    async fn serve(page: impl Fn(usize) -> String + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::<AtomicUsize>::default();
        let (count, page) = (Arc::clone(&asked), Arc::new(page));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(answer(stream, Arc::clone(&count), Arc::clone(&page)));
            }
        });
        Self { url, asked }
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    fn client(&self) -> ReferralsClient {
        at(&self.url)
    }
}

fn at(url: &str) -> ReferralsClient {
    ReferralsClient::builder(StaticToken::new("t").unwrap())
        .base_url(url)
        .allow_insecure_loopback()
        .build()
        .unwrap()
}

async fn answer(
    mut stream: TcpStream,
    asked: Arc<AtomicUsize>,
    page: Arc<impl Fn(usize) -> String + Send + Sync + 'static>,
) {
    let mut request = Vec::new();
    loop {
        request.clear();
        while !request.ends_with(b"\r\n\r\n") {
            let Ok(byte) = stream.read_u8().await else {
                return;
            };
            request.push(byte);
        }
        asked.fetch_add(1, Ordering::SeqCst);
        let line = String::from_utf8_lossy(&request);
        let number = line.split("skiptoken=").nth(1).map_or(0, |rest| {
            let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
            digits.parse().unwrap()
        });
        let body = page(number);
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        if stream.write_all(head.as_bytes()).await.is_err()
            || stream.write_all(body.as_bytes()).await.is_err()
        {
            return;
        }
    }
}

/// A page as text; `next` is the number of the one behind it.
fn page(items: &[Value], next: Option<usize>) -> String {
    let mut page = json!({ "value": items });
    if let Some(next) = next {
        page["@odata.nextLink"] = json!(format!("http://elsewhere/x?$skiptoken={next}"));
    }
    page.to_string()
}

fn referral(number: usize) -> Value {
    let mut value: Value = serde_json::from_str(include_str!(
        "../../openapi/examples/create_referral.response.200.json"
    ))
    .unwrap();
    value["id"] = json!(format!("id-{number}"));
    value
}

#[tokio::test]
async fn one_bad_referral_costs_no_other_and_is_named_by_id_and_place() {
    let server = Pages::serve(|number| {
        let mut items: Vec<Value> = (0..3).map(|item| referral(number * 3 + item)).collect();
        if number == 1 {
            items[1]["createdDateTime"] = json!("canary");
            items[2] = json!("canary");
        }
        page(&items, (number < 2).then_some(number + 1))
    })
    .await;
    let all: Vec<_> = server
        .client()
        .referrals(ListOptions::new())
        .collect()
        .await;
    assert_eq!(all.len(), 9);
    for (place, one) in all.iter().enumerate() {
        match one {
            Ok(referral) => assert_eq!(referral.id.as_str(), format!("id-{place}")),
            Err(error) => {
                assert!([4, 5].contains(&place), "{place}: {error}");
                assert_eq!(error.list_position(), Some(place));
                assert_eq!(error.referral_id(), (place == 4).then_some("id-4"));
                assert_eq!(error.kind(), ErrorKind::Unreadable);
                assert_eq!(error.outcome(), Outcome::Done);
                assert_eq!(error.status(), Some(200));
                assert!(error.request_id().is_some() && error.client_request_id().is_some());
                assert!(
                    error
                        .body()
                        .unwrap()
                        .windows(6)
                        .any(|part| part == b"canary")
                );
                let shown = format!("{error} {error:?}");
                assert!(shown.contains(&format!("item {place} ")), "{shown}");
                assert!(!shown.contains("canary"), "{shown}");
            }
        }
    }
    let pages: Vec<_> = server
        .client()
        .pages(ListOptions::new())
        .try_collect()
        .await
        .unwrap();
    let read: Vec<_> = pages.iter().map(|page| page.referrals.len()).collect();
    assert_eq!(read, [3, 1, 3]);
    let places: Vec<_> = pages[1]
        .unreadable
        .iter()
        .map(partner_referrals::Error::list_position)
        .collect();
    assert_eq!(places, [Some(4), Some(5)]);
    let first = server.client().list(&ListOptions::new()).await.unwrap();
    assert!(first.unreadable.is_empty() && first.referrals.len() == 3);
}

#[tokio::test]
async fn empty_pages_without_end_stop_with_an_error_and_some_do_not() {
    let most = ListOptions::MAX_EMPTY_PAGES;
    let endless = Pages::serve(|number| page(&[], Some(number + 1))).await;
    let all: Vec<_> = endless
        .client()
        .referrals(ListOptions::new())
        .collect()
        .await;
    assert_eq!(all.len(), 1);
    let error = all[0].as_ref().unwrap_err();
    assert!(error.to_string().contains("100 pages in a row"), "{error}");
    assert_eq!((error.list_position(), endless.asked()), (None, most));

    let sparse = Pages::serve(move |number| {
        let items = [referral(number)];
        let full = number % most == most - 1;
        page(
            if full { &items } else { &[] },
            (number < 3 * most - 1).then_some(number + 1),
        )
    })
    .await;
    let all: Vec<_> = sparse
        .client()
        .referrals(ListOptions::new())
        .try_collect()
        .await
        .unwrap();
    assert_eq!((all.len(), sparse.asked()), (3, 3 * most));
}

#[tokio::test]
async fn a_list_that_turns_back_gives_what_it_read_and_then_an_error() {
    let server = Pages::serve(|number| page(&[referral(number)], Some((number + 1) % 3))).await;
    let all: Vec<_> = server
        .client()
        .referrals(ListOptions::new())
        .collect()
        .await;
    // The page without a token is asked for once more by its number.
    let read = all.iter().filter(|one| one.is_ok()).count();
    assert_eq!((read, all.len()), (4, 5));
    let error = all[4].as_ref().unwrap_err();
    assert!(error.to_string().contains("already read"), "{error}");
    assert_eq!(server.asked(), 4);

    // Gone on with at a page that leads back to itself: read once.
    let server = Pages::serve(|number| page(&[referral(number)], Some(number))).await;
    let kept = Continuation::try_from("$skiptoken=7".to_owned()).unwrap();
    let rest = server.client().referrals(ListOptions::resume(kept));
    let rest: Vec<_> = rest.collect().await;
    assert_eq!((rest.len(), server.asked()), (2, 1));
}

#[tokio::test]
async fn the_next_page_is_fetched_while_this_one_is_read_and_no_other() {
    let serve = || {
        Pages::serve(|number| {
            page(
                &[referral(2 * number), referral(2 * number + 1)],
                Some(number + 1),
            )
        })
    };
    for (prefetch, asked) in [(true, 2), (false, 1)] {
        let server = serve().await;
        let options = ListOptions::new().prefetch(prefetch);
        let mut referrals = server.client().referrals(options);
        assert_eq!(server.asked(), 0);
        referrals.next().await.unwrap().unwrap();
        // The caller works and does not look at the stream.
        for _ in 0..200 {
            if server.asked() == asked && !prefetch {
                break;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
            if server.asked() == asked && prefetch {
                break;
            }
        }
        tokio::time::sleep(Duration::from_millis(30)).await;
        assert_eq!(server.asked(), asked, "prefetch: {prefetch}");
        let second = referrals.next().await.unwrap().unwrap();
        let third = referrals.next().await.unwrap().unwrap();
        assert_eq!((second.id.as_str(), third.id.as_str()), ("id-1", "id-2"));
    }
}

#[tokio::test]
async fn a_list_is_gone_on_with_from_a_kept_page() {
    let sandbox = Sandbox::builder().page_size(2).start().await.unwrap();
    for number in 0..5 {
        sandbox.insert(json!({ "name": format!("deal {number}"), "direction": "Incoming" }));
    }
    let client = client(&sandbox);
    let options = ListOptions::new()
        .filter("direction eq 'Incoming'")
        .count(true);
    let mut pages = client.pages(options.prefetch(false));
    let page = pages.next().await.unwrap().unwrap();
    let kept = serde_json::to_string(&page.next.unwrap()).unwrap();

    let next: Continuation = serde_json::from_str(&kept).unwrap();
    let rest = client.referrals(ListOptions::resume(next).top(1).filter("status eq 'None'"));
    let rest: Vec<_> = rest.try_collect().await.unwrap();
    let names: Vec<_> = rest.iter().filter_map(|one| one.name.as_deref()).collect();
    assert_eq!(names, ["deal 2", "deal 3", "deal 4"]);
    for request in &sandbox.requests()[1..] {
        assert!(request.query.as_deref().unwrap().starts_with("$skiptoken="));
        assert_eq!(request.path, "/v1.0/engagements/referrals");
    }
}

#[tokio::test]
async fn a_slim_type_reads_what_was_selected() {
    #[derive(serde::Deserialize)]
    struct Slim {
        id: ReferralId,
        name: Option<String>,
    }
    let sandbox = sandbox().await;
    sandbox.insert(json!({ "name": "a deal" }));
    let client = client(&sandbox);
    let options = ListOptions::new().select("id,name");
    let slim: Vec<Slim> = client
        .referrals_as(options.clone())
        .try_collect()
        .await
        .unwrap();
    assert_eq!(slim[0].name.as_deref(), Some("a deal"));
    let page = client.list_as::<Slim>(&options).await.unwrap();
    assert_eq!(page.referrals[0].id, slim[0].id);
    let asked = sandbox.requests()[0].query_option("$select");
    assert_eq!(asked.as_deref(), Some("id,name"));
    // A whole referral is not in it, which is said of each.
    let whole = client.list(&options).await.unwrap();
    assert_eq!((whole.referrals.len(), whole.unreadable.len()), (0, 1));
    assert_eq!(whole.unreadable[0].referral_id(), Some(slim[0].id.as_str()));
}

const URL: &str = "PAGER_URL";

#[cfg(target_os = "linux")]
fn peak() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let peak = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .unwrap();
    peak.trim_end_matches("kB").trim().parse().unwrap()
}

/// A process that reads a list to its end and tells how much it grew, in KiB.
#[cfg(target_os = "linux")]
#[tokio::test]
#[ignore = "the child process of the test below, which starts it"]
async fn child() {
    let Ok(url) = std::env::var(URL) else { return };
    let client = at(&url);
    let before = peak();
    let referrals = client.referrals(ListOptions::new());
    let count = referrals.try_fold(0_usize, |count, _| async move { Ok(count + 1) });
    let count = count.await.unwrap();
    println!("read {count} grown {}", peak() - before);
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_thousand_referrals_are_read_in_constant_memory() {
    const REFERRALS: usize = 100_000;
    let one = referral(0).to_string();
    let items = vec![one; 100].join(",");
    let server = Pages::serve(move |number| {
        let next = if number + 1 < REFERRALS / 100 {
            format!(
                ",\"@odata.nextLink\":\"http://h/p?$skiptoken={}\"",
                number + 1
            )
        } else {
            String::new()
        };
        format!("{{\"value\":[{items}]{next}}}")
    })
    .await;
    let url = server.url.clone();
    let output = tokio::task::spawn_blocking(move || {
        std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "pager::child", "--ignored", "--nocapture"])
            .env(URL, url)
            .output()
            .unwrap()
    });
    let output = output.await.unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let line = text
        .lines()
        .find_map(|line| line.split_once("read "))
        .expect(&text)
        .1;
    let (count, grown) = line.split_once(" grown ").unwrap();
    println!("{count} referrals: {grown} KiB above the start");
    assert_eq!(count, REFERRALS.to_string());
    assert!(grown.trim().parse::<usize>().unwrap() < 16 * 1024, "{line}");
}
