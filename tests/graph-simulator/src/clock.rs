//! The simulator's clock: real time plus an offset that tests move, and the
//! one place where ids are minted.

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

/// How far the clock can be moved: two centuries either way.
const MAX_OFFSET_MS: i64 = 200 * 366 * 24 * 3_600_000;

/// Real time, shifted.
#[allow(
    clippy::disallowed_methods,
    reason = "the simulator is a peer in a process of its own; this is its clock"
)]
pub(crate) fn now(offset_ms: i64) -> DateTime<Utc> {
    let offset_ms = offset_ms.clamp(-MAX_OFFSET_MS, MAX_OFFSET_MS);
    Utc::now() + TimeDelta::milliseconds(offset_ms)
}

/// The offset with which `now` reads as `wanted`, or less than a millisecond later.
pub(crate) fn offset_to(wanted: DateTime<Utc>) -> i64 {
    let offset = wanted.signed_duration_since(now(0)).num_milliseconds() + 1;
    offset.clamp(-MAX_OFFSET_MS, MAX_OFFSET_MS)
}

/// A random id.
#[allow(
    clippy::disallowed_methods,
    reason = "ids of the simulated Microsoft cloud; nothing in the product sees this source"
)]
pub(crate) fn new_id() -> Uuid {
    Uuid::new_v4()
}
