//! The main job, asynchronously: log in, then ask for several things at once on one session.
//!
//! ```text
//! cargo run -p transport-async-std --example async_std_login                                    # against a server it starts itself
//! cargo run -p transport-async-std --example async_std_login -- http://HOST:PORT [USER PASSWORD]  # against one that runs elsewhere
//! ```
//!
//! On smol it is the same with `smol::block_on`, as the examples that begin with `smol` have it.

use futures_lite::future::try_zip;
use session_testkit::login::login_server;
use std::error::Error;
use transport_async_std::session_core::message::head::ShownFields;
use transport_async_std::{Response, Session};

fn main() -> Result<(), Box<dyn Error>> {
    async_std::task::block_on(run())
}

async fn run() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let mut builder = Session::builder().default_header("X-App", "login-example");
    let own_server;
    let (base, user, password) = match arguments.next() {
        Some(base) => {
            let user = arguments.next().unwrap_or_else(|| "admin".to_owned());
            (base, user, arguments.next().unwrap_or_else(|| "open sesame".to_owned()))
        }
        None => {
            own_server = login_server()?;
            // The login ends on a second host, whose name only this session knows.
            for (host, address) in own_server.hosts() {
                builder = builder.resolve(host, address);
            }
            (own_server.url(), own_server.username().to_owned(), own_server.password().to_owned())
        }
    };
    let session = builder.base_url(format!("{}/api/", base.trim_end_matches('/'))).build()?;

    println!("== log in\n");
    let form = [("username", &user), ("password", &password)];
    let login = session.post("login").form(&form).send().await?.error_for_status()?;
    tell(&login);
    println!("\n{}", login.text().await?);

    println!("== cookies of the session: {:?}\n", session.cookies().to_map());

    println!("== data1 and data2, in flight at the same time\n");
    let (one, two) = try_zip(data(&session, "data1"), data(&session, "data2")).await?;
    println!("{one}\n{two}\n");

    session.close();
    match session.get("data1").send().await {
        Ok(_) => Err("a closed session answered".into()),
        Err(error) => {
            println!("== after close\n\n{error}");
            Ok(())
        }
    }
}

/// Asks for a path with the cookie and the session's headers, which are sent by themselves.
async fn data(session: &Session, path: &str) -> Result<String, transport_async_std::Error> {
    let response = session.get(path).send().await?.error_for_status()?;
    tell(&response);
    for cookie in response.cookies() {
        println!("cookie of this response: {}", String::from_utf8_lossy(cookie.name()));
    }
    println!("content type: {:?}\n", response.headers().get("content-type"));
    response.text().await
}

/// Prints each hop: what was sent, what came, and why.
fn tell(response: &Response) {
    print!("{}", response.history());
    println!("delivered from {}:", response.url());
    for line in ShownFields(response.headers()).to_string().lines() {
        println!("  < {line}");
    }
}
