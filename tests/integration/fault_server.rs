//! A server that does what no well-behaved one does: it resets, cuts, stalls,
//! floods, and answers garbage. No HTTP library stands between the bytes and
//! the test.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

/// More than any request of the tests; a larger one counts as none.
const REQUEST: usize = 1024 * 1024;
/// After so long a connection ends, whatever the script says.
const PATIENCE: Duration = Duration::from_secs(30);
const CHUNK: usize = 64 * 1024;

/// What happens to one connection, which serves one request.
#[derive(Clone, Debug)]
pub enum Act {
    /// The connection is reset when the first byte is there, unread.
    ResetUnread,
    /// The request is read, then the connection is reset.
    Reset,
    /// The request is read, then the connection is closed.
    Close,
    /// The request is read; nothing more comes.
    Stall,
    /// These bytes, then the connection is closed.
    Answer(Vec<u8>),
    /// These bytes; nothing more comes.
    AnswerThenStall(Vec<u8>),
    /// These bytes, then so many further ones, until the client hangs up.
    Flood(Vec<u8>, usize),
}

/// A complete request.
#[derive(Clone)]
pub struct Seen {
    pub method: String,
    pub target: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Seen {
    /// All values of a header.
    pub fn values(&self, name: &str) -> Vec<&str> {
        let named = self.headers.iter().filter(|(key, _)| key == name);
        named.map(|(_, value)| value.as_str()).collect()
    }
}

#[derive(Default)]
struct Record {
    connections: usize,
    requests: Vec<Seen>,
    sent: Vec<usize>,
}

/// Runs a script, one act a connection; the last one again and again. Stops
/// when dropped.
pub struct FaultServer {
    address: SocketAddr,
    record: Arc<Mutex<Record>>,
    task: JoinHandle<()>,
}

impl FaultServer {
    pub async fn start(script: impl IntoIterator<Item = Act>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Self::on(listener, script)
    }

    pub fn on(listener: TcpListener, script: impl IntoIterator<Item = Act>) -> Self {
        let address = listener.local_addr().unwrap();
        let record = Arc::<Mutex<Record>>::default();
        let script: Vec<Act> = script.into_iter().collect();
        assert!(!script.is_empty());
        let task = tokio::spawn(accept(listener, script, Arc::clone(&record)));
        Self {
            address,
            record,
            task,
        }
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn connections(&self) -> usize {
        self.record().connections
    }

    /// The requests that came to their end.
    pub fn requests(&self) -> Vec<Seen> {
        self.record().requests.clone()
    }

    /// How many bytes each connection took, in the order of their ends.
    pub fn sent(&self) -> Vec<usize> {
        self.record().sent.clone()
    }

    fn record(&self) -> std::sync::MutexGuard<'_, Record> {
        lock(&self.record)
    }
}

impl Drop for FaultServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// An address of this machine that nobody listens on, and nobody else can take
/// while this lives.
pub struct Reserved(TcpSocket);

impl Reserved {
    pub fn new() -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        Self(socket)
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.0.local_addr().unwrap())
    }

    pub fn listen(self, backlog: u32) -> TcpListener {
        self.0.listen(backlog).unwrap()
    }
}

/// An answer with its content length, after which the connection ends.
pub fn answer(status: &str, headers: &[(&str, &str)], body: impl AsRef<[u8]>) -> Vec<u8> {
    let body = body.as_ref();
    let mut out = head(status, headers, Some(body.len()));
    out.extend_from_slice(body);
    out
}

/// A head that announces `length` bytes, or a body until the connection's end.
pub fn head(status: &str, headers: &[(&str, &str)], length: Option<usize>) -> Vec<u8> {
    let mut out = format!("HTTP/1.1 {status}\r\nconnection: close\r\n");
    for (name, value) in headers {
        out.push_str(&format!("{name}: {value}\r\n"));
    }
    if let Some(length) = length {
        out.push_str(&format!("content-length: {length}\r\n"));
    }
    out.push_str("\r\n");
    out.into_bytes()
}

async fn accept(listener: TcpListener, script: Vec<Act>, record: Arc<Mutex<Record>>) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let number = {
            let mut record = lock(&record);
            record.connections += 1;
            record.connections
        };
        let act = script[number.min(script.len()) - 1].clone();
        let record = Arc::clone(&record);
        connections.spawn(async move {
            // A client that hangs up is part of the play.
            let _ = tokio::time::timeout(PATIENCE, serve(stream, act, &record)).await;
        });
        while connections.try_join_next().is_some() {}
    }
}

async fn serve(mut stream: TcpStream, act: Act, record: &Mutex<Record>) -> io::Result<()> {
    stream.set_nodelay(true)?;
    if matches!(act, Act::ResetUnread) {
        stream.readable().await?;
        return stream.set_zero_linger();
    }
    if let Some(request) = read_request(&mut stream).await? {
        lock(record).requests.push(request);
    }
    match act {
        Act::ResetUnread | Act::Reset => stream.set_zero_linger(),
        Act::Close => stream.shutdown().await,
        Act::Stall => gone(&mut stream).await,
        Act::Answer(bytes) => {
            stream.write_all(&bytes).await?;
            stream.shutdown().await?;
            gone(&mut stream).await
        }
        Act::AnswerThenStall(bytes) => {
            stream.write_all(&bytes).await?;
            gone(&mut stream).await
        }
        Act::Flood(bytes, more) => {
            let sent = flood(&mut stream, &bytes, more).await;
            lock(record).sent.push(sent);
            Ok(())
        }
    }
}

/// Waits until the client hangs up.
async fn gone(stream: &mut TcpStream) -> io::Result<()> {
    let mut ignored = [0; 1024];
    while stream.read(&mut ignored).await? > 0 {}
    Ok(())
}

/// How many bytes of the body the client's side took.
async fn flood(stream: &mut TcpStream, head: &[u8], bytes: usize) -> usize {
    let mut sent = 0;
    if stream.write_all(head).await.is_err() {
        return sent;
    }
    let chunk = vec![b'x'; CHUNK];
    while sent < bytes {
        match stream.write(&chunk[..CHUNK.min(bytes - sent)]).await {
            Ok(written) if written > 0 => sent += written,
            _ => break,
        }
    }
    sent
}

/// One request; none where what comes is no HTTP/1, or ends early.
async fn read_request(stream: &mut TcpStream) -> io::Result<Option<Seen>> {
    let mut bytes = Vec::<u8>::new();
    let end = loop {
        if bytes.first().is_some_and(|byte| !byte.is_ascii_uppercase()) {
            return Ok(None);
        }
        if let Some(at) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break at;
        }
        if bytes.len() > REQUEST || stream.read_buf(&mut bytes).await? == 0 {
            return Ok(None);
        }
    };
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let mut lines = head.split("\r\n");
    let mut first = lines.next().unwrap_or_default().split(' ');
    let (method, target) = (first.next(), first.next());
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let mut seen = Seen {
        method: method.unwrap_or_default().to_owned(),
        target: target.unwrap_or_default().to_owned(),
        headers,
        body: bytes.split_off(end + 4),
    };
    let lengths = seen.values("content-length");
    let length: usize = lengths.first().map_or(0, |text| text.parse().unwrap_or(0));
    while seen.body.len() < length {
        if seen.body.len() > REQUEST || stream.read_buf(&mut seen.body).await? == 0 {
            return Ok(None);
        }
    }
    Ok(Some(seen))
}

fn lock(record: &Mutex<Record>) -> std::sync::MutexGuard<'_, Record> {
    record.lock().unwrap_or_else(PoisonError::into_inner)
}
