//! The community edition subscribes to nothing, and leaves the other edition's rows
//! as they are.

use std::time::Duration;

use convoke_domain::error::Error;
use convoke_platform::config::{ConfigError, Environment};
use convoke_platform::secrets::Secrets;
use convoke_platform::tenant::Tenant;

use super::Round;
use crate::core::Core;
use crate::jobs::SubscriptionEvent;
use crate::microsoft::Microsoft;

/// Looks after nothing.
#[derive(Clone)]
pub struct Subscriber(());

impl Subscriber {
    /// Needs no settings.
    #[allow(
        clippy::unnecessary_wraps,
        reason = "the signature of the enterprise edition's, which can fail"
    )]
    pub fn of_environment(
        _: &Environment,
        _: Core,
        _: Microsoft,
        _: Secrets,
    ) -> Result<Self, ConfigError> {
        Ok(Self(()))
    }
}

/// Leaves all rows as they are.
#[allow(
    clippy::unused_async,
    reason = "the signature of the enterprise edition's, which calls"
)]
pub async fn renew(_: &Subscriber, _: Duration) -> Result<Round, Error> {
    Ok(Round::default())
}

/// Leaves the tenant's rows as they are.
#[allow(
    clippy::unused_async,
    reason = "the signature of the enterprise edition's, which calls"
)]
pub async fn align(_: &Subscriber, _: &Tenant) -> Result<(), Error> {
    Ok(())
}

/// Leaves the row as it is.
#[allow(
    clippy::unused_async,
    reason = "the signature of the enterprise edition's, which calls"
)]
pub async fn heed(_: &Subscriber, _: &Tenant, _: &str, _: SubscriptionEvent) -> Result<(), Error> {
    Ok(())
}
