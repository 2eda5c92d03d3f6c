//! Every bound of the project, named, with its default and where the number comes from.
//!
//! Peers control the input, so nothing grows without one of these. Set them by
//! `let mut limits = Limits::default(); limits.head_bytes = 16 * 1024;`.

/// The bounds of a session, its codec and its pool.
///
/// A size is in bytes and inclusive: what is exactly as large passes, one more byte does not.
///
/// ```
/// use session_core::limits::Limits;
/// use session_core::session::Session;
///
/// let mut limits = Limits::default();
/// limits.gathered_body = 10 * 1024 * 1024;
/// limits.cookies_per_domain = 20;
/// let session = Session::builder().limits(limits).build()?;
/// # drop(session);
/// # Ok::<(), session_core::error::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// A response head: status line and field lines together, also summed over interim responses and the final one.
    /// Default 64 KiB (h11 64 KiB, Node 16 KiB, curl 300 KiB).
    pub head_bytes: usize,
    /// Field lines in a head, each counted. Default 256 (hyper 100, Apache 100, curl 5,000).
    pub head_fields: usize,
    /// Interim (1xx) responses before the final one. Default 16 (curl and Go stop at 5 to 10).
    pub interim_responses: usize,
    /// A line that opens a chunk: size and extensions. Default 4 KiB (Go 4 KiB).
    pub chunk_line: usize,
    /// Chunk extensions and leading zeros that a body may carry beyond its data: what is allowed is this many bytes plus
    /// as many as the body has data. Default 16 KiB (Go, CVE-2023-39326: 16 KiB and the data's own size).
    pub chunk_overhead: usize,
    /// The trailer section of a chunked body. Default 16 KiB.
    pub trailer_bytes: usize,
    /// A body gathered in memory by `bytes`, `text` or `json`. Default 100 MiB. Streams have no limit.
    pub gathered_body: u64,
    /// A line of a body that is read line by line (`lines`), as UTF-8 and without its end. Default 1 MiB (Go's Scanner 64 KiB,
    /// aiohttp 128 KiB, requests no bound).
    pub line_bytes: usize,
    /// An event of a stream of server-sent events (`events`): its type and its data together; also any line of the stream, but for
    /// the few bytes that stand before a value. Default 1 MiB (browsers no bound).
    pub event_bytes: usize,
    /// The id of such an event, which goes into a field of the next request. Default 4 KiB (browsers no bound; Apache takes 8190
    /// bytes for the whole field).
    pub event_id: usize,
    /// Entries of the Link field that are read, over all its lines. Default 256 (browsers and requests no bound).
    pub links: usize,
    /// Content codings of one body, over all lines of its Content-Encoding. Default 5 (curl and urllib3 5).
    pub codings: usize,
    /// How many times as large as the coded body the content may be, and what lies between two codings. Default 200 (Apache
    /// mod_deflate 200; gzip itself gets to 1032).
    pub decoded_ratio: u64,
    /// Up to how many decoded bytes [`Limits::decoded_ratio`] is not looked at. Default 10 MiB.
    pub decoded_floor: u64,
    /// The window that Zstandard data may ask for. Default 8 MiB (RFC 9659 3). Those of the other codings are bounded by their
    /// formats: gzip and deflate 32 KiB, Brotli 16 MiB.
    pub coding_window: u64,
    /// The header of a gzip member, with its file name and comment. Default 16 KiB.
    pub gzip_header: usize,
    /// Bytes of a response that are held while its request is still being sent: a server may answer as it reads, and would
    /// stop reading where nobody takes its answer. What comes beyond waits in the network until the request was sent.
    /// Default 4 MiB (curl and Go hand it out at once).
    pub read_ahead: usize,
    /// How much of an unwanted body is read to keep its connection; a longer one closes it. Default 64 KiB.
    pub drain: u64,
    /// How much of the body is kept of a proxy's answer that opens no tunnel; the rest is not read. Default 8 KiB.
    pub proxy_answer: usize,
    /// Addresses of one host that are tried for one connection; further ones are left out. Default 16 (curl and Go try
    /// all that there are).
    pub addresses: usize,
    /// Redirects that one exchange follows. Default 20 (Fetch; requests 30, reqwest and Go 10, curl 50).
    pub redirects: u32,
    /// Connections open for one pool key, in use, being made or idle. Default: no bound (aiohttp, Go and reqwest none,
    /// browsers 6). 0 counts as 1.
    pub connections_per_key: usize,
    /// Connections open in all. Who needs another one waits for it, in order. Default 256, as many as may lie idle (aiohttp
    /// 100, Go and reqwest no bound). 0 counts as 1.
    pub connections_total: usize,
    /// Idle connections kept for one pool key. Default 32 (reqwest: no bound, Go 2, browsers 6).
    pub idle_per_key: usize,
    /// Idle connections kept in all. Default 256 (Go 100).
    pub idle_total: usize,
    /// How long a connection may lie idle, in seconds. Default 90 (reqwest and Go 90). It is not used after that. It is
    /// closed when the session next takes, gives back or closes a connection, or its `close_expired` is called: no thread and
    /// no task looks after idle connections.
    pub idle_seconds: u64,
    /// Distinct sets of TLS settings that are kept ready to begin connections with; one beyond that is made anew each time
    /// that it comes back. Default 16.
    pub tls_configs: usize,
    /// TLS sessions kept to be resumed, for each set of TLS settings, eight of a server. Default 256 (rustls 256).
    pub tls_sessions: usize,
    /// A cookie's name and value together. Default 4096 (RFC 6265bis 5.6).
    pub cookie_bytes: usize,
    /// A cookie attribute's value; a longer attribute is ignored. Default 1024 (RFC 6265bis 5.6).
    pub cookie_attribute_bytes: usize,
    /// Cookies held for one domain. Default 50 (RFC 6265bis 6.1; browsers 180).
    pub cookies_per_domain: usize,
    /// Cookies held in all. Default 3000 (RFC 6265bis 6.1).
    pub cookies_total: usize,
    /// Set-Cookie lines looked at in one response. Default 50.
    pub cookies_per_response: usize,
    /// How long a cookie may live, in seconds. Default 34,560,000, which is 400 days (RFC 6265bis 5.5).
    pub cookie_seconds: u64,
    /// Challenges of a scheme of the caller's own that one hop answers. Default 8. Digest answers one, and one more where its
    /// nonce was too old.
    pub challenge_rounds: u32,
    /// Origins whose Digest challenges are remembered. Default 256.
    pub digest_origins: usize,
    /// The Cookie field of one request. Default 8190 (Apache's limit for a request field).
    pub cookie_field: usize,
    /// The challenges of one response, summed over the lines of the field. A line that does not fit is not read.
    /// Default 16 KiB.
    pub challenge_bytes: usize,
    /// Hosts that the HSTS store holds. Default 10,000.
    pub hsts_entries: usize,
    /// How long an HSTS entry may live, in seconds; what asks for more gets this. Default 315,360,000, which is ten years
    /// (servers ask for one or two; Chrome cuts at one).
    pub hsts_seconds: u64,
    /// How many bytes a session file may have that is loaded. Default 64 MiB: as many cookies as
    /// [`Limits::cookies_total`] allows are about half of it, where each is as large as it may be. HTTPie, whose session files
    /// these are like, has no bound.
    pub session_file: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            head_bytes: 64 * 1024,
            head_fields: 256,
            interim_responses: 16,
            chunk_line: 4 * 1024,
            chunk_overhead: 16 * 1024,
            trailer_bytes: 16 * 1024,
            gathered_body: 100 * 1024 * 1024,
            line_bytes: 1024 * 1024,
            event_bytes: 1024 * 1024,
            event_id: 4 * 1024,
            links: 256,
            codings: 5,
            decoded_ratio: 200,
            decoded_floor: 10 * 1024 * 1024,
            coding_window: 8 * 1024 * 1024,
            gzip_header: 16 * 1024,
            read_ahead: 4 * 1024 * 1024,
            drain: 64 * 1024,
            proxy_answer: 8 * 1024,
            addresses: 16,
            redirects: 20,
            connections_per_key: usize::MAX,
            connections_total: 256,
            idle_per_key: 32,
            idle_total: 256,
            idle_seconds: 90,
            tls_configs: 16,
            tls_sessions: 256,
            cookie_bytes: 4096,
            cookie_attribute_bytes: 1024,
            cookies_per_domain: 50,
            cookies_total: 3000,
            cookies_per_response: 50,
            cookie_seconds: 400 * 24 * 60 * 60,
            challenge_rounds: 8,
            digest_origins: 256,
            cookie_field: 8190,
            challenge_bytes: 16 * 1024,
            hsts_entries: 10_000,
            hsts_seconds: 10 * 365 * 24 * 60 * 60,
            session_file: 64 * 1024 * 1024,
        }
    }
}
