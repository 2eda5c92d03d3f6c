//! A login and what comes after it, with reqwest.

use reqwest::header::{HeaderMap, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::{Client, Response};
use std::time::Duration;

async fn data(client: &reqwest::Client, url: String) -> reqwest::Result<String> {
    let response = client.get(url).query(&[("page", "1")]).send().await?.error_for_status()?;
    let kind = response.headers().get("content-type").cloned();
    Ok(format!("{:?} {}", kind, response.text().await?.trim()))
}

/// A client without cookies.
async fn stranger(client: &Client, url: String) -> reqwest::Result<reqwest::StatusCode> {
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
    let client = Client::builder()
        .cookie_store(true)
        .default_headers(headers)
        .user_agent("porting/1")
        .connect_timeout(Duration::from_secs(3))
        .timeout(Duration::from_secs(20))
        .redirect(Policy::limited(5))
        .build()?;

    let form = [("username", "admin"), ("password", "open sesame")];
    let login = client.post(format!("{base}/api/login")).form(&form).send().await?.error_for_status()?;
    println!("{}", tell(&login));
    println!("{}", login.text().await?.trim());

    let (one, two) =
        tokio::try_join!(data(&client, format!("{base}/api/data1")), data(&client, format!("{base}/api/data2")))?;
    println!("{one}\n{two}");

    let mut response =
        client.request(reqwest::Method::GET, format!("{base}/api/data1")).header("x-app", "once").send().await?;
    while let Some(chunk) = response.chunk().await? {
        println!("{:?}", String::from_utf8_lossy(&chunk));
    }

    let error: reqwest::Error = data(&client, format!("{base}/nothing")).await.unwrap_err();
    println!("{} {}", error.is_status(), error.status() == Some(reqwest::StatusCode::NOT_FOUND));
    println!("{}", stranger(&Client::new(), format!("{base}/api/data1")).await?);
    Ok(())
}
