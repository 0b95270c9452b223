//! Looking for what Microsoft has made of a meeting, whoever asks for it (OM-7,
//! OM-8, OM-11, OM-12).

#[cfg(feature = "enterprise")]
mod canaries;
#[cfg(not(feature = "enterprise"))]
mod community;
#[cfg(feature = "enterprise")]
mod crash;
#[cfg(feature = "enterprise")]
mod faults;
#[cfg(feature = "enterprise")]
mod looking;
#[cfg(feature = "enterprise")]
mod poison;
#[cfg(feature = "enterprise")]
mod race;
#[cfg(feature = "enterprise")]
mod schedule;
#[cfg(feature = "enterprise")]
mod throttled;
#[cfg(feature = "enterprise")]
mod timing;

/// Where recordings are listed.
#[cfg(feature = "enterprise")]
const RECORDINGS: &str = "/v1.0/users/*/onlineMeetings/*/recordings";
/// Where transcripts are listed.
#[cfg(feature = "enterprise")]
const TRANSCRIPTS: &str = "/v1.0/users/*/onlineMeetings/*/transcripts";
/// A transcript's text.
#[cfg(feature = "enterprise")]
const TEXT: &str = "/v1.0/users/*/onlineMeetings/*/transcripts/*/content";
