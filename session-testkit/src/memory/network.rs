//! In-memory connections to scripted peers, with virtual time and faults: what a client's calls of its system come to.

use crate::memory::clock::Clock;
use crate::memory::fault::{Cut, Fault, Trouble};
pub use crate::memory::stack::{Authority, Marks};
use crate::memory::stack::{Said, Stack};
use crate::script::answer::Deed;
use crate::script::endpoint::Endpoint;
use crate::script::log::Log;
use crate::script::responder::{Admission, Responder};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Everything that a client can connect to. Clones are the same network.
#[derive(Clone)]
pub struct Network(Rc<RefCell<State>>);

struct State {
    responder: Box<dyn Responder>,
    authority: Arc<Authority>,
    clock: Clock,
    log: Log,
    links: Vec<Link>,
    fault: Option<Fault>,
    calls: u64,
    trouble: Option<(u64, Trouble)>,
}

/// The peer's end of one connection, and what is on its way to the client.
struct Link {
    stack: Stack,
    said: VecDeque<Said>,
    /// How many bytes the client was given.
    given: u64,
    end: Option<End>,
    /// What comes next has not come yet.
    pauses: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Fin,
    Stall,
    Rst,
}

/// What there is to read.
enum Found {
    Bytes(usize),
    /// Nothing yet; it comes after this long.
    Later(Duration),
    /// Nothing, unless the client says something.
    Nothing,
    End(End),
}

/// The client's end of one connection, which closes when it is dropped.
pub struct Stream {
    network: Network,
    link: usize,
}

/// More calls than any exchange takes: a client that makes them turns in a circle.
const CALLS: u64 = 100_000;

/// How long what comes later takes.
const LATER: Duration = Duration::from_millis(1);

impl Network {
    /// A network whose peers answer what this responder says, on this clock.
    #[must_use]
    pub fn new(responder: impl Responder + 'static, authority: Arc<Authority>, clock: Clock) -> Self {
        Self(Rc::new(RefCell::new(State {
            responder: Box::new(responder),
            authority,
            clock,
            log: Log::default(),
            links: Vec::new(),
            fault: None,
            calls: 0,
            trouble: None,
        })))
    }

    /// Lets this go wrong; nothing else does any more.
    pub fn set_fault(&self, fault: Option<Fault>) {
        self.0.borrow_mut().fault = fault;
    }

    /// Lets the call of this number, from 0, come to something else; every other is as it should be.
    pub fn set_trouble(&self, trouble: Option<(u64, Trouble)>) {
        let mut state = self.0.borrow_mut();
        (state.calls, state.trouble) = (0, trouble);
    }

    /// How many calls were made since trouble was set, or ever.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.0.borrow().calls
    }

    /// What the peers saw so far.
    #[must_use]
    pub fn log(&self) -> Log {
        self.0.borrow().log.clone()
    }

    /// What the peer wrote on each connection so far.
    #[must_use]
    pub fn marks(&self) -> Vec<Marks> {
        self.0.borrow().links.iter().map(|link| link.stack.marks.clone()).collect()
    }

    /// The clock that all waits move.
    #[must_use]
    pub fn clock(&self) -> Clock {
        self.0.borrow().clock.clone()
    }

    /// Connects.
    ///
    /// # Errors
    /// Nobody listens, or there is trouble.
    pub fn connect(&self, endpoint: &Endpoint) -> io::Result<Stream> {
        let state = &mut *self.0.borrow_mut();
        match state.call() {
            None | Some(Trouble::Interrupted | Trouble::WouldBlock | Trouble::Short) => {}
            Some(trouble) => return Err(trouble.error()),
        }
        if state.responder.admit(endpoint) != Admission::Accept {
            return Err(io::ErrorKind::ConnectionRefused.into());
        }
        let stack = Stack::new(endpoint, Arc::clone(&state.authority), &mut state.log)?;
        state.links.push(Link { stack, said: VecDeque::new(), given: 0, end: None, pauses: false });
        Ok(Stream { network: self.clone(), link: state.links.len() - 1 })
    }
}

impl Stream {
    /// Reads what comes next; 0 is the end. Where nothing comes, time passes until `until`.
    ///
    /// # Errors
    /// [`io::ErrorKind::WouldBlock`] then; else those of the connection.
    ///
    /// # Panics
    /// Where it would wait for ever.
    pub fn read(&mut self, buffer: &mut [u8], until: Option<Instant>) -> io::Result<usize> {
        let state = &mut *self.network.0.borrow_mut();
        let most = match state.call() {
            None => buffer.len(),
            Some(Trouble::Short) => buffer.len().min(1),
            Some(trouble) => return state.fail(self.link, trouble),
        };
        loop {
            match state.find(self.link, buffer.get_mut(..most).unwrap_or_default()) {
                Found::Bytes(n) => return Ok(n),
                Found::Later(after) => {
                    let late = until.is_some_and(|until| state.clock.now().instant() + after > until);
                    if late {
                        return state.wait(until);
                    }
                    state.clock.advance(after);
                }
                Found::Nothing | Found::End(End::Stall) => return state.wait(until),
                Found::End(End::Fin) => return Ok(0),
                Found::End(End::Rst) => return Err(io::ErrorKind::ConnectionReset.into()),
            }
        }
    }

    /// Reads what has come already: `None` is nothing, 0 the end.
    ///
    /// # Errors
    /// Those of the connection.
    pub fn read_arrived(&mut self, buffer: &mut [u8]) -> io::Result<Option<usize>> {
        let state = &mut *self.network.0.borrow_mut();
        let most = match state.call() {
            None => buffer.len(),
            Some(Trouble::Short) => buffer.len().min(1),
            Some(Trouble::WouldBlock) => return Ok(None),
            Some(trouble) => return state.fail(self.link, trouble).map(Some),
        };
        match state.find(self.link, buffer.get_mut(..most).unwrap_or_default()) {
            Found::Bytes(n) => Ok(Some(n)),
            Found::Later(_) | Found::Nothing | Found::End(End::Stall) => Ok(None),
            Found::End(End::Fin) => Ok(Some(0)),
            Found::End(End::Rst) => Err(io::ErrorKind::ConnectionReset.into()),
        }
    }

    /// Writes; gives how much was taken.
    ///
    /// # Errors
    /// Those of the connection.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let state = &mut *self.network.0.borrow_mut();
        let most = match state.call() {
            None => bytes.len(),
            Some(Trouble::Short) => bytes.len().min(1),
            Some(trouble) => return state.fail(self.link, trouble),
        };
        let bytes = bytes.get(..most).unwrap_or(bytes);
        let Some(link) = state.links.get_mut(self.link) else { return Err(io::ErrorKind::NotConnected.into()) };
        if link.end == Some(End::Rst) {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        link.said.extend(link.stack.receive(bytes, state.responder.as_mut(), &mut state.log));
        Ok(bytes.len())
    }

    /// The time on the network's clock.
    #[must_use]
    pub fn now(&self) -> Instant {
        self.network.0.borrow().clock.now().instant()
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        // Nothing else of the network is at work while a stream is dropped.
        let state = &mut *self.network.0.borrow_mut();
        if let Some(link) = state.links.get_mut(self.link) {
            link.stack.receive_end(&mut state.log);
        }
    }
}

impl State {
    /// Counts a call, and gives its trouble.
    fn call(&mut self) -> Option<Trouble> {
        let number = self.calls;
        self.calls += 1;
        assert!(number != CALLS, "the client turns in a circle");
        self.trouble.filter(|(at, _)| *at == number).map(|(_, trouble)| trouble)
    }

    fn fail<T>(&mut self, link: usize, trouble: Trouble) -> io::Result<T> {
        if let Some(link) = self.links.get_mut(link).filter(|_| !trouble.is_harmless()) {
            link.end = Some(End::Rst);
        }
        Err(trouble.error())
    }

    fn wait<T>(&self, until: Option<Instant>) -> io::Result<T> {
        let until = until.expect("nothing comes, and nothing bounds the wait");
        self.clock.advance_until(until);
        Err(io::ErrorKind::WouldBlock.into())
    }

    fn find(&mut self, number: usize, buffer: &mut [u8]) -> Found {
        let Some(link) = self.links.get_mut(number) else { return Found::End(End::Fin) };
        let fault = self.fault.filter(|fault| fault.connection == number);
        while link.end.is_none() {
            if fault.is_some_and(|fault| fault.ends(link)) {
                break;
            }
            match link.said.front_mut() {
                None => return Found::Nothing,
                Some(Said::Bytes(bytes)) => {
                    let most = match fault {
                        Some(fault) if fault.at > link.given => {
                            usize::try_from(fault.at - link.given).unwrap_or(usize::MAX)
                        }
                        Some(Fault { cut: Cut::Bytewise, .. }) => 1,
                        _ => usize::MAX,
                    };
                    let delayed = fault.is_some_and(|fault| fault.delays(link.given));
                    if delayed && !link.pauses {
                        link.pauses = true;
                        return Found::Later(LATER);
                    }
                    link.pauses = false;
                    let n = bytes.len().min(most).min(buffer.len());
                    for (place, byte) in buffer.iter_mut().zip(bytes.drain(..n)) {
                        *place = byte;
                    }
                    link.given += n as u64;
                    if bytes.is_empty() {
                        link.said.pop_front();
                    }
                    return Found::Bytes(n);
                }
                Some(Said::Deed(deed)) => {
                    let deed = deed.clone();
                    link.said.pop_front();
                    match deed {
                        Deed::Pause(pause) => return Found::Later(pause),
                        Deed::Finish | Deed::Close => link.end = Some(End::Fin),
                        Deed::Reset => link.end = Some(End::Rst),
                        Deed::Stall => link.end = Some(End::Stall),
                        Deed::Write(_) | Deed::Wait(_) | Deed::Open(_) => {}
                    }
                }
            }
        }
        if let (Some(fault), None) = (fault, link.end) {
            // Silence lasts as long as its fault.
            if fault.end() == End::Stall {
                return Found::End(End::Stall);
            }
            link.end = Some(fault.end());
        }
        link.end.map_or(Found::Nothing, Found::End)
    }
}

impl Fault {
    /// Whether it ends the connection now.
    fn ends(&self, link: &Link) -> bool {
        let has_more = link.said.iter().any(|said| matches!(said, Said::Bytes(_)));
        let now = match self.cut {
            Cut::Fin | Cut::Rst | Cut::Stall => true,
            Cut::LateFin | Cut::LateRst => has_more,
            Cut::Split | Cut::Bytewise => false,
        };
        // Before its first byte a peer waits to be spoken to.
        now && link.given == self.at && (self.at > 0 || has_more)
    }

    /// Whether the byte that comes after `given` bytes comes later.
    fn delays(&self, given: u64) -> bool {
        match self.cut {
            Cut::Split => given == self.at,
            Cut::Bytewise => given >= self.at,
            _ => false,
        }
    }

    fn end(&self) -> End {
        match self.cut {
            Cut::Rst | Cut::LateRst => End::Rst,
            Cut::Stall => End::Stall,
            Cut::Fin | Cut::LateFin | Cut::Split | Cut::Bytewise => End::Fin,
        }
    }
}

impl Trouble {
    fn error(self) -> io::Error {
        match self {
            Self::Interrupted => io::ErrorKind::Interrupted,
            Self::WouldBlock | Self::Short => io::ErrorKind::WouldBlock,
            Self::Reset => io::ErrorKind::ConnectionReset,
            Self::Broken => io::ErrorKind::BrokenPipe,
            Self::TimedOut => io::ErrorKind::TimedOut,
        }
        .into()
    }
}
