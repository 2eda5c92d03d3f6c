//! Kind "wire": the codec of `session_core::h1` under test.

use crate::suite::wire::check::Observed;
use crate::suite::wire::model::{Reuse, Wire};
use bytes::BytesMut;
use session_core::h1;
use session_core::h1::{Connection, Event, RecvBuffer, TargetForm};
use session_core::limits::Limits;
use session_core::message::body::Framing;
use session_core::message::head::ResponseHead;

/// Sends the case's request, feeds the pieces one by one, asking for events after each, and says what came of it.
///
/// # Errors
/// Where the case's request cannot be sent.
pub fn observe(case: &Wire, pieces: &[&[u8]], eof: bool) -> Result<Observed, String> {
    let mut connection = Connection::new(&Limits::default());
    send_request(case, &mut connection)?;
    let mut reader = Reader { connection, input: RecvBuffer::new(), observed: Observed::default() };
    for piece in pieces {
        reader.input.extend_from_slice(piece);
        reader.drain()?;
        if reader.observed.error.is_some() {
            return Ok(reader.observed);
        }
    }
    reader.observed.complete_before_end = reader.is_over();
    if eof {
        reader.connection.handle_eof();
        reader.drain()?;
    }
    let is_over = reader.is_over();
    let Reader { connection, input, mut observed } = reader;
    if observed.error.is_none() && is_over {
        observed.reuse = Some(match connection.reuse(&input) {
            h1::Reuse::Keep => Reuse::Keep,
            h1::Reuse::Close(_) => Reuse::Close,
            h1::Reuse::Switched => Reuse::Switched,
        });
    }
    Ok(observed)
}

struct Reader {
    connection: Connection,
    input: RecvBuffer,
    observed: Observed,
}

impl Reader {
    /// Asks for events until the message is over, more bytes are needed or an error came.
    fn drain(&mut self) -> Result<(), String> {
        while !self.is_over() && self.observed.error.is_none() {
            match self.connection.next_event(&mut self.input) {
                Ok(Event::NeedData) => return Ok(()),
                Ok(Event::Interim(head)) => self.observed.interim.push(parts(head)),
                Ok(Event::Final(head)) => {
                    if self.observed.head.replace(parts(head)).is_some() {
                        return Err("expected one final head, got two".to_owned());
                    }
                }
                Ok(Event::Data(data)) => self.observed.body.extend_from_slice(&data),
                Ok(Event::End(trailers)) => self.observed.trailers = Some(trailers),
                Err(error) => self.observed.error = Some(error.kind().name().to_owned()),
            }
        }
        Ok(())
    }

    fn is_over(&self) -> bool {
        self.observed.trailers.is_some()
    }
}

fn parts(head: ResponseHead) -> (u16, http::HeaderMap) {
    (head.status.as_u16(), head.headers)
}

fn send_request(case: &Wire, connection: &mut Connection) -> Result<(), String> {
    let (uri, form) = match case.request.method.as_str() {
        "CONNECT" => ("a.test:443", TargetForm::Authority),
        _ => ("http://a.test/", TargetForm::Origin),
    };
    let mut request = http::Request::builder().method(case.request.method.as_str()).uri(uri);
    for (name, value) in &case.request.headers {
        request = request.header(name, value);
    }
    let request = request.body(()).map_err(|error| format!("expected a request that can be sent, got: {error}"))?;
    let mut out = BytesMut::new();
    let sent =
        connection.send_head(&request, form, Framing::None, &mut out).and_then(|()| connection.send_end(&mut out));
    sent.map_err(|error| format!("expected a request that can be sent, got: {error}"))
}
