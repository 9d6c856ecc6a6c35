//! A token endpoint on this machine that says what it is told to, and keeps
//! what it was asked.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use partner_referrals::credential::EntraApp;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

pub enum Reply {
    Json(u16, Value),
    /// Status line, headers and body as they are.
    Raw(String),
    /// The connection ends without an answer.
    Cut,
    /// The answer waits until it is told to go on.
    Held(Arc<Notify>, Value),
}

#[derive(Clone, Debug)]
pub struct Asked {
    pub line: String,
    pub headers: String,
    pub form: Vec<(String, String)>,
}

impl Asked {
    pub fn field(&self, name: &str) -> Option<&str> {
        let mut found = self.form.iter().filter(|(field, _)| field == name);
        let value = found.next().map(|(_, value)| value.as_str());
        assert!(found.next().is_none(), "`{name}` twice");
        value
    }

    pub fn fields(&self) -> Vec<&str> {
        let mut names: Vec<_> = self.form.iter().map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        names
    }
}

pub struct TokenServer {
    address: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl TokenServer {
    /// Gives these answers in this order, one a connection, then 500.
    pub async fn start(replies: impl IntoIterator<Item = Reply>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let mut replies: VecDeque<Reply> = replies.into_iter().collect();
        tokio::spawn({
            let asked = Arc::clone(&asked);
            async move {
                while let Ok((stream, _)) = listener.accept().await {
                    let reply = replies.pop_front();
                    let reply =
                        reply.unwrap_or(Reply::Json(500, json!({"error": "no reply left"})));
                    tokio::spawn(serve(stream, reply, Arc::clone(&asked)));
                }
            }
        });
        Self { address, asked }
    }

    pub fn app(&self) -> EntraApp {
        EntraApp::new("contoso.onmicrosoft.com", "1111-client")
            .authority(&self.address)
            .allow_insecure_loopback()
    }

    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

async fn serve(mut stream: TcpStream, reply: Reply, asked: Arc<Mutex<Vec<Asked>>>) {
    let mut bytes = Vec::new();
    let (head, length) = loop {
        assert!(stream.read_buf(&mut bytes).await.unwrap() > 0);
        let text = String::from_utf8(bytes.clone()).unwrap();
        if let Some((head, _)) = text.split_once("\r\n\r\n") {
            let length = head.to_ascii_lowercase();
            let (_, length) = length.split_once("content-length: ").unwrap();
            let length: usize = length.lines().next().unwrap().parse().unwrap();
            break (head.to_owned(), length);
        }
    };
    while bytes.len() < head.len() + 4 + length {
        assert!(stream.read_buf(&mut bytes).await.unwrap() > 0);
    }
    let form = url::form_urlencoded::parse(&bytes[head.len() + 4..]);
    let (line, headers) = head.split_once("\r\n").unwrap();
    asked.lock().unwrap().push(Asked {
        line: line.to_owned(),
        headers: headers.to_ascii_lowercase(),
        form: form.into_owned().collect(),
    });
    let answer = match reply {
        Reply::Json(status, body) => with_body(status, &body),
        Reply::Raw(answer) => answer,
        Reply::Cut => return,
        Reply::Held(go, body) => {
            go.notified().await;
            with_body(200, &body)
        }
    };
    // The client may have hung up, which is what some tests are about.
    let _ = stream.write_all(answer.as_bytes()).await;
    let _ = stream.shutdown().await;
}

fn with_body(status: u16, body: &Value) -> String {
    let body = body.to_string();
    format!(
        "HTTP/1.1 {status} Any\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
         Connection: close\r\n\r\n{body}",
        body.len()
    )
}
