//! How a subscription changes: by what was done about it at Microsoft, and by
//! what went wrong.
//!
//! Every change but the first may meet a row that somebody else has changed since
//! it was read. What such a row names by then decides whether it applies.

use chrono::{DateTime, TimeDelta, Utc};

use super::{CHECK_EVERY, LEASE, LIFETIME, Subscription, SubscriptionState, Terms};

/// The first wait after a failure; each further one is twice as long.
const FIRST_WAIT: TimeDelta = TimeDelta::minutes(5);
/// The longest that Microsoft may have us wait.
const LONGEST_ASKED: TimeDelta = TimeDelta::hours(24);

/// A subscription as Microsoft has made, prolonged or shown it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    /// Microsoft's id.
    pub subscription_id: String,
    /// When it ends.
    pub expires_at: DateTime<Utc>,
    /// Which certificate it encrypts for.
    pub certificate_id: Option<String>,
}

/// Why something was not done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setback {
    /// Stable, `snake_case`.
    pub code: String,
    /// Whether somebody has to change something before it goes better.
    pub is_refusal: bool,
    /// The wait that Microsoft asked for.
    pub retry_after: Option<TimeDelta>,
    /// Whether what failed may have been done all the same.
    pub may_be_done: bool,
}

impl Subscription {
    /// Writes down that it is about to be made on these terms, with this client
    /// state. `is_gone`: what it names does not exist any more.
    pub fn intend(
        &mut self,
        terms: &Terms,
        client_state_hash: String,
        is_gone: bool,
        now: DateTime<Utc>,
    ) {
        if self.client_state_hash != client_state_hash {
            self.has_old_client_state |= !self.has_ended(now);
            self.client_state_hash = client_state_hash;
        }
        if is_gone {
            self.subscription_id = None;
        }
        self.state = SubscriptionState::Wanted;
        self.notification_url = Some(terms.notification_url.clone());
        self.lifecycle_notification_url = Some(terms.lifecycle_notification_url.clone());
        self.expires_at = Some(now + LIFETIME);
        let until = now + LEASE;
        (self.claimed_until, self.due_at) = (Some(until), until);
    }

    /// It exists, as intended. One that is to be removed by now still is.
    pub fn become_live(&mut self, made: Made, now: DateTime<Utc>) {
        self.subscription_id = Some(made.subscription_id);
        self.expires_at = Some(made.expires_at);
        self.certificate_id = made.certificate_id;
        self.has_old_client_state = false;
        (self.renewed_at, self.checked_at) = (Some(now), Some(now));
        if self.state == SubscriptionState::Removing {
            self.settle(now, now);
        } else {
            self.state = SubscriptionState::Live;
            self.settle(now, now + CHECK_EVERY);
        }
    }

    /// It was prolonged; answers whether this row is still about that one.
    pub fn become_renewed(&mut self, made: &Made, now: DateTime<Utc>) -> bool {
        if !self.is_called(&made.subscription_id) {
            return false;
        }
        self.expires_at = Some(made.expires_at);
        self.certificate_id.clone_from(&made.certificate_id);
        self.renewed_at = Some(now);
        self.become_checked(&made.subscription_id, now)
    }

    /// It exists as it was made; answers whether this row is still about that one.
    pub fn become_checked(&mut self, subscription_id: &str, now: DateTime<Utc>) -> bool {
        if !self.is_called(subscription_id) {
            return false;
        }
        self.checked_at = Some(now);
        if self.state == SubscriptionState::Live {
            self.settle(now, now + CHECK_EVERY);
        }
        true
    }

    /// It does not exist any more; answers whether this row is still about that
    /// one. One that is wanted is to be made again.
    pub fn become_lost(&mut self, subscription_id: &str, now: DateTime<Utc>) -> bool {
        if !self.is_called(subscription_id) {
            return false;
        }
        self.subscription_id = None;
        match self.state {
            SubscriptionState::Removing => self.expires_at = None,
            _ => self.state = SubscriptionState::Wanted,
        }
        self.due_at = now;
        true
    }

    /// To be removed, at once.
    pub fn begin_removal(&mut self, now: DateTime<Utc>) {
        self.state = SubscriptionState::Removing;
        self.retire_at = None;
        (self.attempts, self.error_code) = (0, None);
        self.due_at = self.claimed_until.map_or(now, |until| until.max(now));
    }

    /// A replaced organiser's: needed until `at` as far as is known.
    pub fn retire(&mut self, at: DateTime<Utc>, now: DateTime<Utc>) {
        self.retire_at = Some(at);
        self.due_at = self.due_at.min(at.max(now));
    }

    /// A try failed: it is tried again later, and why is kept.
    pub fn fail(&mut self, setback: &Setback, now: DateTime<Utc>) {
        self.attempts = self.attempts.saturating_add(1);
        self.error_code = Some(setback.code.clone());
        let doubled = FIRST_WAIT * (1 << (self.attempts - 1).min(10));
        let own = if setback.is_refusal {
            CHECK_EVERY
        } else {
            doubled.min(CHECK_EVERY)
        };
        let asked = setback.retry_after.unwrap_or_default().min(LONGEST_ASKED);
        self.due_at = now + self.in_time(own, now).max(asked);
        if setback.may_be_done {
            // It may still turn up: nobody is to look for it before.
            self.due_at = self.due_at.max(self.claimed_until.unwrap_or(now));
        } else {
            self.claimed_until = None;
        }
    }

    /// A wait that leaves a live one tries before it ends.
    fn in_time(&self, wait: TimeDelta, now: DateTime<Utc>) -> TimeDelta {
        let is_live = self.state == SubscriptionState::Live;
        let left = self.expires_at.map(|at| at - now).filter(|_| is_live);
        match left {
            Some(left) if left > TimeDelta::zero() => wait.min((left / 2).max(FIRST_WAIT)),
            _ => wait,
        }
    }

    /// Done: nobody is at it, nothing is wrong, and it is due again by `due_at`.
    fn settle(&mut self, now: DateTime<Utc>, due_at: DateTime<Utc>) {
        (self.attempts, self.error_code, self.claimed_until) = (0, None, None);
        let earlier = [self.retire_at, self.expires_at].into_iter().flatten();
        self.due_at = earlier.fold(due_at, DateTime::min).max(now);
    }
}
