//! Random values that no behaviour depends on: correlation ids and jitter.

/// A fresh `client-request-id`.
#[allow(
    clippy::disallowed_methods,
    reason = "names one HTTP attempt in two logs; it is stored nowhere, so a test has nothing to drive"
)]
pub(crate) fn request_id() -> String {
    uuid::Uuid::new_v4().to_string()
}

/// A random number from 0 to 1.
#[allow(
    clippy::disallowed_methods,
    reason = "jitter must differ between processes; a driven value would defeat it"
)]
pub(crate) fn fraction() -> f64 {
    f64::from(uuid::Uuid::new_v4().as_fields().0) / f64::from(u32::MAX)
}
