//! What Microsoft's notifications come to (NT-3): each is checked before anything
//! is done, and what follows from it is written once.
//!
//! Guarantee: a notification names neither the tenant nor the work that follows;
//! both come from the row of the subscription that it proves to belong to.
//! Forged and repeated ones change nothing but a counter. An error means that
//! something could not be asked just now: the whole delivery may come again.

mod authenticity;
mod effect;
mod known;
mod tally;

use chrono::{DateTime, Utc};
use convoke_domain::error::Error;
use convoke_graph::notification::{self, Notification, SigningKeys};
use convoke_platform::config::{ConfigError, Environment};
use convoke_platform::vault::Vault;
use futures_util::StreamExt;
use tracing::Instrument;

pub(crate) use effect::{Come, follow_up};
pub use tally::{Tally, Verdict};

use self::authenticity::Delivered;
use crate::core::Core;
use crate::notification_keys::NotificationKeys;

/// Notifications of one delivery that are worked on at once.
const AT_ONCE: usize = 8;

/// Takes deliveries of notifications.
#[derive(Clone)]
pub struct Inbox {
    core: Core,
    signing_keys: SigningKeys,
    decryption_keys: NotificationKeys,
}

impl Inbox {
    /// Over the signing keys of `LOGIN_BASE_URL`; no network call.
    pub fn of_environment(
        environment: &Environment,
        core: Core,
        vault: Vault,
    ) -> Result<Self, ConfigError> {
        let http = convoke_graph::http_client().map_err(|_| ConfigError::Invalid {
            name: "SSL_CERT_FILE",
            problem: "does not lead to certificates",
        })?;
        let login = environment.required("LOGIN_BASE_URL")?;
        Ok(Self {
            signing_keys: SigningKeys::new(http, &login),
            decryption_keys: NotificationKeys::of_environment(environment, core.clone(), vault)?,
            core,
        })
    }

    /// Takes what was posted at `received_at`. What is counted is done with, also
    /// where the rest has to come again.
    pub async fn take(
        &self,
        received_at: DateTime<Utc>,
        body: &[u8],
        tally: &mut Tally,
    ) -> Result<(), Error> {
        let Ok(delivery) = notification::parse(body) else {
            tally.add(Verdict::Unreadable);
            return Ok(());
        };
        tally.add_many(Verdict::Unreadable, delivery.unreadable);
        let known = known::look_up(&self.core, &delivery.notifications).await?;
        let delivered = Delivered::new(
            &self.signing_keys,
            &self.decryption_keys,
            delivery.validation_tokens,
            received_at,
        );
        let taking = delivery.notifications.iter().map(|notification| async {
            let Some(known) = known.get(&notification.subscription_id) else {
                return Ok(Verdict::UnknownSubscription);
            };
            let span = tracing::info_span!(
                "notification",
                tenant = %known.tenant.id(),
                subscription = %known.subscription.key
            );
            let taken = self.take_one(&delivered, known, notification);
            taken.instrument(span).await
        });
        let verdicts: Vec<_> = futures_util::stream::iter(taking)
            .buffer_unordered(AT_ONCE)
            .collect()
            .await;
        let mut result = Ok(());
        for verdict in verdicts {
            match verdict {
                Ok(verdict) => tally.add(verdict),
                Err(error) => result = Err(error),
            }
        }
        result
    }

    async fn take_one(
        &self,
        delivered: &Delivered<'_>,
        known: &known::Known,
        notification: &Notification,
    ) -> Result<Verdict, Error> {
        if let Some(refused) = authenticity::refuse(known, notification) {
            return Ok(refused);
        }
        let at = delivered.received_at();
        if let Some(event) = &notification.lifecycle_event {
            return effect::lifecycle(&self.core, known, event, at).await;
        }
        match delivered.told_of(known, notification).await? {
            Ok(told) => effect::arrival(&self.core, known, &told, at).await,
            Err(refused) => Ok(refused),
        }
    }
}
