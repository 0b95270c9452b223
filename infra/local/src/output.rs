//! The terminal: the one place of this crate that prints.

use std::io::{IsTerminal, Write};

use crate::log_line::readable;

/// One line on standard output. A reader that has gone away is no error.
pub fn line(text: &str) {
    let _ = writeln!(std::io::stdout().lock(), "{text}");
}

/// Something that is being done, on standard error.
pub(crate) fn step(what: &str) {
    let _ = writeln!(std::io::stderr().lock(), "· {what}");
}

/// Why it ended, on standard error, with what lies beneath.
pub fn failure(error: &anyhow::Error) {
    let causes: Vec<String> = error.chain().map(ToString::to_string).collect();
    let _ = writeln!(std::io::stderr().lock(), "error: {}", causes.join(": "));
}

/// What a function printed, after its name.
pub(crate) fn log(function: &str, text: &str) {
    let text = readable(text);
    let mut out = std::io::stdout().lock();
    let _ = if out.is_terminal() {
        writeln!(out, "\u{1b}[2m{function:<14}\u{1b}[0m {text}")
    } else {
        writeln!(out, "{function:<14} {text}")
    };
}
