//! The small application that the `login` examples talk to: a login that answers with cookies and a chain of redirects
//! over two hosts, and data that needs the cookie.
//!
//! | request | answer |
//! |---|---|
//! | `POST /api/login`, a form with the right `username` and `password` | 302 to `/api/welcome`, cookies `sid` and `theme` |
//! | `POST /api/login`, anything else | 401 |
//! | `GET /api/welcome` with the cookie | 302 to `/welcome` on the other host |
//! | `GET /welcome` on the other host | 200 |
//! | `GET /api/data1`, `GET /api/data2` with the cookie | 200, a text that names the user and echoes `X-App` |
//! | the same without the cookie | 401 |
//! | everything else | 404 |

use crate::script::answer::{Answer, Response};
use crate::script::endpoint::Endpoint;
use crate::script::log::{Log, Place};
use crate::script::request::{Head, Request};
use crate::script::responder::Responder;
use crate::server::listen::{Server, Sockets};
use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use std::io;
use std::net::SocketAddr;
use url::form_urlencoded;

/// Who may log in, and what the two hosts are called.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct LoginSettings {
    /// The user. Default `admin`.
    pub username: String,
    /// The password. Default `open sesame`.
    pub password: String,
    /// The host of the application, as its URLs have it. Default `127.0.0.1`, which needs no resolver.
    pub app_host: String,
    /// The other host, where the login ends. Default `cdn.test`.
    pub other_host: String,
    /// The origin that the redirect to the other host names, where it is not `http://OTHER_HOST:PORT` with the port that
    /// the server found free.
    pub other_origin: Option<String>,
}

impl Default for LoginSettings {
    fn default() -> Self {
        Self {
            username: "admin".to_owned(),
            password: "open sesame".to_owned(),
            app_host: "127.0.0.1".to_owned(),
            other_host: "cdn.test".to_owned(),
            other_origin: None,
        }
    }
}

/// The application, listening on two free loopback ports until it is dropped.
#[derive(Debug)]
pub struct LoginServer {
    settings: LoginSettings,
    addresses: [SocketAddr; 2],
    server: Server,
}

/// Starts the application with the default settings.
///
/// # Errors
/// Those of the system.
pub fn login_server() -> io::Result<LoginServer> {
    LoginServer::start(LoginSettings::default())
}

impl LoginServer {
    /// Starts the application.
    ///
    /// # Errors
    /// Those of the system, and a host name that is none.
    pub fn start(settings: LoginSettings) -> io::Result<Self> {
        let sockets = Sockets::bind(2)?;
        let [app, other] = <[SocketAddr; 2]>::try_from(sockets.addresses()?)
            .map_err(|_| io::Error::other("two listeners have other than two addresses"))?;
        let endpoint = |host: &str, at: SocketAddr| {
            Endpoint::origin(&format!("http://{host}:{}", at.port()))
                .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, format!("\"{host}\" is no host")))
        };
        let endpoints = [endpoint(&settings.app_host, app)?, endpoint(&settings.other_host, other)?];
        let application = Application {
            username: settings.username.clone(),
            password: settings.password.clone(),
            app: endpoints[0].clone(),
            other_origin: settings.other_origin.clone().unwrap_or_else(|| endpoints[1].to_string()),
            users: HashMap::new(),
        };
        let server = sockets.serve(endpoints.into(), application)?;
        Ok(Self { settings, addresses: [app, other], server })
    }

    /// The application's origin, such as `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn url(&self) -> String {
        self.server.url("")
    }

    /// The host names of the application and of the other host, each with the address that stands for it: what a
    /// session's resolver has to be told.
    #[must_use]
    pub fn hosts(&self) -> [(&str, SocketAddr); 2] {
        let [app, other] = self.addresses;
        [(&self.settings.app_host, app), (&self.settings.other_host, other)]
    }

    /// The user who may log in.
    #[must_use]
    pub fn username(&self) -> &str {
        &self.settings.username
    }

    /// That user's password.
    #[must_use]
    pub fn password(&self) -> &str {
        &self.settings.password
    }

    /// What the application saw so far.
    #[must_use]
    pub fn log(&self) -> Log {
        self.server.log()
    }
}

struct Application {
    username: String,
    password: String,
    app: Endpoint,
    other_origin: String,
    /// The users who are logged in, by session id.
    users: HashMap<String, String>,
}

impl Responder for Application {
    fn respond(&mut self, request: &Request, place: &Place) -> Answer {
        let path = request.head.target.split('?').next().unwrap_or_default();
        let method = request.head.method.as_str();
        let response = if place.endpoint == self.app {
            match (method, path) {
                ("POST", "/api/login") => self.log_in(request),
                ("GET", "/api/welcome" | "/api/data1" | "/api/data2") => self.members_only(&request.head, path),
                _ => not_found(),
            }
        } else {
            match (method, path) {
                ("GET", "/welcome") => text(200, "welcome\n"),
                _ => not_found(),
            }
        };
        response.answer_to(method)
    }
}

impl Application {
    fn log_in(&mut self, request: &Request) -> Response {
        let is_form = request.head.text("content-type").is_some_and(|value| {
            value.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/x-www-form-urlencoded")
        });
        let form: HashMap<_, _> = form_urlencoded::parse(&request.body).into_owned().collect();
        let is = |name: &str, right: &str| form.get(name).is_some_and(|value| value == right);
        if !is_form || !is("username", &self.username) || !is("password", &self.password) {
            return text(401, "wrong user name or password\n");
        }
        // The keys of a new hasher are random, so the id cannot be foretold.
        let id = format!("{:016x}", RandomState::new().hash_one(self.users.len()));
        self.users.insert(id.clone(), self.username.clone());
        text(302, "")
            .field("location", "/api/welcome")
            .field("set-cookie", format!("sid={id}; Path=/; HttpOnly"))
            .field("set-cookie", "theme=dark; Path=/")
    }

    fn members_only(&self, head: &Head, path: &str) -> Response {
        let Some(user) = cookie(head, "sid").and_then(|id| self.users.get(id)) else {
            return text(401, "log in first\n");
        };
        match path.strip_prefix("/api/") {
            Some("welcome") => text(302, "").field("location", format!("{}/welcome", self.other_origin)),
            Some(name) => {
                let app = head.text("x-app").unwrap_or("none");
                text(200, format!("{name} of {user}; x-app: {app}\n"))
            }
            None => not_found(),
        }
    }
}

fn text(status: u16, body: impl Into<String>) -> Response {
    Answer::status(status).field("content-type", "text/plain; charset=utf-8").body(body.into())
}

fn not_found() -> Response {
    text(404, "there is nothing here\n")
}

/// The value of a cookie of the request.
fn cookie<'a>(head: &'a Head, name: &str) -> Option<&'a str> {
    head.text("cookie")?.split("; ").find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
}

#[cfg(test)]
mod tests {
    use super::{LoginServer, LoginSettings, login_server};
    use std::io::{Read as _, Write as _};
    use std::net::{SocketAddr, TcpStream};
    use std::time::Duration;

    fn ask(address: SocketAddr, request: &str) -> String {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    fn get(address: SocketAddr, path: &str, fields: &str) -> String {
        ask(address, &format!("GET {path} HTTP/1.1\r\nHost: h\r\n{fields}\r\n"))
    }

    fn post(address: SocketAddr, form: &str) -> String {
        let head = "POST /api/login HTTP/1.1\r\nHost: h\r\nContent-Type: application/x-www-form-urlencoded\r\n";
        ask(address, &format!("{head}Content-Length: {}\r\n\r\n{form}", form.len()))
    }

    fn field<'a>(answer: &'a str, start: &str) -> &'a str {
        answer.lines().find_map(|line| line.strip_prefix(start)).unwrap_or_default()
    }

    #[test]
    fn a_login_gives_cookies_and_leads_over_two_hosts_to_the_data() {
        let server = login_server().unwrap();
        let [(_, app), (other_host, other)] = server.hosts();
        assert_eq!(server.url(), format!("http://{app}"));
        let login = post(app, "username=admin&password=open+sesame");
        assert!(login.starts_with("HTTP/1.1 302"), "{login}");
        assert_eq!(field(&login, "location: "), "/api/welcome");
        assert!(login.contains("; Path=/; HttpOnly\r\n") && login.contains("set-cookie: theme=dark; Path=/\r\n"));
        let sid = field(&login, "set-cookie: sid=").split(';').next().unwrap();
        let cookie = format!("Cookie: theme=dark; sid={sid}\r\n");
        let welcome = get(app, "/api/welcome", &cookie);
        assert_eq!(field(&welcome, "location: "), format!("http://{other_host}:{}/welcome", other.port()));
        assert!(get(other, "/welcome", "").starts_with("HTTP/1.1 200"));
        let data = get(app, "/api/data1?x", &format!("{cookie}X-App: demo\r\n"));
        assert!(data.ends_with("data1 of admin; x-app: demo\n"), "{data}");
        assert!(get(app, "/api/data2", &cookie).ends_with("data2 of admin; x-app: none\n"));
        assert_eq!(server.log().requests.len(), 5);
    }

    #[test]
    fn without_the_right_password_or_cookie_there_is_nothing() {
        let server = login_server().unwrap();
        let [(_, app), (_, other)] = server.hosts();
        for form in ["", "username=admin", "username=admin&password=wrong", "username=x&password=open+sesame"] {
            assert!(post(app, form).starts_with("HTTP/1.1 401"), "{form}");
        }
        for fields in ["", "Cookie: sid=\r\n", "Cookie: sid=0000000000000000\r\n", "Cookie: xsid=1\r\n"] {
            assert!(get(app, "/api/data1", fields).starts_with("HTTP/1.1 401"), "{fields}");
        }
        assert!(get(app, "/api/login", "").starts_with("HTTP/1.1 404"));
        assert!(get(other, "/api/data1", "").starts_with("HTTP/1.1 404"));
    }

    #[test]
    fn the_hosts_can_be_named() {
        let settings = LoginSettings {
            app_host: "app.test".to_owned(),
            other_origin: Some("https://elsewhere.test".to_owned()),
            password: "p".to_owned(),
            ..LoginSettings::default()
        };
        let server = LoginServer::start(settings).unwrap();
        let [(host, app), _] = server.hosts();
        assert_eq!(server.url(), format!("http://{host}:{}", app.port()));
        let login = post(app, "username=admin&password=p");
        let sid = field(&login, "set-cookie: sid=").split(';').next().unwrap();
        let welcome = get(app, "/api/welcome", &format!("Cookie: sid={sid}\r\n"));
        assert_eq!(field(&welcome, "location: "), "https://elsewhere.test/welcome");
        let bad = LoginSettings { app_host: "no host".to_owned(), ..LoginSettings::default() };
        assert!(LoginServer::start(bad).is_err());
    }
}
