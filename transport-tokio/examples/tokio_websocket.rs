//! A WebSocket with the cookies of the session: `cargo run -p transport-tokio --example tokio_websocket`

use futures_util::{SinkExt, StreamExt};
use std::error::Error;
use tokio::net::TcpListener;
use tokio_tungstenite::WebSocketStream;
use transport_tokio::Session;
use tungstenite::protocol::Role;
use tungstenite::{Message, handshake};

/// A server that says everything once more, to one client.
async fn echo(listener: TcpListener) -> Result<(), tungstenite::Error> {
    let (stream, _) = listener.accept().await?;
    let mut socket = tokio_tungstenite::accept_async(stream).await?;
    while let Some(message) = socket.next().await.transpose()? {
        if message.is_text() {
            socket.send(message).await?;
        }
    }
    Ok(())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let address = listener.local_addr()?;
    let serving = tokio::spawn(echo(listener));
    let session = Session::new();

    let key = handshake::client::generate_key();
    let response = session
        .get(format!("http://{address}/chat"))
        .upgrade("websocket")
        .header("sec-websocket-version", "13")
        .header("sec-websocket-key", key.as_str())
        .send()
        .await?;
    if response.headers()["sec-websocket-accept"] != handshake::derive_accept_key(key.as_bytes()) {
        return Err("the server does not speak WebSocket".into());
    }
    // The connection leaves the session, and is any stream.
    let mut socket = WebSocketStream::from_raw_socket(response.upgrade()?, Role::Client, None).await;
    for word in ["hello", "there"] {
        socket.send(Message::text(word)).await?;
        let answer = socket.next().await.ok_or("the server said nothing")??;
        println!("{word} -> {answer}");
    }
    socket.close(None).await?;
    while socket.next().await.transpose()?.is_some() {}
    Ok(serving.await??)
}
