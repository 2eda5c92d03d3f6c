//! From entries to a script: what was recorded once is answered again, without the network.

use crate::har::model::{Entry, Har, HarError, Pair};
use crate::har::redact::{REDACTED, Redaction};
use crate::scripted::expect::Pattern;
use crate::scripted::reply::{Failure, Reply};
use crate::scripted::script::Script;
use http::header::{CONNECTION, CONTENT_ENCODING, CONTENT_LENGTH, TRANSFER_ENCODING};
use http::{HeaderName, HeaderValue, Method};
use std::io;
use std::path::Path;
use std::time::Duration;
use url::{Url, form_urlencoded};

/// Makes a script of a HAR file, whoever wrote it.
///
/// Each entry answers one request of its method to its URL, those to the same URL in the order of the file; what is asked more
/// often, or is not in the file, is an [`Unexpected`](crate::scripted::unexpected::Unexpected) request. Parameters that were
/// redacted when the file was written may have any value. An entry without an answer (status 0) is answered by a connection that
/// closes.
///
/// Fields that tell of the body on the wire (its length, framing and coding) are left out: the file holds the content.
///
/// ```no_run
/// use session_testkit::har::replay::Replay;
/// use transport_blocking::Session;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let script = Replay::load("tests/login.har")?.repeating().script()?;
/// let session = script.session();
///
/// // Or for a session of a real transport, over loopback sockets:
/// let server = script.serve()?;
/// let session = server.point(Session::builder()).build()?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "a replay does nothing until `script`"]
pub struct Replay {
    har: Har,
    redaction: Redaction,
    any_value: Vec<String>,
    again: Again,
    delays: Delays,
    bodies: Bodies,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Again {
    Never,
    Last,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Delays {
    None,
    Recorded,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bodies {
    Any,
    Recorded,
}

impl Replay {
    /// Replays this file.
    pub fn of(har: Har) -> Self {
        Self {
            har,
            redaction: Redaction::default(),
            any_value: Vec::new(),
            again: Again::Never,
            delays: Delays::None,
            bodies: Bodies::Any,
        }
    }

    /// Replays the file with this text.
    ///
    /// # Errors
    /// It is none.
    pub fn parse(text: &str) -> Result<Self, HarError> {
        Har::parse(text).map(Self::of)
    }

    /// Replays the file that lies there.
    ///
    /// # Errors
    /// It cannot be read, or is none.
    pub fn load(path: impl AsRef<Path>) -> io::Result<Self> {
        Har::load(path).map(Self::of)
    }

    /// Lets the last answer of each request stand for ever: it may be asked any number of times, and also never.
    pub fn repeating(mut self) -> Self {
        self.again = Again::Last;
        self
    }

    /// Lets answers take as long as they took when they were recorded: in virtual time for the sessions of a script.
    pub fn with_delays(mut self) -> Self {
        self.delays = Delays::Recorded;
        self
    }

    /// Wants the bodies of requests to be as they were recorded; parts that were redacted may be anything.
    pub fn matching_bodies(mut self) -> Self {
        self.bodies = Bodies::Recorded;
        self
    }

    /// What was left out when the file was written, where that is not the default: bodies are compared without it.
    pub fn redacted_by(mut self, redaction: Redaction) -> Self {
        self.redaction = redaction;
        self
    }

    /// Lets parameters of these names have any value: a time, a number drawn at random.
    pub fn any_value<N: Into<String>>(mut self, names: impl IntoIterator<Item = N>) -> Self {
        self.any_value.extend(names.into_iter().map(Into::into));
        self
    }

    /// The script.
    ///
    /// # Errors
    /// An entry has no URL, method or status that there could be, or a body in an encoding that is not known. The error names it.
    pub fn script(self) -> Result<Script, HarError> {
        let script = Script::new();
        let entries = &self.har.log.entries;
        for (index, entry) in entries.iter().enumerate() {
            let told = |error: HarError| HarError(format!("entry {index}: {}", error.0));
            let pattern = self.pattern(entry).map_err(told)?;
            let reply = self.reply(entry).map_err(told)?;
            let key = |entry: &Entry| (entry.request.method.clone(), entry.request.url.clone());
            let comes_again = || entries.iter().skip(index.saturating_add(1)).any(|later| key(later) == key(entry));
            match self.again {
                Again::Last if !comes_again() => script.push(pattern, 0, u32::MAX, reply),
                Again::Last | Again::Never => script.push(pattern, 1, 1, reply),
            }
        }
        Ok(script)
    }

    fn pattern(&self, entry: &Entry) -> Result<Pattern, HarError> {
        let request = &entry.request;
        let method = Method::from_bytes(request.method.as_bytes())
            .map_err(|_| HarError(format!("{:?} is no method", request.method)))?;
        let url =
            Url::parse(&request.url).map_err(|error| HarError(format!("{:?} is no URL: {error}", request.url)))?;
        let redacted = url.query_pairs().filter(|(_, value)| value == REDACTED).map(|(name, _)| name.into_owned());
        let any_value = self.any_value.iter().cloned().chain(redacted).collect();
        let mut pattern = Pattern::exactly(method, url, any_value);
        if let (Bodies::Recorded, Some(data)) = (self.bodies, &request.post_data) {
            let (redaction, data) = (self.redaction.clone(), data.clone());
            pattern.custom(move |asked| {
                let told = redaction.body(&data.mime_type, &asked.body);
                let text = told.unwrap_or_else(|| String::from_utf8_lossy(&asked.body).into_owned());
                if data.text.is_empty() && !data.params.is_empty() {
                    // Some programs write the parameters of a form alone.
                    return params(&text) == data.params;
                }
                text == data.text
            });
        }
        Ok(pattern)
    }

    fn reply(&self, entry: &Entry) -> Result<Reply, HarError> {
        let response = &entry.response;
        let mut reply = match response.status {
            0 => Reply::failure(Failure::Closed),
            status => Reply::status(status),
        };
        if let Some(flaw) = reply.flaw {
            return Err(HarError(flaw));
        }
        if response.status != 0 {
            for field in &response.headers {
                // Files of HTTP/2 hold names in pseudo-header form, which are no fields.
                let Ok(name) = HeaderName::try_from(&field.name) else { continue };
                if [CONTENT_LENGTH, TRANSFER_ENCODING, CONTENT_ENCODING, CONNECTION].contains(&name) {
                    continue;
                }
                // Some browsers join the lines of one name by line ends.
                for line in field.value.split('\n') {
                    if let Ok(value) = HeaderValue::from_str(line) {
                        reply = reply.header(name.clone(), value);
                    }
                }
            }
            reply = reply.body(response.content.bytes()?);
        }
        let wait = entry.timings.wait;
        let delay = match self.delays {
            Delays::Recorded if wait.is_finite() && wait > 0.0 => Duration::try_from_secs_f64(wait / 1000.0).ok(),
            Delays::Recorded | Delays::None => None,
        };
        Ok(reply.after(delay.unwrap_or_default()))
    }
}

fn params(text: &str) -> Vec<Pair> {
    let pairs = form_urlencoded::parse(text.as_bytes());
    pairs.map(|(name, value)| Pair { name: name.into_owned(), value: value.into_owned() }).collect()
}
