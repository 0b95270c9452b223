//! Copies of recordings in the bucket: in parts, across invocations, whatever
//! breaks off in between (OM-10).

#[cfg(feature = "enterprise")]
mod crash;
#[cfg(feature = "enterprise")]
mod faults;
#[cfg(feature = "enterprise")]
mod laboratory;
mod sweep;
#[cfg(feature = "enterprise")]
mod whole;
