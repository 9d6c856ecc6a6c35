//! A restate-server and workers, as processes that end with the test.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use partner_referrals::restate::RestateClient;
use partner_referrals::shared_referral::OperationId;

/// Where the server is; set by `cargo xtask restate`.
const SERVER: &str = "PARTNER_REFERRALS_RESTATE_SERVER";

/// The longest that anything here may take to get ready.
const PATIENCE: Duration = Duration::from_secs(30);

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

/// An address of this machine that was free a moment ago.
pub fn free() -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.local_addr().unwrap()
}

/// A process that is killed with its owner.
pub struct Process(Child);

impl Process {
    pub fn start(command: &mut Command) -> Self {
        // A worker ends when its input does: also where this process is killed
        // and cannot kill it.
        let command = command.stdin(Stdio::piped()).stdout(Stdio::null());
        Self(command.stderr(Stdio::null()).spawn().unwrap())
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
        let registered = restate.register(worker).await;
        assert!(registered, "the worker cannot be registered");
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
        self.process = Some(Process::start(&mut command));
        let health = [
            format!("http://{}/health", self.admin),
            format!("http://{}/restate/health", self.ingress),
        ];
        for url in health {
            let begin = Instant::now();
            loop {
                let answer = self.http.get(&url).send().await;
                if answer.is_ok_and(|answer| answer.status().is_success()) {
                    break;
                }
                assert!(begin.elapsed() < PATIENCE, "restate-server is not ready");
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
    }

    async fn register(&self, worker: SocketAddr) -> bool {
        let url = format!("http://{}/deployments", self.admin);
        let body = serde_json::json!({ "uri": format!("http://{worker}") });
        let begin = Instant::now();
        while begin.elapsed() < PATIENCE {
            let answer = self.http.post(&url).json(&body).send().await;
            if answer.is_ok_and(|answer| answer.status().is_success()) {
                return true;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        false
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
            assert!(begin.elapsed() < PATIENCE, "no handler answers");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}
