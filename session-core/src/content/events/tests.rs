use super::{BEFORE_VALUE, Event, EventReader, is_event_stream};
use crate::error::ErrorKind;
use crate::limits::Limits;
use bytes::Bytes;
use proptest::prelude::*;
use std::time::Duration;

/// The events of a stream that comes in these pieces, and how it ended.
fn read(
    limits: &Limits,
    pieces: impl IntoIterator<Item = Vec<u8>>,
) -> (Vec<Event>, Result<(), ErrorKind>, EventReader) {
    let mut reader = EventReader::new(limits);
    let mut events = Vec::new();
    for piece in pieces {
        reader.push(piece.into());
        loop {
            match reader.next_event() {
                Ok(Some(event)) => events.push(event),
                Ok(None) => break,
                Err(error) => {
                    assert_eq!(reader.next_event().unwrap_err().kind(), error.kind());
                    return (events, Err(error.kind()), reader);
                }
            }
        }
    }
    (events, Ok(()), reader)
}

fn events(stream: &str) -> Vec<Event> {
    read(&Limits::default(), [stream.as_bytes().to_vec()]).0
}

fn event(event: &str, data: &str, id: &str) -> Event {
    Event { event: event.into(), data: data.into(), id: id.into(), retry: None }
}

/// The examples of WHATWG HTML 9.2.6, by what they say.
#[test]
fn the_rules_of_the_standard_hold() {
    assert_eq!(events("data: A\ndata: -2\ndata: 10\n\n"), [event("message", "A\n-2\n10", "")]);
    let stream = ": a stream to try\n\ndata: one\nid: 1\n\ndata:two\nid\n\ndata:  three\n\n";
    assert_eq!(
        events(stream),
        [event("message", "one", "1"), event("message", "two", ""), event("message", " three", "")]
    );
    assert_eq!(events("data\n\ndata\ndata\n\ndata:"), [event("message", "", ""), event("message", "\n", "")]);
    assert_eq!(events("data:x\n\ndata: x\n\n"), [event("message", "x", ""), event("message", "x", "")]);
}

#[test]
fn lines_end_by_cr_lf_or_both() {
    let wanted = [event("a", "1\n2", ""), event("message", "3", "")];
    for end in ["\n", "\r", "\r\n"] {
        let stream = "event: a\ndata: 1\ndata: 2\n\ndata: 3\n\n".replace('\n', end);
        assert_eq!(events(&stream), wanted, "{end:?}");
    }
    assert_eq!(events("data: 1\r\ndata: 2\rdata: 3\n\r"), [event("message", "1\n2\n3", "")]);
}

#[test]
fn an_event_is_there_with_its_last_line_end() {
    let mut reader = EventReader::new(&Limits::default());
    reader.push("data: 1\r\n\r".into());
    assert_eq!(reader.next_event().unwrap(), Some(event("message", "1", "")));
    reader.push("\n\n".into());
    assert_eq!(reader.next_event().unwrap(), None);
}

#[test]
fn a_byte_order_mark_is_passed_over_once_and_only_first() {
    assert_eq!(events("\u{feff}data: 1\n\n"), [event("message", "1", "")]);
    assert_eq!(events("\u{feff}\u{feff}data: 1\n\n"), []);
    assert_eq!(events("\n\u{feff}data: 1\n\n"), []);
}

#[test]
fn an_event_that_is_not_complete_is_none() {
    assert_eq!(events("data: 1\n\ndata: 2\n"), [event("message", "1", "")]);
    assert_eq!(events("data: 1\n\ndata: 2"), [event("message", "1", "")]);
}

#[test]
fn an_event_without_data_is_none_and_its_type_is_forgotten_but_not_its_id() {
    let (events, _, reader) = read(&Limits::default(), [b"event: a\nid: 7\n\ndata: 1\n\nid: 8\nevent: b\n\n".to_vec()]);
    assert_eq!(events, [event("message", "1", "7")]);
    assert_eq!(reader.last_event_id(), "8");
    let (_, _, reader) = read(&Limits::default(), [b"id: 7\n\nid: 8\ndata: 1".to_vec()]);
    assert_eq!(reader.last_event_id(), "7", "it is not complete");
}

#[test]
fn an_id_with_nul_is_no_id() {
    assert_eq!(
        events("id: 1\ndata: a\n\nid: 2\0\ndata: b\n\n"),
        [event("message", "a", "1"), event("message", "b", "1")]
    );
}

#[test]
fn a_pause_is_digits_alone() {
    let retry = |text: &str| {
        let (events, _, reader) = read(&Limits::default(), [format!("{text}\ndata: x\n\n").into_bytes()]);
        assert_eq!(events[0].retry, reader.retry());
        reader.retry().map(|retry| retry.as_millis())
    };
    assert_eq!(retry("retry: 1500"), Some(1500));
    assert_eq!(retry("retry:0020"), Some(20));
    assert_eq!(retry("retry: 10\nretry: x"), Some(10));
    for wrong in [
        "retry: -1",
        "retry: +1",
        "retry: 1.5",
        "retry: 1s",
        "retry",
        "retry:  1",
        "retry: 99999999999999999999",
        "retry: \u{661}",
    ] {
        assert_eq!(retry(wrong), None, "{wrong}");
    }
    let (events, _, reader) = read(&Limits::default(), [b"retry: 5\n\ndata: 1\n\ndata: 2\n\n".to_vec()]);
    assert_eq!([events[0].retry, events[1].retry], [Some(Duration::from_millis(5)), None]);
    assert_eq!(reader.retry(), Some(Duration::from_millis(5)));
}

#[test]
fn names_are_exact_and_unknown_ones_are_passed_over() {
    assert_eq!(events("Data: 1\n data: 2\ndata : 3\ndatas: 4\n: data: 5\n:\n\n"), []);
    assert_eq!(events("data: a: b\nevent: x\nevent: y\nx: z\n\n"), [event("y", "a: b", "")]);
}

#[test]
fn what_is_no_utf8_is_replaced() {
    let (events, ..) = read(&Limits::default(), [b"data: gr\xfcn \xe2\x82\ndata: \xac\n\n".to_vec()]);
    assert_eq!(events, [event("message", "gr\u{fffd}n \u{fffd}\n\u{fffd}", "")]);
}

fn small() -> Limits {
    Limits { event_bytes: 20, event_id: 5, ..Limits::default() }
}

#[test]
fn the_limits_are_exact() {
    let fate = |stream: String| read(&small(), [stream.into_bytes()]).1;
    let refused = Err(ErrorKind::Limit);
    assert_eq!(fate(format!("data: {}\n\n", "x".repeat(20))), Ok(()));
    assert_eq!(fate(format!("data: {}\n\n", "x".repeat(21))), refused);
    assert_eq!(fate(format!("event: {}\ndata: {}\n\n", "x".repeat(9), "x".repeat(11))), Ok(()));
    assert_eq!(fate(format!("event: {}\ndata: {}\n\n", "x".repeat(9), "x".repeat(12))), refused);
    assert_eq!(fate(format!("{}\n\n", "data: xxxxx\n".repeat(3))), Ok(()));
    assert_eq!(fate(format!("{}data: xxx\n\n", "data: xxxxx\n".repeat(3))), refused);
    assert_eq!(fate(format!(":{}", "x".repeat(20 + BEFORE_VALUE - 1))), Ok(()));
    assert_eq!(fate(format!(":{}", "x".repeat(20 + BEFORE_VALUE))), refused);
    assert_eq!(fate("id: 12345\n\n".into()), Ok(()));
    assert_eq!(fate("id: 123456\n\n".into()), refused);
}

#[test]
fn an_error_names_its_limit_and_comes_after_what_was_complete() {
    let told = |stream: &'static str| {
        let mut reader = EventReader::new(&small());
        reader.push(stream.into());
        assert_eq!(reader.next_event().unwrap().unwrap().data, "1");
        reader.next_event().unwrap_err().to_string()
    };
    assert!(told("data: 1\n\ndata: 123456789012345678901\n\n").contains("at most 20 bytes (Limits::event_bytes)"));
    assert!(told("data: 1\n\nid: 123456\n").contains("at most 5 bytes (Limits::event_id)"));
}

#[test]
fn the_type_of_a_stream_is_known_in_every_spelling() {
    for good in ["text/event-stream", "Text/Event-Stream;charset=utf-8", " text/event-stream ; x"] {
        assert!(is_event_stream(good.as_bytes()), "{good}");
    }
    for bad in ["", "text/event", "text/event-streams", "application/json; text/event-stream"] {
        assert!(!is_event_stream(bad.as_bytes()), "{bad}");
    }
}

/// Streams made of what matters, and of noise.
fn stream() -> impl Strategy<Value = Vec<u8>> {
    let part = prop_oneof![
        Just("\n"),
        Just("\r"),
        Just("\r\n"),
        Just("\n\n"),
        Just("data"),
        Just(":"),
        Just(" "),
        Just("data: x"),
        Just("event:e"),
        Just("id: 1"),
        Just("id: \0"),
        Just("retry: 12"),
        Just("\u{feff}"),
        Just("\u{e9}"),
        Just("12345678"),
    ];
    prop::collection::vec(part, 0..30).prop_map(|parts| parts.concat().into_bytes())
}

proptest! {
    #[test]
    fn however_it_is_cut_the_events_are_the_same(stream in stream(), cuts in prop::collection::vec(0_usize..8, 1..10)) {
        let whole = read(&small(), [stream.clone()]);
        let mut rest = Bytes::from(stream);
        let mut cuts = cuts.iter().cycle();
        let pieces = std::iter::from_fn(|| {
            let length = (*cuts.next().unwrap()).max(1);
            let piece = rest.split_to(length.min(rest.len()));
            (!piece.is_empty()).then(|| piece.to_vec())
        });
        let cut = read(&small(), pieces);
        prop_assert_eq!((&whole.0, whole.1), (&cut.0, cut.1));
        prop_assert_eq!(whole.2.last_event_id(), cut.2.last_event_id());
        prop_assert_eq!(whole.2.retry(), cut.2.retry());
    }

    #[test]
    fn what_is_written_is_read(data in "[^\r\n\0]{0,20}", name in "[a-z]{1,8}", id in "[0-9]{0,5}") {
        let stream = format!("event: {name}\ndata: {data}\nid: {id}\n\n");
        prop_assert_eq!(events(&stream), [event(&name, &data, &id)]);
    }
}
