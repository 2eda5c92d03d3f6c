//! A login and what comes after it: from_aiohttp.py, line by line.

use std::error::Error;
use std::time::Duration;
use transport_tokio::{RedirectPolicy, Session};

async fn data(session: &Session, path: &str) -> Result<(u16, String, String), Box<dyn Error>> {
    let response = session.get(path).query(&[("page", "1")]).send().await?;
    let content_type = response.headers()["content-type"].to_str()?.split(';').next().unwrap_or_default().to_owned();
    Ok((response.status().as_u16(), content_type, response.text().await?.trim().to_owned()))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let base = std::env::args().nth(1).ok_or("the server's URL is missing")?;
    let session = Session::builder().base_url(base).default_header("x-app", "demo").timeout(Duration::from_secs(20));
    let session = session.build()?;
    let form = [("username", "admin"), ("password", "open sesame")];
    let login = session.post("/api/login").form(&form).send().await?.error_for_status()?;
    println!("{} {:?} {}", login.status().as_u16(), login.history().statuses(), login.text().await?.trim());
    println!("{:?}", session.cookies().to_map().keys().collect::<Vec<_>>());

    let (one, two) = tokio::try_join!(data(&session, "/api/data1"), data(&session, "/api/data2"))?;
    for (status, content_type, text) in [one, two] {
        println!("{status} {content_type} {text}");
    }

    let response = session.post("/api/login").form(&form).redirect(RedirectPolicy::none()).send().await?;
    let mut names: Vec<_> = response.cookies().filter_map(|cookie| cookie.name_str()).collect();
    names.sort();
    println!("{} {names:?}", response.status().as_u16());

    match session.get("/nothing").send().await?.error_for_status() {
        Ok(_) => return Err("there was something".into()),
        Err(error) => println!("{}", error.status().map_or(0, |status| status.as_u16())),
    }
    session.close();
    println!("{}", session.is_closed());
    Ok(())
}
