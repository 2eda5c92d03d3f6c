//! Kind "wire": the case is fed in every way, and what came is compared with what the case expects.
//!
//! The codec is behind a function, so the checks can be fed wrong observations and be seen to fail.

use crate::suite::outcome::Outcome;
use crate::suite::value::{Text, check_fields, show};
use crate::suite::wire::feed::{GARBAGE, split_points};
use crate::suite::wire::model::{Reuse, Wire};
use http::HeaderMap;

/// What a codec made of the bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Observed {
    /// The interim responses: status and fields.
    pub interim: Vec<(u16, HeaderMap)>,
    /// The final response: status and fields.
    pub head: Option<(u16, HeaderMap)>,
    /// The body that was delivered.
    pub body: Vec<u8>,
    /// The trailers, once the message is complete.
    pub trailers: Option<HeaderMap>,
    /// Whether the message was complete before the peer closed.
    pub complete_before_end: bool,
    /// What becomes of the connection; `None` after an error.
    pub reuse: Option<Reuse>,
    /// The error's name.
    pub error: Option<String>,
}

/// Runs a case. `codec` takes the case, the pieces to feed and whether the peer then closes.
pub fn run(case: &Wire, codec: impl Fn(&Wire, &[&[u8]], bool) -> Result<Observed, String>) -> Outcome {
    let input = case.input.as_slice();
    let whole = match codec(case, &[input], case.eof) {
        Ok(observed) => observed,
        Err(difference) => return Outcome::Failed(vec![difference]),
    };
    let mut differences = check(case, &whole);
    let mut compare = |way: &str, pieces: &[&[u8]], expected: &Observed| {
        match codec(case, pieces, case.eof) {
            Ok(observed) if observed == *expected => return true,
            Ok(observed) => differences.push(format!("fed {way}: {}", first_difference(expected, &observed))),
            Err(difference) => differences.push(format!("fed {way}: {difference}")),
        }
        false
    };
    let bytes: Vec<&[u8]> = input.chunks(1).collect();
    compare("byte by byte", &bytes, &whole);
    for at in split_points(input.len()) {
        // One split that differs says it all.
        if !compare(&format!("in two, split at {at}"), &[&input[..at], &input[at..]], &whole) {
            break;
        }
    }
    if whole.complete_before_end && whole.error.is_none() {
        let with_garbage = [input, GARBAGE].concat();
        let reuse = match whole.reuse {
            Some(Reuse::Switched) => Reuse::Switched,
            _ => Reuse::Close,
        };
        let expected = Observed { reuse: Some(reuse), ..whole.clone() };
        compare("with trailing garbage", &[&with_garbage], &expected);
        compare("with trailing garbage apart", &[input, GARBAGE], &expected);
    }
    Outcome::of(differences)
}

/// Compares what came of the whole input with what the case expects.
#[must_use]
pub fn check(case: &Wire, observed: &Observed) -> Vec<String> {
    let mut differences = Vec::new();
    let expect = &case.expect;
    let wanted_error = expect.error.map(super::model::ErrorName::as_str);
    if wanted_error != observed.error.as_deref() {
        let came = match &observed.error {
            Some(error) => format!("the error {error}"),
            None if observed.reuse.is_none() => "no error and an incomplete message".to_owned(),
            None => "no error".to_owned(),
        };
        differences.push(format!(
            "expected {}, got {came}",
            wanted_error.map_or("no error".to_owned(), |error| format!("the error {error}"))
        ));
    } else if wanted_error.is_none() && observed.reuse.is_none() {
        differences.push("expected a complete message, got one that needs more bytes".to_owned());
    }
    let status = observed.head.as_ref().map(|(status, _)| *status);
    if expect.status.is_some() && expect.status != status {
        differences.push(format!("status: expected {}, got {}", shown(expect.status), shown(status)));
    }
    let no_fields = HeaderMap::new();
    let headers = observed.head.as_ref().map_or(&no_fields, |(_, headers)| headers);
    check_fields("field", &expect.headers, Text::Octets, |name| lines(headers, name), &mut differences);
    if let Some(body) = &expect.body
        && body.as_slice() != observed.body
    {
        differences.push(format!("body: expected {}, got {}", show(body.as_slice()), show(&observed.body)));
    }
    if let Some(expected) = &expect.trailers {
        let trailers = observed.trailers.as_ref().unwrap_or(&no_fields);
        if expected.is_empty() && !trailers.is_empty() {
            differences.push(format!("trailers: expected none, got {}", trailers.len()));
        }
        check_fields("trailer", expected, Text::Octets, |name| lines(trailers, name), &mut differences);
    }
    if let Some(expected) = &expect.interim {
        let came: Vec<u16> = observed.interim.iter().map(|(status, _)| *status).collect();
        if came != *expected {
            differences.push(format!("interim: expected {expected:?}, got {came:?}"));
        }
    }
    if expect.reuse.is_some() && expect.reuse != observed.reuse {
        differences.push(format!("reuse: expected {:?}, got {:?}", expect.reuse, observed.reuse));
    }
    differences
}

fn lines<'a>(headers: &'a HeaderMap, name: &str) -> Vec<&'a [u8]> {
    headers.get_all(name).iter().map(http::HeaderValue::as_bytes).collect()
}

fn shown(status: Option<u16>) -> String {
    status.map_or_else(|| "none".to_owned(), |status| status.to_string())
}

/// Where two observations of the same bytes part.
fn first_difference(whole: &Observed, other: &Observed) -> String {
    if whole.interim != other.interim {
        return format!("expected {} interim responses, got other ones ({})", whole.interim.len(), other.interim.len());
    }
    if whole.head != other.head {
        return "expected the same final head, got another".to_owned();
    }
    if whole.body != other.body {
        return format!("body: expected {}, got {}", show(&whole.body), show(&other.body));
    }
    if whole.trailers != other.trailers {
        return "expected the same trailers, got others".to_owned();
    }
    format!(
        "expected reuse {:?} and error {:?}, got reuse {:?} and error {:?}",
        whole.reuse, whole.error, other.reuse, other.error
    )
}

#[cfg(test)]
mod tests {
    use super::{Observed, run};
    use crate::suite::outcome::Outcome;
    use crate::suite::wire::feed::GARBAGE;
    use crate::suite::wire::model::{Reuse, Wire};
    use http::{HeaderMap, HeaderValue};
    use serde_json::{Value, from_value, json};

    fn case(expect: Value) -> Wire {
        let case = json!({"kind": "wire", "name": "x", "input": "abc", "eof": false, "expect": expect});
        from_value(case).unwrap()
    }

    /// What a right codec would see: status 200, `x: 1`, body "abc", no trailers, keep; close after garbage.
    fn right(pieces: &[&[u8]]) -> Observed {
        let mut headers = HeaderMap::new();
        headers.insert("x", HeaderValue::from_static("1"));
        let garbage = pieces.concat().ends_with(GARBAGE);
        Observed {
            head: Some((200, headers)),
            body: b"abc".to_vec(),
            trailers: Some(HeaderMap::new()),
            complete_before_end: true,
            reuse: Some(if garbage { Reuse::Close } else { Reuse::Keep }),
            ..Observed::default()
        }
    }

    fn failed(outcome: Outcome) -> Vec<String> {
        match outcome {
            Outcome::Failed(differences) => differences,
            other => panic!("expected a failure, got {other:?}"),
        }
    }

    #[test]
    fn what_is_as_expected_passes() {
        let expect = json!({"status": 200, "headers": {"x": "1", "y": null}, "body": "abc", "trailers": {}, "interim": [],
            "reuse": "keep"});
        assert_eq!(run(&case(expect), |_, pieces, _| Ok(right(pieces))), Outcome::Passed);
    }

    #[test]
    fn every_wrong_expectation_fails() {
        for expect in [
            json!({"status": 201}),
            json!({"headers": {"x": "2"}}),
            json!({"headers": {"x": null}}),
            json!({"headers": {"y": "1"}}),
            json!({"body": "ab"}),
            json!({"trailers": {"t": "1"}}),
            json!({"interim": [103]}),
            json!({"reuse": "close"}),
            json!({"error": "limit"}),
        ] {
            let differences = failed(run(&case(expect.clone()), |_, pieces, _| Ok(right(pieces))));
            assert_eq!(differences.len(), 1, "{expect}: {differences:?}");
        }
    }

    #[test]
    fn trailers_that_were_not_expected_fail() {
        let with_trailer = |_: &Wire, pieces: &[&[u8]], _: bool| {
            let mut observed = right(pieces);
            observed.trailers = observed.head.as_ref().map(|(_, headers)| headers.clone());
            Ok(observed)
        };
        assert_eq!(failed(run(&case(json!({"trailers": {}})), with_trailer)).len(), 1);
        assert_eq!(run(&case(json!({"trailers": {"x": "1"}})), with_trailer), Outcome::Passed);
    }

    #[test]
    fn an_error_that_was_not_expected_fails() {
        let with_error =
            |_: &Wire, _: &[&[u8]], _: bool| Ok(Observed { error: Some("limit".to_owned()), ..Observed::default() });
        assert_eq!(failed(run(&case(json!({})), with_error)).len(), 1);
        assert_eq!(failed(run(&case(json!({"error": "malformed_head"})), with_error)).len(), 1);
        assert_eq!(run(&case(json!({"error": "limit"})), with_error), Outcome::Passed);
    }

    #[test]
    fn a_message_that_never_ends_fails() {
        let endless = |_: &Wire, pieces: &[&[u8]], _: bool| {
            Ok(Observed { reuse: None, trailers: None, complete_before_end: false, ..right(pieces) })
        };
        assert_eq!(failed(run(&case(json!({"status": 200})), endless)).len(), 1);
    }

    #[test]
    fn a_feeding_that_gives_other_events_fails() {
        let expect = || case(json!({"status": 200}));
        let by_pieces = |bad: fn(&[&[u8]]) -> bool| {
            move |_: &Wire, pieces: &[&[u8]], _: bool| {
                let mut observed = right(pieces);
                if bad(pieces) {
                    observed.body.clear();
                }
                Ok(observed)
            }
        };
        let byte_by_byte = failed(run(&expect(), by_pieces(|pieces| pieces.len() == 3)));
        assert!(byte_by_byte[0].contains("byte by byte: body"), "{byte_by_byte:?}");
        let split = failed(run(&expect(), by_pieces(|pieces| pieces.len() == 2 && pieces[0].len() == 2)));
        assert!(split[0].contains("split at 2"), "{split:?}");
    }

    #[test]
    fn a_connection_kept_despite_garbage_fails() {
        let kept = |_: &Wire, pieces: &[&[u8]], _: bool| Ok(Observed { reuse: Some(Reuse::Keep), ..right(pieces) });
        let differences = failed(run(&case(json!({"reuse": "keep"})), kept));
        assert!(differences.iter().all(|line| line.contains("garbage")), "{differences:?}");
        assert_eq!(differences.len(), 2);
    }
}
