//! What a form is written as.

use super::{Boundary, Form, FromFile, FromSource, Part, Piece};
use crate::error::{ErrorKind, Fault};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue};
use std::io;
use std::path::PathBuf;

/// A body by its name.
#[derive(Debug, PartialEq, Eq)]
struct Body(String);

impl FromSource<&str> for Body {
    fn from_source(source: &str, length: Option<u64>) -> Self {
        Self(format!("{source}, {length:?}"))
    }
}

impl FromFile for Body {
    type Opening<T: Send + 'static> = io::Result<T>;

    fn from_file<T: Send + 'static>(path: PathBuf, then: impl FnOnce(Self) -> T) -> io::Result<T> {
        Ok(then(Self(path.display().to_string())))
    }
}

fn boundary() -> Boundary {
    Boundary::from_random([0xab; 32])
}

const LINE: &str = "abababababababababababababababababababababababab";

/// The text of a form, bodies by their names in angle brackets.
fn written(form: Form<Body>) -> String {
    let pieces = form.into_pieces(&boundary()).unwrap().into_iter().map(|piece| match piece {
        Piece::Bytes(bytes) => String::from_utf8(bytes.to_vec()).unwrap(),
        Piece::Body(Body(name)) => format!("<{name}>"),
    });
    pieces.collect::<String>().replace(LINE, "B")
}

#[test]
fn parts_stand_in_their_order_with_their_fields() {
    let form = Form::new()
        .text("a", "1")
        .part("b", Part::bytes(vec![b'2']).file_name("x.txt"))
        .part("b", Part::stream("source").mime_str("image/png; q=1").unwrap())
        .part("c", Part::reader_with_length("source", 3).file_name("y"));
    assert_eq!(
        written(form),
        "--B\r\ncontent-disposition: form-data; name=\"a\"\r\n\r\n1\r\n\
         --B\r\ncontent-disposition: form-data; name=\"b\"; filename=\"x.txt\"\r\ncontent-type: text/plain\r\n\r\n2\r\n\
         --B\r\ncontent-disposition: form-data; name=\"b\"\r\ncontent-type: image/png; q=1\r\n\r\n<source, None>\r\n\
         --B\r\ncontent-disposition: form-data; name=\"c\"; filename=\"y\"\r\ncontent-type: application/octet-stream\r\n\r\n\
         <source, Some(3)>\r\n--B--\r\n"
    );
    assert_eq!(written(Form::new()), "--B--\r\n");
}

/// RFC 7578 4.2 and HTML: nothing in a name ends it or its line, and there is no `filename*`.
#[test]
fn names_are_escaped_as_browsers_do() {
    let text = written(Form::new().part("a\"\r\nX: y\u{e9}%", Part::text("").file_name("\"\r\n\r\n\\日.png")));
    let line = text.lines().nth(1).unwrap();
    let expected =
        "content-disposition: form-data; name=\"a%22%0D%0AX: y\u{e9}%\"; filename=\"%22%0D%0A%0D%0A\\日.png\"";
    assert_eq!(line, expected);
}

#[test]
fn own_fields_of_a_part_follow_and_its_type_wins() {
    let fields = |name: &'static str| {
        let mut fields = HeaderMap::new();
        fields.insert("x-y", HeaderValue::from_static("z"));
        fields.insert(name, HeaderValue::from_static("text/html"));
        fields
    };
    let part = Part::text("v").mime_str("text/plain").unwrap().headers(fields("content-type"));
    let text = written(Form::new().part("a", part));
    assert!(text.contains("name=\"a\"\r\nx-y: z\r\ncontent-type: text/html\r\n\r\nv\r\n"), "{text}");
    let part = Part::<Body>::text("v").headers(fields("content-disposition"));
    let error = Form::new().part("a", part).into_pieces(&boundary()).unwrap_err();
    assert_eq!((error.kind(), error.fault()), (ErrorKind::InvalidHeader, Fault::Caller));
}

#[test]
fn what_is_no_media_type_is_refused() {
    for bad in ["", "png", "image/png\r\nx: y", "a b/c"] {
        assert_eq!(Part::<Body>::text("").mime_str(bad).unwrap_err().kind(), ErrorKind::InvalidHeader, "{bad:?}");
    }
}

#[test]
fn a_file_has_its_name_and_the_type_of_its_ending() {
    let form = Form::<Body>::new().file("f", "/some/where/a.JPG").unwrap().part("g", Part::<Body>::file("b").unwrap());
    let text = written(form);
    assert!(
        text.contains("name=\"f\"; filename=\"a.JPG\"\r\ncontent-type: image/jpeg\r\n\r\n</some/where/a.JPG>"),
        "{text}"
    );
    assert!(text.contains("name=\"g\"; filename=\"b\"\r\ncontent-type: application/octet-stream"), "{text}");
}

#[test]
fn what_is_large_is_not_copied_and_what_is_small_makes_one_piece() {
    let large = Bytes::from(vec![b'x'; 4 * 1024 + 1]);
    let at = large.as_ptr();
    let small = large.slice(1..);
    let form = Form::<Body>::new().part("a", Part::bytes(small)).part("b", Part::bytes(large)).text("c", "1");
    let pieces = form.into_pieces(&boundary()).unwrap();
    let whole: Vec<_> = pieces.iter().filter(|piece| matches!(piece, Piece::Bytes(b) if b.as_ptr() == at)).collect();
    assert_eq!((pieces.len(), whole.len()), (3, 1));
    assert_eq!(Form::<Body>::new().text("a", "1").text("b", "2").into_pieces(&boundary()).unwrap().len(), 1);
}

#[test]
fn each_boundary_is_as_random_as_its_bytes() {
    let mut bytes = [0; 32];
    let all_zero = Boundary::from_random(bytes);
    assert_eq!(all_zero.as_str(), "0".repeat(48));
    bytes[23] = 1;
    assert_ne!(Boundary::from_random(bytes), all_zero);
    assert_eq!(boundary().content_type().to_str().unwrap(), format!("multipart/form-data; boundary={LINE}"));
}

#[test]
fn debug_shows_no_value() {
    let form = Form::<Body>::new().text("password", "hunter2");
    assert_eq!(format!("{form:?} {:?}", Part::<Body>::text("hunter2")).matches("hunter2").count(), 0);
}
