//! The main job: log in, read the session's cookies, ask for data with them, close.
//!
//! ```text
//! cargo run -p transport-blocking --example blocking_login                                    # against a server it starts itself
//! cargo run -p transport-blocking --example blocking_login -- http://HOST:PORT [USER PASSWORD]  # against one that runs elsewhere
//! ```

use session_testkit::login::login_server;
use std::error::Error;
use transport_blocking::session_core::message::head::ShownFields;
use transport_blocking::{Response, Session};

fn main() -> Result<(), Box<dyn Error>> {
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
    let login =
        session.post("login").form(&[("username", &user), ("password", &password)]).send()?.error_for_status()?;
    tell(&login);
    println!("\n{}", login.text()?);

    println!("== cookies of the session: {:?}\n", session.cookies().to_map());

    for path in ["data1", "data2"] {
        println!("== {path}, with the cookie and the session's headers\n");
        let response = session.get(path).send()?.error_for_status()?;
        tell(&response);
        println!("\n{}", response.text()?);
    }

    session.close();
    match session.get("data1").send() {
        Ok(_) => Err("a closed session answered".into()),
        Err(error) => {
            println!("== after close\n\n{error}");
            Ok(())
        }
    }
}

/// Prints each hop: what was sent, what came, and why.
fn tell(response: &Response) {
    print!("{}", response.history());
    println!("delivered from {}:", response.url());
    for line in ShownFields(response.headers()).to_string().lines() {
        println!("  < {line}");
    }
}
