//! Why work on a row goes no further, and what that lets expect.

use chrono::TimeDelta;
use convoke_domain::error::Error;
use convoke_domain::subscription::Setback;
use convoke_graph::{GraphError, GraphErrorClass};
use convoke_platform::store::StoreError;

/// Why a row is left.
#[derive(Debug)]
pub(super) enum Stop {
    /// Somebody else has changed it.
    Lost,
    /// To be tried again later; why is kept with it.
    Failed(Setback),
    /// It could not be read or written.
    Store(Error),
}

impl Stop {
    /// Something that does not go better by itself.
    pub(super) fn refused(code: &str) -> Self {
        Self::Failed(Setback {
            code: code.to_owned(),
            is_refusal: true,
            retry_after: None,
            may_be_done: false,
        })
    }

    /// Something that may.
    pub(super) fn passing(code: &str) -> Self {
        Self::Failed(Setback {
            code: code.to_owned(),
            is_refusal: false,
            retry_after: None,
            may_be_done: false,
        })
    }

    /// Credentials that cannot be opened just now, or never again.
    pub(super) fn of_account(error: Error) -> Self {
        match error {
            Error::Upstream { code, .. } => Self::passing(code),
            Error::Internal { context } => {
                tracing::error!(context, "a subscription's secret does not open");
                Self::refused("secret_unreadable")
            }
            other => Self::refused(other.code()),
        }
    }
}

impl From<GraphError> for Stop {
    fn from(error: GraphError) -> Self {
        Self::Failed(Setback {
            code: error.class.as_str().to_owned(),
            is_refusal: !error.class.retryable(),
            retry_after: error
                .retry_after
                .and_then(|wait| TimeDelta::from_std(wait).ok()),
            may_be_done: error.outcome_unknown,
        })
    }
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::VersionConflict(_) => Self::Lost,
            other => Self::Store(other.into()),
        }
    }
}

/// Whether Microsoft says that it is not there.
pub(super) fn is_gone(error: &GraphError) -> bool {
    error.class == GraphErrorClass::NotFoundOrGone
}
