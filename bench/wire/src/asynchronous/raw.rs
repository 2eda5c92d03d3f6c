//! The limit: the least that any asynchronous client must do. It knows the server's answers. Each binary names its runtime, in a
//! module of that name.

use crate::runtime::{ReadExt, TcpStream, WriteExt, run};
use bench_wire::{Async, CHUNK, Outcome, head, measure};
use std::cell::RefCell;
use std::io::IoSlice;
use std::process::ExitCode;

pub fn main() -> ExitCode {
    measure(|order| run(order, async |run| Ok(Raw { server: run.server.clone(), idle: RefCell::default() })))
}

struct Raw {
    server: String,
    idle: RefCell<Vec<Line>>,
}

struct Line {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Raw {
    async fn take(&self) -> Outcome<Line> {
        let idle = self.idle.borrow_mut().pop();
        if let Some(line) = idle {
            return Ok(line);
        }
        let stream = TcpStream::connect(&self.server).await?;
        stream.set_nodelay(true)?;
        Ok(Line { stream, buffer: vec![0; 64 * 1024] })
    }

    fn give_back(&self, line: Line) {
        self.idle.borrow_mut().push(line);
    }

    async fn ask(&self, path: &str, line: &mut Line) -> Outcome<(usize, Option<String>)> {
        let request = format!("GET {path} HTTP/1.1\r\nhost: {}\r\ncookie: three=3\r\naccept: */*\r\n\r\n", self.server);
        line.stream.write_all(request.as_bytes()).await?;
        line.answer().await
    }
}

impl Line {
    /// Reads an answer of known length; how long it was and where it leads.
    async fn answer(&mut self) -> Outcome<(usize, Option<String>)> {
        let mut filled = 0;
        loop {
            filled += self.read_at(filled).await?;
            if let Some((end, length, location)) = head(&self.buffer[..filled]) {
                let length = length.ok_or("no length")?;
                while filled < end + length {
                    filled += self.read_at(filled).await?;
                }
                return Ok((length, location));
            }
        }
    }

    async fn read_at(&mut self, at: usize) -> Outcome<usize> {
        match self.stream.read(&mut self.buffer[at..]).await? {
            0 => Err("the server closed".into()),
            n => Ok(n),
        }
    }
}

impl Async for Raw {
    async fn get(&self, path: &str) -> Outcome<usize> {
        let mut line = self.take().await?;
        let mut path = path.to_owned();
        loop {
            match self.ask(&path, &mut line).await? {
                (length, None) => {
                    self.give_back(line);
                    return Ok(length);
                }
                (_, Some(location)) => path = location,
            }
        }
    }

    async fn login(&self) -> Outcome<usize> {
        self.get("/login").await
    }

    async fn download(&self, path: &str) -> Outcome<usize> {
        let mut line = self.take().await?;
        let request = format!("GET {path} HTTP/1.1\r\nhost: {}\r\n\r\n", self.server);
        line.stream.write_all(request.as_bytes()).await?;
        let mut filled = 0;
        let (end, length, _) = loop {
            filled += line.read_at(filled).await?;
            if let Some(head) = head(&line.buffer[..filled]) {
                break head;
            }
        };
        line.buffer.copy_within(end..filled, 0);
        filled -= end;
        let mut got = 0;
        let Some(length) = length else {
            // In chunks, all of one size.
            let whole = format!("{CHUNK:x}\r\n").len() + CHUNK + 2;
            loop {
                while filled < 5 {
                    filled += line.read_at(filled).await?;
                }
                if line.buffer.starts_with(b"0\r\n") {
                    return Ok(got);
                }
                while filled < whole {
                    filled += line.read_at(filled).await?;
                }
                line.buffer.copy_within(whole..filled, 0);
                filled -= whole;
                got += CHUNK;
            }
        };
        got += filled;
        while got < length {
            got += line.read_at(0).await?;
        }
        Ok(got)
    }

    async fn upload(&self, bytes: usize) -> Outcome<usize> {
        let mut line = self.take().await?;
        let piece = vec![b'u'; CHUNK * 8];
        let head = format!("POST /up HTTP/1.1\r\nhost: {}\r\ncontent-length: {bytes}\r\n\r\n", self.server);
        let n = line.stream.write_vectored(&[IoSlice::new(head.as_bytes()), IoSlice::new(&piece)]).await?;
        let mut left = bytes + head.len() - n;
        while left > 0 {
            left -= line.stream.write(&piece[..left.min(piece.len())]).await?;
        }
        Ok(line.answer().await?.0)
    }
}
