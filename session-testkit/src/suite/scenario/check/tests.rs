//! The checks are fed right observations and pass, and wrong ones and fail: each expectation by each way of being wrong.

use super::check;
use crate::suite::scenario::model::Exchange;
use crate::suite::scenario::observe::{Delivered, Failure, Given, Seen, SeenRequest};
use crate::suite::scenario::settings::Settings;
use bytes::Bytes;
use serde_json::{Value, from_value, json};

fn lines(fields: &[(&str, &str)]) -> Vec<(String, Vec<u8>)> {
    fields.iter().map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec())).collect()
}

fn seen() -> Seen {
    Seen {
        origin: "http://a.test".to_owned(),
        via: "direct".to_owned(),
        request: Some(SeenRequest {
            method: "POST".to_owned(),
            url: "http://a.test/x".to_owned(),
            headers: lines(&[("Host", "a.test"), ("X-Tag", "1"), ("x-tag", "2"), ("content-length", "2")]),
            body: Some(Bytes::from_static(b"hi")),
        }),
        connect: None,
        fresh: true,
        challenges: Vec::new(),
    }
}

fn given() -> Given {
    let delivered = Delivered {
        status: 200,
        url: "http://a.test/x#top".to_owned(),
        headers: lines(&[("x-out", "1")]),
        body: b"ok".to_vec(),
        history: vec![302],
    };
    Given::new(Ok(delivered), vec![1.5, 7.0], Some(vec!["b=2; Domain=a.test; Path=/".to_owned(), "a=1".to_owned()]))
}

fn failed(name: &str) -> Given {
    Given::new(Err(Failure::new(name, "why")), Vec::new(), None)
}

fn exchange(expect: Value, outcome: Value, jar: Option<Value>) -> Exchange {
    let mut exchange = json!({"request": {"url": "http://a.test/x"},
        "hops": [{"expect": expect, "respond": {"status": 200}}], "outcome": outcome});
    if let Some(jar) = jar {
        exchange["jar"] = jar;
    }
    from_value(exchange).unwrap()
}

fn differences(exchange: &Exchange, seen: &[Seen], given: &Given) -> Vec<String> {
    check(&Settings::default(), exchange, seen, &[], given)
}

#[test]
fn what_is_as_expected_passes() {
    let expect = json!({"method": "POST", "url": "http://a.test/x", "body": "hi", "via": "direct", "fresh": true,
        "headers": {"host": "a.test", "X-TAG": ["1", "2"], "cookie": null, "content-length": "2"},
        "proxy_headers": {"authorization": null}});
    let outcome = json!({"status": 200, "url": "http://a.test/x#top", "body": "ok", "headers": {"X-Out": "1"},
        "history": [302], "waits": [[1, 2], 7]});
    let jar = json!(["a=1", "b=2; Domain=a.test; Path=/"]);
    assert_eq!(differences(&exchange(expect, outcome, Some(jar)), &[seen()], &given()), Vec::<String>::new());
    assert_eq!(differences(&exchange(json!({}), json!({}), None), &[seen()], &given()), Vec::<String>::new());
}

#[test]
fn every_wrong_expectation_of_a_request_fails() {
    for expect in [
        json!({"method": "GET"}),
        json!({"method": "post"}),
        json!({"url": "http://a.test/y"}),
        json!({"url": "http://a.test/x?"}),
        json!({"url": "https://a.test/x"}),
        json!({"body": "ho"}),
        json!({"body": ""}),
        json!({"via": "http://proxy.test:3128"}),
        json!({"fresh": false}),
        json!({"headers": {"host": "b.test"}}),
        json!({"headers": {"host": null}}),
        json!({"headers": {"x-tag": "1"}}),
        json!({"headers": {"x-tag": ["2", "1"]}}),
        json!({"headers": {"content-length": null}}),
        json!({"headers": {"cookie": "a=1"}}),
        json!({"proxy_headers": {"host": "a.test:443"}}),
        json!({"digest": {"username": "u", "realm": "r", "uri": "/x", "password": "p"}}),
    ] {
        let found = differences(&exchange(expect.clone(), json!({}), None), &[seen()], &given());
        assert_eq!(found.len(), 1, "{expect}: {found:?}");
        assert!(found[0].starts_with("hop 0: "), "{found:?}");
    }
}

#[test]
fn every_wrong_outcome_fails() {
    for outcome in [
        json!({"status": 204}),
        json!({"url": "http://a.test/x"}),
        json!({"body": "o"}),
        json!({"headers": {"x-out": null}}),
        json!({"history": []}),
        json!({"history": [302, 302]}),
        json!({"waits": []}),
        json!({"waits": [[1, 2]]}),
        json!({"waits": [1, 7]}),
        json!({"waits": [[1, 2], [1, 6.9]]}),
        json!({"waits": [[1.6, 2], 7]}),
        json!({"error": "limit"}),
    ] {
        let found = differences(&exchange(json!({}), outcome.clone(), None), &[seen()], &given());
        assert_eq!(found.len(), 1, "{outcome}: {found:?}");
    }
}

#[test]
fn an_error_must_be_the_one_that_was_expected() {
    let limit = || exchange(json!({}), json!({"error": "limit"}), None);
    assert_eq!(differences(&limit(), &[seen()], &failed("limit")), Vec::<String>::new());
    assert_eq!(differences(&limit(), &[seen()], &failed("protocol")).len(), 1);
    assert_eq!(differences(&exchange(json!({}), json!({"status": 200}), None), &[seen()], &failed("limit")).len(), 1);
    assert_eq!(differences(&exchange(json!({}), json!({}), None), &[seen()], &failed("limit")).len(), 1);
}

#[test]
fn a_hop_that_was_not_requested_and_a_request_without_hop_fail() {
    let one = exchange(json!({"url": "http://a.test/x"}), json!({}), None);
    let none = differences(&one, &[], &given());
    assert_eq!(none, ["hop 0: expected a request for http://a.test/x, got none"]);
    let two = differences(&one, &[seen(), seen()], &given());
    assert_eq!(two, ["expected no more requests, got POST http://a.test/x"]);
}

#[test]
fn a_fault_that_the_peer_found_fails() {
    let one = exchange(json!({}), json!({}), None);
    let found = check(&Settings::default(), &one, &[seen()], &["two Host lines".to_owned()], &given());
    assert_eq!(found.len(), 1);
}

#[test]
fn a_jar_must_hold_exactly_the_cookies_listed() {
    for jar in [json!([]), json!(["a=1"]), json!(["a=1", "b=2; Domain=a.test; Path=/", "c=3"]), json!(["a=1", "b=2"])] {
        let found = differences(&exchange(json!({}), json!({}), Some(jar.clone())), &[seen()], &given());
        assert_eq!(found.len(), 1, "{jar}: {found:?}");
    }
    let mut unseen = given();
    unseen.jar = None;
    assert_eq!(differences(&exchange(json!({}), json!({}), Some(json!([]))), &[seen()], &unseen).len(), 1);
}

#[test]
fn what_was_not_sent_is_checked_as_far_as_it_is_known() {
    let expect = json!({"method": "POST", "url": "http://a.test/x", "body": "hi",
        "headers": {"content-length": "2", "x-tag": ["1", "2"]}});
    let exchange = exchange(expect, json!({}), None);
    let mut not_sent = seen();
    if let Some(request) = &mut not_sent.request {
        request.body = None;
        request.headers.retain(|(name, _)| name != "content-length");
    }
    assert_eq!(differences(&exchange, &[not_sent.clone()], &given()), Vec::<String>::new());
    if let Some(request) = &mut not_sent.request {
        request.headers.clear();
    }
    assert_eq!(differences(&exchange, &[not_sent.clone()], &given()).len(), 1);
    not_sent.request = None;
    assert_eq!(differences(&exchange, &[not_sent.clone()], &given()), Vec::<String>::new());
    not_sent.origin = "http://b.test".to_owned();
    assert_eq!(differences(&exchange, &[not_sent], &given()).len(), 1);
}

#[test]
fn where_no_proxy_was_reached_nobody_knows_the_origin() {
    let mut refused = seen();
    refused.request = None;
    refused.via = "http://proxy.test:3128".to_owned();
    refused.origin = "http://proxy.test:3128".to_owned();
    let expect = json!({"url": "https://a.test/x", "via": "http://proxy.test:3128"});
    assert_eq!(differences(&exchange(expect, json!({}), None), &[refused.clone()], &given()), Vec::<String>::new());
    let other = json!({"url": "https://a.test/x", "via": "http://second.test:3128"});
    assert_eq!(differences(&exchange(other, json!({}), None), &[refused], &given()).len(), 1);
}

#[test]
fn a_proxy_is_compared_without_user_information_and_its_connect_field_by_field() {
    let mut tunnelled = seen();
    tunnelled.via = "http://proxy.test:3128".to_owned();
    tunnelled.connect = Some(lines(&[("host", "a.test:443")]));
    let right = json!({"via": "http://proxy.test:3128", "proxy_headers": {"host": "a.test:443", "cookie": null}});
    assert_eq!(differences(&exchange(right, json!({}), None), &[tunnelled.clone()], &given()), Vec::<String>::new());
    for wrong in [json!({"via": "direct"}), json!({"proxy_headers": {"host": null}})] {
        assert_eq!(differences(&exchange(wrong, json!({}), None), &[tunnelled.clone()], &given()).len(), 1);
    }
}

#[test]
fn with_a_digest_credential_an_unexpected_authorization_fails() {
    let settings: Settings = from_value(json!({"auth": {"digest": ["u", "p"]}})).unwrap();
    let mut answered = seen();
    if let Some(request) = &mut answered.request {
        request.headers.push(("Authorization".to_owned(), b"Own 1".to_vec()));
    }
    let silent = exchange(json!({}), json!({}), None);
    let spoken = exchange(json!({"headers": {"authorization": "Own 1"}}), json!({}), None);
    assert_eq!(check(&settings, &silent, &[answered.clone()], &[], &given()).len(), 1);
    assert_eq!(check(&settings, &silent, &[seen()], &[], &given()), Vec::<String>::new());
    assert_eq!(check(&settings, &spoken, &[answered.clone()], &[], &given()), Vec::<String>::new());
    assert_eq!(check(&Settings::default(), &silent, &[answered], &[], &given()), Vec::<String>::new());
}
