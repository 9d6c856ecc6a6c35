//! What the examples share: a client of the service, or of a stand-in that is
//! started for the run.

use std::env;
use std::error::Error;
use std::process::ExitCode;

use partner_referrals::sandbox::Sandbox;
use partner_referrals::{ReferralsClient, StaticToken};

const TOKEN: &str = "PARTNER_REFERRALS_TOKEN";
const BASE_URL: &str = "PARTNER_REFERRALS_BASE_URL";

/// With a token in the environment: a client of the service, or of the base URL
/// in the environment. Without: of a sandbox, which stops when it is dropped.
pub async fn connect() -> Result<(ReferralsClient, Option<Sandbox>), Box<dyn Error>> {
    if let Ok(token) = env::var(TOKEN) {
        let mut builder =
            ReferralsClient::builder(StaticToken::new(token)?).allow_insecure_loopback();
        if let Ok(url) = env::var(BASE_URL) {
            builder = builder.base_url(url);
        }
        return Ok((builder.build()?, None));
    }
    if env::var_os(BASE_URL).is_some() {
        return Err(format!("{BASE_URL} is set but {TOKEN} is not: set both").into());
    }
    let sandbox = Sandbox::start().await?;
    let client = ReferralsClient::builder(StaticToken::new(sandbox.token())?)
        .base_url(sandbox.base_url())
        .allow_insecure_loopback()
        .build()?;
    eprintln!("no {TOKEN} in the environment: using a stand-in of the service on this machine");
    Ok((client, Some(sandbox)))
}

/// Ends an example: prints what went wrong as one reads it, not as one debugs it.
pub fn end(result: Result<(), Box<dyn Error>>) -> ExitCode {
    let Err(error) = result else {
        return ExitCode::SUCCESS;
    };
    eprintln!("error: {error}");
    let mut source = error.source();
    while let Some(cause) = source {
        eprintln!("  caused by: {cause}");
        source = cause.source();
    }
    ExitCode::FAILURE
}
