//! What docs/porting-from-*.md show, compiled: `build.rs` makes a function of each piece. The programs that the guides name are
//! run by `tests/programs.rs`.

#[allow(
    dead_code,
    unused_imports,
    unused_variables,
    clippy::all,
    reason = "code for people to read, each piece by itself"
)]
mod guides {
    include!(concat!(env!("OUT_DIR"), "/guides.rs"));
}
