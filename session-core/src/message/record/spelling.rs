//! The one spelling of each word of the vocabulary, and how it is read.

use super::Spelled;
use crate::message::host::CanonicalHost;
use crate::message::origin::{Origin, Scheme};
use crate::message::proxy::ProxyScheme;
use crate::message::target::Target;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Version};
use std::borrow::Cow;
use url::Url;

/// Stands before base64.
const BASE64: &str = "base64:";

/// Bytes as text that says what it is.
fn octets(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) if !text.starts_with(BASE64) => text.into(),
        _ => format!("{BASE64}{}", STANDARD.encode(bytes)).into(),
    }
}

fn decoded(text: &str) -> Option<Vec<u8>> {
    match text.strip_prefix(BASE64) {
        None => Some(text.as_bytes().to_vec()),
        Some(encoded) => STANDARD.decode(encoded).ok(),
    }
}

impl Spelled for Vec<u8> {
    const EXPECTED: &'static str = "text, or base64 after `base64:`";

    fn spelled(&self) -> Cow<'_, str> {
        octets(self)
    }

    fn read(text: &str) -> Option<Self> {
        decoded(text)
    }
}

impl Spelled for Bytes {
    const EXPECTED: &'static str = "text, or base64 after `base64:`";

    fn spelled(&self) -> Cow<'_, str> {
        octets(self)
    }

    fn read(text: &str) -> Option<Self> {
        decoded(text).map(Self::from)
    }
}

impl Spelled for HeaderValue {
    const EXPECTED: &'static str = "a field value, or base64 after `base64:`";

    fn spelled(&self) -> Cow<'_, str> {
        octets(self.as_bytes())
    }

    fn read(text: &str) -> Option<Self> {
        Self::from_bytes(&decoded(text)?).ok()
    }
}

impl Spelled for HeaderName {
    const EXPECTED: &'static str = "a field name in lower case";

    fn spelled(&self) -> Cow<'_, str> {
        self.as_str().into()
    }

    fn read(text: &str) -> Option<Self> {
        Self::from_bytes(text.as_bytes()).ok()
    }
}

impl Spelled for Method {
    const EXPECTED: &'static str = "a method";

    fn spelled(&self) -> Cow<'_, str> {
        self.as_str().into()
    }

    fn read(text: &str) -> Option<Self> {
        Self::from_bytes(text.as_bytes()).ok()
    }
}

impl Spelled for Version {
    const EXPECTED: &'static str = "a version of HTTP";

    fn spelled(&self) -> Cow<'_, str> {
        format!("{self:?}").into()
    }

    fn read(text: &str) -> Option<Self> {
        let known = [Self::HTTP_09, Self::HTTP_10, Self::HTTP_11, Self::HTTP_2, Self::HTTP_3];
        known.into_iter().find(|version| version.spelled() == text)
    }
}

impl Spelled for Scheme {
    const EXPECTED: &'static str = "http or https";

    fn spelled(&self) -> Cow<'_, str> {
        self.as_str().into()
    }

    fn read(text: &str) -> Option<Self> {
        [Self::Http, Self::Https].into_iter().find(|scheme| scheme.as_str() == text)
    }
}

impl Spelled for CanonicalHost {
    const EXPECTED: &'static str = "a host in its canonical spelling";

    fn spelled(&self) -> Cow<'_, str> {
        self.to_string().into()
    }

    fn read(text: &str) -> Option<Self> {
        Self::parse(text)
    }
}

impl Spelled for Origin {
    const EXPECTED: &'static str = "an origin in its canonical spelling";

    fn spelled(&self) -> Cow<'_, str> {
        self.to_string().into()
    }

    fn read(text: &str) -> Option<Self> {
        Self::parse(text).ok()
    }
}

impl Spelled for Url {
    const EXPECTED: &'static str = "a URL in its canonical spelling";

    fn spelled(&self) -> Cow<'_, str> {
        self.as_str().into()
    }

    fn read(text: &str) -> Option<Self> {
        Self::parse(text).ok()
    }
}

impl Spelled for Target {
    const EXPECTED: &'static str = "an http or https URL without user information, in its canonical spelling";

    fn spelled(&self) -> Cow<'_, str> {
        self.url().as_str().into()
    }

    fn read(text: &str) -> Option<Self> {
        Self::new(Url::parse(text).ok()?).ok().map(|(target, _)| target)
    }
}

impl Spelled for ProxyScheme {
    const EXPECTED: &'static str = "http, https, socks4a, socks5 or socks5h";

    fn spelled(&self) -> Cow<'_, str> {
        self.as_str().into()
    }

    fn read(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scheme| scheme.as_str() == text)
    }
}

#[cfg(test)]
mod tests {
    use super::Spelled;
    use crate::message::record::Text;
    use crate::message::target::Target;
    use http::HeaderName;
    use proptest::prelude::*;

    fn read<T: Spelled>(text: &str) -> Option<T> {
        let json = serde_json::to_string(text).unwrap();
        serde_json::from_str::<Text<T>>(&json).ok().map(|Text(value)| value)
    }

    #[test]
    fn only_the_one_spelling_is_read() {
        assert!(read::<Target>("https://a.test/x?q#f").is_some());
        for other in
            ["https://A.test/x", "https://a.test", "https://u@a.test/", "ftp://a.test/", "/x", "https://a.test:443/"]
        {
            assert!(read::<Target>(other).is_none(), "{other}");
        }
        assert!(read::<HeaderName>("x-a").is_some() && read::<HeaderName>("X-A").is_none());
        for other in ["base64:/", "base64:YQ==", "base64:/w", "base64:_w==", "base64: /w=="] {
            assert!(read::<Vec<u8>>(other).is_none(), "{other}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_come_back(bytes in prop_oneof![
            prop::collection::vec(any::<u8>(), 0..40),
            "(base64:)?\\PC{0,20}".prop_map(String::into_bytes),
        ]) {
            let text = serde_json::to_string(&Text(bytes.clone())).unwrap();
            let Text(back) = serde_json::from_str::<Text<Vec<u8>>>(&text).unwrap();
            prop_assert_eq!(back, bytes);
        }
    }
}
