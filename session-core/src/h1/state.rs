//! The states of one request and one response on a connection, and every move between them.
//!
//! The two tables below are the whole truth: a move that has no row cannot be made. The drawing of the states and the
//! tests come from the tables. What a move means for bytes is not known here; nor is whether a connection may be used
//! again, which `reuse` decides from the states that were reached.

use std::fmt;

/// Our side: the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "the rows of a table that is public as a whole")]
pub enum RequestState {
    /// Nothing was sent in this cycle.
    Idle,
    /// The head was written; the body, even an empty one, is not ended.
    Body,
    /// All of it was written.
    Done,
    /// It was broken off and can never be completed.
    Failed,
}

/// What can happen to the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "the rows of a table that is public as a whole")]
pub enum RequestMove {
    /// `send_head`.
    Head,
    /// `send_data`.
    Data,
    /// `send_end`.
    End,
    /// `send_failed`, or a body that is not as long as was said.
    Fail,
}

/// Every move of the request: from, by, to.
pub const REQUEST_MOVES: &[(RequestState, RequestMove, RequestState)] = {
    use RequestMove as By;
    use RequestState as Is;
    &[
        (Is::Idle, By::Head, Is::Body),
        (Is::Body, By::Data, Is::Body),
        (Is::Body, By::End, Is::Done),
        (Is::Body, By::Fail, Is::Failed),
    ]
};

/// The peer's side: the response.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "the rows of a table that is public as a whole")]
pub enum ResponseState {
    /// No request was sent, so no response is awaited.
    Idle,
    /// A head is awaited.
    Head,
    /// The final head came; the body, even an empty one, is not ended.
    Body,
    /// A head came after which the connection speaks another protocol; its end is not told yet.
    LastHead,
    /// All of it came.
    Done,
    /// All of it came, and what follows is not HTTP.
    Switched,
    /// The peer broke the protocol or broke off.
    Failed,
}

/// What can happen to the response.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "the rows of a table that is public as a whole")]
pub enum ResponseMove {
    /// The request's head was written, so that a response can come.
    Asked,
    /// A 1xx head other than 101.
    Interim,
    /// The final head.
    Final,
    /// A 101 as asked for, or a 2xx to CONNECT.
    Switch,
    /// Body bytes.
    Data,
    /// The end of the message.
    End,
    /// Bytes that are not HTTP, or the end of the connection in the midst of a message.
    Fail,
}

/// Every move of the response: from, by, to.
pub const RESPONSE_MOVES: &[(ResponseState, ResponseMove, ResponseState)] = {
    use ResponseMove as By;
    use ResponseState as Is;
    &[
        (Is::Idle, By::Asked, Is::Head),
        (Is::Idle, By::Fail, Is::Failed),
        (Is::Head, By::Interim, Is::Head),
        (Is::Head, By::Final, Is::Body),
        (Is::Head, By::Switch, Is::LastHead),
        (Is::Head, By::Fail, Is::Failed),
        (Is::Body, By::Data, Is::Body),
        (Is::Body, By::End, Is::Done),
        (Is::Body, By::Fail, Is::Failed),
        (Is::LastHead, By::End, Is::Switched),
    ]
};

impl RequestState {
    /// Where a move leads; `None` where it cannot be made.
    #[must_use]
    pub fn after(self, by: RequestMove) -> Option<Self> {
        REQUEST_MOVES.iter().find(|(from, given, _)| *from == self && *given == by).map(|(_, _, to)| *to)
    }
}

impl ResponseState {
    /// Where a move leads; `None` where it cannot be made.
    #[must_use]
    pub fn after(self, by: ResponseMove) -> Option<Self> {
        RESPONSE_MOVES.iter().find(|(from, given, _)| *from == self && *given == by).map(|(_, _, to)| *to)
    }
}

impl fmt::Display for RequestState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

impl fmt::Display for ResponseState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::{REQUEST_MOVES, RESPONSE_MOVES, RequestMove, RequestState, ResponseMove, ResponseState};
    use std::collections::HashSet;

    #[test]
    fn no_state_and_move_has_two_outcomes() {
        let mut seen = HashSet::new();
        assert!(REQUEST_MOVES.iter().all(|(from, by, _)| seen.insert((*from, *by))));
        let mut seen = HashSet::new();
        assert!(RESPONSE_MOVES.iter().all(|(from, by, _)| seen.insert((*from, *by))));
    }

    #[test]
    fn nothing_leaves_the_last_states() {
        for last in [RequestState::Done, RequestState::Failed] {
            assert!(REQUEST_MOVES.iter().all(|(from, ..)| *from != last));
        }
        for last in [ResponseState::Done, ResponseState::Switched, ResponseState::Failed] {
            assert!(RESPONSE_MOVES.iter().all(|(from, ..)| *from != last));
        }
    }

    #[test]
    fn what_has_no_row_cannot_be_done() {
        assert_eq!(RequestState::Idle.after(RequestMove::Data), None);
        assert_eq!(RequestState::Done.after(RequestMove::Head), None);
        assert_eq!(ResponseState::Idle.after(ResponseMove::Final), None);
        assert_eq!(ResponseState::Head.after(ResponseMove::Data), None);
        assert_eq!(ResponseState::Body.after(ResponseMove::Final), None);
        assert_eq!(ResponseState::Head.after(ResponseMove::Interim), Some(ResponseState::Head));
    }
}
