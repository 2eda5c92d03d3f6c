//! What is made to be looked at, in a real browser: headless Chromium, driven by its debugging protocol over a pipe. Pictures of it
//! are left in `target/tmp`, to be looked at.
//!
//! Where there is no Chromium the tests say so and pass. With `SESSION_BROWSER=required` they fail then, and any other
//! `SESSION_BROWSER` is the program to start.
#![cfg(unix)]

mod chromium;
mod har;
mod picture;
mod waterfall;
