//! A row in somebody's hands: what is to be done about it, done.

use std::time::Duration;

use chrono::{DateTime, Utc};
use convoke_domain::integration::{MicrosoftProfile, TeamsIntegration};
use convoke_domain::subscription::{
    LIFETIME, Made, Step, Subscription, SubscriptionState, Terms, Wish,
};
use convoke_graph::{GraphError, GraphErrorClass, GraphSubscription, HANDSHAKE_PATIENCE};
use convoke_platform::store::TenantStore;

use super::outcome;
use super::stop::{Stop, is_gone};
use super::subscriber::Kit;
use crate::engagements::last_end_of;
use crate::microsoft::{TeamsAccount, read_integration};

/// The longest that Microsoft is asked or told something without a handshake.
pub(super) const PLAIN_CALL: Duration = Duration::from_secs(10);
/// The same with one.
pub(super) const HANDSHAKE_CALL: Duration = Duration::from_secs(HANDSHAKE_PATIENCE.as_secs() + 3);

/// What was done about a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Done {
    /// Nothing: it waits, is gone, or somebody else is at it.
    Nothing,
    Checked,
    Renewed,
    Made,
    Adopted,
    Removed,
}

/// A row, and all that it is worked on with.
pub(super) struct Turn<'a> {
    pub(super) kit: &'a Kit<'a>,
    pub(super) store: &'a TenantStore,
    /// As it was last read or written.
    pub(super) row: Subscription,
    account: Option<TeamsAccount>,
}

impl<'a> Turn<'a> {
    pub(super) fn new(kit: &'a Kit<'a>, store: &'a TenantStore, row: Subscription) -> Self {
        Self {
            kit,
            store,
            row,
            account: None,
        }
    }

    /// Does the next thing that is to be done.
    pub(super) async fn attend(&mut self) -> Result<Done, Stop> {
        if self.row.step(self.terms(), self.now()) == Step::Reconsider {
            self.reconsider().await?;
        }
        match self.row.step(self.terms(), self.now()) {
            // Reconsidered: it has a later date by now, or none.
            Step::Wait | Step::Reconsider => Ok(Done::Nothing),
            // It is kept alive as it is.
            Step::Make if self.is_held() && self.row.is_half_over(self.now()) => self.renew().await,
            Step::Make if self.is_held() => self.check().await,
            Step::Make => {
                let is_gone = self.row.has_ended(self.now());
                self.make(is_gone).await
            }
            Step::Check => self.check().await,
            Step::Renew => self.renew().await,
            Step::Remove => self.remove().await,
            Step::Forget => self.forget().await,
        }
    }

    /// Whether it works as it is, and stays until our new addresses do too.
    fn is_held(&self) -> bool {
        !self.kit.replaces
            && self.row.state == SubscriptionState::Live
            && !self.row.has_ended(self.now())
    }

    /// Has the row follow the settings, where these have changed and nobody said so.
    pub(super) async fn follow(&mut self, earlier: &Wish) -> Result<(), Stop> {
        let now = self.now();
        if !earlier.apply(&mut self.row.clone(), now) {
            return Ok(());
        }
        // What was read before the row may be older than it.
        let settings = read_integration(self.store).await?.unwrap_or_default();
        let mut next = self.row.clone();
        if Wish::of(&settings).apply(&mut next, now) {
            self.write(next).await?;
        }
        Ok(())
    }

    /// Prolongs it: one PATCH, which authorises it anew as well.
    pub(super) async fn renew(&mut self) -> Result<Done, Stop> {
        if !self.is_held() && !self.row.was_made_on(self.terms()) {
            // A PATCH neither moves it nor has its content sent along.
            return self.make(false).await;
        }
        let (current, own) = (&self.terms().certificate_id, &self.row.certificate_id);
        let is_other = current.is_some() && own.is_some() && current != own;
        self.prolong(is_other).await
    }

    /// One PATCH, `with_certificate` or leaving the one that Microsoft has.
    async fn prolong(&mut self, with_certificate: bool) -> Result<Done, Stop> {
        let Some(id) = self.row.subscription_id.clone() else {
            return self.make(false).await;
        };
        let expires_at = self.now() + LIFETIME;
        let certificate = self.kit.certificate.as_ref();
        let certificate = certificate.filter(|_| with_certificate);
        let (kit, account) = (self.kit, self.account().await?);
        let session = kit.session(&account, HANDSHAKE_CALL);
        let call = session.renew_subscription(&id, expires_at, certificate);
        match call.await {
            Ok(renewed) => {
                let certificate_id = certificate.map(|new| new.id.clone());
                let certificate_id = certificate_id.or_else(|| self.row.certificate_id.clone());
                let made = Made {
                    subscription_id: id,
                    expires_at: renewed.expires_at.unwrap_or(expires_at),
                    certificate_id,
                };
                let now = self.now();
                self.record(|row| row.become_renewed(&made, now)).await?;
                Ok(Done::Renewed)
            }
            Err(error) if is_gone(&error) => self.make(true).await,
            Err(error) => Err(self.failed(error)),
        }
    }

    async fn check(&mut self) -> Result<Done, Stop> {
        let Some(id) = self.row.subscription_id.clone() else {
            return self.make(false).await;
        };
        let (kit, account) = (self.kit, self.account().await?);
        let session = kit.session(&account, PLAIN_CALL);
        match session.subscription(&id).await {
            Ok(found) if !self.is_where_made(&found) => self.make(false).await,
            Ok(found) if !self.is_for_certificate(&found) => self.prolong(true).await,
            Ok(_) => {
                let now = self.now();
                self.record(|row| row.become_checked(&id, now)).await?;
                Ok(Done::Checked)
            }
            Err(error) if is_gone(&error) => self.make(true).await,
            Err(error) => Err(self.failed(error)),
        }
    }

    /// Whether Microsoft still has it with our addresses, encrypted or not as it was
    /// made. What is not told is not held against it.
    fn is_where_made(&self, found: &GraphSubscription) -> bool {
        let is = |told: &Option<String>, known: &Option<String>| told.is_none() || told == known;
        let row = &self.row;
        let (is_encrypted, includes) = (row.certificate_id.is_some(), found.includes_resource_data);
        is(&found.notification_url, &row.notification_url)
            && is(
                &found.lifecycle_notification_url,
                &row.lifecycle_notification_url,
            )
            // One that is silent about its certificate is silent about its content.
            && (is_encrypted == includes || (is_encrypted && found.certificate_id.is_none()))
    }

    fn is_for_certificate(&self, found: &GraphSubscription) -> bool {
        found.certificate_id.is_none() || found.certificate_id == self.row.certificate_id
    }

    /// A replaced organiser's goes once the capture window of their last meeting
    /// has closed; meetings may have come since that was last looked at.
    async fn reconsider(&mut self) -> Result<(), Stop> {
        let last = last_end_of(self.store, &self.row.organizer_object_id).await;
        let last = last.map_err(Stop::Store)?;
        let until = last.map(|end| end + self.kit.subscriber.policy.window());
        let now = self.now();
        let mut next = self.row.clone();
        match until {
            Some(until) if until > now => next.retire(until, now),
            _ => next.begin_removal(now),
        }
        self.write(next).await
    }

    /// Credentials of the row's own, which may no longer be the profile's.
    pub(super) async fn account(&mut self) -> Result<TeamsAccount, Stop> {
        if let Some(account) = &self.account {
            return Ok(account.clone());
        }
        let settings = TeamsIntegration {
            profile: MicrosoftProfile {
                tenant_id: Some(self.row.ms_tenant_id.clone()),
                client_id: Some(self.row.client_id.clone()),
                client_secret: Some(self.row.client_secret.clone()),
            },
            ..TeamsIntegration::default()
        };
        let microsoft = &self.kit.subscriber.microsoft;
        let account = microsoft.account_of(self.store.tenant(), &settings).await;
        let account = account.map_err(Stop::of_account)?;
        Ok(self.account.insert(account).clone())
    }

    /// Why a call failed; a secret that was refused is not remembered.
    pub(super) fn failed(&self, error: GraphError) -> Stop {
        if error.class == GraphErrorClass::InvalidCredentials
            && let Some(account) = &self.account
        {
            self.kit.subscriber.microsoft.refused(account);
        }
        error.into()
    }

    /// Writes the row as it is to be, unless somebody else has changed it.
    pub(super) async fn write(&mut self, next: Subscription) -> Result<(), Stop> {
        let core = &self.kit.subscriber.core;
        self.row = outcome::commit(core, self.store, &self.row, next).await?;
        Ok(())
    }

    /// Writes down what was done at Microsoft.
    pub(super) async fn record(
        &self,
        change: impl Fn(&mut Subscription) -> bool,
    ) -> Result<Option<Subscription>, Stop> {
        let core = &self.kit.subscriber.core;
        outcome::record(core, self.store, &self.row.key, change).await
    }

    pub(super) fn terms(&self) -> &'a Terms {
        &self.kit.terms
    }

    pub(super) fn now(&self) -> DateTime<Utc> {
        self.kit.subscriber.core.ports.now()
    }
}
