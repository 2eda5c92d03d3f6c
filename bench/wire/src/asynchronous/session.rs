//! Ours on an asynchronous runtime, with every default. Each binary names the runtime and its transport, in a module of that name.

use crate::runtime::session_core::tls::settings::Certificate;
use crate::runtime::{Body, Session, run};
use bench_wire::{Async, CHUNK, NAME, Outcome, Run, measure};
use bytes::Bytes;
use futures_util::stream;
use std::process::ExitCode;

pub fn main() -> ExitCode {
    measure(|order| run(order, async |run| Ok(Client { session: session(run)?, run: run.clone() })))
}

/// With every default, and trusting the server where it speaks TLS.
fn session(run: &Run) -> Outcome<Session> {
    let mut builder = Session::builder();
    if let Some(root) = &run.root {
        builder = builder.tls_certs_only([Certificate::der(root.clone())]).resolve(NAME, run.server.parse()?);
    }
    Ok(builder.build()?)
}

struct Client {
    session: Session,
    run: Run,
}

impl Async for Client {
    async fn get(&self, path: &str) -> Outcome<usize> {
        Ok(self.session.get(self.run.url(path)).send().await?.bytes().await?.len())
    }

    async fn login(&self) -> Outcome<usize> {
        let form = [("username", "admin"), ("password", "secret")];
        Ok(self.session.post(self.run.url("/login")).form(&form).send().await?.bytes().await?.len())
    }

    async fn download(&self, path: &str) -> Outcome<usize> {
        let mut response = self.session.get(self.run.url(path)).send().await?;
        let mut got = 0;
        while let Some(chunk) = response.chunk().await? {
            got += chunk.len();
        }
        Ok(got)
    }

    async fn upload(&self, bytes: usize) -> Outcome<usize> {
        let piece = Bytes::from(vec![b'u'; CHUNK * 8]);
        let pieces = stream::iter((0..bytes / piece.len()).map(move |_| Ok(piece.clone())));
        let body = Body::sized_stream(pieces, u64::try_from(bytes)?);
        Ok(self.session.post(self.run.url("/up")).body(body).send().await?.bytes().await?.len())
    }
}
