//! Removing a subscription at Microsoft (NT-6), and forgetting it once it is gone.

use convoke_domain::subscription::SubscriptionState;
use convoke_graph::{GraphSession, GraphSubscription};
use convoke_platform::store::StoreError;

use super::make::{Holder, watches};
use super::outcome;
use super::stop::Stop;
use super::turn::{Done, PLAIN_CALL, Turn};

impl Turn<'_> {
    /// Removes it, and what somebody who died may have made in its place.
    pub(super) async fn remove(&mut self) -> Result<Done, Stop> {
        let (kit, account) = (self.kit, self.account().await?);
        let session = kit.session(&account, PLAIN_CALL);
        if let Some(id) = &self.row.subscription_id {
            let removed = session.delete_subscription(id).await;
            removed.map_err(|error| self.failed(error))?;
        }
        if self.row.subscription_id.is_none() || self.row.claimed_until.is_some() {
            self.remove_strays(session).await?;
        }
        self.forget().await
    }

    async fn remove_strays(&mut self, session: GraphSession<'_>) -> Result<(), Stop> {
        let all = session.list_subscriptions().await;
        let all = all.map_err(|error| self.failed(error))?;
        for stray in all.iter().filter(|one| self.would_have_made(one)) {
            if let Holder::Nobody = self.holder(&stray.id).await? {
                let removed = session.delete_subscription(&stray.id).await;
                removed.map_err(|error| self.failed(error))?;
            }
        }
        Ok(())
    }

    /// Whether a subscription goes where this row's would.
    fn would_have_made(&self, found: &GraphSubscription) -> bool {
        watches(found, &self.row) && found.notification_url == self.row.notification_url
    }

    /// Deletes the row: nothing of it is left at Microsoft. Where it is wanted again
    /// by now, it is to be made again.
    pub(super) async fn forget(&mut self) -> Result<Done, Stop> {
        let id = self.row.subscription_id.clone();
        match outcome::delete(self.store, &self.row).await {
            Ok(()) => return Ok(Done::Removed),
            Err(StoreError::VersionConflict(_)) => {}
            Err(error) => return Err(error.into()),
        }
        let now = self.now();
        let Some(id) = id else {
            return Err(Stop::Lost);
        };
        let left = self.record(|row| row.become_lost(&id, now)).await?;
        match left {
            // To be forgotten still: it is due.
            Some(row) if row.state == SubscriptionState::Removing => Err(Stop::Lost),
            Some(_) => Ok(Done::Nothing),
            None => Ok(Done::Removed),
        }
    }
}
