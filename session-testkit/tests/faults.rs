//! The fault matrix holds on every transport.

use std::process::Command;

#[test]
fn every_row_that_is_played_holds() {
    let played = Command::new(env!("CARGO_BIN_EXE_faults")).args(["--on", "all"]).output().unwrap();
    assert!(played.status.success(), "{}", String::from_utf8_lossy(&played.stdout));
}
