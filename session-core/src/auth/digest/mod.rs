//! Digest (RFC 7616): the algorithms MD5, SHA-256 and SHA-512-256 with their `-sess` forms, `qop` auth and auth-int, and
//! challenges without `qop` (RFC 2069).
//!
//! [`asked`] describes the request, [`hash`] holds the hash functions and what a caller hands in for a body, `offer` reads
//! a challenge, `terms` computes, `field` writes, [`state`] is what is known of one origin and makes the answers,
//! [`proof`] checks the server's own. [`means`] are the functions of all that, which a credential brings along.
//!
//! A state holds no secret: user and password are handed in for each answer.

pub mod asked;
mod field;
pub mod hash;
pub mod means;
pub(crate) mod offer;
pub mod proof;
#[cfg(feature = "serde")]
pub(crate) mod record;
pub mod state;
mod terms;
