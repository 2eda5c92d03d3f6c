//! libcurl's easy interface, one handle a thread, with its cookie engine.

use bench_wire::{Blocking, Outcome, Run, measure, run_blocking};
use curl::easy::{Easy, List};
use std::cell::RefCell;
use std::process::ExitCode;

fn main() -> ExitCode {
    measure(|run| run_blocking(&Peer { run: run.clone() }, run))
}

struct Peer {
    run: Run,
}

thread_local! {
    static EASY: RefCell<Easy> = RefCell::new(Easy::new());
}

impl Peer {
    /// Performs a request, of which `body` is sent; how many bytes came.
    fn perform(
        &self,
        path: &str,
        set: impl FnOnce(&mut Easy) -> Result<(), curl::Error>,
        body: usize,
    ) -> Outcome<usize> {
        EASY.with_borrow_mut(|easy| {
            easy.reset();
            easy.url(&self.run.url(path))?;
            easy.cookie_file("")?;
            easy.follow_location(true)?;
            easy.proxy("")?;
            set(easy)?;
            let (mut got, mut left) = (0, body);
            {
                let mut transfer = easy.transfer();
                transfer.write_function(|piece| {
                    got += piece.len();
                    Ok(piece.len())
                })?;
                transfer.read_function(|room| {
                    let n = room.len().min(left);
                    room[..n].fill(b'u');
                    left -= n;
                    Ok(n)
                })?;
                transfer.perform()?;
            }
            Ok(got)
        })
    }
}

impl Blocking for Peer {
    fn get(&self, path: &str) -> Outcome<usize> {
        self.perform(path, |_| Ok(()), 0)
    }

    fn login(&self) -> Outcome<usize> {
        self.perform("/login", |easy| easy.post_fields_copy(b"username=admin&password=secret"), 0)
    }

    fn download(&self, path: &str) -> Outcome<usize> {
        self.get(path)
    }

    fn upload(&self, bytes: usize) -> Outcome<usize> {
        let upload = |easy: &mut Easy| {
            let mut fields = List::new();
            fields.append("Expect:")?;
            easy.http_headers(fields)?;
            easy.post(true)?;
            easy.post_field_size(bytes as u64)
        };
        self.perform("/up", upload, bytes)
    }
}
