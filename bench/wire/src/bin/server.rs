//! The server that every client asks: one thread a connection, answers that lie ready, so that it costs as little as can be
//! and the same for all. It prints its address, the one where it speaks TLS, and the root certificate for that, and serves until it is
//! killed.

use bench_wire::{CHUNK, NAME, Outcome, SMALL, to_hex};
use session_testkit::ca::TestCa;
use session_testkit::tls::rustls::{ServerConnection, StreamOwned};
use session_testkit::tls::{ClientCertificate, server_config};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;

fn main() -> Outcome<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let secured = TcpListener::bind("127.0.0.1:0")?;
    let ca = TestCa::new();
    let config = Arc::new(server_config(&ca.issue(&[NAME]), ClientCertificate::None, &[]));
    println!("{} {} {}", listener.local_addr()?, secured.local_addr()?, to_hex(&ca.certificate_der()));
    let answers = Arc::new(Answers::new());
    let shared = answers.clone();
    std::thread::spawn(move || {
        accept(&secured, &shared, move |stream| Ok(StreamOwned::new(ServerConnection::new(config.clone())?, stream)))
    });
    accept(&listener, &answers, Ok)
}

/// Serves each connection on a thread, through what `wrap` puts around it.
fn accept<S: Read + Write + Send + 'static>(
    listener: &TcpListener,
    answers: &Arc<Answers>,
    wrap: impl Fn(TcpStream) -> Outcome<S>,
) -> Outcome<()> {
    for stream in listener.incoming() {
        let stream = stream?;
        stream.set_nodelay(true)?;
        let (stream, answers) = (wrap(stream)?, answers.clone());
        std::thread::spawn(move || {
            // Clients close when they like.
            let _ = Connection { stream, buffer: Vec::new() }.serve(&answers);
        });
    }
    Ok(())
}

struct Answers {
    small: Vec<u8>,
    login: Vec<u8>,
    /// 1 MiB, and the same in chunks.
    plain: Vec<u8>,
    chunked: Vec<u8>,
}

impl Answers {
    fn new() -> Self {
        let small = |fields: &str| {
            let head = format!(
                "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ndate: Sun, 06 Nov 1994 08:49:37 GMT\r\n{fields}content-length: {SMALL}\r\n\r\n"
            );
            [head.into_bytes(), vec![b'a'; SMALL]].concat()
        };
        let chunk = [format!("{CHUNK:x}\r\n").into_bytes(), vec![b'c'; CHUNK], b"\r\n".to_vec()].concat();
        Self {
            small: small(""),
            login: small(
                "set-cookie: one=0123456789abcdef; Path=/\r\nset-cookie: two=0123456789abcdef; Path=/; HttpOnly\r\nset-cookie: three=3; Path=/; Max-Age=86400\r\n",
            ),
            plain: vec![b'b'; 1 << 20],
            chunked: chunk.repeat((1 << 20) / CHUNK),
        }
    }
}

struct Connection<S> {
    stream: S,
    /// What came and was not looked at.
    buffer: Vec<u8>,
}

impl<S: Read + Write> Connection<S> {
    fn serve(&mut self, answers: &Answers) -> Outcome<()> {
        while let Some(head) = self.head()? {
            let path = head.split(' ').nth(1).unwrap_or("/");
            let (kind, number) = path.trim_start_matches('/').split_once('/').unwrap_or((path, "0"));
            let number: usize = number.parse()?;
            self.body(&head)?;
            match kind {
                "redirect" if number > 0 => {
                    let answer = format!(
                        "HTTP/1.1 302 Found\r\nlocation: /redirect/{}\r\ncontent-length: 0\r\n\r\n",
                        number - 1
                    );
                    self.stream.write_all(answer.as_bytes())?;
                }
                "/login" => self.stream.write_all(&answers.login)?,
                "/cookies" if !head.contains("three=3") => return Err("the cookies did not come".into()),
                "download" => {
                    write!(self.stream, "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", number << 20)?;
                    (0..number).try_for_each(|_| self.stream.write_all(&answers.plain))?;
                }
                "chunked" => {
                    self.stream.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")?;
                    (0..number).try_for_each(|_| self.stream.write_all(&answers.chunked))?;
                    self.stream.write_all(b"0\r\n\r\n")?;
                }
                _ => self.stream.write_all(&answers.small)?,
            }
        }
        Ok(())
    }

    /// The next request's head; `None` where the client is done.
    fn head(&mut self) -> Outcome<Option<String>> {
        let mut piece = [0; CHUNK];
        loop {
            if let Some(end) = self.buffer.windows(4).position(|four| four == b"\r\n\r\n") {
                let rest = self.buffer.split_off(end + 4);
                return Ok(Some(String::from_utf8(std::mem::replace(&mut self.buffer, rest))?));
            }
            match self.stream.read(&mut piece)? {
                0 => return Ok(None),
                n => self.buffer.extend_from_slice(&piece[..n]),
            }
        }
    }

    /// Passes over a body of known length, or in chunks.
    fn body(&mut self, head: &str) -> Outcome<()> {
        let field = |name: &str| {
            let named = |line: &&str| line.split(':').next().is_some_and(|found| found.eq_ignore_ascii_case(name));
            head.lines().find(named).and_then(|line| line.split_once(':')).map(|(_, value)| value.trim())
        };
        let mut piece = vec![0; 256 * 1024];
        if field("transfer-encoding").is_some() {
            while !self.buffer.ends_with(b"\r\n0\r\n\r\n") {
                let keep = self.buffer.split_off(self.buffer.len().saturating_sub(8));
                self.buffer = keep;
                let n = self.stream.read(&mut piece)?;
                if n == 0 {
                    return Err("the body broke off".into());
                }
                self.buffer.extend_from_slice(&piece[..n]);
            }
            self.buffer.clear();
            return Ok(());
        }
        let Some(length) = field("content-length") else { return Ok(()) };
        let mut left: usize = length.parse()?;
        let there = left.min(self.buffer.len());
        self.buffer.drain(..there);
        left -= there;
        while left > 0 {
            let most = left.min(piece.len());
            match self.stream.read(&mut piece[..most])? {
                0 => return Err("the body broke off".into()),
                n => left -= n,
            }
        }
        Ok(())
    }
}
