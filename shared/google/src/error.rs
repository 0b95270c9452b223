//! The one error of this crate: what Google said, what it means, and whether a
//! change may have happened all the same.
//!
//! Guarantee: an error can be logged and stored as it is. Google's messages, which
//! may quote addresses, are not part of it.

use std::time::Duration;

/// A failed operation.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("Google: {} ({code})", class.as_str())]
pub struct GoogleError {
    /// What it means for the caller.
    pub class: GoogleErrorClass,
    /// Google's `reason` or OAuth `error`, else a name of ours in the same style
    /// (`timedOut`, `http502`); at most 64 letters, digits, `_`, `-` and `.`.
    pub code: String,
    /// How long Google asked us to wait; at most a day.
    pub retry_after: Option<Duration>,
    /// Whether a change was made.
    pub had_effect: Effect,
}

/// Whether a failed operation changed something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// It did not.
    No,
    /// It may have: the answer was lost, late or unreadable.
    Unknown,
}

/// What a failure means, independent of the spelling Google used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum GoogleErrorClass {
    /// The refresh token or code is expired, revoked or used (`invalid_grant`): the user has to connect again.
    GrantRevoked,
    /// Our own client id or secret is refused, or may not do this.
    ClientRefused,
    /// The access token is expired or invalid: a fresh one may do.
    Unauthorized,
    /// The user or the token's scope does not allow it.
    Forbidden,
    /// The calendar or event does not exist.
    NotFound,
    /// The event was deleted.
    Gone,
    /// The calendar has an event with this UID, perhaps a deleted one.
    Duplicate,
    /// 429, or a 403 about limits; `retry_after` says when, if Google did.
    RateLimited,
    /// 5xx, no connection, cut, timed out, or an answer that Google did not write.
    Unavailable,
    /// The request is wrong and stays wrong.
    Refused,
}

impl GoogleErrorClass {
    /// Whether the same operation may succeed later without anybody changing a setting.
    pub fn retryable(self) -> bool {
        matches!(
            self,
            Self::Unauthorized | Self::RateLimited | Self::Unavailable
        )
    }

    /// A stable name in snake case, for stored error codes and metric dimensions.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::GrantRevoked => "grant_revoked",
            Self::ClientRefused => "client_refused",
            Self::Unauthorized => "unauthorized",
            Self::Forbidden => "forbidden",
            Self::NotFound => "not_found",
            Self::Gone => "gone",
            Self::Duplicate => "duplicate",
            Self::RateLimited => "rate_limited",
            Self::Unavailable => "unavailable",
            Self::Refused => "refused",
        }
    }
}

impl GoogleError {
    /// Whether the same operation may succeed later without anybody changing a setting.
    pub fn retryable(&self) -> bool {
        self.class.retryable()
    }

    /// A request that is wrong before it is sent.
    pub(crate) fn refused_locally(code: &str) -> Self {
        Self {
            class: GoogleErrorClass::Refused,
            ..Self::unavailable(code, Effect::No)
        }
    }

    /// No usable answer.
    pub(crate) fn unavailable(code: &str, had_effect: Effect) -> Self {
        Self {
            class: GoogleErrorClass::Unavailable,
            code: code.to_owned(),
            retry_after: None,
            had_effect,
        }
    }
}
