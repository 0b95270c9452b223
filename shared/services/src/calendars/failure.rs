//! What a provider's refusal means here, whoever the provider is.

use std::time::Duration;

/// Why a call did not do what it was for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Failure {
    /// The user's consent is gone.
    Revoked,
    /// The deployment's own application is refused.
    ClientRefused,
    /// The access token is worth nothing: another one may be.
    Unauthorized,
    /// The event is not there (any more).
    Gone,
    /// There was an event of this name before, which cannot be made again.
    Duplicate,
    /// Trying again does not help.
    Refused {
        /// Stable, snake_case.
        code: &'static str,
        /// Whether nothing else can be written to this calendar either.
        is_of_calendar: bool,
    },
    /// Trying again later may help.
    Passing {
        /// Stable, snake_case.
        code: &'static str,
        /// How long the provider wants to be left alone.
        retry_after: Option<Duration>,
        /// Whether it may have been done all the same.
        may_have_happened: bool,
    },
}

impl Failure {
    /// The provider did not answer in time.
    pub(super) const TIMED_OUT: Self = Self::Passing {
        code: "timed_out",
        retry_after: None,
        may_have_happened: true,
    };

    /// Stable code, for rows and logs.
    pub(super) const fn code(&self) -> &'static str {
        match self {
            Self::Revoked => "grant_revoked",
            Self::ClientRefused => "client_refused",
            Self::Unauthorized => "unauthorized",
            Self::Gone => "event_gone",
            Self::Duplicate => "duplicate",
            Self::Refused { code, .. } | Self::Passing { code, .. } => code,
        }
    }

    /// Whether a change may have been made although it failed.
    pub(super) const fn may_have_happened(&self) -> bool {
        matches!(
            self,
            Self::Passing {
                may_have_happened: true,
                ..
            }
        )
    }
}
