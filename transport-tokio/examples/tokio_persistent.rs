//! A session that outlives its process: `cargo run -p transport-tokio --features serde --example tokio_persistent`

use session_testkit::login::login_server;
use std::error::Error;
use std::path::Path;
use std::time::{Instant, SystemTime};
use std::{fs, io};
use transport_tokio::session_core::time::Now;
use transport_tokio::{Session, Snapshot};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let server = login_server()?;
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("session.json");
    let resumed = || -> Result<Session, Box<dyn Error>> {
        let mut builder = Session::builder().base_url(server.url());
        for (host, address) in server.hosts() {
            builder = builder.resolve(host, address);
        }
        if let Some(snapshot) = load(&path)? {
            builder = builder.restore(snapshot, Now::new(Instant::now(), SystemTime::now()));
        }
        Ok(builder.build()?)
    };

    let first = resumed()?;
    first.post("/api/login").form(&[("username", server.username()), ("password", server.password())]).send().await?;
    // It holds cookies and credentials: keep it where only its user can read it.
    fs::write(&path, serde_json::to_vec_pretty(&first.snapshot())?)?;
    drop(first);

    let second = resumed()?;
    println!("cookies that came back: {:?}", second.cookies().to_map().keys());
    println!("{}", second.get("/api/data1").send().await?.error_for_status()?.text().await?);
    Ok(())
}

fn load(path: &Path) -> Result<Option<Snapshot>, Box<dyn Error>> {
    match fs::read(path) {
        Ok(text) => Ok(Some(serde_json::from_slice(&text)?)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}
