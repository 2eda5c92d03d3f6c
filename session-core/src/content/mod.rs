//! What a body means: the codings it comes in, the text that its bytes stand for, its lines, the events in it, forms of several parts;
//! and the links that a response names. How the bytes are framed on the wire is `h1`'s.

pub mod charset;
pub mod coding;
pub mod events;
pub mod lines;
pub mod link;
pub mod media_type;
pub mod multipart;
