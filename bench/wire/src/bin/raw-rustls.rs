//! The limit over TLS: rustls around a blocking socket. It knows the server's answers.

use bench_wire::{NAME, Workload, check, head, measure};
use session_testkit::tls::rustls::pki_types::{CertificateDer, ServerName};
use session_testkit::tls::rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned, crypto};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::ExitCode;
use std::sync::Arc;

fn main() -> ExitCode {
    measure(|run| {
        let root = run.root.clone().filter(|_| run.workload == Workload::Secured).ok_or("it does W9 alone")?;
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from(root))?;
        let config = ClientConfig::builder_with_provider(Arc::new(crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let stream = TcpStream::connect(&run.server)?;
        stream.set_nodelay(true)?;
        let tls = ClientConnection::new(Arc::new(config), ServerName::try_from(NAME)?)?;
        let mut line = StreamOwned::new(tls, stream);
        let mut buffer = vec![0; 64 * 1024];
        let request = format!("GET /small HTTP/1.1\r\nhost: {NAME}\r\ncookie: three=3\r\naccept: */*\r\n\r\n");
        for _ in 0..run.count {
            line.write_all(request.as_bytes())?;
            let mut filled = 0;
            let whole = loop {
                filled += line.read(&mut buffer[filled..])?;
                if let Some((end, Some(length), _)) = head(&buffer[..filled]) {
                    break end + length;
                }
            };
            while filled < whole {
                filled += line.read(&mut buffer[filled..])?;
            }
            check(filled, whole)?;
        }
        Ok(())
    })
}
