//! What the rules need from outside: clock, configuration, the DynamoDB store,
//! queues and outbox, secrets, the HTTP edge, the batch runner.
//!
//! Nothing here knows Microsoft Graph, and nothing here decides a rule.

pub mod answer_link;
pub mod aws;
pub mod backoff;
pub mod batch;
pub mod blobs;
pub mod bus;
pub mod clock;
pub mod config;
pub mod http;
pub mod keyring;
pub mod link;
pub mod log;
pub mod mail;
pub mod outbox;
pub mod queue;
pub mod raw;
pub mod records;
mod sealed_token;
pub mod secrets;
pub mod store;
pub mod tenant;
pub mod ticket;
pub mod vault;
