//! A WebSocket with the cookies of the session: `cargo run -p transport-blocking --example blocking_websocket`

use std::error::Error;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::thread::{self, JoinHandle};
use transport_blocking::Session;
use tungstenite::protocol::{Role, WebSocket};
use tungstenite::{Message, handshake};

/// A server that says everything once more, to one client.
fn echo() -> Result<(SocketAddr, JoinHandle<()>), Box<dyn Error>> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let address = listener.local_addr()?;
    let serving = thread::spawn(move || {
        let Ok((stream, _)) = listener.accept() else { return };
        let Ok(mut socket) = tungstenite::accept(stream) else { return };
        while let Ok(message) = socket.read() {
            if message.is_text() && socket.send(message).is_err() {
                return;
            }
        }
    });
    Ok((address, serving))
}

fn main() -> Result<(), Box<dyn Error>> {
    let (address, serving) = echo()?;
    let session = Session::new();

    let key = handshake::client::generate_key();
    let response = session
        .get(format!("http://{address}/chat"))
        .upgrade("websocket")
        .header("sec-websocket-version", "13")
        .header("sec-websocket-key", key.as_str())
        .send()?;
    if response.headers()["sec-websocket-accept"] != handshake::derive_accept_key(key.as_bytes()) {
        return Err("the server does not speak WebSocket".into());
    }
    // The connection leaves the session, and is any stream.
    let mut socket = WebSocket::from_raw_socket(response.upgrade()?, Role::Client, None);
    for word in ["hello", "there"] {
        socket.send(Message::text(word))?;
        println!("{word} -> {}", socket.read()?);
    }
    socket.close(None)?;
    while socket.read().is_ok() {}
    serving.join().map_err(|_| "the server failed".into())
}
