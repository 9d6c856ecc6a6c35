//! The reliability score: a thousand creates in bad weather. No referral twice,
//! and every create that was not confirmed says the truth about the service.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures::StreamExt as _;
use partner_referrals::clock::ManualClock;
use partner_referrals::credential::{AccessToken, CredentialError, TokenFuture, TokenProvider};
use partner_referrals::sandbox::{Fault, FaultBody, FaultPlan, FaultRule, Sandbox};
use partner_referrals::types::Referral;
use partner_referrals::{Error, Outcome, ReferralsClient};

use crate::support::published;

const CREATES: usize = 1000;

/// The real time of an attempt: what a time-out costs, and far more than a
/// healthy answer takes.
const ATTEMPT: Duration = Duration::from_millis(500);

/// Every kind of fault that a service at work can make. A refused connection
/// is none of them; the tests of single faults have it.
fn kinds() -> Vec<Fault> {
    use FaultBody::{Empty, Html, Json, PartnerCenter};
    let throttle = |retry_after| Fault::Throttle { retry_after };
    let mut kinds = vec![
        Fault::Delay(Duration::from_millis(1)),
        Fault::DelayAfterWrite(Duration::from_millis(1)),
        Fault::Delay(40 * ATTEMPT),
        Fault::DelayAfterWrite(40 * ATTEMPT),
        throttle(None),
        throttle(Some(0)),
        throttle(Some(2)),
        Fault::CutBeforeWrite,
        Fault::CutAfterWrite,
        Fault::CutBody,
        Fault::Garbage,
        Fault::HtmlAfterWrite,
        Fault::status(400, Json),
        Fault::status(401, Empty),
        Fault::status(403, PartnerCenter),
        Fault::status(409, Json),
        Fault::status(307, Empty),
    ];
    for status in [408, 500, 502, 503, 504] {
        kinds.push(Fault::status(status, Html));
        kinds.push(Fault::status_after_write(status, Json));
    }
    kinds
}

/// The same numbers for the same seed (SplitMix64).
struct Dice(AtomicU64);

impl Dice {
    fn new(seed: u64) -> Self {
        Self(AtomicU64::new(seed))
    }

    fn throw(&self) -> u64 {
        const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
        let mut z = self.0.fetch_add(STEP, Ordering::Relaxed).wrapping_add(STEP);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn hits(&self, percent: u64) -> bool {
        self.throw() % 10_000 < percent * 100
    }
}

/// So many of a hundred requests meet a fault, each kind in its turn.
fn weather(seed: u64, percent: u64) -> FaultPlan {
    let (dice, kinds) = (Dice::new(seed), kinds());
    let mut plan = FaultPlan::new();
    let mut met = usize::try_from(seed).unwrap();
    for request in 1..=2 * CREATES as u64 {
        if dice.hits(percent) {
            let fault = kinds[met % kinds.len()].clone();
            plan = plan.rule(FaultRule::new(fault).nth(request));
            met += 1;
        }
    }
    plan
}

/// A credential that fails as often as one kind of fault comes.
struct Moody {
    dice: Dice,
    percent: u64,
}

impl TokenProvider for Moody {
    fn token(&self) -> TokenFuture<'_> {
        let fails = self.dice.hits(self.percent) && self.dice.throw().is_multiple_of(25);
        Box::pin(async move {
            if fails {
                return Err(CredentialError::new("no token today"));
            }
            AccessToken::new("sandbox-token")
        })
    }
}

/// The sandbox after its creates, and what each create was told.
struct Run {
    sandbox: Sandbox,
    told: Vec<(String, Result<Referral, Error>)>,
}

async fn run(seed: u64, percent: u64, at_once: usize) -> Run {
    let faults = weather(seed, percent);
    let sandbox = Sandbox::builder().seed(seed).faults(faults).start().await;
    let sandbox = sandbox.unwrap();
    let tokens = Moody {
        dice: Dice::new(!seed),
        percent,
    };
    let waits = Dice::new(seed);
    let client = ReferralsClient::builder(tokens)
        .base_url(sandbox.base_url())
        .allow_insecure_loopback()
        .clock(ManualClock::default())
        .attempt_timeout(ATTEMPT)
        .random(move || (waits.throw() % 1000) as f64 / 1000.0)
        .build()
        .unwrap();
    let told = futures::stream::iter(0..CREATES)
        .map(|number| {
            let (client, key) = (client.clone(), format!("crm-{number}"));
            async move {
                let mut referral = published();
                referral.external_reference_id = Some(key.clone());
                (key, client.create(&referral).await)
            }
        })
        .buffered(at_once)
        .collect()
        .await;
    Run { sandbox, told }
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Score {
    ok: usize,
    unknown: usize,
    done: usize,
    not_sent: usize,
    rejected: usize,
    duplicates: usize,
    requests: usize,
}

impl Run {
    /// Counts, and holds what each create was told against what is there.
    fn score(&self) -> Score {
        let mut stored: HashMap<String, Vec<String>> = HashMap::new();
        for referral in self.sandbox.referrals() {
            let text = |name: &str| referral[name].as_str().unwrap().to_owned();
            let ids = stored.entry(text("externalReferenceId")).or_default();
            ids.push(text("id"));
        }
        let mut sent: HashMap<String, Vec<_>> = HashMap::new();
        for request in self.sandbox.requests() {
            let body = request.json().unwrap();
            let key = body["externalReferenceId"].as_str().unwrap().to_owned();
            sent.entry(key).or_default().push(request);
        }
        let mut score = Score {
            duplicates: stored.values().map(|ids| ids.len() - 1).sum(),
            requests: sent.values().map(Vec::len).sum(),
            ..Score::default()
        };
        for (key, told) in &self.told {
            let ids = stored.get(key).map_or(&[][..], Vec::as_slice);
            let sent = sent.get(key).map_or(&[][..], Vec::as_slice);
            assert!(sent.len() <= 4, "{key}");
            for earlier in sent.iter().rev().skip(1) {
                assert_eq!(earlier.status, Some(429), "{key} was sent again");
            }
            let error = match told {
                Ok(referral) => {
                    assert_eq!(ids, [referral.id.as_str()], "{key}");
                    score.ok += 1;
                    continue;
                }
                Err(error) => error,
            };
            let call = error.client_request_id().unwrap().to_string();
            for request in sent {
                assert_eq!(request.header("client-request-id"), Some(call.as_str()));
            }
            assert!(error.request_id().is_some(), "{error}");
            // On a busy machine the time can be over before the last one arrives.
            let late = usize::from(error.outcome() == Outcome::Unknown);
            let attempts = error.attempts() as usize;
            assert!(
                (attempts - late..=attempts).contains(&sent.len()),
                "{error}"
            );
            let (count, there) = match error.outcome() {
                Outcome::NotSent => (&mut score.not_sent, 0..=0),
                Outcome::Rejected => (&mut score.rejected, 0..=0),
                Outcome::Done => (&mut score.done, 1..=1),
                Outcome::Unknown => (&mut score.unknown, 0..=1),
                other => panic!("{other:?}"),
            };
            *count += 1;
            assert!(
                there.contains(&ids.len()),
                "{key}: {} of {error}",
                ids.len()
            );
            if error.outcome() == Outcome::NotSent {
                assert!(sent.is_empty(), "{error}");
            }
        }
        assert_eq!(self.told.len(), CREATES);
        assert_eq!(
            score.ok + score.unknown + score.done + score.not_sent + score.rejected,
            CREATES
        );
        score
    }
}

fn row(percent: u64, score: &Score) {
    let Score {
        ok,
        unknown,
        done,
        not_sent,
        rejected,
        duplicates,
        requests,
    } = score;
    let each = *requests as f64 / CREATES as f64;
    println!(
        "{percent:>4} % {ok:>6} {unknown:>8} {done:>6} {not_sent:>8} {rejected:>9} \
         {duplicates:>11} {each:>18.3}"
    );
}

#[tokio::test]
async fn reliability_score() {
    println!("faults     ok  unknown   done not sent  rejected  duplicates  requests per create");
    for percent in [1, 5, 10, 20] {
        let score = run(20 + percent, percent, 1).await.score();
        row(percent, &score);
        assert_eq!(score.duplicates, 0);
        if percent >= 10 {
            let Score { unknown, done, .. } = score;
            let told = [unknown, done, score.not_sent, score.rejected];
            assert!(told.iter().all(|count| *count > 0), "{score:?}");
        }
    }
}

#[tokio::test]
async fn many_creates_at_once_in_a_storm_make_no_duplicates_either() {
    let score = run(4, 20, 64).await.score();
    row(20, &score);
    assert_eq!(score.duplicates, 0);
    assert!(score.ok > CREATES / 2, "{score:?}");
}
