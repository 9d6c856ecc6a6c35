//! A restate-server and workers, as processes that end with the test.

use std::collections::BTreeSet;
use std::fs::File;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use partner_referrals::restate::RestateClient;
use partner_referrals::shared_referral::OperationId;

/// Where the server is; set by `cargo xtask restate`.
const SERVER: &str = "PARTNER_REFERRALS_RESTATE_SERVER";

/// The longest that anything here may take to get ready: as long as a machine
/// may take that builds something else beside it.
const PATIENCE: Duration = Duration::from_secs(120);

/// The path of the server. Without one the test is skipped aloud: the command
/// that has one is a step of its own, and fails where it cannot be had on a
/// server.
pub fn server() -> Option<PathBuf> {
    let path = std::env::var_os(SERVER).map(PathBuf::from);
    if path.is_none() {
        println!("skipped: no restate-server; `cargo xtask restate` installs one and runs this");
    }
    path
}

/// Below the ports that Linux, macOS and Windows give to connections. One of
/// those can be taken by any connection of this test between the moment it is
/// seen to be free and the one its owner binds it, or while a server that was
/// killed is not yet started again.
const PORTS: std::ops::Range<u16> = 15_000..32_000;

/// An address of this machine that was free a moment ago, and is given once.
pub fn free() -> SocketAddr {
    static GIVEN: Mutex<BTreeSet<u16>> = Mutex::new(BTreeSet::new());
    for _ in 0..1_000 {
        let random = (uuid::Uuid::new_v4().as_u128() % PORTS.len() as u128) as u16;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, PORTS.start + random));
        if GIVEN.lock().unwrap().insert(address.port()) && TcpListener::bind(address).is_ok() {
            return address;
        }
    }
    panic!("no port of {PORTS:?} is free");
}

/// A process that is killed with its owner.
pub struct Process(Child);

impl Process {
    pub fn start(command: &mut Command) -> Self {
        Self::logged(command, Stdio::null(), Stdio::null())
    }

    fn logged(command: &mut Command, output: Stdio, errors: Stdio) -> Self {
        // A worker ends when its input does: also where this process is killed
        // and cannot kill it.
        let command = command.stdin(Stdio::piped()).stdout(output);
        Self(command.stderr(errors).spawn().unwrap())
    }

    fn has_ended(&mut self) -> bool {
        self.0.try_wait().unwrap().is_some()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A folder that is removed with its owner.
struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

pub struct Restate {
    program: PathBuf,
    node: SocketAddr,
    admin: SocketAddr,
    ingress: SocketAddr,
    http: reqwest::Client,
    // Before the folder, in which it writes.
    process: Option<Process>,
    folder: Folder,
}

impl Restate {
    /// Starts a server, with workers at `worker`.
    pub async fn start(program: &Path, worker: SocketAddr) -> Self {
        let name = format!("partner-referrals-restate-{}", uuid::Uuid::new_v4());
        let folder = Folder(std::env::temp_dir().join(name));
        std::fs::create_dir(&folder.0).unwrap();
        // What reqwest asks for in this build, though nothing here is https.
        #[cfg(feature = "rustls")]
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut restate = Self {
            program: program.to_owned(),
            node: free(),
            admin: free(),
            ingress: free(),
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
            process: None,
            folder,
        };
        restate.run().await;
        restate.register(worker).await;
        restate.serves().await;
        restate
    }

    pub fn client(&self) -> RestateClient {
        RestateClient::new(&format!("http://{}", self.ingress)).unwrap()
    }

    /// Kills the server and starts it again.
    pub async fn kill(&mut self) {
        drop(self.process.take());
        tokio::time::sleep(Duration::from_millis(100)).await;
        self.run().await;
        self.serves().await;
    }

    async fn run(&mut self) {
        let port = |address: SocketAddr| address.port().to_string();
        let mut command = Command::new(&self.program);
        command
            .arg("--no-logo")
            .env("RESTATE_BIND_IP", "127.0.0.1")
            .env("RESTATE_LISTEN_MODE", "tcp")
            .env("RESTATE_NODE_NAME", "node-1")
            .env("RESTATE_BASE_DIR", self.folder.0.join("data"))
            .env("RESTATE_BIND_PORT", port(self.node))
            .env("RESTATE_ADMIN__BIND_PORT", port(self.admin))
            .env("RESTATE_INGRESS__BIND_PORT", port(self.ingress))
            .env("RESTATE_DEFAULT_NUM_PARTITIONS", "4")
            .env("RESTATE_ROCKSDB_TOTAL_MEMORY_SIZE", "128MiB")
            .env("RESTATE_DISABLE_TELEMETRY", "true")
            .env("DO_NOT_TRACK", "1")
            .env("RESTATE_ADMIN__DISABLE_WEB_UI", "true")
            // So that every worker gets connections.
            .env(
                "RESTATE_WORKER__INVOKER__HTTP2_STREAMS_PER_CONNECTION_LIMIT",
                "2",
            );
        let health = [
            format!("http://{}/health", self.admin),
            format!("http://{}/restate/health", self.ingress),
        ];
        self.process = Some(self.spawn(&mut command));
        for url in health {
            let begin = Instant::now();
            loop {
                let answer = self.http.get(&url).send().await;
                if answer.is_ok_and(|answer| answer.status().is_success()) {
                    break;
                }
                // One that could not take a port, for what was killed before it
                // had not let go of it, is started again.
                if self.process.as_mut().is_none_or(Process::has_ended) {
                    tokio::time::sleep(Duration::from_millis(500)).await;
                    self.process = Some(self.spawn(&mut command));
                }
                self.still(begin, "restate-server is not ready");
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
    }

    /// Starts the server, with what it says at the end of its log.
    fn spawn(&self, command: &mut Command) -> Process {
        let log = File::options()
            .create(true)
            .append(true)
            .open(self.log())
            .unwrap();
        let errors = log.try_clone().unwrap();
        Process::logged(command, log.into(), errors.into())
    }

    fn log(&self) -> PathBuf {
        self.folder.0.join("log")
    }

    /// Fails, with the last words of the server, where patience is at its end.
    fn still(&self, begin: Instant, what: &str) {
        if begin.elapsed() < PATIENCE {
            return;
        }
        let log = std::fs::read(self.log()).unwrap_or_default();
        let log = String::from_utf8_lossy(&log);
        let lines: Vec<_> = log.lines().collect();
        let last = lines[lines.len().saturating_sub(30)..].join("\n");
        panic!("{what}; the server's last words:\n{last}");
    }

    async fn register(&self, worker: SocketAddr) {
        let url = format!("http://{}/deployments", self.admin);
        let body = serde_json::json!({ "uri": format!("http://{worker}") });
        let begin = Instant::now();
        loop {
            let answer = self.http.post(&url).json(&body).send().await;
            if answer.is_ok_and(|answer| answer.status().is_success()) {
                return;
            }
            self.still(begin, "the worker cannot be registered");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Waits until a handler answers: the server is healthy before that.
    async fn serves(&self) {
        let (client, begin) = (self.client(), Instant::now());
        let nobody = OperationId::of_key("a key that nobody uses");
        loop {
            let asked = client.progress(&nobody);
            match tokio::time::timeout(Duration::from_secs(5), asked).await {
                Ok(Ok(None)) => return,
                Ok(Ok(Some(progress))) => panic!("{progress:?}"),
                Ok(Err(_)) | Err(_) => {}
            }
            self.still(begin, "no handler answers");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}
