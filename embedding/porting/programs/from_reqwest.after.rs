//! A login and what comes after it, ported from reqwest.

use std::time::Duration;
use transport_tokio::RedirectPolicy;
use transport_tokio::http::header::{HeaderMap, HeaderValue};
use transport_tokio::{Response, Session};

async fn data(client: &transport_tokio::Session, url: String) -> transport_tokio::Result<String> {
    let response = client.get(url).query(&[("page", "1")]).send().await?.error_for_status()?;
    let kind = response.headers().get("content-type").cloned();
    Ok(format!("{:?} {}", kind, response.text().await?.trim()))
}

/// A client without cookies.
async fn stranger(client: &Session, url: String) -> transport_tokio::Result<transport_tokio::http::StatusCode> {
    Ok(client.get(url).bearer_auth("token").send().await?.status())
}

fn tell(response: &Response) -> String {
    format!("{} {:?} {}", response.status(), response.version(), response.url().path())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let base = std::env::args().nth(1).ok_or("the server's URL is missing")?;
    let mut headers = HeaderMap::new();
    headers.insert("x-app", HeaderValue::from_static("demo"));
    let client = Session::builder()
        .default_headers(headers)
        .user_agent("porting/1")
        .connect_timeout(Duration::from_secs(3))
        .timeout(Duration::from_secs(20))
        .redirect(RedirectPolicy::limited(5))
        .build()?;

    let form = [("username", "admin"), ("password", "open sesame")];
    let login = client.post(format!("{base}/api/login")).form(&form).send().await?.error_for_status()?;
    println!("{}", tell(&login));
    println!("{}", login.text().await?.trim());

    let (one, two) =
        tokio::try_join!(data(&client, format!("{base}/api/data1")), data(&client, format!("{base}/api/data2")))?;
    println!("{one}\n{two}");

    let mut response = client
        .request(transport_tokio::http::Method::GET, format!("{base}/api/data1"))
        .header("x-app", "once")
        .send()
        .await?;
    while let Some(chunk) = response.chunk().await? {
        println!("{:?}", String::from_utf8_lossy(&chunk));
    }

    let error: transport_tokio::Error = data(&client, format!("{base}/nothing")).await.unwrap_err();
    println!("{} {}", error.is_status(), error.status() == Some(transport_tokio::http::StatusCode::NOT_FOUND));
    println!("{}", stranger(&Session::new(), format!("{base}/api/data1")).await?);
    Ok(())
}
