//! Downloads a file and shows how far it is: `cargo run -p transport-tokio --example tokio_download`

use session_testkit::script::answer::Answer;
use session_testkit::server::listen::Server;
use std::error::Error;
use std::io::{self, Write};
use transport_tokio::Session;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let server = Server::answering(|_| Answer::ok(vec![b'x'; 8 << 20]))?;
    let session = Session::new();

    let mut response = session.get(server.url("/file")).send().await?.error_for_status()?;
    let total = response.content_length();
    let mut file = tempfile::tempfile()?;
    let mut done = 0;
    while let Some(chunk) = response.chunk().await? {
        file.write_all(&chunk)?;
        done += chunk.len() as u64;
        show(done, total)?;
    }
    println!();
    // A body that ends early is an error of `chunk`, so this holds for every download that comes here.
    match total {
        Some(total) if total != done => Err("the file is not whole".into()),
        _ => Ok(()),
    }
}

/// One line that is written over and over.
fn show(done: u64, total: Option<u64>) -> io::Result<()> {
    match total {
        Some(total @ 1..) => {
            let filled = usize::try_from(done * 40 / total).unwrap_or(40);
            print!("\r[{:<40}] {:>3} % of {} KiB", "#".repeat(filled), done * 100 / total, total / 1024);
        }
        _ => print!("\r{} KiB", done / 1024),
    }
    io::stdout().flush()
}
