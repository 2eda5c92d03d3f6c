//! What the measured clients share: how a run is asked for, and what it tells.
//!
//! Each client is a program of its own (`src/bin/`), called as `client WORKLOAD COUNT ADDRESS`. It does the work, checks each
//! answer, and prints one line: seconds of the clock, seconds of the processor, KiB of
//! memory at its height. Valgrind and strace count the rest from
//! outside, so nothing in a client is there for their sake.

use std::fmt;
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// Anything that went wrong.
pub type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// How many bytes the small answers have.
pub const SMALL: usize = 1024;

/// How many tasks ask at once in [`Workload::Many`].
pub const TASKS: usize = 64;

/// How many threads ask at once, where a client is blocking.
pub const THREADS: usize = 8;

/// How many redirects a chain has.
pub const CHAIN: usize = 10;

/// How much is written at once, and how long a chunk is.
pub const CHUNK: usize = 16 * 1024;

/// What is measured; the numbers are those of the list of targets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Workload {
    /// W1: one GET of 1 KiB after another on one connection.
    Small,
    /// W2: the same from many tasks or threads at once.
    Many,
    /// W3: a login by a form, then GETs with three cookies.
    Login,
    /// W4: chains of ten redirects; the count is of chains.
    Redirects,
    /// W5: one download; the count is of MiB.
    Download,
    /// W6: one upload of known length; the count is of MiB.
    Upload,
    /// W7: one download in chunks of 16 KiB; the count is of MiB.
    Chunked,
    /// W9: W1 over TLS, on one connection.
    Secured,
}

impl Workload {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Small,
        Self::Many,
        Self::Login,
        Self::Redirects,
        Self::Download,
        Self::Upload,
        Self::Chunked,
        Self::Secured,
    ];

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Small => "W1",
            Self::Many => "W2",
            Self::Login => "W3",
            Self::Redirects => "W4",
            Self::Download => "W5",
            Self::Upload => "W6",
            Self::Chunked => "W7",
            Self::Secured => "W9",
        }
    }

    /// How many bytes of body one run moves; 0 where that is not the point.
    pub fn bytes(self, count: usize) -> usize {
        match self {
            Self::Download | Self::Upload | Self::Chunked => count << 20,
            Self::Small | Self::Many | Self::Login | Self::Redirects | Self::Secured => 0,
        }
    }
}

impl fmt::Display for Workload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// One run, as it was asked for.
#[derive(Clone, Debug)]
pub struct Run {
    /// What to do.
    pub workload: Workload,
    /// How often, or how much.
    pub count: usize,
    /// The server's `address:port`.
    pub server: String,
    /// The root certificate of a server that speaks TLS, in DER. It goes by the name [`NAME`].
    pub root: Option<Vec<u8>>,
}

/// The name that the server has a certificate for.
pub const NAME: &str = "localhost";

impl Run {
    fn of(mut arguments: impl Iterator<Item = String>) -> Option<Self> {
        let name = arguments.next()?;
        let workload = Workload::ALL.into_iter().find(|workload| workload.name() == name)?;
        let (count, server) = (arguments.next()?.parse().ok()?, arguments.next()?);
        let root = arguments.next().map(|hex| of_hex(&hex));
        Some(Self { workload, count, server, root })
    }

    /// The URL of a path at the server.
    pub fn url(&self, path: &str) -> String {
        match (&self.root, self.server.rsplit_once(':')) {
            (Some(_), Some((_, port))) => format!("https://{NAME}:{port}{path}"),
            _ => format!("http://{}{path}", self.server),
        }
    }
}

/// Bytes as they go over a command line.
pub fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn of_hex(hex: &str) -> Vec<u8> {
    let digits: Vec<u32> = hex.chars().filter_map(|digit| digit.to_digit(16)).collect();
    digits.chunks(2).filter_map(|pair| u8::try_from(pair.iter().fold(0, |sum, digit| sum * 16 + digit)).ok()).collect()
}

/// Does what the command line asks for, and tells how long it took.
pub fn measure(work: impl FnOnce(&Run) -> Outcome<()>) -> ExitCode {
    let Some(run) = Run::of(std::env::args().skip(1)) else {
        eprintln!("usage: client W1|W2|W3|W4|W5|W6|W7|W9 COUNT ADDRESS [ROOT]");
        return ExitCode::from(2);
    };
    let (begun, processor) = (Instant::now(), processor_time());
    if let Err(error) = work(&run) {
        eprintln!("{}: {error}", run.workload);
        return ExitCode::FAILURE;
    }
    let (wall, processor) = (begun.elapsed(), processor_time().saturating_sub(processor));
    println!("{:.6} {:.6} {}", wall.as_secs_f64(), processor.as_secs_f64(), memory().unwrap_or(0));
    ExitCode::SUCCESS
}

/// How much memory the process has had at once, in KiB, where the system tells it.
fn memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.parse().ok()
}

fn processor_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or(0))
}

/// That an answer had as many bytes as it should have.
pub fn check(got: usize, wanted: usize) -> Outcome<()> {
    if got == wanted { Ok(()) } else { Err(format!("{got} bytes came where {wanted} should").into()) }
}

/// A client that asks from the one thread that it is called on.
pub trait Blocking: Sync {
    /// GETs a path, following redirects; how many bytes came.
    fn get(&self, path: &str) -> Outcome<usize>;

    /// POSTs the login form; the answer sets three cookies.
    fn login(&self) -> Outcome<usize>;

    /// Reads a body piece by piece; how many bytes came.
    fn download(&self, path: &str) -> Outcome<usize>;

    /// Sends so many bytes, said beforehand, piece by piece.
    fn upload(&self, bytes: usize) -> Outcome<usize>;
}

/// Does a run with a blocking client.
pub fn run_blocking(client: &impl Blocking, run: &Run) -> Outcome<()> {
    match run.workload {
        Workload::Small | Workload::Secured => ask(client, "/small", run.count),
        Workload::Many => std::thread::scope(|scope| {
            let each = run.count / THREADS;
            let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(move || ask(client, "/small", each))).collect();
            threads.into_iter().try_for_each(|thread| thread.join().unwrap_or_else(|_| Err("a thread failed".into())))
        }),
        Workload::Login => {
            client.login()?;
            ask(client, "/cookies", run.count)
        }
        Workload::Redirects => ask(client, &format!("/redirect/{CHAIN}"), run.count),
        Workload::Download => check(client.download(&format!("/download/{}", run.count))?, run.count << 20),
        Workload::Chunked => check(client.download(&format!("/chunked/{}", run.count))?, run.count << 20),
        Workload::Upload => check(client.upload(run.count << 20)?, SMALL),
    }
}

fn ask(client: &impl Blocking, path: &str, count: usize) -> Outcome<()> {
    (0..count).try_for_each(|_| check(client.get(path)?, SMALL))
}

/// The same of a client that waits for many at once.
pub trait Async {
    /// As [`Blocking::get`].
    fn get(&self, path: &str) -> impl Future<Output = Outcome<usize>>;
    /// As [`Blocking::login`].
    fn login(&self) -> impl Future<Output = Outcome<usize>>;
    /// As [`Blocking::download`].
    fn download(&self, path: &str) -> impl Future<Output = Outcome<usize>>;
    /// As [`Blocking::upload`].
    fn upload(&self, bytes: usize) -> impl Future<Output = Outcome<usize>>;
}

/// Does a run with an async client on tokio, on a runtime of one thread.
pub fn run_async<C: Async>(run: &Run, client: impl AsyncFnOnce(&Run) -> Outcome<C>) -> Outcome<()> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(run_tasks(run, client))
}

/// The same on async-std.
pub fn run_async_std<C: Async>(run: &Run, client: impl AsyncFnOnce(&Run) -> Outcome<C>) -> Outcome<()> {
    async_std::task::block_on(run_tasks(run, client))
}

async fn run_tasks<C: Async>(run: &Run, client: impl AsyncFnOnce(&Run) -> Outcome<C>) -> Outcome<()> {
    let client = &client(run).await?;
    match run.workload {
        Workload::Small | Workload::Secured => ask_async(client, "/small", run.count).await,
        Workload::Many => {
            let each = run.count / TASKS;
            let tasks = (0..TASKS).map(|_| ask_async(client, "/small", each));
            futures_util::future::try_join_all(tasks).await.map(drop)
        }
        Workload::Login => {
            client.login().await?;
            ask_async(client, "/cookies", run.count).await
        }
        Workload::Redirects => ask_async(client, &format!("/redirect/{CHAIN}"), run.count).await,
        Workload::Download => check(client.download(&format!("/download/{}", run.count)).await?, run.count << 20),
        Workload::Chunked => check(client.download(&format!("/chunked/{}", run.count)).await?, run.count << 20),
        Workload::Upload => check(client.upload(run.count << 20).await?, SMALL),
    }
}

async fn ask_async<C: Async>(client: &C, path: &str, count: usize) -> Outcome<()> {
    for _ in 0..count {
        check(client.get(path).await?, SMALL)?;
    }
    Ok(())
}

/// What the raw loops need of a head that the server wrote: where it ends, how long the body is, and where it leads.
pub fn head(bytes: &[u8]) -> Option<(usize, Option<usize>, Option<String>)> {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let text = std::str::from_utf8(&bytes[..end]).ok()?;
    let field = |name: &str| text.lines().find_map(|line| line.strip_prefix(name));
    Some((end, field("content-length: ").and_then(|n| n.parse().ok()), field("location: ").map(str::to_owned)))
}
