//! Ours over blocking sockets, with every default.

use bench_wire::{Blocking, CHUNK, NAME, Outcome, Run, measure, run_blocking};
use std::io::{Read, repeat};
use std::process::ExitCode;
use transport_blocking::session_core::tls::settings::Certificate;
use transport_blocking::{Body, Session};

fn main() -> ExitCode {
    measure(|run| run_blocking(&Client { session: session(run)?, run: run.clone() }, run))
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

impl Blocking for Client {
    fn get(&self, path: &str) -> Outcome<usize> {
        Ok(self.session.get(self.run.url(path)).send()?.bytes()?.len())
    }

    fn login(&self) -> Outcome<usize> {
        let form = [("username", "admin"), ("password", "secret")];
        Ok(self.session.post(self.run.url("/login")).form(&form).send()?.bytes()?.len())
    }

    fn download(&self, path: &str) -> Outcome<usize> {
        let mut response = self.session.get(self.run.url(path)).send()?;
        let (mut piece, mut got) = (vec![0; 4 * CHUNK], 0);
        loop {
            match response.read(&mut piece)? {
                0 => return Ok(got),
                n => got += n,
            }
        }
    }

    fn upload(&self, bytes: usize) -> Outcome<usize> {
        let body = Body::sized_reader(repeat(b'u').take(u64::try_from(bytes)?), u64::try_from(bytes)?);
        Ok(self.session.post(self.run.url("/up")).body(body).send()?.bytes()?.len())
    }
}
