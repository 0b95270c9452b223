//! Recordings by ticket, in ranges, whatever happens to the connection; and
//! transcripts as documents (OM-8, OM-9).

#[cfg(not(feature = "enterprise"))]
mod community;
#[cfg(feature = "enterprise")]
mod documents;
#[cfg(feature = "enterprise")]
mod faults;
#[cfg(feature = "enterprise")]
mod laboratory;
#[cfg(feature = "enterprise")]
mod matrix;
#[cfg(feature = "enterprise")]
mod stored;
#[cfg(feature = "enterprise")]
mod streaming;
#[cfg(feature = "enterprise")]
mod tickets;
