//! Integration tests, a module per resource.

mod control_schedules;
mod concurrency;
mod editions;
#[cfg(feature = "enterprise")]
mod graph_faults;
#[cfg(feature = "enterprise")]
mod graph_scheduling;
mod idempotency;
mod listing;
mod meetings;
mod openapi;
mod outbox;
mod permissions;
#[cfg(feature = "enterprise")]
mod reconciliation;
mod routes;
mod tenancy;
