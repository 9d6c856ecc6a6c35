//! Has a deal shared with Microsoft created through Restate, by the workers of
//! the example `restate_worker`.
//!
//! `cargo run --features restate --example restate_create KEY [INGRESS]`

use std::error::Error;

use partner_referrals::restate::RestateClient;
use partner_referrals::shared_referral::SharedReferralPlan;
use partner_referrals::types::{AssistanceRequestCode, NewReferral};

const PUBLISHED: &str = include_str!("../openapi/examples/create_referral.request.json");

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let key = arguments.next().ok_or("the key of the deal is missing")?;
    let ingress = arguments.next();
    let restate = RestateClient::new(ingress.as_deref().unwrap_or("http://127.0.0.1:8080"))?;

    let own: NewReferral = serde_json::from_str(PUBLISHED)?;
    let plan =
        SharedReferralPlan::new(own, AssistanceRequestCode::ProofOfConceptOrDemo).with_key(key);
    let shared = restate.create(&plan).await?;
    println!("operation   {}", shared.operation);
    println!("engagement  {}", shared.engagement_id);
    println!("own         {}", shared.own_id);
    println!("connected   {}", shared.connected_id);
    Ok(())
}
