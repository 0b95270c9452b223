//! Recordings and transcripts for their readers: who may see one, tickets that
//! open a recording without a token, the octets of a recording at Microsoft, and
//! transcripts as documents (OM-8, OM-9).
//!
//! Guarantee: every way to an artifact goes through [`access`], which reads the
//! meeting and the tenant's settings for that very request.

pub mod access;
pub mod documents;
pub mod source;
pub mod tickets;
