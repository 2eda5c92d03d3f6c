//! What a Digest answer needs of a request's body: the bytes, or only their hashes.

#[cfg(feature = "serde")]
use crate::auth::digest::hash::{BodyHash, HashAlgorithm};
use bytes::Bytes;

/// A body that can be hashed.
#[derive(Clone)]
pub(crate) enum Hashable {
    /// Here it is.
    Bytes(Bytes),
    /// It stayed behind in another process; these are its hashes.
    #[cfg(feature = "serde")]
    Hashes(Vec<BodyHash>),
}

#[cfg(feature = "serde")]
impl Hashable {
    /// The hash by this function, where it can be told.
    pub(crate) fn hash(&self, algorithm: HashAlgorithm) -> Option<BodyHash> {
        match self {
            Self::Bytes(bytes) => Some(BodyHash::of(algorithm, bytes)),
            Self::Hashes(hashes) => hashes.iter().find(|hash| hash.algorithm() == algorithm).cloned(),
        }
    }
}
