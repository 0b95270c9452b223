//! Which subscriptions a tenant's settings want (NT-1, NT-6).

use chrono::{DateTime, Utc};

use super::{Subscription, SubscriptionState};
use crate::integration::{InstallStatus, SealedSecret, TeamsIntegration};

/// An application in an Entra tenant, with its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct App {
    /// The Entra tenant: a GUID or a domain name.
    pub ms_tenant_id: String,
    /// The application id.
    pub client_id: String,
    /// Its secret.
    pub client_secret: SealedSecret,
}

/// What settings want: by which application, of whose meetings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    /// `None`: the integration is not in use.
    app: Option<App>,
    organizer: Organizer,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Organizer {
    Nobody,
    /// Named, but not known to Microsoft yet.
    Unresolved,
    Known(String),
}

/// What is to become of a subscription that exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is wanted.
    Keep,
    /// Its organiser was replaced or cleared: needed until their last meeting's window closes.
    Retire,
    /// It is not wanted.
    Remove,
}

impl Wish {
    /// What these settings want.
    pub fn of(settings: &TeamsIntegration) -> Self {
        let profile = &settings.profile;
        let parts = (
            &profile.tenant_id,
            &profile.client_id,
            &profile.client_secret,
        );
        let app = match parts {
            (Some(ms_tenant_id), Some(client_id), Some(client_secret))
                if settings.install_status == InstallStatus::Active =>
            {
                Some(App {
                    ms_tenant_id: ms_tenant_id.clone(),
                    client_id: client_id.clone(),
                    client_secret: client_secret.clone(),
                })
            }
            _ => None,
        };
        let named = settings.default_meeting_organizer_upn.is_some();
        let organizer = match &settings.default_meeting_organizer_object_id {
            Some(object_id) if named => Organizer::Known(object_id.clone()),
            None if named => Organizer::Unresolved,
            _ => Organizer::Nobody,
        };
        Self { app, organizer }
    }

    /// By which application and of whose meetings subscriptions are to be there.
    pub fn target(&self) -> Option<(&App, &str)> {
        match (&self.app, &self.organizer) {
            (Some(app), Organizer::Known(organizer)) => Some((app, organizer)),
            _ => None,
        }
    }

    /// What is to become of a subscription.
    pub fn verdict(&self, subscription: &Subscription) -> Verdict {
        if !self.app.as_ref().is_some_and(|app| app.is_of(subscription)) {
            return Verdict::Remove;
        }
        let holder = &subscription.organizer_object_id;
        match &self.organizer {
            Organizer::Known(organizer) if organizer.eq_ignore_ascii_case(holder) => Verdict::Keep,
            // Meetings that were made still leave something behind.
            Organizer::Known(_) | Organizer::Unresolved | Organizer::Nobody => Verdict::Retire,
        }
    }

    /// Changes a subscription as is wanted, from `now` on; answers whether that
    /// changed anything. A replaced organiser's is to be looked at at once.
    pub fn apply(&self, subscription: &mut Subscription, now: DateTime<Utc>) -> bool {
        let before = subscription.clone();
        if let Some(app) = self.app.as_ref().filter(|app| app.is_of(subscription)) {
            subscription.take_secret(&app.client_secret, now);
        }
        match self.verdict(subscription) {
            Verdict::Keep => subscription.stay(now),
            Verdict::Retire if subscription.is_staying() => subscription.retire(now, now),
            Verdict::Remove if subscription.state != SubscriptionState::Removing => {
                subscription.begin_removal(now);
            }
            Verdict::Retire | Verdict::Remove => {}
        }
        *subscription != before
    }
}

impl App {
    fn is_of(&self, subscription: &Subscription) -> bool {
        self.ms_tenant_id == subscription.ms_tenant_id && self.client_id == subscription.client_id
    }
}

impl Subscription {
    fn is_staying(&self) -> bool {
        self.state != SubscriptionState::Removing && self.retire_at.is_none()
    }

    /// Another secret may do what the one before could not.
    fn take_secret(&mut self, secret: &SealedSecret, now: DateTime<Utc>) {
        if self.client_secret != *secret {
            self.client_secret = secret.clone();
            self.try_at_once(now);
        }
    }

    /// The present organiser's: no more to be retired or removed.
    fn stay(&mut self, now: DateTime<Utc>) {
        self.retire_at = None;
        if self.state == SubscriptionState::Removing {
            self.state = match self.subscription_id {
                Some(_) => SubscriptionState::Live,
                None => SubscriptionState::Wanted,
            };
            self.error_code = None;
            self.try_at_once(now);
        }
    }

    /// Somebody has changed something: a failure is no reason to wait any more.
    pub fn try_at_once(&mut self, now: DateTime<Utc>) {
        self.attempts = 0;
        self.due_at = self.claimed_until.map_or(now, |until| until.max(now));
    }
}
