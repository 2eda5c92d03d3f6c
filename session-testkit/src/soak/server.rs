//! A server whose connections end without a word: after every seventh answer, and now and then upon the next request. It
//! counts each numbered request that it read, and each that it answered.

use crate::script::request::{Parsed, Request, RequestParser};
use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// Every answer of this number is the last on its connection.
const LAST: usize = 7;

/// Of those connections, every one of this number takes one more request and ends without an answer to it.
const TAKES_ONE_MORE: usize = 5;

/// No connection is silent for longer.
const LONG: Duration = Duration::from_secs(60);

/// The server, until it is dropped.
pub struct Server {
    shared: Arc<Shared>,
    accepting: Option<JoinHandle<()>>,
    address: SocketAddr,
}

struct Shared {
    counts: Vec<Count>,
    answers: AtomicUsize,
    connections: AtomicUsize,
    ended: AtomicUsize,
    faults: Mutex<Vec<String>>,
    streams: Mutex<Vec<Arc<TcpStream>>>,
    stopping: AtomicBool,
}

#[derive(Default)]
struct Count {
    read: AtomicU8,
    answered: AtomicU8,
}

/// The method of the request of this number.
#[must_use]
pub fn is_post(number: usize) -> bool {
    number % 3 == 2
}

/// The body of the request of this number, where it is a POST: of any length up to some KiB.
#[must_use]
pub fn posted(number: usize) -> Vec<u8> {
    filled(number, number * 31 % 5000)
}

/// The body of the answer to the request of this number.
#[must_use]
pub fn answered(number: usize) -> Vec<u8> {
    filled(number, number * 17 % 3000)
}

fn filled(number: usize, length: usize) -> Vec<u8> {
    let mut body = format!("{number}:").into_bytes();
    body.extend((0..length).map(|at| b'a' + ((at + number) % 26) as u8));
    body
}

impl Server {
    /// A server for so many numbered requests.
    ///
    /// # Errors
    /// Those of the system.
    pub fn start(requests: usize) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            counts: std::iter::repeat_with(Count::default).take(requests).collect(),
            answers: AtomicUsize::new(0),
            connections: AtomicUsize::new(0),
            ended: AtomicUsize::new(0),
            faults: Mutex::default(),
            streams: Mutex::default(),
            stopping: AtomicBool::new(false),
        });
        let for_thread = Arc::clone(&shared);
        let accepting =
            std::thread::Builder::new().name("soak".to_owned()).spawn(move || accept(&listener, &for_thread))?;
        Ok(Self { shared, accepting: Some(accepting), address })
    }

    /// The URL of the request of this number.
    #[must_use]
    pub fn url(&self, number: usize) -> String {
        format!("http://{}/{number}", self.address)
    }

    /// How often the request of this number was read, and answered.
    #[must_use]
    pub fn count(&self, number: usize) -> (u8, u8) {
        let load = |count: &AtomicU8| count.load(Ordering::SeqCst);
        self.shared.counts.get(number).map_or((0, 0), |count| (load(&count.read), load(&count.answered)))
    }

    /// How many connections were made, and how many of them this server ended.
    #[must_use]
    pub fn connections(&self) -> (usize, usize) {
        (self.shared.connections.load(Ordering::SeqCst), self.shared.ended.load(Ordering::SeqCst))
    }

    /// What was no request, or not one of those that were to come.
    #[must_use]
    pub fn faults(&self) -> Vec<String> {
        self.shared.faults.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shared.stopping.store(true, Ordering::SeqCst);
        for stream in self.shared.streams.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            // Wakes its thread; one that is over needs no waking.
            let _ = stream.shutdown(Shutdown::Both);
        }
        let _ = TcpStream::connect_timeout(&self.address, LONG);
        self.accepting.take().into_iter().for_each(|accepting| drop(accepting.join()));
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    let mut serving: Vec<JoinHandle<()>> = Vec::new();
    while let Ok((stream, _)) = listener.accept() {
        if shared.stopping.load(Ordering::SeqCst) {
            break;
        }
        serving.retain(|thread| !thread.is_finished());
        let stream = Arc::new(stream);
        shared.streams.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::clone(&stream));
        shared.connections.fetch_add(1, Ordering::SeqCst);
        let for_thread = Arc::clone(shared);
        let serve = move || {
            if for_thread.serve(&stream).is_ok() {
                for_thread.ended.fetch_add(1, Ordering::SeqCst);
            }
            let mut streams = for_thread.streams.lock().unwrap_or_else(PoisonError::into_inner);
            streams.retain(|have| !Arc::ptr_eq(have, &stream));
        };
        serving.extend(std::thread::Builder::new().name("soak".to_owned()).spawn(serve));
    }
    serving.into_iter().for_each(|thread| drop(thread.join()));
}

impl Shared {
    /// Serves a connection until it is this server that ends it.
    fn serve(&self, mut stream: &TcpStream) -> io::Result<()> {
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(LONG))?;
        stream.set_write_timeout(Some(LONG))?;
        let (mut parser, mut buffer) = (RequestParser::new(), vec![0; 16 * 1024]);
        let mut is_last = false;
        loop {
            let request = loop {
                match parser.parse_next() {
                    Ok(Some(Parsed::Whole(request))) => break request,
                    Ok(Some(Parsed::Head(_))) => continue,
                    Ok(None) => {}
                    Err(error) => {
                        self.complain(error.to_string());
                        return Err(io::ErrorKind::InvalidData.into());
                    }
                }
                match stream.read(&mut buffer)? {
                    0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                    n => parser.push(&buffer[..n]),
                }
            };
            let Some(number) = self.read(&request) else { return Err(io::ErrorKind::InvalidData.into()) };
            if is_last {
                return Ok(());
            }
            let body = answered(number);
            let mut answer = if number.is_multiple_of(2) {
                format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", body.len()).into_bytes()
            } else {
                format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{:x}\r\n", body.len()).into_bytes()
            };
            answer.extend_from_slice(&body);
            if number % 2 == 1 {
                answer.extend_from_slice(b"\r\n0\r\n\r\n");
            }
            if let Some(count) = self.counts.get(number) {
                count.answered.fetch_add(1, Ordering::SeqCst);
            }
            let answers = self.answers.fetch_add(1, Ordering::SeqCst) + 1;
            stream.write_all(&answer)?;
            if answers.is_multiple_of(LAST) {
                is_last = (answers / LAST).is_multiple_of(TAKES_ONE_MORE);
                if !is_last {
                    return Ok(());
                }
            }
        }
    }

    /// Counts a request; it must be one of those that are to come, and whole.
    fn read(&self, request: &Request) -> Option<usize> {
        let number = request.head.target.strip_prefix('/').and_then(|number| number.parse().ok());
        let is_right = |number: &usize| match is_post(*number) {
            true => request.head.method == "POST" && request.body == posted(*number),
            false => request.head.method == "GET" && request.body.is_empty(),
        };
        match number.and_then(|number| Some((number, self.counts.get(number)?))).filter(|(number, _)| is_right(number))
        {
            Some((number, count)) => {
                count.read.fetch_add(1, Ordering::SeqCst);
                Some(number)
            }
            None => {
                self.complain(format!("{} {}, {} bytes", request.head.method, request.head.target, request.body.len()));
                None
            }
        }
    }

    fn complain(&self, what: String) {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner).push(what);
    }
}
