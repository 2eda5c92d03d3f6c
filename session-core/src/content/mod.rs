//! What a body means: the codings it comes in, and the text that its bytes stand for. How the bytes are framed on the wire is `h1`'s.

pub mod charset;
pub mod coding;
