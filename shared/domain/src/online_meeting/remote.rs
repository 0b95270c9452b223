//! What Microsoft's side still has to follow: the intent of every call, its
//! claim, and when it is due.

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

/// What Microsoft's side still has to follow (OM-2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RemoteState {
    /// Nothing is there, and nothing is to be.
    None,
    /// The event is to be made.
    Creating,
    /// It shows what we say.
    InStep,
    /// Its times are to be moved.
    Updating,
    /// It is to be removed.
    Deleting,
    /// It was removed.
    Gone,
    /// It cannot be reached any more; somebody has to look after it by hand.
    Unreachable,
}

impl RemoteState {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::None,
        Self::Creating,
        Self::InStep,
        Self::Updating,
        Self::Deleting,
        Self::Gone,
        Self::Unreachable,
    ];

    /// The API's word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Creating => "creating",
            Self::InStep => "in_step",
            Self::Updating => "updating",
            Self::Deleting => "deleting",
            Self::Gone => "gone",
            Self::Unreachable => "unreachable",
        }
    }

    /// Reads the API's word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == word)
    }
}

/// From when to when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// Start.
    pub start: DateTime<Utc>,
    /// End.
    pub end: DateTime<Utc>,
}

/// Who is at work on a meeting's remote side, and until when they are believed to live.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claim {
    /// Minted for this claim: a late answer of an older one is told apart.
    pub token: Uuid,
    /// When whoever holds it is taken for dead.
    pub until: DateTime<Utc>,
}

/// The remote side of an online meeting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remote {
    /// What is still to be reached.
    pub state: RemoteState,
    /// Graph's `transactionId` of the creation; never reused after a removal.
    pub transaction_id: Uuid,
    /// The times that the event shows, or that its creation carries: where to
    /// look for it.
    pub shown: Span,
    /// Whoever is at work on it.
    pub claim: Option<Claim>,
    /// When it is to be looked at next; `None`: nothing is left to do.
    pub due_at: Option<DateTime<Utc>>,
    /// Times that it was put back since the last success.
    pub attempts: u32,
    /// Look-ups for a creation's event that found nothing.
    pub empty_lookups: u32,
    /// Whether something else was asked for while somebody was at work: then it
    /// is not to wait for what that comes to.
    pub overtaken: bool,
}

impl Remote {
    /// A creation that is about to be tried.
    pub fn creating(transaction_id: Uuid, shown: Span, claim: Claim) -> Self {
        Self {
            state: RemoteState::Creating,
            transaction_id,
            shown,
            claim: Some(claim),
            due_at: Some(claim.until),
            attempts: 0,
            empty_lookups: 0,
            overtaken: false,
        }
    }

    /// Whether somebody may take it on at `now`.
    pub fn is_free(&self, now: DateTime<Utc>) -> bool {
        self.claim.is_none_or(|claim| claim.until <= now)
    }

    /// Whether background work may take it on at `now`: a message that comes
    /// again does not shorten the wait after a failure.
    pub fn is_due(&self, now: DateTime<Utc>) -> bool {
        self.due_at.is_some_and(|at| at <= now) && self.is_free(now)
    }

    /// Whether the claim is still the one of `token`.
    pub fn is_held_by(&self, token: Uuid) -> bool {
        self.claim.is_some_and(|claim| claim.token == token)
    }

    /// Takes it on.
    pub fn take(&mut self, claim: Claim) {
        self.claim = Some(claim);
        self.due_at = Some(claim.until);
        self.overtaken = false;
    }

    /// Nothing is left to do.
    pub fn rest(&mut self, state: RemoteState) {
        self.state = state;
        self.claim = None;
        self.due_at = None;
        self.attempts = 0;
        self.empty_lookups = 0;
        self.overtaken = false;
    }

    /// Something is to be done at once, by the background.
    pub fn wake(&mut self, state: RemoteState, now: DateTime<Utc>) {
        self.state = state;
        self.claim = None;
        self.due_at = Some(now);
        self.attempts = 0;
        self.overtaken = false;
    }

    /// Something else is to be reached from now on. Whoever is free for it takes
    /// it with `claim`; whoever is at work already looks again at the end.
    pub fn follow(&mut self, state: RemoteState, claim: Claim, now: DateTime<Utc>) {
        self.state = state;
        self.empty_lookups = 0;
        if self.is_free(now) {
            self.attempts = 0;
            self.take(claim);
        } else {
            self.overtaken = true;
        }
    }

    /// Puts it back after a failure: due after a doubling wait of a minute to an
    /// hour, or when the other side asked for; at once where it was overtaken.
    pub fn put_back(&mut self, now: DateTime<Utc>, retry_after: Option<TimeDelta>) {
        if self.overtaken {
            return self.wake(self.state, now);
        }
        let wait = TimeDelta::minutes(1 << self.attempts.min(6)).min(TimeDelta::hours(1));
        let wait = retry_after.map_or(wait, |asked| wait.max(asked.min(TimeDelta::hours(1))));
        self.claim = None;
        self.due_at = Some(now + wait);
        self.attempts += 1;
    }
}
