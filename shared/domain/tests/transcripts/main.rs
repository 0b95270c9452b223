//! Transcripts as Teams writes them and as nobody should, against readers that
//! share no code with what they judge.

#![allow(clippy::expect_used, reason = "a test stops at what it did not expect")]

mod examples;
mod hostile;
mod properties;
mod strict;
