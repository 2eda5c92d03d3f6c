//! An error with all that it has, for those who debug. A body that a proxy sent is told by its length alone.

use super::{Error, Inner};
use std::fmt;
use url::Url;

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { kind, fault, phase, message, expected, came, url, bound, refusal, challenges: _, source } =
            &*self.0;
        let status = refusal.as_ref().map(|(status, _)| status.as_u16());
        let size = refusal.as_ref().map(|(_, body)| format!("{} bytes", body.len()));
        let url = url.as_ref().map(Url::as_str);
        // In a loop, so that what writes a field is there once.
        let fields = [
            ("kind", Some(kind as &dyn fmt::Debug)),
            ("fault", Some(fault)),
            ("phase", Some(phase)),
            ("message", Some(message)),
            ("bound", there(bound)),
            ("expected", there(expected)),
            ("came", there(came)),
            ("url", there(&url)),
            ("proxy_status", there(&status)),
            ("proxy_body", there(&size)),
            ("source", there(source)),
        ];
        let mut out = f.debug_struct("Error");
        for (name, value) in fields {
            value.map(|value| out.field(name, value));
        }
        out.finish()
    }
}

fn there<T: fmt::Debug>(value: &Option<T>) -> Option<&dyn fmt::Debug> {
    value.as_ref().map(|value| value as _)
}
