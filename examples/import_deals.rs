//! Creates the shared deals of a file, and writes what came of each beside its
//! row.
//!
//! `cargo run --features sandbox,import --example import_deals [DEALS.csv|DEALS.jsonl] [--create]`
//!
//! Without `--create` it only checks. With it, `deals.journal` and
//! `deals.results.csv` are written beside the file; it may be ended at any time,
//! by Ctrl-C or worse, and started again.

mod common;

use std::error::Error;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use futures::StreamExt as _;
use partner_referrals::shared_referral::import::{Format, Import, ResultWriter};
use partner_referrals::shared_referral::{FileJournal, Many};

#[tokio::main]
async fn main() -> ExitCode {
    common::end(run().await)
}

async fn run() -> Result<(), Box<dyn Error>> {
    let (options, files): (Vec<String>, Vec<String>) = std::env::args()
        .skip(1)
        .partition(|word| word.starts_with("--"));
    let create = options.iter().any(|option| option == "--create");
    let example = "examples/data/deals.csv".to_owned();
    let path = PathBuf::from(files.into_iter().next().unwrap_or(example));
    let format = match path.extension().and_then(|ending| ending.to_str()) {
        Some("jsonl" | "ndjson") => Format::JsonLines,
        _ => Format::Csv,
    };

    let mut import = Import::open(&path, format)?;
    let report = import.check()?;
    println!("{report}");
    if !report.is_ok() {
        return Err("nothing was sent: mend the file first".into());
    }
    if !create {
        println!("nothing was sent: add --create to create the deals");
        return Ok(());
    }

    let (client, _sandbox) = common::connect().await?;
    let journal = FileJournal::open(beside(&path, "journal"))?;
    let deals = client.shared_referrals(journal);
    let mut results = ResultWriter::new(File::create(beside(&path, "results.csv"))?, &report)?;
    let stop = async {
        // Without a signal it goes on to the end.
        let _ = tokio::signal::ctrl_c().await;
        eprintln!("ending: what is under way is completed");
    };
    let mut rows = deals.create_rows(import, &report, Many::new().until(stop));
    while let Some(row) = rows.next().await {
        let (row, result) = row?;
        let own = result.own.as_deref().unwrap_or("-");
        println!("line {}: {} {own}", row.line(), result.kind);
        results.write(&row, &result)?;
    }
    Ok(())
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    path.with_extension(ending)
}
