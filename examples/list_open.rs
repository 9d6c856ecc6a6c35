//! Lists the referrals that wait for an answer, newest first.
//!
//! `cargo run --features sandbox --example list_open`

mod common;

use std::error::Error;
use std::process::ExitCode;

use futures::TryStreamExt;
use partner_referrals::types::{Direction, Status};
use partner_referrals::{ListOptions, filter};

#[tokio::main]
async fn main() -> ExitCode {
    common::end(run().await)
}

async fn run() -> Result<(), Box<dyn Error>> {
    let (client, sandbox) = common::connect().await?;
    if let Some(sandbox) = &sandbox {
        // Something to list: three referrals that came in.
        for name in ["Fabrikam", "Contoso", "Tailspin"] {
            sandbox.insert(serde_json::json!({
                "name": name, "status": "New", "substatus": "Pending", "direction": "Incoming",
                "type": "Independent", "qualification": "SalesQualified"
            }));
        }
    }
    let incoming = filter::direction().eq(Direction::Incoming);
    let open = ListOptions::new()
        .filter(incoming.and(filter::status().eq(Status::New)))
        .order_by("createdDateTime desc");
    let mut referrals = client.referrals(open);
    let mut count = 0;
    while let Some(referral) = referrals.try_next().await? {
        count += 1;
        println!(
            "{}  {}/{}  created {}  {}",
            referral.id,
            referral.status,
            referral.substatus,
            referral.created_date_time,
            referral.name.as_deref().unwrap_or("(no name)")
        );
    }
    println!("{count} open");
    Ok(())
}
