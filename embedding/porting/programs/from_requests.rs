//! A login and what comes after it: from_requests.py, line by line.

use std::error::Error;
use std::time::Duration;
use transport_blocking::{RedirectPolicy, Session};

fn main() -> Result<(), Box<dyn Error>> {
    let base = std::env::args().nth(1).ok_or("the server's URL is missing")?;
    let timeout = Duration::from_secs(10);
    let session = Session::builder().connect_timeout(Duration::from_secs(3)).read_timeout(timeout).build()?;
    session.headers_mut().set("x-app", "demo")?;

    let form = [("username", "admin"), ("password", "open sesame")];
    let login = session.post(format!("{base}/api/login")).form(&form).send()?.error_for_status()?;
    println!("{} {:?} {}", login.status().as_u16(), login.history().statuses(), login.text()?.trim());
    let cookies = session.cookies().to_map();
    println!("{:?} {}", cookies.keys().collect::<Vec<_>>(), cookies["theme"]);

    for path in ["data1", "data2"] {
        let response = session.get(format!("{base}/api/{path}")).query(&[("page", "1")]).send()?;
        let content_type = response.headers()["content-type"].to_str()?.to_owned();
        println!("{} {content_type} {}", response.status().as_u16(), response.text()?.trim());
    }

    let response = session.get(format!("{base}/api/data1")).remove_header("x-app").send()?;
    println!("{}", response.text()?.trim());

    let response = session.get(format!("{base}/api/welcome")).redirect(RedirectPolicy::none()).send()?;
    println!("{} {}", response.status().as_u16(), response.is_redirect());

    match session.get(format!("{base}/nothing")).send()?.error_for_status() {
        Ok(_) => return Err("there was something".into()),
        Err(error) => {
            let response = error.into_response().ok_or("the error has no response")?;
            println!("{} {}", response.status().as_u16(), response.text()?.trim());
        }
    }

    session.cookies().clear();
    println!("{}", session.get(format!("{base}/api/data1")).send()?.status().as_u16());
    session.close();
    Ok(())
}
