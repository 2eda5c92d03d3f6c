//! The fault matrix holds on every transport.

#[test]
fn every_row_that_is_played_holds() {
    let none: [String; 0] = [];
    assert_eq!(session_testkit::hostile::matrix::main(none), 0, "the matrix stands above");
}
