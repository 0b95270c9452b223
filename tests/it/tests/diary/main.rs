//! Temporary: connected calendars alone.
#![allow(clippy::unwrap_used, clippy::expect_used, dead_code, reason = "tests")]
#[path = "../it/calendars"]
mod calendars {
    #[cfg(not(feature = "enterprise"))]
    mod community;
    mod connecting;
    mod crash;
    mod diary;
    mod entries;
    mod failures;
    mod foreign;
    mod race;
    mod secrets;
    mod sessions;
    #[cfg(feature = "enterprise")]
    mod two_providers;
}
