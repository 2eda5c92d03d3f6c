//! The server of the scenarios: two origins that answer by path, and a check of Digest that computes for itself.

use session_testkit::script::answer::{Answer, Response};
use session_testkit::script::endpoint::Endpoint;
use session_testkit::script::log::Place;
use session_testkit::script::request::Request;
use session_testkit::server::listen::{Server, Sockets};
use sha2::{Digest, Sha256};
use std::fmt::Write;

/// Two origins on one server: the first is asked, the second is where redirects lead.
pub struct Origins {
    pub server: Server,
    pub second: String,
}

/// Starts them.
pub fn origins() -> Origins {
    let sockets = Sockets::bind(2).unwrap();
    let origins: Vec<_> = sockets.addresses().unwrap().iter().map(|address| format!("http://{address}")).collect();
    let endpoints = origins.iter().map(|origin| Endpoint::origin(origin).unwrap()).collect();
    let second = origins[1].clone();
    let mut busy = 1;
    let there = second.clone();
    let answer = move |request: &Request, _: &Place| {
        let head = &request.head;
        let response = match head.target.as_str() {
            "/busy" if busy > 0 => {
                busy -= 1;
                Answer::status(503).field("retry-after", "0").body("later")
            }
            "/again" => Answer::status(307).field("location", "/echo").body("not this"),
            "/there" => Answer::status(302).field("location", format!("{there}/echo")),
            "/admin/login" => Answer::ok("in").field("set-cookie", "admin=1; Path=/admin"),
            "/digest" if !head.text("authorization").is_some_and(|answer| is_right(answer, &head.method)) => {
                let challenge = r#"Digest realm="door", nonce="once", qop="auth", algorithm=SHA-256"#;
                Answer::status(401).field("www-authenticate", challenge).body("who?")
            }
            "/stall" => return Answer::stall(),
            _ => echo(request),
        };
        response.answer_to(&head.method)
    };
    Origins { server: sockets.serve(endpoints, answer).unwrap(), second }
}

fn echo(request: &Request) -> Response {
    let mut body = format!("{} {}: ", request.head.method, request.head.target).into_bytes();
    body.extend_from_slice(&request.body);
    Answer::ok(body)
}

pub const USER: &str = "dan";
pub const PASSWORD: &str = "open sesame";

/// Whether this is the answer to the challenge (RFC 7616 3.4.1), computed anew.
fn is_right(answer: &str, method: &str) -> bool {
    let Some(fields) = answer.strip_prefix("Digest ") else { return false };
    let field = |name: &str| {
        let found = fields.split(", ").find_map(|field| field.strip_prefix(name)?.strip_prefix('='));
        found.unwrap_or_default().trim_matches('"').to_owned()
    };
    let who = hash(&format!("{USER}:door:{PASSWORD}"));
    let what = hash(&format!("{method}:/digest"));
    let proof = [who, "once".to_owned(), field("nc"), field("cnonce"), "auth".to_owned(), what].join(":");
    field("uri") == "/digest" && field("username") == USER && field("response") == hash(&proof)
}

fn hash(text: &str) -> String {
    Sha256::digest(text).iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").unwrap();
        hex
    })
}
