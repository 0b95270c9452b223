//! Connected calendars: what a user consented to, and what of sessions and
//! schedule entries stands in their calendars (IV-6).
//!
//! A connection is tried before it is stored. What stands in it follows what is
//! stored here, whatever was changed and how often: `sync` looks at what is
//! wanted now and at what was last known there. Calls are made outside of
//! transactions, between a row that says what is intended and its outcome, so
//! that no crash leaves a second event. Nothing that fails here fails a meeting.

mod access;
mod apps;
mod connection;
mod failure;
mod google;
#[cfg(feature = "enterprise")]
mod microsoft;
mod remote;
mod row;
mod setback;
mod sync;
mod turn;
mod upcoming;

use std::sync::Arc;

use convoke_domain::calendar_connection::{CalendarProvider, SyncSubject};
use convoke_platform::config::{ConfigError, Environment};
use convoke_platform::secrets::Secrets;
use convoke_platform::vault::Vault;
use uuid::Uuid;

pub use connection::{Connected, connect, disconnect, find};
pub use sync::sync;

use self::access::AccessTokens;
use self::apps::Apps;
use crate::core::Core;
use crate::jobs::{CalendarSubject, Job};

/// What the vault seals a refresh token for.
pub const REFRESH_TOKEN: &str = "calendar_refresh_token";

/// Connected calendars of this deployment; clones share connections, access
/// tokens and opened secrets.
#[derive(Clone)]
pub struct Calendars {
    core: Core,
    vault: Vault,
    /// The deployment's UID domain.
    domain: String,
    apps: Arc<Apps>,
    tokens: Arc<AccessTokens>,
}

impl Calendars {
    /// Over `CONVOKE_DOMAIN`, and for each provider its hosts (`GOOGLE_CALENDAR_BASE_URL`,
    /// `GOOGLE_TOKEN_BASE_URL`, `GRAPH_BASE_URL`, `LOGIN_BASE_URL`) and the deployment's
    /// application (`CONVOKE_GOOGLE_CLIENT_ID`, `CONVOKE_MICROSOFT_CALENDAR_CLIENT_ID`, each
    /// with `…_CLIENT_SECRET_ARN`); no network call.
    pub fn of_environment(
        environment: &Environment,
        core: Core,
        vault: Vault,
        secrets: &Secrets,
    ) -> Result<Self, ConfigError> {
        Ok(Self {
            core,
            vault,
            domain: environment.required("CONVOKE_DOMAIN")?,
            apps: Arc::new(Apps::of_environment(environment, secrets.clone())),
            tokens: Arc::default(),
        })
    }

    /// Whether calendars of this provider can be connected.
    pub fn is_configured(&self, provider: CalendarProvider) -> bool {
        self.apps.missing_keys(provider).is_empty()
    }

    /// Where a user consents; the caller adds `redirect_uri`, `state` and, if it
    /// wants, PKCE's challenge.
    pub fn authorization_url(&self, provider: CalendarProvider) -> Option<String> {
        self.apps.authorization_url(provider)
    }
}

impl std::fmt::Debug for Calendars {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Calendars").finish_non_exhaustive()
    }
}

/// The job that brings a subject's calendars in step.
pub fn job_of(subject: SyncSubject) -> Job {
    let (kind, id) = match subject {
        SyncSubject::Session(id) => (CalendarSubject::Session, id),
        SyncSubject::ScheduleEntry(id) => (CalendarSubject::ScheduleEntry, id),
    };
    Job::SyncCalendars { subject: kind, id }
}

fn subject_of(subject: CalendarSubject, id: Uuid) -> SyncSubject {
    match subject {
        CalendarSubject::Session => SyncSubject::Session(id),
        CalendarSubject::ScheduleEntry => SyncSubject::ScheduleEntry(id),
    }
}
