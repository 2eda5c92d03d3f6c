//! Each client with the session around it, in the same scenarios over loopback; and that the guide shows what stands in the files.

mod around;
mod guide;
mod scenarios;
mod server;
