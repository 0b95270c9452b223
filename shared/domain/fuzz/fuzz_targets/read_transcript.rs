//! Whatever octets go in, both renderings are valid and say the same, and the
//! WebVTT is read again as it was.

#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../tests/transcripts/strict.rs"]
mod strict;

fuzz_target!(|octets: &[u8]| {
    strict::check(octets);
});
