//! Credentials: what they are, where they come from and how they are written into a field.
//!
//! [`credentials`] is the value, [`Bound`](crate::message::bound::Bound) ties it to one origin,
//! [`basic`](crate::message::basic), `bearer` and [`digest`] write the field, [`netrc`] reads credentials out of a file's
//! text. [`challenge`] reads what a server asks for, and [`answer`] decides on it. A field value is computed for each hop
//! and never copied from the hop before.

pub mod answer;
mod bearer;
pub mod challenge;
pub mod credentials;
pub mod digest;
pub mod netrc;
pub mod scheme;
