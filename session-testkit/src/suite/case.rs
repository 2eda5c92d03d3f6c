//! One case of any kind, read strictly: an unknown key, kind or value is an error of the case.

use crate::suite::cookie_date::CookieDate;
use crate::suite::cookies::Cookies;
use crate::suite::scenario::model::Scenario;
use crate::suite::wire::model::Wire;
use serde_json::Value;

/// A case.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Case {
    /// One session and its exchanges, at head level.
    Scenario(Box<Scenario>),
    /// The cookie jar alone.
    Cookies(Cookies),
    /// One cookie date.
    CookieDate(CookieDate),
    /// The bytes of one response.
    Wire(Box<Wire>),
}

impl Case {
    /// Reads a case by the kind that it names.
    ///
    /// # Errors
    /// What of the case is not as the format has it.
    pub fn read(value: &Value) -> Result<Self, String> {
        let Some(kind) = value.get("kind") else { return Err("the case has no kind".to_owned()) };
        let read = match kind.as_str() {
            Some("scenario") => serde_json::from_value(value.clone()).map(|case| Self::Scenario(Box::new(case))),
            Some("cookies") => serde_json::from_value(value.clone()).map(Self::Cookies),
            Some("cookie-date") => serde_json::from_value(value.clone()).map(Self::CookieDate),
            Some("wire") => serde_json::from_value(value.clone()).map(|case| Self::Wire(Box::new(case))),
            _ => return Err(format!("the kind {kind} is not known")),
        };
        read.map_err(|error| error.to_string())
    }
}

/// The name of a case, also of one that does not read.
#[must_use]
pub fn name_of(value: &Value, index: usize) -> String {
    value.get("name").and_then(Value::as_str).map_or_else(|| format!("#{index}"), ToOwned::to_owned)
}

#[cfg(test)]
mod tests {
    use super::Case;
    use serde_json::json;

    fn error(value: serde_json::Value) -> String {
        Case::read(&value).map(|_| ()).expect_err("refused")
    }

    #[test]
    fn a_case_of_no_known_kind_is_refused() {
        assert!(error(json!({"name": "x"})).contains("no kind"));
        assert!(error(json!({"kind": "hops", "name": "x"})).contains("\"hops\""));
        assert!(error(json!("wire")).contains("no kind"));
    }

    #[test]
    fn an_unknown_key_is_refused_at_every_depth() {
        let wire = json!({"kind": "wire", "name": "x", "request": {"method": "GET"}, "input": "", "eof": true,
            "expect": {"error": "incomplete"}});
        let scenario = json!({"kind": "scenario", "name": "x", "session": {}, "exchanges": [{
            "request": {"url": "http://a.test/"},
            "hops": [{"expect": {"url": "http://a.test/"}, "respond": {"status": 200}}],
            "outcome": {"status": 200}}]});
        let cookies = json!({"kind": "cookies", "name": "x", "now": "2026-01-01T00:00:00Z",
            "steps": [{"url": "http://a.test/", "expect_cookie": null}]});
        let date = json!({"kind": "cookie-date", "name": "x", "input": "", "expect": null});
        for (case, pointers) in [
            (wire, &["", "/request", "/expect"][..]),
            (
                scenario,
                &[
                    "",
                    "/session",
                    "/exchanges/0",
                    "/exchanges/0/request",
                    "/exchanges/0/hops/0",
                    "/exchanges/0/hops/0/expect",
                    "/exchanges/0/hops/0/respond",
                    "/exchanges/0/outcome",
                ][..],
            ),
            (cookies, &["", "/steps/0"][..]),
            (date, &[""][..]),
        ] {
            Case::read(&case).expect("a proper case");
            for pointer in pointers {
                let mut with_key = case.clone();
                with_key.pointer_mut(pointer).unwrap()["surprise"] = json!(1);
                assert!(error(with_key).contains("surprise"), "{pointer} of {case}");
            }
        }
    }

    #[test]
    fn a_missing_expectation_is_no_expectation_of_null() {
        assert!(error(json!({"kind": "cookie-date", "name": "x", "input": ""})).contains("expect"));
        let step = json!({"kind": "cookies", "name": "x", "steps": [{"url": "http://a.test/"}]});
        Case::read(&step).map(|_| ()).expect_err("a step that does nothing");
    }
}
