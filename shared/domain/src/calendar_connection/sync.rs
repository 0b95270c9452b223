//! What of a session or schedule entry is known to stand in one connected
//! calendar, and what is to be done next about it.
//!
//! Nothing but what is wanted now, what was last known there, and the connection
//! decides: so a sync may come late, twice, at once, or after a crash.

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::CalendarProvider;
use crate::id::UserId;
use crate::online_meeting::Claim;

/// How long a claim holds: longer than any function lives.
const LEASE: TimeDelta = TimeDelta::seconds(90);
/// How long what fails is tried.
const TRIED_FOR: TimeDelta = TimeDelta::days(4);
/// How long after the end of what stands there a row is kept.
const KEPT: TimeDelta = TimeDelta::days(90);
/// Looks that must find nothing before a creation is taken for not having
/// happened: a request that timed out here may land there a little later.
const LOOKS: u32 = 2;

/// What stands in a calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SyncSubject {
    /// A session, in its host's.
    Session(Uuid),
    /// A schedule entry, in its assignees'.
    ScheduleEntry(Uuid),
}

impl SyncSubject {
    /// As stored.
    pub const fn kind(self) -> &'static str {
        match self {
            Self::Session(_) => "session",
            Self::ScheduleEntry(_) => "schedule_entry",
        }
    }

    /// Its UUID.
    pub const fn id(self) -> Uuid {
        match self {
            Self::Session(id) | Self::ScheduleEntry(id) => id,
        }
    }

    /// Reads what was stored.
    pub fn parse(kind: &str, id: Uuid) -> Option<Self> {
        [Self::Session(id), Self::ScheduleEntry(id)]
            .into_iter()
            .find(|one| one.kind() == kind)
    }
}

/// What stands in whose calendar.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SyncKey {
    /// What.
    pub subject: SyncSubject,
    /// Whose.
    pub user_id: UserId,
    /// Where.
    pub provider: CalendarProvider,
}

/// How something is to stand in a calendar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    /// Differs as soon as the calendar would show anything else.
    pub fingerprint: String,
    /// When it begins and ends.
    pub span: (DateTime<Utc>, DateTime<Utc>),
}

/// What is to be done next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Nothing, for now.
    Rest,
    /// Find out whether a creation had an effect, or whether another account has it.
    Find,
    /// Make it.
    Create,
    /// Bring it up to date.
    Update(String),
    /// Bring it back after its user removed it: it takes place at another time.
    Restore(String),
    /// Remove it.
    Delete(String),
    /// Nothing is there, and nothing is wanted: the row goes.
    Forget,
}

/// What is known of one event in one connected calendar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CalendarSync {
    /// Which.
    pub key: SyncKey,
    /// The consent under which it was made, or is being made.
    pub connection_id: Uuid,
    /// Microsoft's mark of the creation; another one after each removal.
    pub transaction_id: Uuid,
    /// The provider's id of the event, where it is known.
    pub remote_id: Option<String>,
    /// A creation was begun, and nobody knows what came of it.
    pub may_exist: bool,
    /// What was last sent; absent: not known.
    pub sent: Option<String>,
    /// When that took place.
    pub span: (DateTime<Utc>, DateTime<Utc>),
    /// Its user removed it there.
    pub is_removed: bool,
    /// The state for which it was given up or refused for good; absent: none.
    pub given_up: Option<String>,
    /// Looks for it that found nothing.
    pub empty_looks: u32,
    /// Who is at work on it.
    pub claim: Option<Claim>,
    /// When the sweep looks at it.
    pub due_at: Option<DateTime<Utc>>,
    /// Tries that failed since the last success.
    pub attempts: u32,
    /// Since when it fails.
    pub failing_since: Option<DateTime<Utc>>,
    /// Stable code of the last failure.
    pub error: Option<String>,
    /// Rises with every write.
    pub version: u64,
}

impl CalendarSync {
    /// Of what is not there yet.
    pub fn new(key: SyncKey, connection_id: Uuid, transaction_id: Uuid, wish: &Wish) -> Self {
        Self {
            key,
            connection_id,
            transaction_id,
            remote_id: None,
            may_exist: false,
            sent: None,
            span: wish.span,
            is_removed: false,
            given_up: None,
            empty_looks: 0,
            claim: None,
            due_at: None,
            attempts: 0,
            failing_since: None,
            error: None,
            version: 0,
        }
    }

    /// What is to be done by the connection that there is; `wish` is `None` where
    /// nothing is to stand there any more.
    pub fn step(&self, wish: Option<&Wish>, connection_id: Uuid, now: DateTime<Utc>) -> Step {
        if self.claim.is_some_and(|claim| claim.until > now) {
            return Step::Rest;
        }
        let is_own = self.connection_id == connection_id;
        if is_own && (self.waits(now) || self.is_given_up_for(wish)) {
            return Step::Rest;
        }
        match (wish, &self.remote_id) {
            _ if !is_own && (self.may_exist || self.remote_id.is_some()) => Step::Find,
            (_, None) if self.may_exist => Step::Find,
            (Some(wish), Some(id)) if self.is_removed => {
                if self.span == wish.span {
                    Step::Rest
                } else {
                    Step::Restore(id.clone())
                }
            }
            (Some(wish), Some(id)) => {
                if self.sent.as_ref() == Some(&wish.fingerprint) {
                    Step::Rest
                } else {
                    Step::Update(id.clone())
                }
            }
            (Some(_), None) => Step::Create,
            (None, Some(_)) if self.is_removed => Step::Forget,
            (None, Some(id)) => Step::Delete(id.clone()),
            (None, None) => Step::Forget,
        }
    }

    /// Whether it waits after a failure.
    fn waits(&self, now: DateTime<Utc>) -> bool {
        self.claim.is_none() && self.due_at.is_some_and(|at| at > now)
    }

    fn is_given_up_for(&self, wish: Option<&Wish>) -> bool {
        self.given_up.as_deref() == Some(wish.map_or("", |wish| &wish.fingerprint))
    }

    /// Takes it up; whoever dies at it frees it when the lease ends.
    pub fn take(&mut self, token: Uuid, connection_id: Uuid, now: DateTime<Utc>) {
        if self.connection_id != connection_id {
            // Whatever is there may be in another account.
            self.may_exist |= self.remote_id.is_some();
            (self.remote_id, self.sent, self.given_up) = (None, None, None);
            (self.attempts, self.failing_since, self.empty_looks) = (0, None, 0);
        }
        self.connection_id = connection_id;
        let until = now + LEASE;
        self.claim = Some(Claim { token, until });
        self.due_at = Some(until);
    }

    fn succeed(&mut self) {
        (self.claim, self.due_at, self.error) = (None, None, None);
        (self.attempts, self.failing_since, self.empty_looks) = (0, None, 0);
        (self.may_exist, self.given_up) = (false, None);
    }

    /// It stands there like this.
    pub fn stand(&mut self, remote_id: String, wish: &Wish) {
        self.succeed();
        self.remote_id = Some(remote_id);
        self.sent = Some(wish.fingerprint.clone());
        self.span = wish.span;
        self.is_removed = false;
    }

    /// It was found there; how it looks is not known.
    pub fn become_found(&mut self, remote_id: String) {
        self.succeed();
        self.remote_id = Some(remote_id);
    }

    /// It was not found; whether it is still to be looked for. Only of what is not
    /// wanted: what is wanted is made again, which makes no second one.
    pub fn look_again(&mut self, now: DateTime<Utc>) -> bool {
        let looks = self.empty_looks + 1;
        if looks >= LOOKS {
            return false;
        }
        self.succeed();
        (self.may_exist, self.empty_looks) = (true, looks);
        self.due_at = Some(now + TimeDelta::minutes(1));
        true
    }

    /// Its user removed it from their calendar: they do not want it there.
    pub fn become_removed(&mut self) {
        self.succeed();
        self.is_removed = true;
    }

    /// It is gone for good, and is made anew where it is wanted.
    pub fn become_gone(&mut self, transaction_id: Uuid) {
        self.succeed();
        (self.remote_id, self.sent, self.is_removed) = (None, None, false);
        self.transaction_id = transaction_id;
    }

    /// A passing failure: tried again after a doubling wait, or when the provider
    /// asked for; `None`: it is given up.
    pub fn put_back(
        &mut self,
        wish: Option<&Wish>,
        code: &str,
        asked: Option<TimeDelta>,
        now: DateTime<Utc>,
    ) -> Option<DateTime<Utc>> {
        self.attempts += 1;
        let since = *self.failing_since.get_or_insert(now);
        if now >= since + TRIED_FOR {
            self.refuse(wish, code);
            return None;
        }
        let wait = wait_after(self.attempts).max(asked.unwrap_or_default());
        self.claim = None;
        self.error = Some(code.to_owned());
        self.due_at = Some(now + wait);
        self.due_at
    }

    /// It is not to be, until it is to look different or the user connects again.
    pub fn refuse(&mut self, wish: Option<&Wish>, code: &str) {
        (self.claim, self.due_at) = (None, None);
        (self.attempts, self.failing_since) = (0, None);
        self.error = Some(code.to_owned());
        self.given_up = Some(wish.map_or_else(String::new, |wish| wish.fingerprint.clone()));
    }

    /// The connection does not work: it waits for the user, or for whoever sets the
    /// deployment up.
    pub fn stop(&mut self, code: &str) {
        (self.claim, self.due_at) = (None, None);
        self.error = Some(code.to_owned());
    }

    /// When the row may be dropped.
    pub fn expiry(&self) -> DateTime<Utc> {
        self.span.1 + KEPT
    }
}

/// A minute after the first failure, doubling up to an hour.
fn wait_after(attempts: u32) -> TimeDelta {
    TimeDelta::minutes(1 << attempts.saturating_sub(1).min(6)).min(TimeDelta::hours(1))
}

#[cfg(test)]
mod tests;
