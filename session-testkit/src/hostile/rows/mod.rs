//! The rows, one file for each section.

pub mod auth;
pub mod codings;
pub mod connect;
pub mod load;
pub mod malformed;
pub mod records;
pub mod redirects;
pub mod reuse;
pub mod timing;
pub mod tls;
pub mod truncation;
pub mod upload;
