//! Other people's programs: run to their end within a time, or kept as a server
//! until they are dropped.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::io::{BufRead as _, BufReader, Read};
use std::net::{Ipv4Addr, TcpListener};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

/// How often a program is asked whether it has ended.
const PAUSE: Duration = Duration::from_millis(20);

/// A program that ran to its end.
pub struct Ran {
    /// None if a signal ended it.
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Ran {
    /// As if a program had ended so.
    #[cfg(test)]
    pub fn with(code: i32, stdout: &str) -> Self {
        Self {
            code: Some(code),
            stdout: stdout.to_owned(),
            stderr: String::new(),
        }
    }

    pub fn succeeded(&self) -> bool {
        self.code == Some(0)
    }

    /// All that the program said.
    pub fn said(&self) -> String {
        let code = match self.code {
            Some(code) => format!("exit code {code}"),
            None => "ended by a signal".to_owned(),
        };
        format!("{}{}({code})\n", self.stdout, self.stderr)
    }
}

/// Runs a program to its end; an error if it cannot be started or takes longer
/// than `limit`.
pub fn run(command: &mut Command, limit: Duration) -> Result<Ran, String> {
    let name = name(command);
    let mut child = spawn(command)?;
    let (stdout, stderr) = (whole(child.stdout.take()), whole(child.stderr.take()));
    let begin = Instant::now();
    let code = loop {
        match child.try_wait() {
            Ok(Some(status)) => break status.code(),
            Ok(None) if begin.elapsed() < limit => thread::sleep(PAUSE),
            Ok(None) => {
                end(&mut child);
                // What it started may hold the pipes, so what it said so far is
                // not waited for.
                return Err(format!("{name} did not end within {} s", limit.as_secs()));
            }
            Err(error) => return Err(format!("{name} cannot be waited for: {error}")),
        }
    };
    Ok(Ran {
        code,
        stdout: stdout.recv().unwrap_or_default(),
        stderr: stderr.recv().unwrap_or_default(),
    })
}

/// A program that serves until it is dropped.
pub struct Server {
    child: Child,
    name: String,
    lines: Receiver<String>,
    log: Vec<String>,
}

impl Server {
    /// Starts a program and reads what it says until `ready` finds what it looks
    /// for in a line.
    pub fn start<T>(
        command: &mut Command,
        limit: Duration,
        ready: impl Fn(&str) -> Option<T>,
    ) -> Result<(Self, T), String> {
        let name = name(command);
        let mut child = spawn(command)?;
        let (sender, lines) = channel();
        follow(child.stdout.take(), sender.clone());
        follow(child.stderr.take(), sender);
        let mut server = Self {
            child,
            name,
            lines,
            log: Vec::new(),
        };
        let begin = Instant::now();
        loop {
            let left = limit.saturating_sub(begin.elapsed());
            match server.lines.recv_timeout(left) {
                Ok(line) => {
                    let found = ready(&line);
                    server.log.push(line);
                    if let Some(found) = found {
                        return Ok((server, found));
                    }
                }
                Err(error) => {
                    let how = match error {
                        RecvTimeoutError::Timeout => {
                            format!("was not ready within {} s", limit.as_secs())
                        }
                        RecvTimeoutError::Disconnected => "ended before it was ready".to_owned(),
                    };
                    let said = server.log.join("\n");
                    return Err(format!("{} {how}; it said:\n{said}", server.name));
                }
            }
        }
    }

    /// Ends the program and gives the lines that it said since it started.
    pub fn stop(mut self) -> Vec<String> {
        // A server may write a request's lines after it answered.
        thread::sleep(Duration::from_millis(300));
        end(&mut self.child);
        while let Ok(line) = self.lines.recv_timeout(Duration::from_secs(1)) {
            self.log.push(line);
        }
        std::mem::take(&mut self.log)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}

/// Below the ports that systems give to connections: any connection of this
/// machine could take one of those before the program binds it.
const PORTS: std::ops::Range<u16> = 15_000..32_000;

/// A port that was free a moment ago. Programs that take only a number need one.
pub fn free_port() -> Result<u16, String> {
    let mut last = None;
    for _ in 0..100 {
        // Other keys each time, which is all the chance that is needed here.
        let random = RandomState::new().build_hasher().finish() % PORTS.len() as u64;
        let port = PORTS.start + random as u16;
        match TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
            Ok(_) => return Ok(port),
            Err(error) => last = Some(error),
        }
    }
    let why = last.map(|error| error.to_string()).unwrap_or_default();
    Err(format!("no port of 127.0.0.1 can be had: {why}"))
}

/// A program with a path or a name, without surroundings that change what it says.
pub fn command(program: impl AsRef<std::ffi::OsStr>) -> Command {
    quiet(Command::new(program))
}

/// The same command, so that what it says can be read by a program.
pub fn quiet(mut command: Command) -> Command {
    command
        .env("NO_COLOR", "1")
        // A JVM that was given options says so on its error output.
        .env_remove("JAVA_TOOL_OPTIONS")
        .stdin(Stdio::null());
    command
}

fn name(command: &Command) -> String {
    let program = std::path::Path::new(command.get_program());
    let name = program.file_name().unwrap_or(command.get_program());
    name.to_string_lossy().into_owned()
}

fn spawn(command: &mut Command) -> Result<Child, String> {
    let name = name(command);
    command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| format!("{name} cannot be started: {error}"))
}

/// Reads to the end in a thread of its own: a full pipe stops its writer.
fn whole(pipe: Option<impl Read + Send + 'static>) -> Receiver<String> {
    let (sender, receiver) = channel();
    if let Some(mut pipe) = pipe {
        thread::spawn(move || {
            let mut bytes = Vec::new();
            let _ = pipe.read_to_end(&mut bytes);
            let _ = sender.send(String::from_utf8_lossy(&bytes).into_owned());
        });
    }
    receiver
}

fn follow(pipe: Option<impl Read + Send + 'static>, sender: Sender<String>) {
    let Some(pipe) = pipe else { return };
    thread::spawn(move || {
        let mut reader = BufReader::new(pipe);
        let mut bytes = Vec::new();
        while reader
            .read_until(b'\n', &mut bytes)
            .is_ok_and(|read| read > 0)
        {
            let line = String::from_utf8_lossy(&bytes);
            if sender.send(plain(line.trim_end())).is_err() {
                return;
            }
            bytes.clear();
        }
    });
}

/// A line without the escape sequences that colour it.
fn plain(line: &str) -> String {
    let mut plain = String::with_capacity(line.len());
    let mut rest = line;
    while let Some((before, after)) = rest.split_once("\u{1b}[") {
        plain.push_str(before);
        rest = after
            .find(|c: char| c.is_ascii_alphabetic())
            .map_or("", |end| &after[end + 1..]);
    }
    plain.push_str(rest);
    plain
}

fn end(child: &mut Child) {
    // Both fail only where it has ended already.
    let _ = child.kill();
    let _ = child.wait();
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut shell = command("sh");
        shell.args(["-c", script]);
        shell
    }

    #[test]
    fn a_program_gives_its_code_and_both_outputs() {
        let ran = run(
            &mut shell("echo out; echo err >&2; exit 3"),
            Duration::from_secs(10),
        )
        .unwrap();
        assert_eq!(ran.code, Some(3));
        assert_eq!(ran.said(), "out\nerr\n(exit code 3)\n");
    }

    #[test]
    fn a_program_that_does_not_end_is_ended() {
        let begin = Instant::now();
        let ran = run(&mut shell("exec sleep 60"), Duration::from_millis(100));
        assert!(ran.is_err_and(|error| error.contains("did not end")));
        assert!(begin.elapsed() < Duration::from_secs(30));
    }

    #[test]
    fn a_program_that_is_not_there_is_named() {
        let ran = run(&mut command("no-such-program"), Duration::from_secs(1));
        assert!(ran.is_err_and(|error| error.starts_with("no-such-program cannot be started")));
    }

    #[test]
    fn a_server_is_ready_when_it_says_so_and_gives_its_lines_when_stopped() {
        let script = "echo warming; printf '\\033[32mport 17\\033[0m\\n'; echo more; exec sleep 60";
        let (server, port) = Server::start(&mut shell(script), Duration::from_secs(10), |line| {
            line.strip_prefix("port ").map(str::to_owned)
        })
        .unwrap();
        assert_eq!(port, "17");
        assert_eq!(server.stop(), ["warming", "port 17", "more"]);
    }

    #[test]
    fn a_server_that_ends_before_it_is_ready_tells_what_it_said() {
        let started = Server::start(
            &mut shell("echo no"),
            Duration::from_secs(10),
            |_| None::<()>,
        );
        assert!(
            started
                .is_err_and(|error| { error.ends_with("ended before it was ready; it said:\nno") })
        );
    }

    #[test]
    fn a_port_is_none_that_a_connection_gets() {
        let ports: Vec<u16> = (0..20).map(|_| free_port().unwrap()).collect();
        assert!(ports.iter().all(|port| PORTS.contains(port)), "{ports:?}");
        assert!(ports.iter().any(|port| *port != ports[0]), "{ports:?}");
    }
}
