//! The peers of the in-memory network behind a real socket: one listener that is whatever endpoint it is told to be, and
//! breaks off at the byte it is told to.

use crate::memory::fault::{Cut, Fault};
use crate::memory::network::{Authority, Marks};
use crate::memory::stack::{Said, Stack};
use crate::script::answer::Deed;
use crate::script::endpoint::Endpoint;
use crate::script::log::Log;
use crate::script::responder::Responder;
use socket2::SockRef;
use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// A server that runs until it is dropped.
pub struct Cutting {
    address: SocketAddr,
    shared: Arc<Shared>,
    accepting: Option<JoinHandle<()>>,
}

struct Shared {
    endpoint: Endpoint,
    authority: Arc<Authority>,
    state: Mutex<State>,
}

struct State {
    responder: Box<dyn Responder>,
    log: Log,
    marks: Vec<Marks>,
    fault: Option<Fault>,
    stopping: bool,
    streams: Vec<Arc<TcpStream>>,
}

/// No connection is silent for longer.
const LONG: Duration = Duration::from_secs(20);

impl Cutting {
    /// A server that is this endpoint.
    ///
    /// # Errors
    /// Those of the system.
    pub fn start(
        endpoint: Endpoint,
        responder: impl Responder + 'static,
        authority: Arc<Authority>,
        fault: Option<Fault>,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let state = State {
            responder: Box::new(responder),
            log: Log::default(),
            marks: Vec::new(),
            fault,
            stopping: false,
            streams: Vec::new(),
        };
        let shared = Arc::new(Shared { endpoint, authority, state: Mutex::new(state) });
        let accepted = Arc::clone(&shared);
        let accepting = std::thread::Builder::new().name("cutting".to_owned()).spawn(move || {
            let mut serving = Vec::new();
            while let Ok((stream, _)) = listener.accept() {
                if accepted.state().stopping {
                    break;
                }
                let shared = Arc::clone(&accepted);
                // A client that left, or was sent away, is no failure of the server.
                let serve = move || drop(shared.serve(stream));
                serving.extend(std::thread::Builder::new().name("cutting".to_owned()).spawn(serve));
            }
            serving.into_iter().for_each(|serving| drop(serving.join()));
        })?;
        Ok(Self { address, shared, accepting: Some(accepting) })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// From now on nothing goes wrong.
    pub fn heal(&self) {
        self.shared.state().fault = None;
    }

    /// What it saw so far.
    #[must_use]
    pub fn log(&self) -> Log {
        self.shared.state().log.clone()
    }

    /// What it wrote on each connection so far, or would have.
    #[must_use]
    pub fn marks(&self) -> Vec<Marks> {
        self.shared.state().marks.clone()
    }
}

impl Drop for Cutting {
    fn drop(&mut self) {
        let streams = {
            let mut state = self.shared.state();
            state.stopping = true;
            std::mem::take(&mut state.streams)
        };
        for stream in streams {
            // Wakes its thread; one that is over needs no waking.
            let _ = stream.shutdown(Shutdown::Both);
        }
        let _ = TcpStream::connect_timeout(&self.address, LONG);
        self.accepting.take().into_iter().for_each(|accepting| drop(accepting.join()));
    }
}

/// Whether a connection goes on.
enum Next {
    GoOn,
    /// It is read, and nothing more is written.
    Listen,
    End,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn serve(&self, stream: TcpStream) -> io::Result<()> {
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(LONG))?;
        stream.set_write_timeout(Some(LONG))?;
        let (mut stack, number) = {
            let state = &mut *self.state();
            let stack = Stack::new(&self.endpoint, Arc::clone(&self.authority), &mut state.log)?;
            state.marks.push(stack.marks.clone());
            (stack, state.marks.len() - 1)
        };
        let stream = Arc::new(stream);
        self.state().streams.push(Arc::clone(&stream));
        let served = self.converse(&stream, &mut stack, number);
        let state = &mut *self.state();
        // The list holds it too, and it is to be closed.
        state.streams.retain(|have| !Arc::ptr_eq(have, &stream));
        stack.receive_end(&mut state.log);
        served
    }

    fn converse(&self, mut stream: &TcpStream, stack: &mut Stack, number: usize) -> io::Result<()> {
        let (mut buffer, mut given, mut listens) = ([0; 4096], 0, false);
        loop {
            let n = stream.read(&mut buffer)?;
            let (said, fault) = {
                let state = &mut *self.state();
                if n == 0 || state.stopping {
                    return Ok(());
                }
                let said = stack.receive(&buffer[..n], state.responder.as_mut(), &mut state.log);
                if let Some(marks) = state.marks.get_mut(number) {
                    marks.clone_from(&stack.marks);
                }
                (said, state.fault.filter(|fault| fault.connection == number))
            };
            for said in said.into_iter().filter(|_| !listens) {
                let next = match said {
                    Said::Bytes(bytes) => write(stream, &bytes, &mut given, fault)?,
                    Said::Deed(Deed::Finish | Deed::Close) => end(stream, Cut::Fin)?,
                    Said::Deed(Deed::Reset) => end(stream, Cut::Rst)?,
                    Said::Deed(_) => Next::GoOn,
                };
                match next {
                    Next::GoOn => {}
                    Next::Listen => {
                        listens = true;
                        break;
                    }
                    Next::End => return Ok(()),
                }
            }
        }
    }
}

/// Writes bytes up to the one at which the connection breaks off.
fn write(mut stream: &TcpStream, bytes: &[u8], given: &mut u64, fault: Option<Fault>) -> io::Result<Next> {
    let until = fault.map_or(u64::MAX, |fault| fault.at).saturating_sub(*given);
    let (now, later) = bytes.split_at(usize::try_from(until).map_or(bytes.len(), |until| until.min(bytes.len())));
    stream.write_all(now)?;
    *given += now.len() as u64;
    let Some(fault) = fault.filter(|fault| *given >= fault.at) else { return Ok(Next::GoOn) };
    match fault.cut {
        Cut::LateFin | Cut::LateRst if later.is_empty() => return Ok(Next::GoOn),
        Cut::Split => stream.write_all(later)?,
        Cut::Bytewise => later.iter().try_for_each(|byte| stream.write_all(&[*byte]))?,
        cut => return end(stream, cut),
    }
    *given += later.len() as u64;
    Ok(Next::GoOn)
}

fn end(stream: &TcpStream, cut: Cut) -> io::Result<Next> {
    match cut {
        Cut::Fin | Cut::LateFin => {
            stream.shutdown(Shutdown::Write)?;
            Ok(Next::Listen)
        }
        Cut::Rst | Cut::LateRst => {
            SockRef::from(stream).set_linger(Some(Duration::ZERO))?;
            Ok(Next::End)
        }
        Cut::Stall | Cut::Split | Cut::Bytewise => Ok(Next::Listen),
    }
}
