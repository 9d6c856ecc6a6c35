//! A worker that creates shared referrals as Restate tells it to.
//!
//! `cargo run --features restate,sandbox --example restate_worker [ADDRESS]`,
//! then `restate deployments register http://127.0.0.1:9080`, then the example
//! `restate_create`. Several may run at one address.

mod common;

use std::error::Error;
use std::process::ExitCode;

use partner_referrals::restate::{Worker, listen};

#[tokio::main]
async fn main() -> ExitCode {
    common::end(run().await)
}

async fn run() -> Result<(), Box<dyn Error>> {
    let address = std::env::args().nth(1);
    let address = address.as_deref().unwrap_or("127.0.0.1:9080").parse()?;
    let (client, _sandbox) = common::connect().await?;
    let listener = listen(address)?;
    eprintln!("listening on {address}; Ctrl-C ends it");
    let stopped = async {
        let _ = tokio::signal::ctrl_c().await;
    };
    Worker::new(client).serve(listener, stopped).await?;
    Ok(())
}
