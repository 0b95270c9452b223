//! Integration tests, a module per resource.

#[cfg(feature = "enterprise")]
mod graph_scheduling;
mod idempotency;
mod listing;
mod openapi;
mod permissions;
mod routes;
mod tenancy;
