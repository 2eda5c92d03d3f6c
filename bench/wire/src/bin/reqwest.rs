//! reqwest with its cookie store.

use bench_wire::{Async, CHUNK, Outcome, Run, measure, run_async};
use bytes::Bytes;
use futures_util::stream;
use std::process::ExitCode;

fn main() -> ExitCode {
    measure(|run| {
        run_async(run, async |run| {
            let client = reqwest::Client::builder().cookie_store(true).no_proxy().build()?;
            Ok(Client { client, run: run.clone() })
        })
    })
}

struct Client {
    client: reqwest::Client,
    run: Run,
}

impl Async for Client {
    async fn get(&self, path: &str) -> Outcome<usize> {
        Ok(self.client.get(self.run.url(path)).send().await?.bytes().await?.len())
    }

    async fn login(&self) -> Outcome<usize> {
        let form = [("username", "admin"), ("password", "secret")];
        Ok(self.client.post(self.run.url("/login")).form(&form).send().await?.bytes().await?.len())
    }

    async fn download(&self, path: &str) -> Outcome<usize> {
        let mut response = self.client.get(self.run.url(path)).send().await?;
        let mut got = 0;
        while let Some(chunk) = response.chunk().await? {
            got += chunk.len();
        }
        Ok(got)
    }

    async fn upload(&self, bytes: usize) -> Outcome<usize> {
        let piece = Bytes::from(vec![b'u'; CHUNK * 8]);
        let pieces = stream::iter((0..bytes / piece.len()).map(move |_| Ok::<_, std::io::Error>(piece.clone())));
        let request = self.client.post(self.run.url("/up")).header("content-length", bytes);
        Ok(request.body(reqwest::Body::wrap_stream(pieces)).send().await?.bytes().await?.len())
    }
}
