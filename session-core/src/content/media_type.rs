//! Media types: of a file by the ending of its name, and whether a text is one. What a response's type means for its text is
//! `charset`'s.

use crate::message::grammar::is_token;

/// The type of a file of this name, by its ending (whatever the case); `application/octet-stream` for any other.
///
/// The list is short on purpose: types that forms and uploads are made of, as the registry of IANA has them.
///
/// ```
/// # use session_core::content::media_type::by_name;
/// assert_eq!(by_name("photo.JPG"), "image/jpeg");
/// assert_eq!(by_name("README"), "application/octet-stream");
/// ```
#[must_use]
pub fn by_name(name: &str) -> &'static str {
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    let known = TYPES.iter().find(|(known, _)| ending.eq_ignore_ascii_case(known));
    known.map_or("application/octet-stream", |(_, of)| *of)
}

const TYPES: &[(&str, &str)] = &[
    ("aac", "audio/aac"),
    ("avif", "image/avif"),
    ("bmp", "image/bmp"),
    ("css", "text/css"),
    ("csv", "text/csv"),
    ("docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    ("flac", "audio/flac"),
    ("gif", "image/gif"),
    ("gz", "application/gzip"),
    ("htm", "text/html"),
    ("html", "text/html"),
    ("ico", "image/vnd.microsoft.icon"),
    ("jpeg", "image/jpeg"),
    ("jpg", "image/jpeg"),
    ("js", "text/javascript"),
    ("json", "application/json"),
    ("md", "text/markdown"),
    ("mp3", "audio/mpeg"),
    ("mp4", "video/mp4"),
    ("ogg", "audio/ogg"),
    ("pdf", "application/pdf"),
    ("png", "image/png"),
    ("pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation"),
    ("svg", "image/svg+xml"),
    ("tar", "application/x-tar"),
    ("tiff", "image/tiff"),
    ("txt", "text/plain"),
    ("wasm", "application/wasm"),
    ("wav", "audio/wav"),
    ("webm", "video/webm"),
    ("webp", "image/webp"),
    ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ("xml", "application/xml"),
    ("zip", "application/zip"),
];

/// Whether a text begins as a media type does: `type/subtype`, both tokens, and then nothing or parameters (RFC 9110 8.3.1).
/// The parameters are not looked at.
pub(crate) fn is_media_type(text: &str) -> bool {
    let essence = text.split(';').next().unwrap_or_default().trim_end_matches([' ', '\t']);
    essence.split_once('/').is_some_and(|(kind, of)| is_token(kind.as_bytes()) && is_token(of.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::{TYPES, by_name, is_media_type};

    #[test]
    fn every_type_of_the_list_is_one_and_is_found_by_its_ending() {
        for (ending, of) in TYPES {
            assert!(is_media_type(of), "{of}");
            assert_eq!(by_name(&format!("a.b.{}", ending.to_uppercase())), *of);
        }
        for other in ["", "txt", "a.", "a.unknown", "a.txt "] {
            assert_eq!(by_name(other), "application/octet-stream", "{other:?}");
        }
    }

    #[test]
    fn a_media_type_is_two_tokens() {
        for good in ["text/plain", "text/plain; charset=utf-8", "image/svg+xml", "text/plain ;a"] {
            assert!(is_media_type(good), "{good}");
        }
        for bad in ["", "text", "text/", "/plain", "text/a/b", "te xt/plain", "text/plain, x", " text/plain"] {
            assert!(!is_media_type(bad), "{bad}");
        }
    }
}
