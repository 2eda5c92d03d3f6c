//! Bodies that are read in lines or in events: in any pieces they are what a plain reading of the whole body says.

use arbitrary::Arbitrary;
use bytes::Bytes;
use session_core::content::charset::TextRules;
use session_core::content::events::{Event, EventReader};
use session_core::content::lines::LineReader;
use session_core::error::ErrorKind;
use session_core::limits::Limits;

/// A body, and how it comes. As bytes: one for the cuts, one for the limit, then the body.
#[derive(Arbitrary, Clone, Copy, Debug)]
pub struct Cut<'a> {
    /// How long the pieces are, in turn: its lower and its upper half, each and one.
    pub cuts: u8,
    /// How long a line or an event may be; 0 is longer than any.
    pub limit: u8,
    /// The body.
    pub bytes: &'a [u8],
}

impl<'a> Cut<'a> {
    fn pieces(self) -> impl Iterator<Item = &'a [u8]> {
        let lengths = [usize::from(self.cuts & 15) + 1, usize::from(self.cuts >> 4) + 1];
        let mut rest = self.bytes;
        (0..).map_while(move |turn: usize| {
            let (piece, after) = rest.split_at(lengths[turn % 2].min(rest.len()));
            rest = after;
            Some(piece).filter(|piece| !piece.is_empty())
        })
    }

    fn limit(self) -> usize {
        if self.limit == 0 { usize::MAX } else { usize::from(self.limit) }
    }
}

/// Lines are those of the text; the first one that is too long is an error.
pub fn check_lines(body: Cut<'_>) {
    let mut limits = Limits::default();
    limits.line_bytes = body.limit();
    let mut reader = LineReader::new(TextRules::FETCH, None, &limits);
    let (mut found, mut ending, mut pieces) = (Vec::new(), Ok(()), body.pieces());
    loop {
        match reader.next_line() {
            Ok(Some(line)) => found.push(line),
            Ok(None) if reader.is_finished() => break,
            Ok(None) => match pieces.next() {
                Some(piece) => reader.push(piece),
                None => reader.finish(),
            },
            Err(error) => {
                assert_eq!(reader.next_line().expect_err("an error stays").kind(), error.kind());
                ending = Err(error.kind());
                break;
            }
        }
    }
    let text = String::from_utf8_lossy(body.bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body.bytes)).into_owned();
    let wanted: Vec<&str> = text.lines().take_while(|line| line.len() <= body.limit()).collect();
    assert_eq!(found, wanted);
    assert_eq!(ending.is_ok(), wanted.len() == text.lines().count());
}

/// Events are those of the standard, read line by line; and where one is too long, those before it.
pub fn check_events(body: Cut<'_>) {
    let mut limits = Limits::default();
    (limits.event_bytes, limits.event_id) = (usize::MAX, usize::MAX);
    let (wanted, _) = read(&limits, [body.bytes]);
    assert_eq!(wanted, plainly(body.bytes));
    let (cut, ending) = read(&limits, body.pieces());
    assert_eq!((&cut, ending), (&wanted, Ok(())));
    (limits.event_bytes, limits.event_id) = (body.limit(), body.limit());
    let (whole, whole_ending) = read(&limits, [body.bytes]);
    let (cut, cut_ending) = read(&limits, body.pieces());
    assert_eq!((&whole, whole_ending), (&cut, cut_ending));
    assert!(wanted.starts_with(&whole) && (whole_ending.is_err() || whole.len() == wanted.len()));
    for event in &whole {
        assert!(event.data.len() <= body.limit() && event.id.len() <= body.limit() && !event.event.is_empty());
    }
}

fn read<'a>(limits: &Limits, pieces: impl IntoIterator<Item = &'a [u8]>) -> (Vec<Event>, Result<(), ErrorKind>) {
    let mut reader = EventReader::new(limits);
    let mut events = Vec::new();
    for piece in pieces {
        reader.push(Bytes::copy_from_slice(piece));
        loop {
            match reader.next_event() {
                Ok(Some(event)) => events.push(event),
                Ok(None) => break,
                Err(error) => return (events, Err(error.kind())),
            }
        }
    }
    (events, Ok(()))
}

/// The rules of the standard over the whole text at once.
fn plainly(bytes: &[u8]) -> Vec<Event> {
    let text = String::from_utf8_lossy(bytes).replace("\r\n", "\n").replace('\r', "\n");
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let mut events = Vec::new();
    let (mut name, mut data, mut id, mut retry) = (String::new(), String::new(), String::new(), None);
    for line in text.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n')) {
        if line.is_empty() {
            if !data.is_empty() {
                data.pop();
                let mut event = Event::default();
                event.event = if name.is_empty() { "message".to_owned() } else { name.clone() };
                (event.data, event.id, event.retry) = (data.clone(), id.clone(), retry.take());
                events.push(event);
            }
            name.clear();
            data.clear();
            continue;
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => name = value.to_owned(),
            "data" => data = data + value + "\n",
            "id" if !value.contains('\0') => id = value.to_owned(),
            "retry" if !value.is_empty() && value.chars().all(|c| c.is_ascii_digit()) => {
                retry = value.parse().ok().map(std::time::Duration::from_millis).or(retry);
            }
            _ => {}
        }
    }
    events
}

/// Bodies as they are sent, as inputs of either target.
pub fn seeds() -> Vec<Vec<u8>> {
    let bodies: [&[u8]; 5] = [
        b"\xef\xbb\xbfdata: one\r\ndata: two\r\n\r\n: no event\r\n\r\nid: 7\revent: tick\rdata\r\r",
        b"retry: 1500\nid: 1\n\nid: 2\0\nretry: x\ndata:  x: y\n\ndata: lost",
        b"data: gr\xfcn \xe2\x82\ndata: \xac\n\nData: no\n data: no\n\n",
        b"a\r\nb\n\nlast\r",
        b"{\"a\":1}\n{\"b\":\"\xc3\xa9\"}\n",
    ];
    bodies.iter().map(|body| [&[0x52, 40], *body].concat()).collect()
}

#[cfg(test)]
mod tests {
    use super::{Cut, check_events, check_lines, seeds};

    #[test]
    fn whole_cut_and_changed_bodies_are_read() {
        for seed in seeds() {
            for end in 2..=seed.len() {
                for (cuts, limit) in [(0, 0), (0x52, 40), (0x10, 7), (0xff, 1)] {
                    let body = Cut { cuts, limit, bytes: &seed[2..end] };
                    check_lines(body);
                    check_events(body);
                    for byte in [b'\n', b'\r', b':', 0xe2, 0xef] {
                        let mut changed = seed[2..].to_vec();
                        changed.insert(end - 2, byte);
                        let body = Cut { bytes: &changed, ..body };
                        check_lines(body);
                        check_events(body);
                    }
                }
            }
        }
    }
}
