//! A server on a free loopback port that does what a test tells it to, and counts.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// Runs a test on a runtime of either flavour, and fails where it takes longer than it may.
pub(crate) fn bounded<T: Future<Output = ()>>(test: impl Fn() -> T) {
    let current = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let several = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    for runtime in [current, several] {
        runtime.block_on(async {
            tokio::time::timeout(Duration::from_secs(20), test()).await.expect("the test takes too long");
        });
    }
}

/// A request as the server saw it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    /// Request line and field lines, names in lower case.
    pub(crate) lines: Vec<String>,
    pub(crate) body: Vec<u8>,
    /// The body broke off.
    pub(crate) cut: bool,
}

impl Seen {
    pub(crate) fn line(&self) -> &str {
        self.lines.first().map_or("", String::as_str)
    }

    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        let prefix = format!("{name}: ");
        self.lines.iter().skip(1).find_map(|line| line.strip_prefix(&prefix))
    }
}

pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    accepted: Arc<AtomicUsize>,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Server {
    /// Gives each connection, with its number from 0, to `act`.
    pub(crate) fn raw(act: impl Fn(usize, TcpStream) + Send + Sync + 'static) -> Self {
        Self::run(move |number, stream, _| act(number, stream))
    }

    /// Answers each request by what `answer` gives for it, and keeps the connection.
    pub(crate) fn http(answer: impl Fn(&Seen) -> String + Send + Sync + 'static) -> Self {
        Self::run(move |_, mut stream, seen| {
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            while let Some(request) = read_request(&mut reader) {
                seen.lock().unwrap().push(request.clone());
                if stream.write_all(answer(&request).as_bytes()).is_err() {
                    return;
                }
            }
        })
    }

    fn run(act: impl Fn(usize, TcpStream, &Mutex<Vec<Seen>>) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let accepted = Arc::new(AtomicUsize::new(0));
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (count, log, act) = (accepted.clone(), seen.clone(), Arc::new(act));
        thread::spawn(move || {
            for stream in listener.incoming() {
                let stream = stream.unwrap();
                stream.set_read_timeout(Some(Duration::from_secs(15))).unwrap();
                let number = count.fetch_add(1, Ordering::SeqCst);
                let (act, log) = (act.clone(), log.clone());
                thread::spawn(move || act(number, stream, &log));
            }
        });
        Self { address, accepted, seen }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) fn accepted(&self) -> usize {
        self.accepted.load(Ordering::SeqCst)
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }
}

/// Reads one request; `None` where the connection ends first.
pub(crate) fn read_request(reader: &mut impl BufRead) -> Option<Seen> {
    let mut seen = Seen::default();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let line = line.trim_end();
        if line.is_empty() {
            break;
        }
        seen.lines.push(line.to_owned());
    }
    if let Some(length) = seen.field("content-length").map(|length| length.parse().unwrap()) {
        seen.body = vec![0; length];
        let mut filled = 0;
        while filled < length {
            match reader.read(&mut seen.body[filled..]) {
                Ok(0) | Err(_) => break,
                Ok(n) => filled += n,
            }
        }
        seen.cut = filled < length;
        seen.body.truncate(filled);
    } else if seen.field("transfer-encoding").is_some() {
        seen.cut = read_chunks(reader, &mut seen.body).is_none();
    }
    Some(seen)
}

fn read_chunks(reader: &mut impl BufRead, body: &mut Vec<u8>) -> Option<()> {
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let size = usize::from_str_radix(line.trim_end(), 16).ok()?;
        let mut chunk = vec![0; size + 2];
        reader.read_exact(&mut chunk).ok()?;
        if size == 0 {
            return Some(());
        }
        body.extend_from_slice(&chunk[..size]);
    }
}

/// Reads up to the blank line and no further than needed.
pub(crate) fn read_head(stream: &mut TcpStream) -> Vec<u8> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|n| n == 1) {
        head.push(byte[0]);
    }
    head
}

/// Closes with a reset instead of an end.
pub(crate) fn reset(stream: &TcpStream) {
    socket2::SockRef::from(stream).set_linger(Some(Duration::ZERO)).unwrap();
}

/// A response with a body and its length.
pub(crate) fn ok(body: &str) -> String {
    reply("200 OK", "", body)
}

/// A response; `fields` are whole lines.
pub(crate) fn reply(status: &str, fields: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\n{fields}content-length: {}\r\n\r\n{body}", body.len())
}
