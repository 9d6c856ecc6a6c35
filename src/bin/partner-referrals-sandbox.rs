//! The sandbox as a command: a stand-in of the Referrals service on 127.0.0.1.

use std::process::ExitCode;

use partner_referrals::sandbox::{Sandbox, SandboxBuilder};

const HELP: &str = "\
A stateful stand-in of the Microsoft Partner Center Referrals service.

Usage: partner-referrals-sandbox [OPTIONS]

It listens on 127.0.0.1 only, keeps its referrals in memory, and prints its
address on one line. Ctrl-C ends it.

Options:
  --port <PORT>             Port to listen on [default: any free one]
  --token <TOKEN>           The one bearer token to take [default: any]
  --page-size <N>           Referrals on a list page [default: 100]
  --create-status <STATUS>  Status of a create, 200 or 201 [default: 201]
  --seed <N>                Makes ids and eTags repeatable
  --documented-values-only  Refuse values that no list of the documentation has
  -h, --help                Print this help
  -V, --version             Print the version
";

/// What the command line asks for.
enum Asked {
    Help,
    Version,
    Run(Box<SandboxBuilder>),
}

fn main() -> ExitCode {
    match read(std::env::args().skip(1)) {
        Ok(Asked::Help) => {
            print!("{HELP}");
            ExitCode::SUCCESS
        }
        Ok(Asked::Version) => {
            println!("partner-referrals-sandbox {}", env!("CARGO_PKG_VERSION"));
            ExitCode::SUCCESS
        }
        Ok(Asked::Run(builder)) => match run(*builder) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("partner-referrals-sandbox: {error}");
                ExitCode::FAILURE
            }
        },
        Err(message) => {
            eprintln!("partner-referrals-sandbox: {message}\nTry --help.");
            ExitCode::from(2)
        }
    }
}

/// Reads the options; a message never repeats a value, which may be the token.
fn read(arguments: impl Iterator<Item = String>) -> Result<Asked, String> {
    let mut builder = Sandbox::builder();
    let mut arguments = arguments;
    while let Some(argument) = arguments.next() {
        let (name, attached) = match argument.split_once('=') {
            Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
            None => (argument, None),
        };
        let mut value = || {
            attached
                .clone()
                .or_else(|| arguments.next())
                .ok_or_else(|| format!("{name} needs a value"))
        };
        builder = match name.as_str() {
            "-h" | "--help" => return Ok(Asked::Help),
            "-V" | "--version" => return Ok(Asked::Version),
            "--port" => builder.port(number(&name, &value()?)?),
            "--token" => {
                let token = value()?;
                if token.trim().is_empty() {
                    return Err("--token must not be empty".to_owned());
                }
                builder.token(token)
            }
            "--documented-values-only" => builder.documented_values_only(true),
            "--page-size" => builder.page_size(number(&name, &value()?)?),
            "--create-status" => match number(&name, &value()?)? {
                status @ (200 | 201) => builder.create_status(status),
                _ => return Err("--create-status is either 200 or 201".to_owned()),
            },
            "--seed" => builder.seed(number(&name, &value()?)?),
            _ if name.starts_with("--bind") || name.starts_with("--host") => {
                return Err("the sandbox listens on 127.0.0.1 only".to_owned());
            }
            _ => return Err("unknown option".to_owned()),
        };
    }
    Ok(Asked::Run(Box::new(builder)))
}

fn number<N: std::str::FromStr>(name: &str, value: &str) -> Result<N, String> {
    value
        .parse()
        .map_err(|_| format!("{name} needs a number in its range"))
}

fn run(builder: SandboxBuilder) -> std::io::Result<()> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(async {
            let sandbox = builder.start().await?;
            println!("{}", sandbox.base_url());
            tokio::signal::ctrl_c().await?;
            sandbox.shutdown().await;
            Ok(())
        })
}
