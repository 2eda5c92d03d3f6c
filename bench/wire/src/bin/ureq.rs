//! ureq with its cookie store.

use bench_wire::{Blocking, CHUNK, Outcome, Run, measure, run_blocking};
use std::io::{Read, repeat};
use std::process::ExitCode;
use ureq::{Agent, SendBody};

fn main() -> ExitCode {
    measure(|run| {
        let agent = Agent::config_builder().proxy(None).max_redirects(20).build().new_agent();
        run_blocking(&Peer { agent, run: run.clone() }, run)
    })
}

struct Peer {
    agent: Agent,
    run: Run,
}

impl Blocking for Peer {
    fn get(&self, path: &str) -> Outcome<usize> {
        Ok(self.agent.get(self.run.url(path)).call()?.into_body().read_to_vec()?.len())
    }

    fn login(&self) -> Outcome<usize> {
        let form = [("username", "admin"), ("password", "secret")];
        Ok(self.agent.post(self.run.url("/login")).send_form(form)?.into_body().read_to_vec()?.len())
    }

    fn download(&self, path: &str) -> Outcome<usize> {
        let mut reader = self.agent.get(self.run.url(path)).call()?.into_body().into_reader();
        let (mut piece, mut got) = (vec![0; 4 * CHUNK], 0);
        loop {
            match reader.read(&mut piece)? {
                0 => return Ok(got),
                n => got += n,
            }
        }
    }

    fn upload(&self, bytes: usize) -> Outcome<usize> {
        let bytes = u64::try_from(bytes)?;
        let body = SendBody::from_owned_reader(repeat(b'u').take(bytes));
        let request = self.agent.post(self.run.url("/up")).header("content-length", bytes.to_string());
        Ok(request.send(body)?.into_body().read_to_vec()?.len())
    }
}
