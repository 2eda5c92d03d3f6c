//! Kind "wire": the bytes of one response to one request, fed to the codec in several ways.

pub mod check;
pub mod codec;
pub mod feed;
pub mod model;
