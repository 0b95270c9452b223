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
use convoke_platform::store::TenantStore;

use crate::microsoft::Microsoft;

#[cfg(feature = "enterprise")]
pub use graph::GraphProvider;
#[cfg(feature = "enterprise")]
pub(crate) use graph::{failure, graph_attendees, html_of};
pub use local::{IcsProvider, MockProvider};
pub use unavailable::UnavailableGraph;

/// Settings that the deployment's own Microsoft profile consists of (CM-11).
pub const GRAPH_KEYS: [&str; 4] = [
    "MS_GRAPH_TENANT_ID",
    "MS_GRAPH_CLIENT_ID",
    "MS_GRAPH_CLIENT_SECRET",
    ORGANIZER_KEY,
];

/// The one of them that names the organiser's mailbox.
pub const ORGANIZER_KEY: &str = "MS_GRAPH_ORGANIZER_EMAIL";

/// The application permission that calendars need; it covers `getSchedule`.
pub const GRAPH_PERMISSION: &str = "Calendars.ReadWrite";

/// A calendar to schedule on.
#[async_trait]
pub trait MeetingProvider: Send + Sync {
    /// Which one.
    fn kind(&self) -> ProviderKind;
    /// What scheduling on it does, in a sentence for people.
    fn behaviour(&self) -> &'static str;
    /// Settings that are missing for this tenant; none: it is configured.
    async fn missing_keys(&self, store: &TenantStore) -> Result<Vec<&'static str>, Error>;
    /// What has to be called for events that exist; `None` where nobody is.
    async fn calendar(&self, _: &TenantStore) -> Result<Option<Box<dyn RemoteCalendar>>, Error> {
        Ok(None)
    }
    /// Where the event of this meeting would live; where it is not configured,
    /// [`provider_not_configured`].
    async fn place(&self, store: &TenantStore, meeting: &Meeting) -> Result<Placement, Error>;
}

/// Where a meeting's event lives.
pub enum Placement {
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
        calendar: Box<dyn RemoteCalendar>,
        /// The mailbox that will own the event.
        organizer: String,
    },
}

/// A calendar that has to be called, with one tenant's account.
#[async_trait]
pub trait RemoteCalendar: Send + Sync {
    /// Creates the series; the intent's id makes a repeated call safe.
    async fn create(&self, meeting: &Meeting, intent: &Intent) -> Result<RemoteEvent, CallFailure>;
    /// Brings an event in step with the meeting.
    async fn update(
        &self,
        meeting: &Meeting,
        organizer: &str,
        event_id: &str,
    ) -> Result<RemoteEvent, CallFailure>;
    /// Removes an event; one that is gone is as good as removed.
    async fn delete(&self, organizer: &str, event_id: &str) -> Result<(), CallFailure>;
    /// Looks for the event that an interrupted creation may have made.
    async fn find(&self, intent: &Intent) -> Result<Option<RemoteEvent>, CallFailure>;
    /// Reads when people are taken; one entry per address.
    async fn free_busy(
        &self,
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

    /// The provider of a kind.
    pub fn of(&self, kind: ProviderKind) -> Result<&dyn MeetingProvider, Error> {
        self.iter()
            .find(|provider| provider.kind() == kind)
            .ok_or_else(|| Error::internal("a provider kind without provider"))
    }

    /// The calendar of a provider that has to be called.
    pub async fn remote(
        &self,
        kind: ProviderKind,
        store: &TenantStore,
    ) -> Result<Box<dyn RemoteCalendar>, Error> {
        let calendar = self.of(kind)?.calendar(store).await?;
        calendar.ok_or_else(|| Error::internal("a provider that calls nobody was to be called"))
    }
}

/// What the Graph provider answers where settings are missing (CM-11).
pub fn provider_not_configured(missing_keys: Vec<&'static str>) -> Error {
    Error::NotConfigured {
        code: "provider_not_configured",
        message: format!(
            "the {} provider is not configured for this organisation: set {} and grant {GRAPH_PERMISSION}",
            ProviderKind::Graph.as_str(),
            missing_keys.join(", ")
        ),
        missing_keys,
        required_permissions: vec![GRAPH_PERMISSION],
    }
}

/// The providers that a function's environment describes, each edition its own.
pub fn of_environment(
    environment: &Environment,
    microsoft: &Microsoft,
    ports: &Ports,
) -> Result<Providers, ConfigError> {
    Ok(Providers::new(vec![
        Box::new(MockProvider::new(ports.clone())),
        Box::new(IcsProvider::new(&environment.required("CONVOKE_DOMAIN")?)),
        graph_of(microsoft),
    ]))
}

#[cfg(feature = "enterprise")]
fn graph_of(microsoft: &Microsoft) -> Box<dyn MeetingProvider> {
    Box::new(GraphProvider::new(microsoft.clone()))
}

#[cfg(not(feature = "enterprise"))]
fn graph_of(_: &Microsoft) -> Box<dyn MeetingProvider> {
    Box::new(UnavailableGraph)
}
