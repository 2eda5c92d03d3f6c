//! The session around libcurl, by the curl crate.

use crate::{entropy, now};
use curl::easy::{Easy, List};
use session_core::{Delivery, ExchangeError, Failure, FailureKind, Framing, Hop, Limits, Request, Session, Step};
use session_core::{h1::read_head, message::head::ResponseHead, request::describe_bytes};
use std::{error::Error, io::Write, thread, time::Duration};

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
                Step::Send(hop) => {
                    let answer = hop.require_plain();
                    let answer = answer.and_then(|()| send(&mut self.1, &hop, body, &mut content).map_err(failed));
                    self.0.handle_outcome(hop, answer, now())?
                }
                Step::Wait(pause) => {
                    thread::sleep(pause.time_left(now()));
                    self.0.handle_timeout(pause, now())?
                }
                Step::Done(delivery) => return Ok((delivery, content)),
            };
        }
    }
}

type Boxed = Box<dyn Error + Send + Sync>;

fn send(easy: &mut Easy, hop: &Hop, body: &[u8], content: &mut Vec<u8>) -> Result<ResponseHead, Boxed> {
    easy.reset(); // What the last hop had set; connections stay.
    easy.url(hop.target().absolute())?;
    easy.custom_request(hop.head().method().as_str())?;
    easy.proxy("")?;
    easy.fresh_connect(hop.fresh_connection())?;
    // A bound of 0 would be none.
    hop.time_left(now()).map_or(Ok(()), |left| easy.timeout(left.max(Duration::from_millis(1))))?;
    match hop.framing() {
        Framing::None => easy.nobody(hop.head().method() == http::Method::HEAD)?,
        _ => easy.post_fields_copy(body)?,
    }
    let mut list = List::new();
    ["Accept:", "Content-Type:", "Expect:"].iter().try_for_each(|own| list.append(own))?; // None of libcurl's own.
    for (name, value) in hop.head().headers() {
        list.append(&format!("{name}: {}", value.to_str()?))?;
    }
    easy.http_headers(list)?;
    let mut head = Vec::new();
    content.clear();
    let mut transfer = easy.transfer();
    transfer.header_function(|line| head.write_all(line).is_ok())?;
    transfer.write_function(|bytes| Ok(content.write(bytes).unwrap_or(0)))?;
    transfer.perform()?;
    drop(transfer);
    Ok(read_head(&head, &Limits::default())?)
}

fn failed(error: Boxed) -> Failure {
    let kind = match error.downcast_ref::<curl::Error>() {
        Some(error) if error.is_couldnt_connect() => FailureKind::Connect,
        Some(error) if error.is_operation_timedout() => FailureKind::Deadline,
        Some(_) => FailureKind::Io,
        None if error.is::<http::header::ToStrError>() => FailureKind::Request,
        None => FailureKind::Protocol,
    };
    Failure::reported(kind, error)
}
