//! What is to be done about a subscription next.

use chrono::{DateTime, TimeDelta, Utc};

use super::{LIFETIME, Subscription, SubscriptionState};

/// How long after a renewal Microsoft's wish for another one is already fulfilled.
const JUST_RENEWED: TimeDelta = TimeDelta::minutes(10);

/// What subscriptions are made with in this deployment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// Where Microsoft sends notifications.
    pub notification_url: String,
    /// Where it sends lifecycle notifications.
    pub lifecycle_notification_url: String,
    /// Which certificate it encrypts for; `None`: encryption is off.
    pub certificate_id: Option<String>,
}

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Nothing: somebody is at it.
    Wait,
    /// See whether a replaced organiser's meetings still need it.
    Reconsider,
    /// Make it, removing a predecessor that is still named.
    Make,
    /// Ask whether it exists, as it was made.
    Check,
    /// Prolong it.
    Renew,
    /// Remove it at Microsoft.
    Remove,
    /// Forget it: nothing of it is left at Microsoft.
    Forget,
}

impl Subscription {
    /// What is to be done at `now`, when subscriptions are made on these terms.
    pub fn step(&self, terms: &Terms, now: DateTime<Utc>) -> Step {
        if self.is_claimed(now) {
            return Step::Wait;
        }
        match self.state {
            SubscriptionState::Removing if self.has_ended(now) => Step::Forget,
            SubscriptionState::Removing => Step::Remove,
            _ if self.retire_at.is_some_and(|at| at <= now) => Step::Reconsider,
            SubscriptionState::Wanted => Step::Make,
            SubscriptionState::Live if self.has_ended(now) => Step::Make,
            SubscriptionState::Live if !self.was_made_on(terms) => Step::Make,
            SubscriptionState::Live if self.is_half_over(now) => Step::Renew,
            SubscriptionState::Live => Step::Check,
        }
    }

    /// Whether its addresses are these, and it is encrypted if and only if these
    /// are. Another certificate is taken on with the next renewal.
    pub fn was_made_on(&self, terms: &Terms) -> bool {
        self.notification_url.as_ref() == Some(&terms.notification_url)
            && self.lifecycle_notification_url.as_ref() == Some(&terms.lifecycle_notification_url)
            && self.certificate_id.is_some() == terms.certificate_id.is_some()
    }

    /// Whether it was made or prolonged so lately that doing so again is no use.
    pub fn is_just_renewed(&self, now: DateTime<Utc>) -> bool {
        self.renewed_at.is_some_and(|at| now - at < JUST_RENEWED)
    }

    /// Whether half of its lifetime has passed: time to prolong it.
    pub fn is_half_over(&self, now: DateTime<Utc>) -> bool {
        self.expires_at.is_some_and(|at| at - now <= LIFETIME / 2)
    }
}
