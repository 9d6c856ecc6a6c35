//! A sandbox and a client of it.

use partner_referrals::clock::ManualClock;
use partner_referrals::sandbox::{Fault, FaultPlan, FaultRule, RecordedRequest, Sandbox};
use partner_referrals::types::NewReferral;
use partner_referrals::{ClientBuilder, ReferralsClient, RetryPolicy, StaticToken};

pub const PUBLISHED: &str = include_str!("../../openapi/examples/create_referral.request.json");

pub fn published() -> NewReferral {
    serde_json::from_str(PUBLISHED).unwrap()
}

pub async fn sandbox() -> Sandbox {
    Sandbox::builder().seed(7).start().await.unwrap()
}

pub fn builder(sandbox: &Sandbox) -> ClientBuilder {
    ReferralsClient::builder(StaticToken::new(sandbox.token()).unwrap())
        .base_url(sandbox.base_url())
        .allow_insecure_loopback()
        .clock(ManualClock::default())
        .random(|| 0.5)
}

pub fn client(sandbox: &Sandbox) -> ReferralsClient {
    builder(sandbox).build().unwrap()
}

/// A client that sends each request once.
pub fn once(sandbox: &Sandbox) -> ReferralsClient {
    builder(sandbox)
        .retry(RetryPolicy::never())
        .build()
        .unwrap()
}

/// A sandbox whose next requests all meet `fault`, and a client of it that
/// sends each request once.
pub async fn faulty(fault: Fault) -> (Sandbox, ReferralsClient) {
    let sandbox = sandbox().await;
    sandbox.set_faults(always(fault));
    let client = once(&sandbox);
    (sandbox, client)
}

pub fn always(fault: Fault) -> FaultPlan {
    FaultPlan::new().rule(FaultRule::new(fault))
}

/// The requests that changed something, or meant to.
pub fn writes(sandbox: &Sandbox) -> Vec<RecordedRequest> {
    let mut requests = sandbox.requests();
    requests.retain(|request| request.method != "GET");
    requests
}

/// What a patch changes, `op path` for each.
pub fn patched(request: &RecordedRequest) -> Vec<String> {
    let changes = request.json().unwrap();
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let shown = |one: &serde_json::Value| format!("{} {}", text(&one["op"]), text(&one["path"]));
    changes.as_array().unwrap().iter().map(shown).collect()
}
