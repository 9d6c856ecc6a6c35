//! Creates a deal shared with Microsoft from the service's own published
//! create request, and prints both halves.
//!
//! `cargo run --features sandbox --example shared_referral [REQUEST.json]`
//!
//! With `PARTNER_REFERRALS_JOURNAL=deals.journal` in the environment it is safe
//! to end it at any time and to run it again.

mod common;

use std::error::Error;
use std::process::ExitCode;

use partner_referrals::shared_referral::{FileJournal, MemoryJournal, SharedReferralPlan};
use partner_referrals::types::{AssistanceRequestCode, NewReferral, Referral};

const PUBLISHED: &str = include_str!("../openapi/examples/create_referral.request.json");

#[tokio::main]
async fn main() -> ExitCode {
    common::end(run().await)
}

async fn run() -> Result<(), Box<dyn Error>> {
    let request = match std::env::args().nth(1) {
        Some(path) => std::fs::read_to_string(path)?,
        None => PUBLISHED.to_owned(),
    };
    let own: NewReferral = serde_json::from_str(&request)?;
    let plan = SharedReferralPlan::new(own, AssistanceRequestCode::ProofOfConceptOrDemo)
        .notes_to_microsoft("Can you join the workshop?");

    let (client, _sandbox) = common::connect().await?;
    let deals = match std::env::var_os("PARTNER_REFERRALS_JOURNAL") {
        Some(path) => client.shared_referrals(FileJournal::open(path)?),
        None => client.shared_referrals(MemoryJournal::new()),
    };
    let shared = deals.create(&plan).await?;

    println!("operation   {}", shared.operation);
    println!("engagement  {}", shared.engagement_id);
    for (half, id, referral) in [
        ("own", &shared.own_id, &shared.own),
        ("connected", &shared.connected_id, &shared.connected),
    ] {
        match referral {
            Some(referral) => print(half, referral),
            None => println!("{half:<11} {id}  made by an earlier run"),
        }
    }
    Ok(())
}

fn print(half: &str, referral: &Referral) {
    let targets: Vec<String> = referral
        .target
        .iter()
        .flatten()
        .map(|target| {
            let type_ = target.type_.as_ref().map(ToString::to_string);
            format!(
                "{}/{}",
                type_.unwrap_or_default(),
                target.id.as_deref().unwrap_or_default()
            )
        })
        .collect();
    println!(
        "{half:<11} {}  {}/{}  target {}  engagement {}",
        referral.id,
        referral.status,
        referral.substatus,
        targets.join(", "),
        referral.engagement_id
    );
}
