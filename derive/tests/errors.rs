//! Catches a mistake that compiles, and an error that does not say what is wrong where it is written.
//!
//! The `.stderr` files say what is to be printed; `TRYBUILD=overwrite cargo test` writes them anew.

use std::process::Command;

/// The compiler whose words are in `errors/compiler`; others word their part of an error otherwise.
const KNOWN: &str = "rustc 1.95.";

#[test]
fn mistakes_are_told_where_they_are_written() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("tests/errors/*.rs");
    let version = Command::new("rustc").arg("--version").output().map(|found| found.stdout);
    if version.is_ok_and(|found| found.starts_with(KNOWN.as_bytes())) {
        cases.compile_fail("tests/errors/compiler/*.rs");
    }
}
