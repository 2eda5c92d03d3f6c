//! reqwest's blocking client, which is the other one on a thread of its own.

use bench_wire::{Blocking, CHUNK, Outcome, Run, measure, run_blocking};
use reqwest::blocking::{Body, Client};
use std::io::{Read, repeat};
use std::process::ExitCode;

fn main() -> ExitCode {
    measure(|run| {
        let client = Client::builder().cookie_store(true).no_proxy().build()?;
        run_blocking(&Peer { client, run: run.clone() }, run)
    })
}

struct Peer {
    client: Client,
    run: Run,
}

impl Blocking for Peer {
    fn get(&self, path: &str) -> Outcome<usize> {
        Ok(self.client.get(self.run.url(path)).send()?.bytes()?.len())
    }

    fn login(&self) -> Outcome<usize> {
        let form = [("username", "admin"), ("password", "secret")];
        Ok(self.client.post(self.run.url("/login")).form(&form).send()?.bytes()?.len())
    }

    fn download(&self, path: &str) -> Outcome<usize> {
        let mut response = self.client.get(self.run.url(path)).send()?;
        let (mut piece, mut got) = (vec![0; 4 * CHUNK], 0);
        loop {
            match response.read(&mut piece)? {
                0 => return Ok(got),
                n => got += n,
            }
        }
    }

    fn upload(&self, bytes: usize) -> Outcome<usize> {
        let bytes = u64::try_from(bytes)?;
        let body = Body::sized(repeat(b'u').take(bytes), bytes);
        Ok(self.client.post(self.run.url("/up")).body(body).send()?.bytes()?.len())
    }
}
