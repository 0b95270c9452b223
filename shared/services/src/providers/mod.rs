//! Calendars that meetings are scheduled on (CM-7).
//!
//! A provider says where a meeting's event would live: right here, or on a
//! calendar that has to be called. What is called implements
//! [`RemoteCalendar`]; the saga around the calls is in `meetings::scheduling`.

#[cfg(feature = "enterprise")]
mod graph;
mod local;
mod unavailable;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use convoke_domain::error::Error;
use convoke_domain::meeting::{Intent, Meeting, RemoteEvent};
use convoke_domain::provider::ProviderKind;
use convoke_domain::slot::Busy;
use convoke_platform::clock::Ports;
use convoke_platform::config::{ConfigError, Environment};
use convoke_platform::secrets::Secrets;
use convoke_platform::tenant::Tenant;

#[cfg(feature = "enterprise")]
pub use graph::{DeploymentProfile, GraphProvider};
pub use local::{IcsProvider, MockProvider};
pub use unavailable::UnavailableGraph;

/// Settings that the deployment's own Microsoft profile consists of (CM-11).
pub const GRAPH_KEYS: [&str; 4] = [
    "MS_GRAPH_TENANT_ID",
    "MS_GRAPH_CLIENT_ID",
    "MS_GRAPH_CLIENT_SECRET",
    "MS_GRAPH_ORGANIZER_EMAIL",
];

/// The application permission that calendars need; it covers `getSchedule`.
pub const GRAPH_PERMISSION: &str = "Calendars.ReadWrite";

/// A calendar to schedule on.
pub trait MeetingProvider: Send + Sync {
    /// Which one.
    fn kind(&self) -> ProviderKind;
    /// What scheduling on it does, in a sentence for people.
    fn behaviour(&self) -> &'static str;
    /// Settings that are missing for this tenant; none: it is configured.
    fn missing_keys(&self, tenant: &Tenant) -> Vec<&'static str>;
    /// What has to be called, where anything has.
    fn calendar(&self) -> Option<&dyn RemoteCalendar> {
        None
    }
    /// Where the event of this meeting would live; only asked when configured.
    fn place(&self, tenant: &Tenant, meeting: &Meeting) -> Result<Placement<'_>, Error>;
}

/// Where a meeting's event lives.
pub enum Placement<'a> {
    /// Nothing has to be called.
    Here {
        /// What the meeting's event is.
        event: RemoteEvent,
        /// What was done, honestly.
        note: &'static str,
    },
    /// On a calendar elsewhere.
    Elsewhere {
        /// What to call.
        calendar: &'a dyn RemoteCalendar,
        /// The mailbox that will own the event.
        organizer: String,
    },
}

/// A calendar that has to be called.
#[async_trait]
pub trait RemoteCalendar: Send + Sync {
    /// Creates the series; the intent's id makes a repeated call safe.
    async fn create(
        &self,
        tenant: &Tenant,
        meeting: &Meeting,
        intent: &Intent,
    ) -> Result<RemoteEvent, CallFailure>;
    /// Brings an event in step with the meeting.
    async fn update(
        &self,
        tenant: &Tenant,
        meeting: &Meeting,
        organizer: &str,
        event_id: &str,
    ) -> Result<RemoteEvent, CallFailure>;
    /// Removes an event; one that is gone is as good as removed.
    async fn delete(
        &self,
        tenant: &Tenant,
        organizer: &str,
        event_id: &str,
    ) -> Result<(), CallFailure>;
    /// Looks for the event that an interrupted creation may have made.
    async fn find(
        &self,
        tenant: &Tenant,
        intent: &Intent,
    ) -> Result<Option<RemoteEvent>, CallFailure>;
    /// Reads when people are taken; one entry per address.
    async fn free_busy(
        &self,
        tenant: &Tenant,
        organizer: &str,
        addresses: &[String],
        window: (DateTime<Utc>, DateTime<Utc>),
    ) -> Result<Vec<FreeBusy>, CallFailure>;
}

/// What is known of one person's time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FreeBusy {
    /// Whose, as it was asked for.
    pub address: String,
    /// What is taken, or why nothing is known (the calendar's own code).
    pub busy: Result<Vec<Busy>, String>,
}

/// How a call to a calendar failed.
#[derive(Debug)]
pub struct CallFailure {
    /// What is known of its effect.
    pub effect: Effect,
    /// What the caller is told.
    pub error: Error,
}

/// What is known of a failed call's effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// None; and the same call will not do better.
    Refused,
    /// None; the same call may succeed later.
    None,
    /// It may have happened.
    Unknown,
    /// The event that it was about is gone.
    Gone,
}

/// The providers of this deployment.
pub struct Providers(Vec<Box<dyn MeetingProvider>>);

impl Providers {
    /// In the order in which they are listed.
    pub fn new(providers: Vec<Box<dyn MeetingProvider>>) -> Self {
        Self(providers)
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &dyn MeetingProvider> {
        self.0.iter().map(AsRef::as_ref)
    }

    /// The provider of a kind, configured for this tenant; otherwise what is
    /// missing (CM-11).
    pub fn configured(
        &self,
        kind: ProviderKind,
        tenant: &Tenant,
    ) -> Result<&dyn MeetingProvider, Error> {
        let provider = self
            .iter()
            .find(|provider| provider.kind() == kind)
            .ok_or_else(|| Error::internal("a provider kind without provider"))?;
        let missing_keys = provider.missing_keys(tenant);
        if missing_keys.is_empty() {
            return Ok(provider);
        }
        Err(Error::NotConfigured {
            code: "provider_not_configured",
            message: format!(
                "the {} provider is not configured for this organisation: set {} and grant {GRAPH_PERMISSION}",
                kind.as_str(),
                missing_keys.join(", ")
            ),
            missing_keys,
            required_permissions: vec![GRAPH_PERMISSION],
        })
    }

    /// The calendar of a provider that has to be called.
    pub fn remote(
        &self,
        kind: ProviderKind,
        tenant: &Tenant,
    ) -> Result<&dyn RemoteCalendar, Error> {
        let calendar = self.configured(kind, tenant)?.calendar();
        calendar.ok_or_else(|| Error::internal("a provider that calls nobody was to be called"))
    }
}

/// The providers that a function's environment describes, each edition its own.
pub fn of_environment(
    environment: &Environment,
    secrets: &Secrets,
    ports: &Ports,
) -> Result<Providers, ConfigError> {
    Ok(Providers::new(vec![
        Box::new(MockProvider::new(ports.clone())),
        Box::new(IcsProvider::new(&environment.required("CONVOKE_DOMAIN")?)),
        graph_of(environment, secrets)?,
    ]))
}

#[cfg(feature = "enterprise")]
fn graph_of(
    environment: &Environment,
    secrets: &Secrets,
) -> Result<Box<dyn MeetingProvider>, ConfigError> {
    let config = convoke_graph::GraphConfig {
        // Leaves a function of 29 s the time to write down what came of it.
        budget: std::time::Duration::from_secs(12),
        ..convoke_graph::GraphConfig::new(
            environment.required("GRAPH_BASE_URL")?,
            environment.required("LOGIN_BASE_URL")?,
        )
    };
    let http = convoke_graph::http_client().map_err(|_| ConfigError::Invalid {
        name: "SSL_CERT_FILE",
        problem: "does not lead to certificates",
    })?;
    let profile = DeploymentProfile::of_environment(environment, secrets.clone());
    Ok(Box::new(GraphProvider::new(
        convoke_graph::GraphClient::new(http, config),
        profile.into(),
    )))
}

#[cfg(not(feature = "enterprise"))]
#[allow(
    clippy::unnecessary_wraps,
    reason = "the signature of the enterprise edition's, which can fail"
)]
fn graph_of(_: &Environment, _: &Secrets) -> Result<Box<dyn MeetingProvider>, ConfigError> {
    Ok(Box::new(UnavailableGraph))
}
