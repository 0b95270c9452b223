//! The rules that `infra/template.yaml` has to keep, whatever is added to it.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "what surrounds the tests fails like the tests"
)]

mod access;
mod document;
mod functions;
mod messages;
