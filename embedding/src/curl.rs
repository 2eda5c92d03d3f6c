//! The session around libcurl, by the curl crate.

use crate::{entropy, now};
use curl::easy::{Easy, List};
use http::header::{HeaderMap, HeaderName, HeaderValue, ToStrError};
use http::{Method, StatusCode};
use session_core::message::{body::Framing, head::ResponseHead};
use session_core::request::describe_bytes;
use session_core::retry::failure::{Failure, FailureKind};
use session_core::session::step::{Delivery, ExchangeError, Hop, Step};
use session_core::session::{Session, request::Request};
use std::{error::Error, io::Write, thread, time::Instant};

/// A handle of libcurl with a session around it.
pub struct Client(Session, Easy);

impl Client {
    pub fn new(mut session: Session) -> Result<Self, getrandom::Error> {
        session.seed_entropy(entropy()?);
        Ok(Self(session, Easy::new()))
    }

    /// One exchange, and the body of the answer that ends it.
    pub fn fetch(&mut self, mut request: Request, body: &[u8]) -> Result<(Delivery, Vec<u8>), ExchangeError> {
        request.set_body(describe_bytes(body));
        let mut content = Vec::new();
        let mut step = self.0.begin(request, now())?;
        loop {
            step = match step {
                Step::Send(hop) => match hop.require_plain().and_then(|()| send(&mut self.1, &hop, body, &mut content))
                {
                    Ok(head) => self.0.handle_response(hop, head, now())?,
                    Err(failure) => self.0.handle_failure(hop, failure, now())?,
                },
                Step::Wait(pause) => {
                    thread::sleep(pause.until().saturating_duration_since(Instant::now()));
                    self.0.handle_timeout(pause, now())?
                }
                Step::Done(delivery) => return Ok((delivery, content)),
            };
        }
    }
}

type Boxed = Box<dyn Error + Send + Sync>;

fn send(easy: &mut Easy, hop: &Hop, body: &[u8], content: &mut Vec<u8>) -> Result<ResponseHead, Failure> {
    perform(easy, hop, body, content).map_err(|error| Failure::reported(classify(&*error), error))
}

fn perform(easy: &mut Easy, hop: &Hop, body: &[u8], content: &mut Vec<u8>) -> Result<ResponseHead, Boxed> {
    let (method, fields) = (hop.head().method(), hop.head().headers());
    easy.reset(); // What the last hop had set; connections stay.
    easy.url(hop.target().absolute())?;
    easy.proxy("")?;
    easy.fresh_connect(hop.fresh_connection())?;
    let left = hop.deadline().map(|deadline| deadline.saturating_duration_since(Instant::now()));
    left.map_or(Ok(()), |left| easy.timeout(left))?;
    match hop.framing() {
        Framing::None => easy.nobody(method == Method::HEAD)?,
        _ => easy.post_fields_copy(body)?,
    }
    easy.custom_request(method.as_str())?;
    let mut list = List::new();
    for own in ["Accept", "Content-Type", "Expect"].iter().filter(|own| !fields.contains_key(**own)) {
        list.append(&format!("{own}:"))?; // What libcurl would add by itself.
    }
    for (name, value) in fields {
        list.append(&format!("{name}: {}", value.to_str()?))?;
    }
    easy.http_headers(list)?;
    content.clear();
    let mut lines: Vec<Vec<u8>> = Vec::new();
    let mut transfer = easy.transfer();
    transfer.header_function(|line| {
        // Each head begins anew: interim ones are not the session's.
        lines.truncate(if line.starts_with(b"HTTP/") { 0 } else { lines.len() });
        lines.push(line.to_vec());
        true
    })?;
    transfer.write_function(|bytes| Ok(content.write(bytes).unwrap_or(0)))?;
    transfer.perform()?;
    drop(transfer);
    let mut headers = HeaderMap::new();
    for line in lines.iter().skip(1).take_while(|line| *line != b"\r\n") {
        let mut parts = line.splitn(2, |byte| *byte == b':');
        let (name, value) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        headers.append(HeaderName::from_bytes(name)?, HeaderValue::from_bytes(value.trim_ascii())?);
    }
    Ok(ResponseHead::new(StatusCode::from_u16(easy.response_code()?.try_into()?)?).with_headers(headers))
}

fn classify(error: &(dyn Error + Send + Sync + 'static)) -> FailureKind {
    match error.downcast_ref::<curl::Error>() {
        Some(error) if error.is_couldnt_connect() => FailureKind::Connect,
        Some(error) if error.is_operation_timedout() => FailureKind::Deadline,
        Some(_) => FailureKind::Io,
        None if error.is::<ToStrError>() => FailureKind::Request,
        None => FailureKind::Protocol,
    }
}
