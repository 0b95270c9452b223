//! The WebVTT that we make of transcripts, in the eyes of its other readers.

use std::io::Write;

use it::readers::transcripts;
use it::readers_venv;

/// OM-8: Python's `webvtt-py` reads from our transcripts what was said.
#[test]
fn python_reads_our_transcripts() {
    let python = readers_venv::python().expect("a virtual environment for the readers");
    transcripts::check_with_python(&python).unwrap_or_else(|error| panic!("{error:?}"));
}

/// OM-8: so does W3C's validator, and has nothing to complain about. Needs
/// Node: mandatory in CI, visibly skipped elsewhere.
#[test]
#[allow(
    clippy::disallowed_methods,
    reason = "where CI has installed webvtt-parser is no setting of the product"
)]
fn the_validator_of_webvtt_accepts_our_transcripts() {
    if let Ok(folder) = std::env::var("CONVOKE_NODE_MODULES") {
        transcripts::check_with_node(folder.as_ref()).unwrap_or_else(|error| panic!("{error:?}"));
        return;
    }
    assert!(
        std::env::var("CI").as_deref() != Ok("true"),
        "CI must set CONVOKE_NODE_MODULES to the node_modules of tests/it/readers/package.json"
    );
    // Past the capturing of a passing test's output: whoever runs it shall see it.
    let skipped = "SKIPPED: webvtt-parser reads our transcripts only where CONVOKE_NODE_MODULES names its node_modules";
    writeln!(std::io::stderr(), "{skipped}").expect("standard error is open");
}
