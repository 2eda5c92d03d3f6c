//! hyper's bare connections: no session, no pool but a list, redirects by hand.

use bench_wire::{Async, CHUNK, Outcome, measure, run_async};
use bytes::Bytes;
use futures_util::stream;
use http::header::{CONTENT_LENGTH, COOKIE, HOST, LOCATION};
use http::{Request, Response};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Empty, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use std::cell::RefCell;
use std::convert::Infallible;
use std::process::ExitCode;
use tokio::net::TcpStream;

type Sender = SendRequest<BoxBody<Bytes, Infallible>>;

fn main() -> ExitCode {
    measure(|run| run_async(run, async |run| Ok(Client { server: run.server.clone(), idle: RefCell::default() })))
}

struct Client {
    server: String,
    idle: RefCell<Vec<Sender>>,
}

impl Client {
    async fn take(&self) -> Outcome<Sender> {
        let idle = self.idle.borrow_mut().pop();
        if let Some(mut sender) = idle {
            sender.ready().await?;
            return Ok(sender);
        }
        let stream = TcpStream::connect(&self.server).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        Ok(sender)
    }

    async fn ask(&self, sender: &mut Sender, path: &str) -> Outcome<Response<Incoming>> {
        let request = Request::get(path).header(HOST, &self.server).header(COOKIE, "three=3");
        sender.ready().await?;
        Ok(sender.send_request(request.body(Empty::new().boxed())?).await?)
    }
}

impl Async for Client {
    async fn get(&self, path: &str) -> Outcome<usize> {
        let mut sender = self.take().await?;
        let mut path = path.to_owned();
        loop {
            let answer = self.ask(&mut sender, &path).await?;
            let location = answer.headers().get(LOCATION).map(|location| location.to_str().map(str::to_owned));
            let got = answer.into_body().collect().await?.to_bytes().len();
            match location {
                Some(location) => path = location?,
                None => {
                    self.idle.borrow_mut().push(sender);
                    return Ok(got);
                }
            }
        }
    }

    async fn login(&self) -> Outcome<usize> {
        self.get("/login").await
    }

    async fn download(&self, path: &str) -> Outcome<usize> {
        let mut sender = self.take().await?;
        let mut body = self.ask(&mut sender, path).await?.into_body();
        let mut got = 0;
        while let Some(frame) = body.frame().await {
            got += frame?.data_ref().map_or(0, Bytes::len);
        }
        Ok(got)
    }

    async fn upload(&self, bytes: usize) -> Outcome<usize> {
        let mut sender = self.take().await?;
        let piece = Bytes::from(vec![b'u'; CHUNK * 8]);
        let pieces = (0..bytes / piece.len()).map(move |_| Ok(Frame::data(piece.clone())));
        let request = Request::post("/up").header(HOST, &self.server).header(CONTENT_LENGTH, bytes);
        let request = request.body(StreamBody::new(stream::iter(pieces)).boxed())?;
        Ok(sender.send_request(request).await?.into_body().collect().await?.to_bytes().len())
    }
}
