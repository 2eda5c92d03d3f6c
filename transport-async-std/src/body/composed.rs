//! Request bodies made of other bodies: several one after the other, as a form is sent, and one that is coded on its way.

use super::{Body, Content};
use session_core::content::coding::encoder::Encoder;
use session_core::message::body::{BodySize, RequestBody};
use session_core::request::{ComposedContent, RequestContent, describe_sequence};
use std::io;
use std::task::{Context, Poll, ready};

impl ComposedContent for Body {
    fn sequence(bodies: Vec<Self>) -> Self {
        Self::of(Content::Parts(Parts { bodies, at: 0, asked: false }))
    }

    fn coded(self, encoder: Encoder) -> Self {
        Self::of(Content::Coded(Box::new(Coded { body: self, encoder, content: Coding::UnderWay })))
    }
}

/// Bodies one after the other.
pub(super) struct Parts {
    bodies: Vec<Body>,
    /// The one that is being sent.
    at: usize,
    /// Something was asked for.
    asked: bool,
}

impl Parts {
    pub(super) fn describe(&self) -> RequestBody {
        describe_sequence(self.bodies.iter().map(RequestContent::describe))
    }

    pub(super) fn try_clone(&self) -> Option<Self> {
        let bodies = self.bodies.iter().map(Body::try_clone).collect::<Option<_>>()?;
        Some(Self { bodies, at: 0, asked: false })
    }

    pub(super) fn rewind(&mut self) {
        (self.at, self.asked) = (0, false);
        self.bodies.iter_mut().for_each(Body::rewind);
    }

    pub(super) fn is_unread(&self) -> bool {
        !self.asked
    }

    /// Waits for the next piece, unless one is there.
    pub(super) fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.asked = true;
        while let Some(body) = self.bodies.get_mut(self.at) {
            ready!(body.poll_fill(cx))?;
            if !body.piece().is_empty() {
                break;
            }
            self.at = self.at.saturating_add(1);
        }
        Poll::Ready(Ok(()))
    }

    pub(super) fn piece(&self) -> &[u8] {
        self.bodies.get(self.at).map_or(&[], Body::piece)
    }

    pub(super) fn consume(&mut self, n: usize) {
        if let Some(body) = self.bodies.get_mut(self.at) {
            body.consume(n);
        }
    }
}

/// A body that is coded as it is read. What it comes to is not known before its end.
pub(super) struct Coded {
    body: Body,
    encoder: Encoder,
    content: Coding,
}

/// How it stands with the content.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Coding {
    UnderWay,
    Over,
}

/// How much is coded at once: a task that codes does not keep its thread for long.
const STEP: usize = 16 * 1024;

impl Coded {
    pub(super) fn describe(&self) -> RequestBody {
        match self.body.describe().is_replayable() {
            true => RequestBody::replayable(BodySize::Streaming),
            false => RequestBody::once(BodySize::Streaming),
        }
    }

    pub(super) fn try_clone(&self) -> Option<Self> {
        Some(Self { body: self.body.try_clone()?, encoder: self.encoder.fresh(), content: Coding::UnderWay })
    }

    pub(super) fn rewind(&mut self) {
        self.body.rewind();
        (self.encoder, self.content) = (self.encoder.fresh(), Coding::UnderWay);
    }

    pub(super) fn is_unread(&self) -> bool {
        self.body.is_unread()
    }

    /// Waits for, and codes, as much as gives a piece, unless one is there.
    pub(super) fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.encoder.piece().is_empty() && self.content == Coding::UnderWay {
            ready!(self.body.poll_fill(cx))?;
            let piece = self.body.piece();
            let step = piece.get(..STEP).unwrap_or(piece);
            let taken = step.len();
            if taken == 0 {
                self.encoder.finish();
                self.content = Coding::Over;
            } else {
                self.encoder.push(step);
                self.body.consume(taken);
            }
        }
        Poll::Ready(Ok(()))
    }

    pub(super) fn piece(&self) -> &[u8] {
        self.encoder.piece()
    }

    pub(super) fn consume(&mut self, n: usize) {
        self.encoder.consume(n);
    }
}
