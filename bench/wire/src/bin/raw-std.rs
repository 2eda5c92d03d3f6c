//! The limit: the least that any blocking client must do. It knows the server's answers.

use bench_wire::{Blocking, CHUNK, Outcome, head, measure, run_blocking};
use std::cell::RefCell;
use std::io::{IoSlice, Read, Write, repeat};
use std::net::TcpStream;
use std::process::ExitCode;

fn main() -> ExitCode {
    measure(|run| run_blocking(&Raw { server: run.server.clone() }, run))
}

struct Raw {
    server: String,
}

struct Line {
    stream: TcpStream,
    buffer: Vec<u8>,
}

thread_local! {
    /// One connection a thread.
    static LINE: RefCell<Option<Line>> = const { RefCell::new(None) };
}

impl Raw {
    fn with<R>(&self, act: impl FnOnce(&mut Line) -> Outcome<R>) -> Outcome<R> {
        LINE.with_borrow_mut(|line| {
            if line.is_none() {
                let stream = TcpStream::connect(&self.server)?;
                stream.set_nodelay(true)?;
                *line = Some(Line { stream, buffer: vec![0; 64 * 1024] });
            }
            act(line.as_mut().ok_or("no connection")?)
        })
    }

    fn ask(&self, path: &str, line: &mut Line) -> Outcome<(usize, Option<String>)> {
        let request = format!("GET {path} HTTP/1.1\r\nhost: {}\r\ncookie: three=3\r\naccept: */*\r\n\r\n", self.server);
        line.stream.write_all(request.as_bytes())?;
        line.answer()
    }
}

impl Line {
    /// Reads an answer of known length; how long it was and where it leads.
    fn answer(&mut self) -> Outcome<(usize, Option<String>)> {
        let mut filled = 0;
        loop {
            filled += self.read_at(filled)?;
            if let Some((end, length, location)) = head(&self.buffer[..filled]) {
                let length = length.ok_or("no length")?;
                while filled < end + length {
                    filled += self.read_at(filled)?;
                }
                return Ok((length, location));
            }
        }
    }

    fn read_at(&mut self, at: usize) -> Outcome<usize> {
        match self.stream.read(&mut self.buffer[at..])? {
            0 => Err("the server closed".into()),
            n => Ok(n),
        }
    }
}

impl Blocking for Raw {
    fn get(&self, path: &str) -> Outcome<usize> {
        self.with(|line| {
            let mut path = path.to_owned();
            loop {
                match self.ask(&path, line)? {
                    (length, None) => return Ok(length),
                    (_, Some(location)) => path = location,
                }
            }
        })
    }

    fn login(&self) -> Outcome<usize> {
        self.get("/login")
    }

    fn download(&self, path: &str) -> Outcome<usize> {
        self.with(|line| {
            write!(line.stream, "GET {path} HTTP/1.1\r\nhost: {}\r\n\r\n", self.server)?;
            let mut filled = 0;
            let (end, length, _) = loop {
                filled += line.read_at(filled)?;
                if let Some(head) = head(&line.buffer[..filled]) {
                    break head;
                }
            };
            line.buffer.copy_within(end..filled, 0);
            filled -= end;
            let mut got = 0;
            let Some(length) = length else {
                // In chunks, all of one size.
                let (open, close) = (format!("{CHUNK:x}\r\n").len(), 2);
                loop {
                    while filled < 5 {
                        filled += line.read_at(filled)?;
                    }
                    if line.buffer.starts_with(b"0\r\n") {
                        return Ok(got);
                    }
                    let whole = open + CHUNK + close;
                    while filled < whole {
                        filled += line.read_at(filled)?;
                    }
                    line.buffer.copy_within(whole..filled, 0);
                    filled -= whole;
                    got += CHUNK;
                }
            };
            got = filled;
            while got < length {
                got += line.read_at(0)?;
            }
            Ok(got)
        })
    }

    fn upload(&self, bytes: usize) -> Outcome<usize> {
        self.with(|line| {
            let mut piece = vec![0; CHUNK * 8];
            // Every blocking client reads what it sends from this.
            let mut source: Box<dyn Read> = Box::new(repeat(b'u').take(u64::try_from(bytes)?));
            let head = format!("POST /up HTTP/1.1\r\nhost: {}\r\ncontent-length: {bytes}\r\n\r\n", self.server);
            let mut filled = source.read(&mut piece)?;
            let n = line.stream.write_vectored(&[IoSlice::new(head.as_bytes()), IoSlice::new(&piece[..filled])])?;
            line.stream.write_all(&piece[n.checked_sub(head.len()).ok_or("the head was cut")?..filled])?;
            while filled > 0 {
                filled = source.read(&mut piece)?;
                line.stream.write_all(&piece[..filled])?;
            }
            Ok(line.answer()?.0)
        })
    }
}
