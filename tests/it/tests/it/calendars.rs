//! Connected calendars (IV-6): consents, what stands in them, and what goes wrong.

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
