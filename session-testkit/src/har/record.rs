//! From exchanges to entries: one for each hop, with what was sent, what came, how long it took and why.

use crate::har::date;
use crate::har::model::{Cache, Content, Cookie, Entry, Har, Pair, PostData, Request, Response, Timings};
use crate::har::redact::Redaction;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, COOKIE, LOCATION, SET_COOKIE, TRANSFER_ENCODING};
use http::{HeaderMap, Method, StatusCode, Version};
use session_core::cookies::set_cookie::SetCookie;
use session_core::limits::Limits;
use session_core::message::head::ResponseHead;
use session_core::session::history::{Ending, History, HopRecord};
use session_core::session::reason::Reason;
use session_core::time::timings::{Stage, Timings as Measured};
use session_core::transport::error::Error;
use session_core::transport::response::ResponseInfo;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};
use url::form_urlencoded;

/// Takes exchanges, and gives the file. Clones record into the same file, from any thread.
///
/// Secrets are left out as they come in, so a recorder never holds one: [`Redaction`] says which. Nothing is limited: what is
/// recorded stays in memory.
///
/// ```
/// # use session_testkit::Script;
/// use session_testkit::har::record::Recorder;
/// use session_testkit::har::redact::Redaction;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let session = Script::new().any("*").always().reply(200).body("hello").session();
/// let recorder = Recorder::with(Redaction::default().also(["ticket"]));
///
/// let response = session.post("http://app.test/login?ticket=hunter2").body("sent").send()?;
/// let entry = recorder.record(&response);
/// entry.set_request_body("sent");
/// let timings = response.timings();
/// entry.set_body(response.text()?);
/// entry.set_timings(&timings);
///
/// assert_eq!(recorder.har().log.entries[0].request.url, "http://app.test/login?ticket=REDACTED");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Default)]
pub struct Recorder(Arc<Shared>);

#[derive(Default)]
struct Shared {
    redaction: Redaction,
    entries: Mutex<Vec<Entry>>,
}

impl Recorder {
    /// A recorder that leaves out every secret by its type.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A recorder that leaves out what this says.
    #[must_use]
    pub fn with(redaction: Redaction) -> Self {
        Self(Arc::new(Shared { redaction, entries: Mutex::default() }))
    }

    /// Records an exchange that gave a response, hop by hop. The bodies are not known to it: see [`Recorded::set_body`] and
    /// [`Recorded::set_request_body`].
    pub fn record(&self, response: &ResponseInfo) -> Recorded {
        let measured = ResponseInfo::timings(response);
        // Where nothing was measured but the whole, its beginning is as far back as it took.
        let begun = SystemTime::now().checked_sub(response.elapsed()).unwrap_or(SystemTime::UNIX_EPOCH);
        let mut recorded = self.add(response.history(), begun, Some(response.head()), response.remote_addr());
        recorded.decoded = response.content_length().is_none();
        if measured == Measured::default() {
            let (timings, time) = only_wait(response.elapsed());
            recorded.last(|entry| (entry.timings, entry.time) = (timings, time));
        }
        recorded
    }

    /// Records an exchange that ended with an error, as far as it went. An error before anything was sent has no entry.
    pub fn record_failure<R>(&self, error: &Error<R>) -> Recorded {
        let recorded = self.add(error.history(), SystemTime::now(), None, None);
        recorded.last(|entry| entry.response.error = Some(format!("{}: {}", error.kind(), error.phase())));
        recorded
    }

    /// The file so far.
    #[must_use]
    pub fn har(&self) -> Har {
        Har::of(self.entries().clone())
    }

    /// Writes the file so far.
    ///
    /// # Errors
    /// Those of the system.
    pub fn save(&self, path: impl AsRef<Path>) -> io::Result<()> {
        self.har().save(path)
    }

    fn add(
        &self,
        history: &History,
        begun: SystemTime,
        delivered: Option<&ResponseHead>,
        peer: Option<SocketAddr>,
    ) -> Recorded {
        let hops = history.hops();
        let made = hops.iter().enumerate().map(|(index, hop)| {
            let is_last = index.saturating_add(1) == hops.len();
            let head = if is_last { delivered.or(hop.response()) } else { hop.response() };
            entry(hop, head, begun, peer.filter(|_| is_last), &self.0.redaction)
        });
        let made: Vec<_> = made.collect();
        let mut entries = self.entries();
        let first = entries.len();
        entries.extend(made);
        Recorded { recorder: self.clone(), first, count: hops.len(), decoded: true }
    }

    fn entries(&self) -> MutexGuard<'_, Vec<Entry>> {
        self.0.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Recorder({} entries)", self.entries().len())
    }
}

/// The entries of one exchange, to which its bodies can be added.
#[derive(Debug)]
pub struct Recorded {
    recorder: Recorder,
    first: usize,
    count: usize,
    /// Whether the size on the wire is unknown: the body was decoded, or its length was not told.
    decoded: bool,
}

impl Recorded {
    /// Adds the response's body, as it was read.
    pub fn set_body(&self, body: impl AsRef<[u8]>) {
        let body = body.as_ref();
        self.last(|entry| {
            let mime_type = std::mem::take(&mut entry.response.content.mime_type);
            let told = self.recorder.0.redaction.body(&mime_type, body);
            let told = told.as_deref().map_or(body, str::as_bytes);
            entry.response.content = Content::of(told, &mime_type);
            if !self.decoded {
                entry.response.body_size = size(body.len());
                entry.response.transfer_size = Some(size(body.len()));
            }
        });
    }

    /// Adds the request's body: to the first hop, and to each later one that sent it again.
    pub fn set_request_body(&self, body: impl AsRef<[u8]>) {
        let body = body.as_ref();
        let mut entries = self.recorder.entries();
        let mut hops = entries.iter_mut().skip(self.first).take(self.count);
        let Some(first) = hops.next() else { return };
        let mime_type = mime_type(&first.request);
        let told = self.recorder.0.redaction.body(&mime_type, body);
        let text = told.unwrap_or_else(|| String::from_utf8_lossy(body).into_owned());
        let form = mime_type.starts_with("application/x-www-form-urlencoded");
        let params = if form { params(&text) } else { Vec::new() };
        let data = PostData { mime_type, params, text };
        let method = first.request.method.clone();
        for entry in std::iter::once(first).chain(hops) {
            // A hop that lost the body lost the method or the field that described it.
            if entry.request.method == method && mime_type_of(&entry.request) == mime_type_of_data(&data) {
                entry.request.body_size = size(body.len());
                entry.request.post_data = Some(data.clone());
            }
        }
    }

    /// Replaces the timings of the last hop: those of a response whose body was read tell how long that took.
    pub fn set_timings(&self, timings: &Measured) {
        self.last(|entry| (entry.timings, entry.time) = times(timings));
    }

    fn last(&self, change: impl FnOnce(&mut Entry)) {
        let Some(more) = self.count.checked_sub(1) else { return };
        if let Some(entry) = self.recorder.entries().get_mut(self.first.saturating_add(more)) {
            change(entry);
        }
    }
}

/// One hop as an entry.
fn entry(
    hop: &HopRecord,
    head: Option<&ResponseHead>,
    begun: SystemTime,
    peer: Option<SocketAddr>,
    redaction: &Redaction,
) -> Entry {
    let measured = hop.timings();
    let started = measured.wall().or_else(|| begun.checked_add(measured.started())).unwrap_or(begun);
    let (timings, time) = times(measured);
    Entry {
        started_date_time: date::format(started),
        time,
        request: request(hop, head.map_or(Version::HTTP_11, |head| head.version), redaction),
        response: match head {
            Some(head) => response(head, hop.method(), redaction),
            // A delivered hop is one of a user's own, whose head is not told.
            None => no_response(hop.ending() != Ending::Delivered),
        },
        cache: Cache::default(),
        timings,
        server_ip_address: peer.map(|peer| peer.ip().to_string()),
        connection: peer.map(|peer| peer.port().to_string()),
        comment: comment(hop),
        resource_type: Some("fetch".to_owned()),
    }
}

fn request(hop: &HopRecord, version: Version, redaction: &Redaction) -> Request {
    let url = redaction.url(hop.url());
    let query = url.split_once('?').map_or("", |(_, query)| query);
    let crumbs =
        hop.request_headers().get_all(COOKIE).iter().flat_map(|line| line.as_bytes().split(|byte| *byte == b';'));
    let cookies = crumbs.filter_map(|crumb| {
        let crumb = crumb.trim_ascii();
        let at = crumb.iter().position(|byte| *byte == b'=')?;
        let (name, value) = (crumb.get(..at)?, crumb.get(at.saturating_add(1)..)?);
        let name = String::from_utf8_lossy(name).into_owned();
        Some(Cookie { name, value: redaction.cookie(value), ..Cookie::default() })
    });
    Request {
        method: hop.method().to_string(),
        http_version: format!("{version:?}"),
        cookies: cookies.collect(),
        headers: fields(hop.request_headers(), redaction),
        query_string: params(query),
        post_data: None,
        headers_size: -1,
        body_size: if hop.request_headers().contains_key(CONTENT_TYPE) { -1 } else { 0 },
        url,
    }
}

fn response(head: &ResponseHead, method: &Method, redaction: &Redaction) -> Response {
    let limits = Limits::default();
    let lines = head.headers.get_all(SET_COOKIE).iter().take(limits.cookies_per_response);
    let cookies = lines.filter_map(|line| SetCookie::parse(line.as_bytes(), &limits).ok()).map(|cookie| Cookie {
        name: String::from_utf8_lossy(cookie.name()).into_owned(),
        value: redaction.cookie(cookie.value()),
        path: cookie.path().map(str::to_owned),
        domain: cookie.domain().map(str::to_owned),
        expires: cookie.expires().map(date::format),
        http_only: Some(cookie.is_http_only()),
        secure: Some(cookie.is_secure()),
    });
    let reason = match head.reason.is_empty() {
        true => head.status.canonical_reason().unwrap_or_default().to_owned(),
        false => String::from_utf8_lossy(&head.reason).into_owned(),
    };
    let text = |name| head.headers.get(&name).map(|value| redaction.field(&name, value));
    let length = text(CONTENT_LENGTH).filter(|_| !head.headers.contains_key(TRANSFER_ENCODING));
    // Of these the field tells what another answer would have (RFC 9110 8.6).
    let bodiless = method == Method::HEAD || matches!(head.status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
    let body_size = if bodiless { Some(0) } else { length.and_then(|length| length.parse().ok()) };
    Response {
        status: head.status.as_u16(),
        status_text: reason,
        http_version: format!("{:?}", head.version),
        cookies: cookies.collect(),
        headers: fields(&head.headers, redaction),
        content: Content {
            size: 0,
            mime_type: text(CONTENT_TYPE).unwrap_or_else(|| "x-unknown".to_owned()),
            text: None,
            encoding: None,
        },
        redirect_url: text(LOCATION).filter(|_| head.status.is_redirection()).unwrap_or_default(),
        headers_size: -1,
        body_size: body_size.unwrap_or(-1),
        transfer_size: body_size,
        error: None,
    }
}

/// What stands where no answer came, as browsers write it.
fn no_response(failed: bool) -> Response {
    Response {
        status: 0,
        status_text: String::new(),
        http_version: String::new(),
        cookies: Vec::new(),
        headers: Vec::new(),
        content: Content { mime_type: "x-unknown".to_owned(), ..Content::default() },
        redirect_url: String::new(),
        headers_size: -1,
        body_size: -1,
        transfer_size: None,
        error: failed.then(|| "no answer".to_owned()),
    }
}

/// The reasons of a hop, but for those that name URLs: their queries may be secret.
fn comment(hop: &HopRecord) -> Option<String> {
    let tells_no_url = |reason: &&Reason| !matches!(reason, Reason::Followed { .. } | Reason::Upgraded { .. });
    let told: Vec<_> = hop.reasons().iter().filter(tells_no_url).map(ToString::to_string).collect();
    (!told.is_empty()).then(|| told.join("\n"))
}

fn fields(fields: &HeaderMap, redaction: &Redaction) -> Vec<Pair> {
    let told = fields.iter().map(|(name, value)| Pair { name: name.to_string(), value: redaction.field(name, value) });
    told.collect()
}

fn params(query: &str) -> Vec<Pair> {
    let pairs = form_urlencoded::parse(query.as_bytes());
    pairs.map(|(name, value)| Pair { name: name.into_owned(), value: value.into_owned() }).collect()
}

/// The phases of a hop, and all of them together.
fn times(measured: &Measured) -> (Timings, f64) {
    let took = |stage| measured.took(stage).map_or(-1.0, millis);
    let tls = took(Stage::Tls);
    let connect =
        measured.took(Stage::Connect).into_iter().chain(measured.took(Stage::Tls)).reduce(|one, other| one + other);
    let read = [Stage::Head, Stage::Body].into_iter().filter_map(|stage| measured.took(stage)).sum();
    let mut timings = Timings {
        blocked: took(Stage::Queue),
        dns: took(Stage::Resolve),
        connect: connect.map_or(-1.0, millis),
        ssl: tls,
        send: took(Stage::Send).max(0.0),
        wait: took(Stage::Wait).max(0.0),
        receive: millis(read),
    };
    // A hop that failed waited for as long as it did.
    let rest = millis(measured.ended().saturating_sub(measured.started())) - timings.total();
    timings.wait += if measured.wait().is_none() { rest.max(0.0) } else { 0.0 };
    (timings, timings.total())
}

/// The phases of a hop of which only the whole is known.
fn only_wait(elapsed: Duration) -> (Timings, f64) {
    let (timings, _) = times(&Measured::starting(Duration::ZERO).with(Stage::Wait, elapsed));
    (timings, timings.total())
}

fn millis(duration: Duration) -> f64 {
    // Microseconds are enough, and short to read.
    (duration.as_secs_f64() * 1_000_000.0).round() / 1000.0
}

fn size(length: usize) -> i64 {
    i64::try_from(length).unwrap_or(i64::MAX)
}

fn mime_type(request: &Request) -> String {
    mime_type_of(request).unwrap_or_default().to_owned()
}

fn mime_type_of(request: &Request) -> Option<&str> {
    request.headers.iter().find(|field| field.name == CONTENT_TYPE.as_str()).map(|field| field.value.as_str())
}

fn mime_type_of_data(data: &PostData) -> Option<&str> {
    (!data.mime_type.is_empty()).then_some(data.mime_type.as_str())
}
