//! Connections of Restate: taken, kept alive, and ended in order.

use std::future::Future;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::pin::pin;
use std::time::Duration;

use futures::future::{Either, select};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use restate_sdk::hyper::HyperEndpoint;
use restate_sdk::prelude::Endpoint;
use socket2::{Domain, Protocol, Socket, Type};

/// A connection whose other end is gone without a word is dropped after twice
/// this time, and with it the steps that nobody waits for. The SDK's own server
/// would keep both for as long as the process lives.
const KEEP_ALIVE: Duration = Duration::from_secs(5);

/// After a connection that could not be taken, such as for want of file handles.
const PAUSE: Duration = Duration::from_millis(10);

/// Listens on an address that several workers of this machine may share; the
/// system spreads the connections over them (`SO_REUSEPORT`, Unix only;
/// elsewhere one worker has it alone).
///
/// # Errors
/// [`io::Error`] where the address cannot be listened on.
pub fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let kind = Type::STREAM;
    let socket = Socket::new(Domain::for_address(address), kind, Some(Protocol::TCP))?;
    #[cfg(unix)]
    {
        socket.set_reuse_address(true)?;
        socket.set_reuse_port(true)?;
    }
    socket.bind(&address.into())?;
    socket.listen(1024)?;
    Ok(socket.into())
}

/// Serves until `stopped` is ready, and then what is under way for `patience` at
/// most.
pub(super) async fn serve(
    listener: TcpListener,
    endpoint: Endpoint,
    stopped: impl Future<Output = ()> + Send,
    patience: Duration,
) -> io::Result<()> {
    listener.set_nonblocking(true)?;
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let endpoint = HyperEndpoint::new(endpoint);
    let connections = GracefulShutdown::new();
    let mut stopped = pin!(stopped);
    loop {
        let stream = match select(pin!(listener.accept()), stopped.as_mut()).await {
            Either::Left((Ok((stream, _)), _)) => stream,
            Either::Left((Err(_), _)) => {
                tokio::time::sleep(PAUSE).await;
                continue;
            }
            Either::Right(((), _)) => break,
        };
        let _ = stream.set_nodelay(true);
        let connection = hyper::server::conn::http2::Builder::new(TokioExecutor::new())
            .timer(TokioTimer::new())
            .keep_alive_interval(KEEP_ALIVE)
            .keep_alive_timeout(KEEP_ALIVE)
            .serve_connection(TokioIo::new(stream), endpoint.clone());
        tokio::spawn(connections.watch(connection));
    }
    drop(listener);
    let _ = tokio::time::timeout(patience, connections.shutdown()).await;
    Ok(())
}
