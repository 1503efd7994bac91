//! The transcripts in `tests/cli` and in the README: commands with exactly what they print.
//!
//! `TRYCMD=overwrite cargo test transcripts` rewrites them after a wanted change.

#[test]
fn transcripts_show_what_the_program_prints() {
    trycmd::TestCases::new()
        .case("tests/cli/*.md")
        .case("README.md")
        .insert_var("[VERSION]", env!("CARGO_PKG_VERSION"))
        .unwrap();
}
