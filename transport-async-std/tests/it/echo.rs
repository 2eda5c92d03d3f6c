//! Servers that answer while they read: an upload that never reads would stall.

use crate::{LONG, bounded};
use session_core::error::{ErrorKind, Phase};
use session_core::limits::Limits;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::thread::{self, JoinHandle};
use std::time::Duration;
use transport_async_std::Session;

/// More than the sockets of both sides hold.
const LARGE: usize = 24 << 20;

/// A server for one connection that sends back each byte of a body of this length as it comes, and then closes.
fn echo(length: usize) -> (SocketAddr, JoinHandle<()>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    let serving = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.set_read_timeout(Some(LONG)).unwrap();
        stream.set_write_timeout(Some(LONG)).unwrap();
        let mut buffer = vec![0; 64 * 1024];
        let mut came = Vec::new();
        let start = loop {
            let n = stream.read(&mut buffer).unwrap();
            came.extend_from_slice(&buffer[..n]);
            if let Some(end) = came.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
                break end + 4;
            }
        };
        write!(stream, "HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n").unwrap();
        let mut rest = came.split_off(start);
        let mut echoed = 0;
        loop {
            // The client may go.
            if stream.write_all(&rest).is_err() {
                return;
            }
            echoed += rest.len();
            match stream.read(&mut buffer) {
                _ if echoed == length => return,
                Ok(n) if n > 0 => rest = buffer[..n].to_vec(),
                _ => return,
            }
        }
    });
    (address, serving)
}

fn session(read_ahead: usize, patience: Duration) -> Session {
    let mut limits = Limits::default();
    limits.read_ahead = read_ahead;
    Session::builder().limits(limits).read_timeout(patience).build().unwrap()
}

#[test]
fn what_comes_back_meanwhile_is_read() {
    bounded(|| async {
        let (address, serving) = echo(LARGE);
        let body: Vec<u8> = (0..=255).cycle().take(LARGE).collect();
        let response = session(LARGE, LONG).put(format!("http://{address}/")).body(body.clone()).send().await.unwrap();
        assert!(response.bytes().await.unwrap() == body);
        serving.join().unwrap();
    });
}

#[test]
fn more_than_is_held_waits_and_the_upload_has_its_time() {
    bounded(|| async {
        let (address, serving) = echo(LARGE);
        let session = session(64 * 1024, Duration::from_millis(300));
        // The head has come: the exchange has its answer, and the body that could not all be sent ends it.
        let response = session.put(format!("http://{address}/")).body(vec![b'x'; LARGE]).send().await.unwrap();
        assert_eq!(session.idle_connections(), 0);
        let error = response.bytes().await.unwrap_err();
        assert_eq!((error.kind(), error.phase()), (ErrorKind::Timeout, Phase::Body));
        assert_eq!(session.idle_connections(), 0);
        serving.join().unwrap();
    });
}
