//! The library's side of `interop/`: reads one case from standard input, sends its requests through one session of
//! `transport-blocking`, and prints one outcome for each as a line of JSON.
//!
//! ```text
//! echo '{"session": {"compat": "requests"}, "requests": [{"url": "http://localhost:8000/"}]}' | \
//!     cargo run -p session-testkit --example compat_client
//! ```

use serde::Deserialize;
use serde_json::{Value, json};
use session_testkit::suite::scenario::apply::{self, NotApplied};
use session_testkit::suite::scenario::model::Request;
use session_testkit::suite::scenario::settings::Settings;
use std::error::Error;
use std::io::{self, Cursor, Write};
use std::time::Duration;
use transport_blocking::{Body, Session};

/// No request of a case may take longer.
const TIMEOUT: Duration = Duration::from_secs(10);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    #[serde(default)]
    session: Settings,
    requests: Vec<Asked>,
}

/// A request of the suites' format, and what that format does not have.
#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    remove_params: Vec<String>,
    #[serde(flatten)]
    rest: serde_json::Map<String, Value>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let case: Case = serde_json::from_reader(io::stdin().lock())?;
    let session = apply::session(Session::builder().timeout(TIMEOUT), &case.session).map_err(told)?.build()?;
    for asked in case.requests {
        let request: Request = serde_json::from_value(Value::Object(asked.rest))?;
        let outcome = ask(&session, &case.session, &request, &asked.remove_params)?;
        writeln!(io::stdout(), "{outcome}")?;
    }
    Ok(())
}

/// Status and text of the answer; the kind of the error where there is none.
fn ask(
    session: &Session,
    settings: &Settings,
    request: &Request,
    remove_params: &[String],
) -> Result<Value, Box<dyn Error>> {
    let mut builder =
        apply::request(session, settings, request, |text| Body::reader(Cursor::new(text))).map_err(told)?;
    for name in remove_params {
        builder = builder.remove_param(name);
    }
    Ok(match builder.send() {
        Ok(response) => json!({"status": response.status().as_u16(), "text": response.text()?}),
        Err(error) => json!({"error": error.kind().name()}),
    })
}

fn told(why: NotApplied) -> Box<dyn Error> {
    match why {
        NotApplied::Refused(error) => error,
        NotApplied::Unsupported(what) => what.into(),
    }
}
