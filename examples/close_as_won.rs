//! Closes a deal as won: reads it, checks the change, and sends it with the
//! eTag that was read.
//!
//! `cargo run --features sandbox --example close_as_won [REFERRAL_ID]`

mod common;

use std::error::Error;
use std::process::ExitCode;

use partner_referrals::ReferralId;
use partner_referrals::lifecycle::Transition;
use partner_referrals::types::NewReferral;

const PUBLISHED: &str = include_str!("../openapi/examples/create_referral.request.json");

#[tokio::main]
async fn main() -> ExitCode {
    common::end(run().await)
}

async fn run() -> Result<(), Box<dyn Error>> {
    let (client, sandbox) = common::connect().await?;
    let id = match (std::env::args().nth(1), &sandbox) {
        (Some(id), _) => ReferralId::new(id)?,
        (None, Some(_)) => {
            let deal: NewReferral = serde_json::from_str(PUBLISHED)?;
            client.create(&deal).await?.id
        }
        (None, None) => return Err("name the referral to close: close_as_won REFERRAL_ID".into()),
    };
    let referral = client.get(&id).await?;
    println!("{id}  {}/{}", referral.status, referral.substatus);
    client.transition(&referral, Transition::won()).await?;
    let referral = client.get(&id).await?;
    println!("{id}  {}/{}", referral.status, referral.substatus);

    // A closed referral stays closed: the check says so before anything is sent.
    let refused = client.transition(&referral, Transition::accepted()).await;
    if let Err(error) = refused {
        println!("{error}");
    }
    Ok(())
}
