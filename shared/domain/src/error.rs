//! The one error of the rules: few variants, each because a program must tell
//! it apart.
//!
//! What the caller may read (`message`, `violations`) and what only operators
//! may (`Internal`'s context) are kept apart by construction: the conversion to
//! a problem document never sees the context.

use std::time::Duration;

/// One thing wrong with one place of the input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// JSON pointer into the request body (RFC 6901), or `""` for the whole.
    pub pointer: String,
    /// Stable, snake_case.
    pub code: &'static str,
    /// What to change.
    pub message: String,
}

impl Violation {
    /// Builds one violation.
    pub fn new(pointer: impl Into<String>, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            pointer: pointer.into(),
            code,
            message: message.into(),
        }
    }
}

/// Why an operation was not done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The request cannot be read at all (HTTP 400).
    #[error("{message}")]
    Malformed {
        /// Stable, snake_case.
        code: &'static str,
        /// What to change.
        message: String,
    },
    /// Readable, but breaks a rule (HTTP 422).
    #[error("the input breaks {} rule(s)", violations.len())]
    Invalid {
        /// Every rule that was found broken, not only the first.
        violations: Vec<Violation>,
    },
    /// Nothing of that id for this tenant and caller (HTTP 404).
    #[error("no such {what}")]
    NotFound {
        /// What was looked for, in the API's words.
        what: &'static str,
    },
    /// The caller may not, where existence is no secret (HTTP 403).
    #[error("{message}")]
    Forbidden {
        /// Stable, snake_case.
        code: &'static str,
        /// What is missing.
        message: String,
    },
    /// The state does not allow it (HTTP 409).
    #[error("{message}")]
    Conflict {
        /// Stable, snake_case.
        code: &'static str,
        /// Which state, and what would be possible.
        message: String,
    },
    /// The same thing is being done right now; the state will allow it, or show
    /// it done, in a moment (HTTP 409 with `Retry-After`).
    #[error("{message}")]
    InProgress {
        /// Stable, snake_case.
        code: &'static str,
        /// What is under way.
        message: String,
    },
    /// `If-Match` names another version (HTTP 412).
    #[error("the resource is at another version than If-Match names")]
    VersionMismatch,
    /// Too much, too fast; try again later (HTTP 429).
    #[error("{message}")]
    Busy {
        /// What is busy.
        message: String,
        /// When to come back.
        retry_after: Duration,
    },
    /// The deployment lacks settings that this needs (HTTP 503).
    #[error("{message}")]
    NotConfigured {
        /// Stable, snake_case.
        code: &'static str,
        /// What cannot be done, and what to set.
        message: String,
        /// The settings that are missing, by name.
        missing_keys: Vec<&'static str>,
        /// Permissions to grant on the other side.
        required_permissions: Vec<&'static str>,
    },
    /// Something that Convoke depends on failed (HTTP 503).
    #[error("{message}")]
    Upstream {
        /// Stable, snake_case.
        code: &'static str,
        /// Which dependency, in words for the caller.
        message: String,
        /// When it asked to be called again.
        retry_after: Option<Duration>,
    },
    /// This edition of Convoke does not do it (HTTP 501).
    #[error("{message}")]
    NotImplemented {
        /// Stable, snake_case.
        code: &'static str,
        /// What would do it.
        message: String,
    },
    /// A bug or a corrupt record (HTTP 500); the context never leaves the logs.
    #[error("internal error")]
    Internal {
        /// For operators only.
        context: String,
    },
}

impl Error {
    /// Input that breaks exactly one rule.
    pub fn invalid(
        pointer: impl Into<String>,
        code: &'static str,
        message: impl Into<String>,
    ) -> Self {
        Self::Invalid {
            violations: vec![Violation::new(pointer, code, message)],
        }
    }

    /// A state that does not allow what was asked.
    pub fn conflict(code: &'static str, message: impl Into<String>) -> Self {
        Self::Conflict {
            code,
            message: message.into(),
        }
    }

    /// Something that is being done right now.
    pub fn in_progress(code: &'static str, message: impl Into<String>) -> Self {
        Self::InProgress {
            code,
            message: message.into(),
        }
    }

    /// A bug; `context` is for the log.
    pub fn internal(context: impl Into<String>) -> Self {
        Self::Internal {
            context: context.into(),
        }
    }

    /// Stable snake_case code of the problem document.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Malformed { code, .. }
            | Self::Forbidden { code, .. }
            | Self::Conflict { code, .. }
            | Self::InProgress { code, .. }
            | Self::NotConfigured { code, .. }
            | Self::NotImplemented { code, .. }
            | Self::Upstream { code, .. } => code,
            Self::Invalid { .. } => "invalid_input",
            Self::NotFound { .. } => "not_found",
            Self::VersionMismatch => "version_mismatch",
            Self::Busy { .. } => "busy",
            Self::Internal { .. } => "internal_error",
        }
    }

    /// Whether the same call may succeed later without anybody changing anything.
    pub const fn retryable(&self) -> bool {
        match self {
            Self::Busy { .. } | Self::Upstream { .. } | Self::InProgress { .. } => true,
            Self::Malformed { .. }
            | Self::Invalid { .. }
            | Self::NotFound { .. }
            | Self::Forbidden { .. }
            | Self::Conflict { .. }
            | Self::VersionMismatch
            | Self::NotConfigured { .. }
            | Self::NotImplemented { .. }
            | Self::Internal { .. } => false,
        }
    }
}

/// Collects violations so that the caller hears of all of them at once.
#[derive(Debug, Default)]
pub struct Violations(Vec<Violation>);

impl Violations {
    /// Nothing wrong so far.
    pub fn new() -> Self {
        Self::default()
    }

    /// Notes one more.
    pub fn add(
        &mut self,
        pointer: impl Into<String>,
        code: &'static str,
        message: impl Into<String>,
    ) {
        self.0.push(Violation::new(pointer, code, message));
    }

    /// Keeps the value, or notes what is wrong with it and keeps nothing.
    pub fn keep<T, E: std::fmt::Display>(
        &mut self,
        pointer: &str,
        code: &'static str,
        result: Result<T, E>,
    ) -> Option<T> {
        result
            .map_err(|error| self.add(pointer, code, error.to_string()))
            .ok()
    }

    /// Ends the collection: an error when anything was noted.
    pub fn finish(self) -> Result<(), Error> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(Error::Invalid { violations: self.0 })
        }
    }
}
