//! Requests through a proxy, and past it: `cargo run -p transport-tokio --example tokio_proxy`

use session_testkit::script::answer::Answer;
use session_testkit::script::endpoint::Endpoint;
use session_testkit::script::log::Place;
use session_testkit::script::request::Request;
use session_testkit::server::listen::Server;
use std::error::Error;
use transport_tokio::{NoProxy, ProxyConfig, ProxyServer, Session};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let direct = Server::answering(|_| Answer::ok("nobody stood between"))?;
    let endpoint = Endpoint::proxy("http://proxy.test:3128").ok_or("no proxy")?;
    let proxy = Server::start([endpoint], |request: &Request, _: &Place| {
        let user = request.head.text("proxy-authorization").is_some();
        let answer = format!("the proxy was asked for {}; user told: {user}", request.head.target);
        Answer::ok(answer).answer_to(&request.head.method)
    })?;
    let address = proxy.first_address().ok_or("the proxy has no address")?;

    // Its password goes to the proxy alone. https would go through a tunnel.
    let server = ProxyServer::parse(&format!("http://dan:secret@{address}"))?;
    let proxies = ProxyConfig::new().all(server).no_proxy(NoProxy::parse("127.0.0.1,.local.test"));
    let session = Session::builder().proxy(proxies).build()?;

    // The proxy looks the name up, so it need not be known here.
    println!("{}", session.get("http://shop.test/offers").send().await?.text().await?);
    println!("{}", session.get(direct.url("/")).send().await?.text().await?);
    Ok(())
}
