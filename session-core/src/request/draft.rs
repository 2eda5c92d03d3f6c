//! A request's body while the request is being built, and what it means for the fields once that is done.

use super::RequestContent;
use crate::content::coding::encoder::Encoder;
use crate::error::{Error, ErrorKind, Phase};
use crate::message::body::RequestBody;
use crate::session::request::Request;
use bytes::Bytes;
use http::HeaderValue;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};

/// How a body that is not in memory becomes a coded one.
type Code<B> = fn(B, Encoder) -> B;

/// A body, where there is one, and what it is to be coded by.
pub(super) struct Draft<B> {
    body: Option<Drafted<B>>,
    /// And how a body that is not in memory comes to that.
    pub(super) encoder: Option<(Encoder, Code<B>)>,
}

/// A body, and what is known of it beside its bytes.
struct Drafted<B> {
    body: B,
    body_type: BodyType,
    /// What settles it, which comes with it: a program whose requests have no body has no code for that.
    settle: Settle<B>,
}

type Settle<B> = fn(Drafted<B>, Option<(Encoder, Code<B>)>, &mut Request) -> Result<B, Error>;

/// The Content-Type that a body has by itself.
#[derive(Clone, Default)]
pub(super) enum BodyType {
    /// None, or what the request says already.
    #[default]
    Untold,
    /// This one, unless the request or the session names another.
    Default(HeaderValue),
    /// That of a form, without which nobody can read the body.
    Form(HeaderValue),
}

impl<B> Default for Draft<B> {
    fn default() -> Self {
        Self { body: None, encoder: None }
    }
}

impl<B: RequestContent> Draft<B> {
    pub(super) fn set(&mut self, body_type: BodyType, body: B) {
        self.body = Some(Drafted { body, body_type, settle });
    }

    /// The same once more; `None` where the body can be read only once.
    pub(super) fn try_clone(&self) -> Option<Self> {
        let body = match &self.body {
            Some(Drafted { body, body_type, settle }) => {
                Some(Drafted { body: body.try_clone()?, body_type: body_type.clone(), settle: *settle })
            }
            None => None,
        };
        let encoder = self.encoder.as_ref().map(|(encoder, coded)| (encoder.fresh(), *coded));
        Some(Self { body, encoder })
    }

    /// Tells the request what its body is like, and gives the body.
    pub(super) fn settle(self, request: &mut Request) -> Result<Option<B>, Error> {
        let Some(drafted) = self.body else { return Ok(None) };
        (drafted.settle)(drafted, self.encoder, request).map(Some)
    }
}

fn settle<B: RequestContent>(
    drafted: Drafted<B>,
    encoder: Option<(Encoder, Code<B>)>,
    request: &mut Request,
) -> Result<B, Error> {
    let mut body = drafted.body;
    match drafted.body_type {
        BodyType::Untold => {}
        BodyType::Default(of) => request.set_body_type(of),
        BodyType::Form(of) => {
            if request.headers().contains_key(CONTENT_TYPE) {
                return Err(Error::new(
                    ErrorKind::InvalidHeader,
                    Phase::Build,
                    "the request has a Content-Type, which is a form's to write with its boundary",
                )
                .with_expected("none"));
            }
            request.headers_mut().insert(CONTENT_TYPE, of);
        }
    }
    if let Some((encoder, coded)) = encoder.filter(|_| !body.describe().is_empty()) {
        request.append_header(CONTENT_ENCODING, encoder.coding().name())?;
        body = match body.bytes() {
            Some(bytes) => B::from(Bytes::from(encoder.whole(&bytes))),
            None => coded(body, encoder),
        };
    }
    describe(request, Some(&body));
    Ok(body)
}

/// Tells the request what its body is like.
pub(super) fn describe<B: RequestContent>(request: &mut Request, body: Option<&B>) {
    request.set_body(body.map_or(RequestBody::EMPTY, RequestContent::describe));
    if let Some(bytes) = body.and_then(RequestContent::bytes) {
        request.set_hashable(bytes);
    }
}
