//! A strict parser of HTTP/1.1 requests, of the testkit's own: what the library under test sends is not read with the
//! library's own rules. It works on any pieces of the bytes and refuses whatever two servers might read differently.

use bytes::Bytes;
use std::fmt;

/// The largest head and the largest body that the parser takes: 256 KiB and 64 MiB.
const HEAD_BYTES: usize = 256 * 1024;
const BODY_BYTES: usize = 64 * 1024 * 1024;

/// The request line and the fields of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Head {
    /// The method, a token.
    pub method: String,
    /// The request target as it stood on the wire: visible ASCII.
    pub target: String,
    /// Whether the request is of HTTP/1.1 (or else of HTTP/1.0).
    pub is_http_11: bool,
    /// The field lines in order, names as written, values without blanks around.
    pub fields: Vec<(String, Vec<u8>)>,
    /// How the body is framed.
    pub framing: Framing,
}

/// How a request's body is framed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "RFC 9112 knows no fourth framing of a request")]
pub enum Framing {
    /// No body.
    None,
    /// `Content-Length`.
    Length(usize),
    /// `Transfer-Encoding: chunked`.
    Chunked,
}

/// A whole request.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Request {
    /// Request line and fields.
    pub head: Head,
    /// The body, unframed.
    pub body: Bytes,
    /// The trailer fields of a chunked body.
    pub trailers: Vec<(String, Vec<u8>)>,
    /// The bytes as they came, framing included.
    pub raw: Bytes,
}

impl Head {
    /// Method, target and version, as they stood on the first line.
    #[must_use]
    pub fn line(&self) -> String {
        let version = if self.is_http_11 { "HTTP/1.1" } else { "HTTP/1.0" };
        format!("{} {} {version}", self.method, self.target)
    }

    /// The values of all lines of this name, whatever the case, in order.
    #[must_use]
    pub fn values(&self, name: &str) -> Vec<&[u8]> {
        values(&self.fields, name)
    }

    /// The value of the first line of this name, where it is UTF-8.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.values(name).first().and_then(|value| std::str::from_utf8(value).ok())
    }
}

/// The values of all lines named `name` among `fields`, whatever the case, in order.
#[must_use]
pub fn values<'a>(fields: &'a [(String, Vec<u8>)], name: &str) -> Vec<&'a [u8]> {
    fields.iter().filter(|(have, _)| have.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_slice()).collect()
}

/// What a request did wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestError {
    what: &'static str,
    came: String,
}

impl RequestError {
    fn new(what: &'static str, came: &[u8]) -> Self {
        let shown = came.get(..80).unwrap_or(came);
        Self { what, came: shown.escape_ascii().to_string() }
    }
}

impl fmt::Display for RequestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: \"{}\"", self.what, self.came)
    }
}

impl std::error::Error for RequestError {}

/// What the parser found next.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a request is known by its head first and then as a whole")]
pub enum Parsed {
    /// A head; its body follows or is empty.
    Head(Head),
    /// The request that the last head opened, complete.
    Whole(Request),
}

/// Parses the requests of one connection, one after the other.
#[derive(Debug, Default)]
pub struct RequestParser {
    input: Vec<u8>,
    raw: Vec<u8>,
    searched: usize,
    head: Option<Head>,
    body: Vec<u8>,
    trailers: Vec<(String, Vec<u8>)>,
    state: State,
}

#[derive(Debug, Default)]
enum State {
    #[default]
    Head,
    Length(usize),
    ChunkSize,
    ChunkData(usize),
    ChunkEnd,
    Trailers,
    Complete,
}

impl RequestParser {
    /// A parser at the start of a connection.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends what came.
    pub fn push(&mut self, bytes: &[u8]) {
        self.input.extend_from_slice(bytes);
    }

    /// Whether nothing is left over: the last request is complete and no byte follows it.
    #[must_use]
    pub fn is_between_requests(&self) -> bool {
        matches!(self.state, State::Head) && self.input.is_empty()
    }

    /// Whether bytes have come that belong to nothing that was given out.
    #[must_use]
    pub fn holds_input(&self) -> bool {
        !self.input.is_empty()
    }

    /// The next thing that is complete; `None` where more bytes are needed.
    ///
    /// # Errors
    /// Where the bytes are no request, or one that two servers might read differently. The connection is lost then.
    pub fn parse_next(&mut self) -> Result<Option<Parsed>, RequestError> {
        loop {
            match self.state {
                State::Head => {
                    let Some(block) = self.take_block("the head is too long", HEAD_BYTES)? else { return Ok(None) };
                    let head = parse_head(&block)?;
                    self.state = match head.framing {
                        Framing::None => State::Complete,
                        Framing::Length(length) if length > BODY_BYTES => {
                            return Err(RequestError::new("the body is too long", length.to_string().as_bytes()));
                        }
                        Framing::Length(length) => State::Length(length),
                        Framing::Chunked => State::ChunkSize,
                    };
                    self.head = Some(head.clone());
                    return Ok(Some(Parsed::Head(head)));
                }
                State::Length(0) => self.state = State::Complete,
                State::Length(left) => match self.take_data(left) {
                    0 => return Ok(None),
                    taken => self.state = State::Length(left - taken),
                },
                State::ChunkSize => {
                    let Some(line) = self.take_line()? else { return Ok(None) };
                    let size = chunk_size(&line)?;
                    if self.body.len().saturating_add(size) > BODY_BYTES {
                        return Err(RequestError::new("the body is too long", &line));
                    }
                    self.state = if size == 0 { State::Trailers } else { State::ChunkData(size) };
                }
                State::ChunkData(0) => self.state = State::ChunkEnd,
                State::ChunkData(left) => match self.take_data(left) {
                    0 => return Ok(None),
                    taken => self.state = State::ChunkData(left - taken),
                },
                State::ChunkEnd => {
                    let Some(line) = self.take_line()? else { return Ok(None) };
                    if !line.is_empty() {
                        return Err(RequestError::new("a chunk is longer than its size", &line));
                    }
                    self.state = State::ChunkSize;
                }
                State::Trailers => {
                    let Some(line) = self.take_line()? else { return Ok(None) };
                    if line.is_empty() {
                        self.state = State::Complete;
                    } else {
                        self.trailers.push(parse_field(&line)?);
                    }
                }
                State::Complete => {
                    self.state = State::Head;
                    self.searched = 0;
                    let Some(head) = self.head.take() else { continue };
                    return Ok(Some(Parsed::Whole(Request {
                        head,
                        body: std::mem::take(&mut self.body).into(),
                        trailers: std::mem::take(&mut self.trailers),
                        raw: std::mem::take(&mut self.raw).into(),
                    })));
                }
            }
        }
    }

    fn consume(&mut self, count: usize) -> Vec<u8> {
        let taken: Vec<u8> = self.input.drain(..count).collect();
        self.raw.extend_from_slice(&taken);
        taken
    }

    fn take_data(&mut self, left: usize) -> usize {
        let count = left.min(self.input.len());
        let taken = self.consume(count);
        self.body.extend_from_slice(&taken);
        count
    }

    /// Everything up to and without the blank line.
    fn take_block(&mut self, what: &'static str, limit: usize) -> Result<Option<Vec<u8>>, RequestError> {
        let from = self.searched.saturating_sub(3);
        match self.input[from..].windows(4).position(|four| four == b"\r\n\r\n") {
            Some(at) => {
                let mut block = self.consume(from + at + 4);
                block.truncate(from + at);
                Ok(Some(block))
            }
            None if self.input.len() > limit => Err(RequestError::new(what, &self.input)),
            None => {
                self.searched = self.input.len();
                Ok(None)
            }
        }
    }

    fn take_line(&mut self) -> Result<Option<Vec<u8>>, RequestError> {
        match self.input.windows(2).position(|two| two == b"\r\n") {
            Some(at) => {
                let mut line = self.consume(at + 2);
                line.truncate(at);
                Ok(Some(line))
            }
            None if self.input.len() > 8192 => Err(RequestError::new("a line of the body is too long", &self.input)),
            None => Ok(None),
        }
    }
}

fn parse_head(block: &[u8]) -> Result<Head, RequestError> {
    let mut lines = split_lines(block);
    let request_line = lines.next().unwrap_or_default();
    let mut parts = request_line.split(|&byte| byte == b' ');
    let (Some(method), Some(target), Some(version), None) = (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(RequestError::new("a request line is method, target and version", request_line));
    };
    if !is_token(method) {
        return Err(RequestError::new("the method is no token", request_line));
    }
    if target.is_empty() || !target.iter().all(u8::is_ascii_graphic) {
        return Err(RequestError::new("the request target is not visible ASCII", request_line));
    }
    let is_http_11 = match version {
        b"HTTP/1.1" => true,
        b"HTTP/1.0" => false,
        _ => return Err(RequestError::new("the version is neither HTTP/1.1 nor HTTP/1.0", request_line)),
    };
    let fields = lines.map(parse_field).collect::<Result<Vec<_>, _>>()?;
    let hosts = values(&fields, "host");
    if hosts.len() > 1 || (is_http_11 && hosts.is_empty()) {
        return Err(RequestError::new("there is not exactly one Host", block));
    }
    let framing = framing(&fields, is_http_11)?;
    Ok(Head {
        method: String::from_utf8_lossy(method).into_owned(),
        target: String::from_utf8_lossy(target).into_owned(),
        is_http_11,
        fields,
        framing,
    })
}

/// Splits at CR LF. A bare CR or LF stays within a line, where no grammar takes it.
fn split_lines(block: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(block);
    std::iter::from_fn(move || {
        let bytes = rest?;
        match bytes.windows(2).position(|two| two == b"\r\n") {
            Some(at) => {
                rest = Some(&bytes[at + 2..]);
                Some(&bytes[..at])
            }
            None => {
                rest = None;
                Some(bytes)
            }
        }
    })
}

fn parse_field(line: &[u8]) -> Result<(String, Vec<u8>), RequestError> {
    let colon = line.iter().position(|&byte| byte == b':').unwrap_or(0);
    let (name, value) = (&line[..colon], line.get(colon + 1..).unwrap_or_default());
    if !is_token(name) {
        return Err(RequestError::new("a field line does not start with a token and a colon", line));
    }
    let value = trim(value);
    if !value.iter().all(|&byte| byte == b'\t' || (byte >= 0x20 && byte != 0x7f)) {
        return Err(RequestError::new("a field value has a control character", line));
    }
    Ok((String::from_utf8_lossy(name).into_owned(), value.to_vec()))
}

fn framing(fields: &[(String, Vec<u8>)], is_http_11: bool) -> Result<Framing, RequestError> {
    let lengths = values(fields, "content-length");
    let codings = values(fields, "transfer-encoding");
    match (lengths.as_slice(), codings.as_slice()) {
        ([], []) => Ok(Framing::None),
        ([length], []) => std::str::from_utf8(length)
            .ok()
            .filter(|text| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()))
            .and_then(|text| text.parse().ok())
            .map(Framing::Length)
            .ok_or_else(|| RequestError::new("the Content-Length is no number", length)),
        ([], [coding]) if is_http_11 && coding.eq_ignore_ascii_case(b"chunked") => Ok(Framing::Chunked),
        ([], [coding, ..]) => {
            Err(RequestError::new("the Transfer-Encoding is not one plain chunked of HTTP/1.1", coding))
        }
        ([length, ..], []) => Err(RequestError::new("there are several Content-Length lines", length)),
        ([length, ..], [_, ..]) => {
            Err(RequestError::new("there are both Content-Length and Transfer-Encoding", length))
        }
    }
}

/// The size at the start of a chunk. No extension is taken: the library sends none.
fn chunk_size(line: &[u8]) -> Result<usize, RequestError> {
    std::str::from_utf8(line)
        .ok()
        .filter(|text| (1..=15).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit()))
        .and_then(|text| usize::from_str_radix(text, 16).ok())
        .ok_or_else(|| RequestError::new("a chunk size is no hexadecimal number", line))
}

fn is_token(bytes: &[u8]) -> bool {
    !bytes.is_empty() && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte))
}

fn trim(bytes: &[u8]) -> &[u8] {
    let is_blank = |byte: &u8| matches!(byte, b' ' | b'\t');
    let start = bytes.iter().position(|byte| !is_blank(byte)).unwrap_or(bytes.len());
    let end = bytes.iter().rposition(|byte| !is_blank(byte)).map_or(start, |last| last + 1);
    &bytes[start..end]
}

#[cfg(test)]
mod tests;
