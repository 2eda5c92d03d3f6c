//! Downloads a file and shows how far it is: `cargo run -p transport-blocking --example blocking_download`

use session_testkit::script::answer::Answer;
use session_testkit::server::listen::Server;
use std::error::Error;
use std::io::{self, Write};
use transport_blocking::Session;

fn main() -> Result<(), Box<dyn Error>> {
    let server = Server::answering(|_| Answer::ok(vec![b'x'; 8 << 20]))?;
    let session = Session::new();

    let mut response = session.get(server.url("/file")).send()?.error_for_status()?;
    let mut file = tempfile::tempfile()?;
    // Piece by piece, never all of it in memory. A body that ends early is an error.
    let copied = response.copy_to_with(&mut file, show)?;
    println!("\n{copied} bytes are in the file");
    if file.metadata()?.len() == copied { Ok(()) } else { Err("the file is not whole".into()) }
}

/// One line that is written over and over.
fn show(copied: u64, total: Option<u64>) {
    match total {
        Some(total @ 1..) => {
            let filled = usize::try_from(copied * 40 / total).unwrap_or(40);
            print!("\r[{:<40}] {:>3} % of {} KiB", "#".repeat(filled), copied * 100 / total, total / 1024);
        }
        _ => print!("\r{} KiB", copied / 1024),
    }
    // Nobody looks where it cannot be shown.
    let _ = io::stdout().flush();
}
