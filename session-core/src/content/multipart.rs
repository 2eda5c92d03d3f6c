//! Forms of several parts, `multipart/form-data` (RFC 7578), as the WHATWG's HTML standard has them written: names in UTF-8, with
//! `"` as `%22`, CR as `%0D` and LF as `%0A`, and no `filename*`.
//!
//! A [`Form`] holds bodies of any kind, and here they stay closed: it gives the pieces to be sent, one after the other. Sending them
//! is the transports', and so is opening files.

use crate::content::media_type::{by_name, is_media_type};
use crate::error::{Error, ErrorKind, Phase};
use bytes::{Bytes, BytesMut};
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue};
use std::borrow::Cow;
use std::fmt;
use std::path::{Path, PathBuf};

/// A form of several parts, in their order. `B` is what a transport has for a body.
///
/// ```
/// # use bytes::Bytes;
/// # use session_core::content::multipart::{Form, Part};
/// let photo = Part::bytes(&b"..."[..]).file_name("photo.jpg");
/// let form: Form<Bytes> = Form::new().text("title", "Sunset").part("photo", photo);
/// assert_eq!(form.len(), 2);
/// ```
#[must_use]
pub struct Form<B> {
    parts: Vec<(String, Part<B>)>,
}

/// One part of a form.
#[must_use]
pub struct Part<B> {
    content: Content<B>,
    file_name: Option<String>,
    media_type: Option<HeaderValue>,
    headers: HeaderMap,
}

enum Content<B> {
    Bytes(Bytes),
    Body(B),
}

/// What a form is sent as: its pieces follow each other with nothing between them.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a piece is at hand or still to be read")]
pub enum Piece<B> {
    /// What stands between contents, and contents that are in memory.
    Bytes(Bytes),
    /// The content of a part.
    Body(B),
}

/// A body that can be made of something that is read: a reader or a stream, as the transport has it.
pub trait FromSource<S>: Sized {
    /// What `source` gives up to its end. Where the length is known, it must end there.
    fn from_source(source: S, length: Option<u64>) -> Self;
}

/// A body that can be made of a file.
pub trait FromFile: Sized {
    /// What opening gives: an [`io::Result`](std::io::Result), or a future of one.
    type Opening<T: Send + 'static>;

    /// Opens the file and hands its content, of known length, to `then`.
    fn from_file<T: Send + 'static>(path: PathBuf, then: impl FnOnce(Self) -> T + Send + 'static) -> Self::Opening<T>;
}

impl<B> Form<B> {
    /// A form without parts.
    pub fn new() -> Self {
        Self { parts: Vec::new() }
    }

    /// Adds a text. It has no Content-Type, which means UTF-8 (RFC 7578 5.1.2); line ends are sent as they are.
    pub fn text(self, name: impl Into<String>, value: impl Into<Cow<'static, str>>) -> Self {
        self.part(name, Part::text(value))
    }

    /// Adds a part. Several may have one name.
    pub fn part(mut self, name: impl Into<String>, part: Part<B>) -> Self {
        self.parts.push((name.into(), part));
        self
    }

    /// How many parts there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.parts.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// The pieces to be sent.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidHeader`] where a part's own fields hold a Content-Disposition, which is the form's to write.
    pub fn into_pieces(self, boundary: &Boundary) -> Result<Vec<Piece<B>>, Error> {
        let mut pieces = Pieces { done: Vec::new(), text: BytesMut::new() };
        for (name, part) in self.parts {
            if part.headers.contains_key(CONTENT_DISPOSITION) {
                return Err(Error::new(
                    ErrorKind::InvalidHeader,
                    Phase::Build,
                    "a part has a Content-Disposition of its own",
                )
                .with_expected("name and file name by `Form::part` and `Part::file_name`"));
            }
            part.write_head(&name, boundary, &mut pieces.text);
            match part.content {
                Content::Bytes(bytes) => pieces.push(bytes),
                Content::Body(body) => {
                    pieces.flush();
                    pieces.done.push(Piece::Body(body));
                }
            }
            pieces.text.extend_from_slice(b"\r\n");
        }
        for part in ["--", boundary.as_str(), "--\r\n"] {
            pieces.text.extend_from_slice(part.as_bytes());
        }
        pieces.flush();
        Ok(pieces.done)
    }
}

impl<B: FromFile + 'static> Form<B>
where
    Self: Send,
{
    /// Adds a file of this name on disk: as [`Part::file`], under `name`.
    ///
    /// # Errors
    /// Those of the system, and [`InvalidInput`](std::io::ErrorKind::InvalidInput) for what is no regular file.
    pub fn file(self, name: impl Into<String>, path: impl AsRef<Path>) -> B::Opening<Self> {
        let (name, file_name) = (name.into(), file_name(path.as_ref()));
        B::from_file(path.as_ref().to_owned(), move |body| self.part(name, Part::of_file(body, file_name)))
    }
}

impl<B> Default for Form<B> {
    fn default() -> Self {
        Self::new()
    }
}

impl<B> Part<B> {
    /// A text.
    pub fn text(value: impl Into<Cow<'static, str>>) -> Self {
        Self::of(Content::Bytes(match value.into() {
            Cow::Borrowed(text) => Bytes::from_static(text.as_bytes()),
            Cow::Owned(text) => Bytes::from(text),
        }))
    }

    /// Bytes in memory: a `Vec<u8>`, `&'static [u8]`, `Bytes`.
    pub fn bytes(bytes: impl Into<Bytes>) -> Self {
        Self::of(Content::Bytes(bytes.into()))
    }

    /// Any body of the transport's, with the length that it has by itself.
    pub fn body(body: impl Into<B>) -> Self {
        Self::of(Content::Body(body.into()))
    }

    /// What a stream gives up to its end. The form is sent in chunks then.
    pub fn stream<S>(stream: S) -> Self
    where
        B: FromSource<S>,
    {
        Self::of(Content::Body(B::from_source(stream, None)))
    }

    /// The same of a known length, at which it must end.
    pub fn stream_with_length<S>(stream: S, length: u64) -> Self
    where
        B: FromSource<S>,
    {
        Self::of(Content::Body(B::from_source(stream, Some(length))))
    }

    /// What a reader gives up to its end: [`Part::stream`] by the name that it has in a blocking program.
    pub fn reader<R>(reader: R) -> Self
    where
        B: FromSource<R>,
    {
        Self::stream(reader)
    }

    /// The same of a known length, at which it must end.
    pub fn reader_with_length<R>(reader: R, length: u64) -> Self
    where
        B: FromSource<R>,
    {
        Self::stream_with_length(reader, length)
    }

    /// The file's name as the server is told it. Where there is one and no type is set, the type is that of the name's ending
    /// ([`by_name`]).
    pub fn file_name(mut self, name: impl Into<String>) -> Self {
        self.file_name = Some(name.into());
        self
    }

    /// The media type, such as `image/png`.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidHeader`] for what is none.
    pub fn mime_str(mut self, media_type: &str) -> Result<Self, Error> {
        let refused = || {
            Error::new(ErrorKind::InvalidHeader, Phase::Build, "the media type of a part is none")
                .with_expected("type/subtype")
        };
        if !is_media_type(media_type) {
            return Err(refused().with_came(media_type.as_bytes()));
        }
        self.media_type = Some(HeaderValue::from_str(media_type).map_err(|source| refused().with_source(source))?);
        Ok(self)
    }

    /// Further fields of the part, instead of those set before. A Content-Type here goes before [`Part::mime_str`]. Most servers
    /// look at none (RFC 7578 4.8).
    pub fn headers(mut self, headers: HeaderMap) -> Self {
        self.headers = headers;
        self
    }

    fn of(content: Content<B>) -> Self {
        Self { content, file_name: None, media_type: None, headers: HeaderMap::new() }
    }

    fn of_file(body: B, file_name: Option<String>) -> Self {
        Self { file_name: Some(file_name.unwrap_or_default()), ..Self::of(Content::Body(body)) }
    }

    /// The delimiter and the fields (RFC 2046 5.1.1, RFC 7578 4.2).
    fn write_head(&self, name: &str, boundary: &Boundary, out: &mut BytesMut) {
        for text in ["--", boundary.as_str(), "\r\ncontent-disposition: form-data; name=\""] {
            out.extend_from_slice(text.as_bytes());
        }
        write_escaped(name, out);
        out.extend_from_slice(b"\"");
        if let Some(file_name) = &self.file_name {
            out.extend_from_slice(b"; filename=\"");
            write_escaped(file_name, out);
            out.extend_from_slice(b"\"");
        }
        out.extend_from_slice(b"\r\n");
        let by_name = self.file_name.as_deref().map(|name| HeaderValue::from_static(by_name(name)));
        if let Some(media_type) = self.media_type.as_ref().or(by_name.as_ref())
            && !self.headers.contains_key(CONTENT_TYPE)
        {
            write_line(CONTENT_TYPE.as_str(), media_type, out);
        }
        for (name, value) in &self.headers {
            write_line(name.as_str(), value, out);
        }
        out.extend_from_slice(b"\r\n");
    }
}

impl<B: FromFile + 'static> Part<B>
where
    Self: Send,
{
    /// A file, streamed, with its length and the last part of its path as its name. It can be sent again.
    ///
    /// # Errors
    /// Those of the system, and [`InvalidInput`](std::io::ErrorKind::InvalidInput) for what is no regular file.
    pub fn file(path: impl AsRef<Path>) -> B::Opening<Self> {
        let file_name = file_name(path.as_ref());
        B::from_file(path.as_ref().to_owned(), move |body| Self::of_file(body, file_name))
    }
}

fn file_name(path: &Path) -> Option<String> {
    path.file_name().map(|name| name.to_string_lossy().into_owned())
}

fn write_line(name: &str, value: &HeaderValue, out: &mut BytesMut) {
    for part in [name.as_bytes(), b": ", value.as_bytes(), b"\r\n"] {
        out.extend_from_slice(part);
    }
}

/// What would end the quoted name, or its line, percent-encoded; all else as it is (HTML, "multipart/form-data encoding algorithm").
fn write_escaped(name: &str, out: &mut BytesMut) {
    for byte in name.bytes() {
        match byte {
            b'"' => out.extend_from_slice(b"%22"),
            b'\r' => out.extend_from_slice(b"%0D"),
            b'\n' => out.extend_from_slice(b"%0A"),
            other => out.extend_from_slice(&[other]),
        }
    }
}

/// Contents up to this size are copied to the text around them: one piece is cheaper than three.
const COPIED: usize = 4 * 1024;

struct Pieces<B> {
    done: Vec<Piece<B>>,
    text: BytesMut,
}

impl<B> Pieces<B> {
    fn push(&mut self, bytes: Bytes) {
        if bytes.len() <= COPIED {
            self.text.extend_from_slice(&bytes);
        } else {
            self.flush();
            self.done.push(Piece::Bytes(bytes));
        }
    }

    fn flush(&mut self) {
        if !self.text.is_empty() {
            self.done.push(Piece::Bytes(self.text.split().freeze()));
        }
    }
}

/// What stands between the parts (RFC 2046 5.1.1): 192 random bits, so that no content holds it, not even one made to.
#[derive(Clone, PartialEq, Eq)]
pub struct Boundary(String);

impl Boundary {
    /// The boundary of these random bytes, of which 24 are used.
    #[must_use]
    pub fn from_random(bytes: [u8; 32]) -> Self {
        let mut text = String::with_capacity(2 * USED);
        for byte in bytes.iter().take(USED) {
            for half in [byte >> 4, byte & 0xf] {
                text.extend(char::from_digit(u32::from(half), 16));
            }
        }
        Self(text)
    }

    /// Its text: 48 hexadecimal digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The Content-Type of a form with this boundary.
    #[must_use]
    pub fn content_type(&self) -> HeaderValue {
        // Hexadecimal digits can stand in a field.
        HeaderValue::try_from(format!("multipart/form-data; boundary={}", self.0))
            .unwrap_or(HeaderValue::from_static("multipart/form-data"))
    }
}

const USED: usize = 24;

impl fmt::Debug for Boundary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Boundary(..)")
    }
}

impl<B> fmt::Debug for Form<B> {
    /// Names alone: values may be secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.parts.iter().map(|(name, _)| name)).finish()
    }
}

impl<B> fmt::Debug for Part<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Part")
            .field("file_name", &self.file_name)
            .field("media_type", &self.media_type)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
