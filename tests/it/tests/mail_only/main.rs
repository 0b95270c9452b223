//! Temporary.
mod mail;
