//! The script: which requests are expected, what they are answered by, and what came.

use crate::memory::clock::Clock;
use crate::scripted::asynchronous;
use crate::scripted::blocking;
use crate::scripted::expect::{Asked, Pattern};
use crate::scripted::reply::{Failure, Reply};
use crate::scripted::unexpected::{Unexpected, Unmet};
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method};
use session_core::session::builder::SessionBuilder;
use session_core::session::transport::{Clock as SessionClock, Transport};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

/// Which requests are expected, and what each is answered by. Clones are the same script.
///
/// A line begins with [`on`](Self::on), names what else is asked of the request, and ends with its answer; what is said of the
/// answer after that (`header`, `body`, `after`) is said of the last one. Each line is for one request unless it says otherwise
/// ([`On::times`], [`On::always`]). Of several lines that fit, the first that is not used up answers, so the same line twice is
/// a sequence. Lines may be asked in any order unless the script is [`in_order`](Self::in_order).
///
/// A request that no line is for is an error that tells it, and what was expected: see [`Unexpected`].
///
/// ```
/// use http::Method;
/// use session_testkit::Script;
/// use std::time::Duration;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let script = Script::new()
///     .on(Method::POST, "http://api.test/login").with_header("x-app", "demo").reply(204).cookie("sid=1")
///     .on(Method::GET, "/data*").with_query("page", "1").times(2).reply(200).body("one").after(Duration::from_secs(3))
///     .any("/health").always().reply(200);
/// # drop(script);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
#[must_use = "a script does nothing until a session asks it"]
pub struct Script(Arc<Shared>);

struct Shared {
    clock: Clock,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    order: Order,
    lines: Vec<Line>,
    asked: Vec<Asked>,
    unexpected: Vec<Unexpected>,
    /// What was wrong with the script itself.
    flaw: Option<String>,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Order {
    #[default]
    Any,
    AsWritten,
}

struct Line {
    pattern: Pattern,
    least: u32,
    most: u32,
    used: u32,
    answer: Answer,
}

enum Answer {
    Fixed(Reply),
    Made(Box<dyn FnMut(&Asked) -> Reply + Send>),
}

impl Default for Script {
    fn default() -> Self {
        Self::new()
    }
}

impl Script {
    /// A script that expects nothing. Its clock starts now.
    pub fn new() -> Self {
        Self::starting_at(SystemTime::now())
    }

    /// The same with a clock that starts at this moment: for cookies that expire, and dates in answers.
    pub fn starting_at(wall: SystemTime) -> Self {
        Self(Arc::new(Shared { clock: Clock::starting_at(wall), state: Mutex::default() }))
    }

    /// From here on its lines must be asked in the order in which they are written.
    pub fn in_order(self) -> Self {
        self.state().order = Order::AsWritten;
        self
    }

    /// A line for requests of this method to this target: a path (`/a`) at any origin, or a whole URL. In the path, `*` stands for
    /// any characters. A query in it must be the request's own, in any order; where it has none, any query will do.
    pub fn on(self, method: Method, target: &str) -> On {
        On::new(self, Some(method), target)
    }

    /// The same for requests of any method.
    pub fn any(self, target: &str) -> On {
        On::new(self, None, target)
    }

    /// Adds a line of a field to the last answer.
    pub fn header<N, V>(self, name: N, value: V) -> Self
    where
        N: TryInto<HeaderName, Error: Into<http::Error>>,
        V: TryInto<HeaderValue, Error: Into<http::Error>>,
    {
        self.change_last(|reply| reply.header(name, value))
    }

    /// Lets the last answer set a cookie, as its line says: `sid=1; Path=/; HttpOnly`.
    pub fn cookie(self, line: &str) -> Self {
        self.change_last(|reply| reply.cookie(line))
    }

    /// Adds a line of a field behind the body of the last answer: see [`Reply::trailer`].
    pub fn trailer<N, V>(self, name: N, value: V) -> Self
    where
        N: TryInto<HeaderName, Error: Into<http::Error>>,
        V: TryInto<HeaderValue, Error: Into<http::Error>>,
    {
        self.change_last(|reply| reply.trailer(name, value))
    }

    /// Gives the last answer this body.
    pub fn body(self, body: impl Into<Bytes>) -> Self {
        self.change_last(|reply| reply.body(body))
    }

    /// Gives the last answer this as its body, and the Content-Type that says so.
    #[cfg(feature = "json")]
    pub fn json(self, value: &(impl serde::Serialize + ?Sized)) -> Self {
        self.change_last(|reply| reply.json(value))
    }

    /// Lets the last answer come this much later, in virtual time.
    pub fn after(self, delay: Duration) -> Self {
        self.change_last(|reply| reply.after(delay))
    }

    /// Lets the body of the last answer break off behind its first `count` bytes.
    pub fn cut_after(self, count: usize) -> Self {
        self.change_last(|reply| reply.cut_after(count))
    }

    /// A blocking session with every default, over this script.
    ///
    /// # Panics
    /// Never: a default session cannot fail over a script.
    #[must_use]
    pub fn session(&self) -> blocking::Session {
        self.builder().build().expect("a default session over a script has nothing that could fail")
    }

    /// An asynchronous session with every default, over this script. It needs no runtime of its own.
    ///
    /// # Panics
    /// Never: a default session cannot fail over a script.
    #[must_use]
    pub fn async_session(&self) -> asynchronous::Session {
        self.builder().build().expect("a default session over a script has nothing that could fail")
    }

    /// The same with the traits of tokio, by which a body is read and copied.
    ///
    /// # Panics
    /// Never: a default session cannot fail over a script.
    #[cfg(feature = "tokio")]
    #[must_use]
    pub fn tokio_session(&self) -> crate::scripted::tokio::Session {
        self.builder().build().expect("a default session over a script has nothing that could fail")
    }

    /// A builder for a session over this script, of any kind, with all settings that a session of a transport has.
    ///
    /// Settings of connections are taken as far as there are connections: the rule on addresses is asked, for addresses in URLs
    /// and those that `resolve` sets. Any other name has a public address here.
    ///
    /// ```
    /// use session_testkit::{Script, scripted::blocking::Session};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let script = Script::new().any("*").always().reply(200);
    /// let session: Session = script.builder().base_url("https://api.test/v1/").build()?;
    /// session.get("users").send()?;
    /// assert_eq!(script.requests()[0].url.as_str(), "https://api.test/v1/users");
    /// # Ok(())
    /// # }
    /// ```
    pub fn builder<T: Transport<Resolver = Self>>(&self) -> SessionBuilder<T> {
        let clock = self.clock().clone();
        SessionBuilder::new().dns_resolver(self.clone()).clock(SessionClock::new(move || clock.now()))
    }

    /// The requests that came, in their order, also those that were unexpected.
    #[must_use]
    pub fn requests(&self) -> Vec<Asked> {
        self.state().asked.clone()
    }

    /// The virtual clock: what pauses and delays have taken is told by its `elapsed`, and a test can let more time pass.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.0.clock
    }

    /// Checks at the end of a test that each line was asked as often as it is for, and that nothing unexpected came.
    ///
    /// # Errors
    /// What was not asked, and what was.
    pub fn verify(&self) -> Result<(), Unmet> {
        let state = self.state();
        let missing: Vec<_> =
            state.lines.iter().filter(|line| line.used < line.least).map(|line| line.told("still expected")).collect();
        if missing.is_empty() && state.unexpected.is_empty() {
            return Ok(());
        }
        Err(Unmet { missing, unexpected: state.unexpected.clone() })
    }

    /// What is done with a request.
    pub(super) fn answer(&self, asked: Asked) -> Result<Reply, Box<Unexpected>> {
        let mut state = self.state();
        state.asked.push(asked.clone());
        let found = match &state.flaw {
            Some(flaw) => Err(vec![format!("a flaw: {flaw}")]),
            None => state.find(&asked),
        };
        let made = found.and_then(|line| {
            let reply = line.reply(&asked);
            match reply.flaw {
                Some(flaw) => Err(vec![format!("a flaw in the answer to {}: {flaw}", line.pattern)]),
                None => Ok(reply),
            }
        });
        made.map_err(|why| {
            let unexpected = Unexpected::new(asked, why);
            state.unexpected.push(unexpected.clone());
            Box::new(unexpected)
        })
    }

    /// The origins that its lines name.
    pub(super) fn origins(&self) -> Vec<String> {
        let mut origins: Vec<_> =
            self.state().lines.iter().filter_map(|line| line.pattern.origin().map(ToString::to_string)).collect();
        origins.sort();
        origins.dedup();
        origins
    }

    /// A line of its own making, for one request.
    #[cfg(feature = "har")]
    pub(crate) fn push(&self, pattern: Pattern, least: u32, most: u32, reply: Reply) {
        self.state().lines.push(Line { pattern, least, most, used: 0, answer: Answer::Fixed(reply) });
    }

    fn change_last(self, change: impl FnOnce(Reply) -> Reply) -> Self {
        let mut state = self.state();
        match state.lines.last_mut().map(|line| &mut line.answer) {
            Some(Answer::Fixed(reply)) => *reply = change(reply.clone()),
            Some(Answer::Made(_)) => state.flaw("what a function answers is changed in the function"),
            None => state.flaw("there is no answer yet that could be changed: begin a line by `on`"),
        }
        drop(state);
        self
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.state();
        f.debug_list().entries(state.lines.iter().map(|line| line.told("used"))).finish()
    }
}

impl State {
    fn flaw(&mut self, flaw: impl Into<String>) {
        self.flaw.get_or_insert(flaw.into());
    }

    /// The line that is for a request; else each line, and why it is not.
    fn find(&mut self, asked: &Asked) -> Result<&mut Line, Vec<String>> {
        let mut why = Vec::new();
        let mut found = None;
        for (index, line) in self.lines.iter().enumerate() {
            match line.mismatch(asked) {
                None => {
                    found = Some(index);
                    break;
                }
                Some(mismatch) => why.push(format!("{} ({mismatch})", line.pattern)),
            }
            if self.order == Order::AsWritten && line.used < line.least {
                return Err(why.pop().into_iter().map(|told| told + " as the next one").collect());
            }
        }
        match found.and_then(|index| self.lines.get_mut(index)) {
            Some(line) => {
                line.used = line.used.saturating_add(1);
                Ok(line)
            }
            None => Err(why),
        }
    }
}

impl Line {
    fn mismatch(&self, asked: &Asked) -> Option<String> {
        let mismatch = self.pattern.mismatch(asked);
        let used_up = || (self.used >= self.most).then(|| format!("asked {} of {} times", self.used, self.most));
        mismatch.or_else(used_up)
    }

    fn reply(&mut self, asked: &Asked) -> Reply {
        match &mut self.answer {
            Answer::Fixed(reply) => reply.clone(),
            Answer::Made(make) => make(asked),
        }
    }

    fn told(&self, how: &str) -> String {
        match self.most {
            u32::MAX => format!("{} ({how}, any number of times; was {})", self.pattern, self.used),
            most => format!("{} ({how}, {most} times; was {})", self.pattern, self.used),
        }
    }
}

/// A line of a script that has no answer yet.
#[must_use = "a line is part of its script once it has an answer"]
pub struct On {
    script: Script,
    pattern: Result<Pattern, String>,
    least: u32,
    most: u32,
}

impl On {
    fn new(script: Script, method: Option<Method>, target: &str) -> Self {
        Self { script, pattern: Pattern::new(method, target), least: 1, most: 1 }
    }

    /// Only at this host.
    pub fn with_host(self, host: &str) -> Self {
        self.also(|pattern| pattern.host(host))
    }

    /// Only with this parameter in the query, decoded.
    pub fn with_query(self, name: &str, value: &str) -> Self {
        self.also(|pattern| pattern.query(name, value))
    }

    /// Only with this line of a field.
    pub fn with_header<N, V>(mut self, name: N, value: V) -> Self
    where
        N: TryInto<HeaderName, Error: Into<http::Error>>,
        V: TryInto<HeaderValue, Error: Into<http::Error>>,
    {
        let name = name.try_into().map_err(Into::into);
        match name.and_then(|name| Ok((name, value.try_into().map_err(Into::into)?))) {
            Ok((name, value)) => self.also(|pattern| pattern.field(name, value)),
            Err(error) => {
                self.pattern = self.pattern.and(Err(format!("a field that nobody can send: {error}")));
                self
            }
        }
    }

    /// Only without any line of this field.
    pub fn without_header(self, name: HeaderName) -> Self {
        self.also(|pattern| pattern.no_field(name))
    }

    /// Only with this body.
    pub fn with_body(self, body: impl Into<Bytes>) -> Self {
        self.also(|pattern| pattern.body(body.into()))
    }

    /// Only where this says so.
    pub fn when(self, test: impl Fn(&Asked) -> bool + Send + Sync + 'static) -> Self {
        self.also(|pattern| pattern.custom(test))
    }

    /// For this many requests, neither more nor fewer.
    pub fn times(mut self, times: u32) -> Self {
        (self.least, self.most) = (times, times);
        self
    }

    /// For any number of requests, also for none.
    pub fn always(mut self) -> Self {
        (self.least, self.most) = (0, u32::MAX);
        self
    }

    /// Answered by a response of this status. Its fields and body are added to the script: `.reply(200).body("hello")`.
    pub fn reply(self, status: u16) -> Script {
        self.answer(Reply::status(status))
    }

    /// Answered by a redirect of this status to there.
    pub fn redirect(self, status: u16, to: &str) -> Script {
        self.answer(Reply::status(status).header(http::header::LOCATION, to))
    }

    /// Answered by nobody: the connection is refused.
    pub fn refuse(self) -> Script {
        self.answer(Failure::Refused)
    }

    /// Answered by nobody: the host has no address.
    pub fn no_address(self) -> Script {
        self.answer(Failure::Unresolved)
    }

    /// Answered by a reset, once the request was sent.
    pub fn reset(self) -> Script {
        self.answer(Failure::Reset)
    }

    /// Answered by the end of the connection, once the request was sent.
    pub fn close(self) -> Script {
        self.answer(Failure::Closed)
    }

    /// Never answered: a timeout of the session passes, in virtual time.
    pub fn stall(self) -> Script {
        self.answer(Failure::Silence)
    }

    /// Answered by this.
    pub fn answer(self, reply: impl Into<Reply>) -> Script {
        self.end(Answer::Fixed(reply.into()))
    }

    /// Answered by what the function makes of the request. It must not use a session over this script.
    pub fn respond<R: Into<Reply>>(self, mut make: impl FnMut(&Asked) -> R + Send + 'static) -> Script {
        self.end(Answer::Made(Box::new(move |asked| make(asked).into())))
    }

    fn also(mut self, change: impl FnOnce(&mut Pattern)) -> Self {
        if let Ok(pattern) = &mut self.pattern {
            change(pattern);
        }
        self
    }

    fn end(self, answer: Answer) -> Script {
        let mut state = self.script.state();
        match self.pattern {
            Ok(pattern) => {
                state.lines.push(Line { pattern, least: self.least, most: self.most, used: 0, answer });
            }
            Err(flaw) => state.flaw(flaw),
        }
        drop(state);
        self.script
    }
}

impl fmt::Debug for On {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("On").field(&self.pattern).finish()
    }
}
