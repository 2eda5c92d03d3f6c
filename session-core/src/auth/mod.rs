//! Credentials: what they are, where they come from and how they are written into a field.
//!
//! [`credentials`] is the value, [`Bound`](crate::message::bound::Bound) ties it to one origin, `basic` and `bearer` write the field, [`netrc`]
//! reads credentials out of a file's text. A field value is computed for each hop and never copied from the hop before.

mod basic;
mod bearer;
pub mod challenge;
pub mod credentials;
pub mod netrc;
