//! Whether a file is what HAR 1.2 says: every mandatory member there, each of its kind, sizes and times as they must be.

use crate::har::date::is_date;
use serde_json::Value;
use std::fmt;

/// What is wrong in one place of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Flaw {
    /// Where: `log.entries[0].request.url`.
    pub at: String,
    /// What should be there.
    pub expected: &'static str,
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: expected {}", self.at, self.expected)
    }
}

/// What a member must be.
#[derive(Clone, Copy)]
enum Kind {
    Text,
    Date,
    Url,
    /// A number of milliseconds, from 0.
    Millis,
    /// The same, or -1 where the phase did not take place.
    OptionalMillis,
    /// A number of bytes, or -1 where it is not known.
    Size,
    Status,
    Flag,
    Object(&'static [Member]),
    List(&'static [Member]),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Need {
    Mandatory,
    Optional,
}

type Member = (&'static str, Need, Kind);

use Kind::{Date, Flag, List, Millis, Object, OptionalMillis, Size, Status, Text, Url};
use Need::{Mandatory, Optional};

const CREATOR: &[Member] = &[("name", Mandatory, Text), ("version", Mandatory, Text), ("comment", Optional, Text)];

const PAIR: &[Member] = &[("name", Mandatory, Text), ("value", Mandatory, Text), ("comment", Optional, Text)];

const COOKIE: &[Member] = &[
    ("name", Mandatory, Text),
    ("value", Mandatory, Text),
    ("path", Optional, Text),
    ("domain", Optional, Text),
    ("expires", Optional, Date),
    ("httpOnly", Optional, Flag),
    ("secure", Optional, Flag),
];

const PARAM: &[Member] = &[
    ("name", Mandatory, Text),
    ("value", Optional, Text),
    ("fileName", Optional, Text),
    ("contentType", Optional, Text),
];

const POST_DATA: &[Member] =
    &[("mimeType", Mandatory, Text), ("params", Optional, List(PARAM)), ("text", Optional, Text)];

const REQUEST: &[Member] = &[
    ("method", Mandatory, Text),
    ("url", Mandatory, Url),
    ("httpVersion", Mandatory, Text),
    ("cookies", Mandatory, List(COOKIE)),
    ("headers", Mandatory, List(PAIR)),
    ("queryString", Mandatory, List(PAIR)),
    ("postData", Optional, Object(POST_DATA)),
    ("headersSize", Mandatory, Size),
    ("bodySize", Mandatory, Size),
];

const CONTENT: &[Member] = &[
    ("size", Mandatory, Size),
    ("compression", Optional, Size),
    ("mimeType", Mandatory, Text),
    ("text", Optional, Text),
    ("encoding", Optional, Text),
];

const RESPONSE: &[Member] = &[
    ("status", Mandatory, Status),
    ("statusText", Mandatory, Text),
    ("httpVersion", Mandatory, Text),
    ("cookies", Mandatory, List(COOKIE)),
    ("headers", Mandatory, List(PAIR)),
    ("content", Mandatory, Object(CONTENT)),
    ("redirectURL", Mandatory, Text),
    ("headersSize", Mandatory, Size),
    ("bodySize", Mandatory, Size),
];

const TIMINGS: &[Member] = &[
    ("blocked", Optional, OptionalMillis),
    ("dns", Optional, OptionalMillis),
    ("connect", Optional, OptionalMillis),
    ("ssl", Optional, OptionalMillis),
    ("send", Mandatory, Millis),
    ("wait", Mandatory, Millis),
    ("receive", Mandatory, Millis),
];

const ENTRY: &[Member] = &[
    ("pageref", Optional, Text),
    ("startedDateTime", Mandatory, Date),
    ("time", Mandatory, Millis),
    ("request", Mandatory, Object(REQUEST)),
    ("response", Mandatory, Object(RESPONSE)),
    ("cache", Mandatory, Object(&[])),
    ("timings", Mandatory, Object(TIMINGS)),
    ("serverIPAddress", Optional, Text),
    ("connection", Optional, Text),
    ("comment", Optional, Text),
];

const LOG: &[Member] = &[
    ("version", Mandatory, Text),
    ("creator", Mandatory, Object(CREATOR)),
    ("browser", Optional, Object(CREATOR)),
    ("entries", Mandatory, List(ENTRY)),
    ("comment", Optional, Text),
];

const HAR: &[Member] = &[("log", Mandatory, Object(LOG))];

/// What is wrong with a file; nothing where it is as HAR 1.2 says. Members that the format does not know are left alone. The time
/// of an entry must be the sum of its timings, as the format has it, but for what rounding does.
///
/// ```
/// use session_testkit::har::check::flaws;
///
/// let file = serde_json::json!({ "log": { "version": "1.2", "entries": [] } });
/// assert_eq!(flaws(&file)[0].to_string(), "log.creator: expected an object");
/// ```
#[must_use]
pub fn flaws(file: &Value) -> Vec<Flaw> {
    let mut found = Vec::new();
    object(file, "", HAR, &mut found);
    let entries = file.pointer("/log/entries").and_then(Value::as_array);
    for (index, entry) in entries.into_iter().flatten().enumerate() {
        let part = |name: &str| entry.get("timings")?.get(name)?.as_f64().filter(|part| *part > 0.0);
        let sum: f64 = ["blocked", "dns", "connect", "send", "wait", "receive"].into_iter().filter_map(part).sum();
        if entry.get("time").and_then(Value::as_f64).is_some_and(|time| (time - sum).abs() > 1.0) {
            found.push(Flaw { at: format!("log.entries[{index}].time"), expected: "the sum of the timings" });
        }
    }
    found
}

fn object(value: &Value, at: &str, members: &[Member], found: &mut Vec<Flaw>) {
    for (name, need, kind) in members {
        let at = if at.is_empty() { (*name).to_owned() } else { format!("{at}.{name}") };
        match value.get(name) {
            Some(Value::Null) | None if *need == Optional => {}
            Some(member) => check(member, &at, *kind, found),
            None => found.push(Flaw { at, expected: kind.told() }),
        }
    }
}

fn check(value: &Value, at: &str, kind: Kind, found: &mut Vec<Flaw>) {
    let text = value.as_str();
    let number = value.as_f64().filter(|number| number.is_finite());
    let fits = match kind {
        Text => text.is_some(),
        Date => text.is_some_and(is_date),
        Url => text.is_some_and(|text| url::Url::parse(text).is_ok()),
        Millis => number.is_some_and(|number| number >= 0.0),
        OptionalMillis => number.is_some_and(|number| number >= 0.0 || number == -1.0),
        Size => value.as_i64().is_some_and(|size| size >= -1),
        Status => value.as_u64().is_some_and(|status| status <= 999),
        Flag => value.is_boolean(),
        Object(members) => {
            if value.is_object() {
                object(value, at, members, found);
            }
            value.is_object()
        }
        List(members) => {
            for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                check(item, &format!("{at}[{index}]"), Object(members), found);
            }
            value.is_array()
        }
    };
    if !fits {
        found.push(Flaw { at: at.to_owned(), expected: kind.told() });
    }
}

impl Kind {
    fn told(self) -> &'static str {
        match self {
            Text => "a text",
            Date => "a date by ISO 8601",
            Url => "an absolute URL",
            Millis => "milliseconds",
            OptionalMillis => "milliseconds, or -1",
            Size => "a number of bytes, or -1",
            Status => "a status, or 0",
            Flag => "true or false",
            Object(_) => "an object",
            List(_) => "a list",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::flaws;
    use serde_json::{Value, json};

    fn file() -> Value {
        json!({ "log": { "version": "1.2", "creator": { "name": "x", "version": "1" }, "entries": [{
            "startedDateTime": "2026-11-21T14:32:07.123Z",
            "time": 3.5,
            "request": {
                "method": "GET", "url": "http://a.test/", "httpVersion": "HTTP/1.1", "cookies": [], "headers": [],
                "queryString": [{ "name": "a", "value": "b" }], "headersSize": -1, "bodySize": 0
            },
            "response": {
                "status": 200, "statusText": "OK", "httpVersion": "HTTP/1.1", "cookies": [], "headers": [],
                "content": { "size": 0, "mimeType": "text/plain" }, "redirectURL": "", "headersSize": -1, "bodySize": -1
            },
            "cache": {},
            "timings": { "send": 0.5, "wait": 1, "receive": 2, "dns": -1 }
        }] } })
    }

    fn found(change: impl FnOnce(&mut Value)) -> Vec<String> {
        let mut file = file();
        change(&mut file);
        flaws(&file).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_file_as_the_format_has_it_has_no_flaw() {
        assert_eq!(found(|_| {}), Vec::<String>::new());
    }

    #[test]
    fn each_mandatory_member_is_missed() {
        fn paths(value: &Value, at: &str, found: &mut Vec<String>) {
            match value {
                Value::Object(members) => members.iter().for_each(|(name, member)| {
                    found.push(format!("{at}/{name}"));
                    paths(member, &format!("{at}/{name}"), found);
                }),
                Value::Array(items) => {
                    items.iter().enumerate().for_each(|(index, item)| paths(item, &format!("{at}/{index}"), found))
                }
                _ => {}
            }
        }
        let mut all = Vec::new();
        paths(&file(), "", &mut all);
        let mandatory: Vec<_> = all.into_iter().filter(|path| !path.ends_with("/dns")).collect();
        assert!(mandatory.len() > 30, "{mandatory:?}");
        for path in mandatory {
            let (parent, name) = path.rsplit_once('/').unwrap();
            let told = found(|file| {
                file.pointer_mut(parent).unwrap().as_object_mut().unwrap().remove(name);
            });
            assert!(
                told.iter().any(|flaw| flaw.contains(&format!("{name}: expected"))) || name == "time",
                "{path} {told:?}"
            );
            assert!(!told.is_empty(), "{path}");
        }
    }

    #[test]
    fn members_of_another_kind_are_told_with_their_place() {
        let entry = "/log/entries/0";
        for (path, wrong, expected) in [
            ("/startedDateTime", json!("yesterday"), "log.entries[0].startedDateTime: expected a date by ISO 8601"),
            ("/request/url", json!("/x"), "log.entries[0].request.url: expected an absolute URL"),
            ("/request/cookies", json!({}), "log.entries[0].request.cookies: expected a list"),
            ("/request/queryString/0/value", json!(1), "log.entries[0].request.queryString[0].value: expected a text"),
            ("/response/status", json!("200"), "log.entries[0].response.status: expected a status, or 0"),
            ("/response/bodySize", json!(-2), "log.entries[0].response.bodySize: expected a number of bytes, or -1"),
            ("/timings/wait", json!(-1), "log.entries[0].timings.wait: expected milliseconds"),
            ("/timings/dns", json!(-2), "log.entries[0].timings.dns: expected milliseconds, or -1"),
            ("/time", json!(9), "log.entries[0].time: expected the sum of the timings"),
        ] {
            let told = found(|file| *file.pointer_mut(&format!("{entry}{path}")).unwrap() = wrong);
            assert!(told.contains(&expected.to_owned()), "{told:?}");
        }
    }
}
