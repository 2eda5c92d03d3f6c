//! The exchanges that are swept: what is asked, by which way, and what the peers answer.

use bytes::Bytes;
use http::{HeaderMap, Method};
use session_core::auth::credentials::Credential;
use session_core::content::coding::Codings;
use session_core::entropy::Entropy;
use session_core::message::proxy::ProxyServer;
use session_core::proxy::select::ProxyConfig;
use session_core::session::Session;
use session_core::session::request::Request as Asked;
use session_core::tls::settings::Certificate;
use session_testkit::coded::gzip;
use session_testkit::memory::clock::Clock;
use session_testkit::memory::network::{Authority, Network};
use session_testkit::memory::transport::client::Client;
use session_testkit::script::answer::{Answer, Deed};
use session_testkit::script::log::Place;
use session_testkit::script::request::Request;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, SystemTime};

/// The bounds of a swept session, each another, so that the time that passed tells which one it was.
pub(crate) const CONNECT: Duration = Duration::from_secs(10);
pub(crate) const HEAD: Duration = Duration::from_secs(20);
pub(crate) const IDLE: Duration = Duration::from_secs(30);
pub(crate) const DRAIN: Duration = Duration::from_secs(1);

/// How requests reach their origins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    Plain,
    Tls,
    /// A proxy that takes the requests themselves.
    Forward,
    /// CONNECT, and TLS with the origin.
    Tunnel,
    /// The same through a proxy that speaks TLS itself.
    TlsTunnel,
    Socks,
    SocksTls,
}

impl Way {
    pub(crate) fn scheme(self) -> &'static str {
        if self.has_origin_tls() { "https" } else { "http" }
    }

    pub(crate) fn has_origin_tls(self) -> bool {
        !matches!(self, Self::Plain | Self::Forward | Self::Socks)
    }

    pub(crate) fn has_proxy_tls(self) -> bool {
        self == Self::TlsTunnel
    }

    pub(crate) fn has_tunnel(self) -> bool {
        matches!(self, Self::Tunnel | Self::TlsTunnel | Self::Socks | Self::SocksTls)
    }

    pub(crate) fn proxy(self) -> Option<&'static str> {
        match self {
            Self::Plain | Self::Tls => None,
            Self::Forward | Self::Tunnel => Some("http://proxy.test:3128"),
            Self::TlsTunnel => Some("https://proxy.test"),
            Self::Socks | Self::SocksTls => Some("socks5h://proxy.test"),
        }
    }
}

/// A request: method, path at `a.test`, and body.
pub(crate) type Ask = (Method, &'static str, Option<Bytes>);

/// Some requests of one session, one after the other.
#[derive(Clone)]
pub(crate) struct Exchange {
    pub(crate) name: &'static str,
    pub(crate) asks: Vec<Ask>,
}

/// All of them.
pub(crate) fn exchanges() -> Vec<Exchange> {
    let exchange = |name, asks: &[(Method, &'static str)]| Exchange {
        name,
        asks: asks
            .iter()
            .map(|(method, path)| (method.clone(), *path, (*method == Method::POST).then(|| POSTED.into())))
            .collect(),
    };
    vec![
        exchange("a known length", &[(Method::GET, "/length")]),
        exchange("chunks and trailers", &[(Method::GET, "/chunked")]),
        exchange("until the end", &[(Method::GET, "/close")]),
        exchange("redirects, to another origin at last", &[(Method::GET, "/hop1")]),
        exchange("a post", &[(Method::POST, "/post")]),
        exchange("a digest challenge", &[(Method::GET, "/digest")]),
        exchange("gzip", &[(Method::GET, "/gzip")]),
        exchange("two on one connection", &[(Method::GET, "/length"), (Method::GET, "/chunked")]),
        exchange("a post on a used connection", &[(Method::GET, "/length"), (Method::POST, "/post")]),
        exchange("interim responses", &[(Method::GET, "/interim")]),
    ]
}

const POSTED: &[u8] = &[b'p'; 100];

/// A response that a peer wrote.
#[derive(Clone, Debug)]
pub(crate) struct Written {
    pub(crate) connection: usize,
    /// How long it is up to the end of its final head, and in all.
    pub(crate) head: u64,
    pub(crate) whole: u64,
    /// Its body goes on until the connection ends.
    pub(crate) until_end: bool,
}

/// What peers answer, and a list of what they did answer.
#[derive(Clone, Default)]
pub(crate) struct Peers(Arc<Mutex<Vec<Written>>>);

impl Peers {
    pub(crate) fn written(&self) -> Vec<Written> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn answer(&self, request: &Request, place: &Place) -> Answer {
        if request.head.method == "CONNECT" {
            return Answer::raw("HTTP/1.1 200 Connection established\r\nvia: p\r\n\r\n");
        }
        let path = request.head.target.rsplit_once(".test").map_or(request.head.target.as_str(), |(_, path)| path);
        let bare = |status: u16, fields: &str, body: &[u8]| {
            let head = format!("HTTP/1.1 {status} X\r\n{fields}\r\n");
            (head.clone(), [head.as_bytes(), body].concat())
        };
        let sized = |status: u16, fields: &str, body: &[u8]| {
            bare(status, &format!("{fields}content-length: {}\r\n", body.len()), body)
        };
        let scheme = place.url_of("").split_once(':').map_or(String::new(), |(scheme, _)| scheme.to_owned());
        let is_proved = request.head.text("authorization").is_some();
        let (head, whole) = match path {
            "/length" => sized(200, "x: y\r\nset-cookie: a=b\r\n", b"twenty bytes of body"),
            "/chunked" => {
                let body = "5\r\n01234\r\n6;x=y\r\n56789a\r\n0\r\nx-trailer: t\r\n\r\n";
                bare(200, "transfer-encoding: chunked\r\n", body.as_bytes())
            }
            "/close" => bare(200, "", b"as long as it lasts"),
            "/hop1" => sized(302, "location: /hop2\r\n", b"moved"),
            "/hop2" => sized(302, &format!("location: {scheme}://b.test/length\r\n"), b"moved again"),
            "/post" => sized(201, "", &request.body),
            "/digest" if !is_proved => sized(
                401,
                "www-authenticate: Digest realm=\"r\", nonce=\"n\", qop=\"auth\", algorithm=SHA-256\r\n",
                b"who?",
            ),
            "/digest" => sized(200, "", b"you"),
            "/gzip" => sized(200, "content-encoding: gzip\r\n", gzipped()),
            "/interim" => {
                let (head, whole) = sized(200, "", b"at last");
                let interim = "HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n";
                (format!("{interim}{head}"), [interim.as_bytes(), &whole].concat())
            }
            _ => sized(200, "", b"fine"),
        };
        let until_end = path == "/close";
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(Written {
            connection: place.connection as usize,
            head: head.len() as u64,
            whole: whole.len() as u64,
            until_end,
        });
        // Several writes are several TLS records.
        let answer = Answer::raw(whole).in_pieces(24, Duration::ZERO);
        if until_end { answer.then(Deed::Close) } else { answer }
    }
}

fn gzipped() -> &'static [u8] {
    static BODY: OnceLock<Vec<u8>> = OnceLock::new();
    BODY.get_or_init(|| gzip(b"said again and again, ".repeat(20)))
}

pub(crate) fn authority() -> Arc<Authority> {
    static AUTHORITY: OnceLock<Arc<Authority>> = OnceLock::new();
    AUTHORITY.get_or_init(|| Arc::new(Authority::new())).clone()
}

/// A session by this way, its network, and what its peers write.
pub(crate) fn start(way: Way) -> (Client, Network, Peers) {
    let peers = Peers::default();
    let answering = peers.clone();
    let clock = Clock::starting_at(SystemTime::UNIX_EPOCH + Duration::from_secs(1_790_000_000));
    let responder = move |request: &Request, place: &Place| answering.answer(request, place);
    let network = Network::new(responder, authority(), clock);
    let mut builder = Session::builder()
        .codings(Codings::compiled_in())
        .connect_timeout(CONNECT)
        .head_timeout(HEAD)
        .read_timeout(IDLE)
        .drain_timeout(DRAIN)
        .auth(Credential::digest("me", "secret"));
    if let Some(proxy) = way.proxy() {
        builder = builder.proxy(ProxyConfig::new().all(ProxyServer::parse(proxy).unwrap()));
    }
    if way.scheme() == "https" {
        builder = builder.tls_certs_only([Certificate::der(authority().ca().certificate_der())]);
    }
    let mut core = builder.build().unwrap();
    core.seed_entropy(Entropy::from_seed([7; 32]));
    (Client::new(core, network.clone()).unwrap(), network, peers)
}

/// One request as the session takes it.
pub(crate) fn request(way: Way, (method, path, body): &Ask) -> (Asked, Option<Bytes>) {
    (Asked::new(method.clone(), format!("{}://a.test{path}", way.scheme()).as_str()), body.clone())
}

/// What a peer saw of a request: its method, target and body.
pub(crate) type Seen = (String, String, Bytes);

/// Every request that the peers saw, but for those for tunnels.
pub(crate) fn seen(network: &Network) -> Vec<Seen> {
    let log = network.log();
    let requests = log.requests.into_iter().filter(|it| it.request.head.method != "CONNECT");
    requests.map(|it| (it.request.head.method, it.request.head.target, it.request.body)).collect()
}

/// Trailers as they are written in the exchanges.
pub(crate) fn has_trailer(trailers: &HeaderMap) -> bool {
    trailers.get("x-trailer").is_some_and(|value| value == "t")
}
