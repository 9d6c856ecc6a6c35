//! A sandbox and a client of it.

use partner_referrals::clock::ManualClock;
use partner_referrals::sandbox::{Fault, FaultPlan, FaultRule, RecordedRequest, Sandbox};
use partner_referrals::types::NewReferral;
use partner_referrals::{ClientBuilder, ReferralsClient, RetryPolicy, StaticToken};
use serde_json::{Value, json};

use crate::fault_server::{Act, FaultServer, answer};

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

/// A client of a server that goes by a script.
pub fn of(server: &FaultServer) -> ReferralsClient {
    ReferralsClient::builder(StaticToken::new("token").unwrap())
        .base_url(server.url())
        .allow_insecure_loopback()
        .clock(ManualClock::default())
        .random(|| 0.5)
        .build()
        .unwrap()
}

/// An answer of such a server.
pub fn json_answer(status: &str, body: &Value) -> Act {
    let headers = [
        ("content-type", "application/json"),
        ("date", "Fri, 01 Mar 2024 12:00:00 GMT"),
    ];
    Act::Answer(answer(status, &headers, body.to_string()))
}

/// A version of an accepted referral `r`, with these people in its team.
pub fn version(n: u32, team: &[&str]) -> Value {
    let example = include_str!("../../openapi/examples/create_referral.response.200.json");
    let mut one: Value = serde_json::from_str(example).unwrap();
    one["id"] = json!("r");
    one["status"] = json!("Active");
    one["substatus"] = json!("Accepted");
    one["eTag"] = json!(format!("\"{n}\""));
    one["updatedDateTime"] = json!(format!("2024-03-01T10:{n:02}:00Z"));
    let person =
        |name| json!({"firstName": name, "lastName": "L", "phoneNumber": "5", "email": name});
    one["team"] = team.iter().map(person).collect();
    one
}
