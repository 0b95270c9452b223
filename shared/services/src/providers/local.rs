//! Providers that call nobody.

use async_trait::async_trait;
use convoke_domain::error::Error;
use convoke_domain::meeting::{Meeting, RemoteEvent};
use convoke_domain::provider::ProviderKind;
use convoke_platform::clock::Ports;
use convoke_platform::store::TenantStore;

use super::{MeetingProvider, Placement};

/// Mints an id and contacts nothing: for trying things out.
pub struct MockProvider {
    ports: Ports,
}

impl MockProvider {
    /// With the deployment's way of minting ids.
    pub fn new(ports: Ports) -> Self {
        Self { ports }
    }
}

#[async_trait]
impl MeetingProvider for MockProvider {
    fn kind(&self) -> ProviderKind {
        ProviderKind::Mock
    }

    fn behaviour(&self) -> &'static str {
        "Mints an event id and contacts no external calendar."
    }

    async fn missing_keys(&self, _: &TenantStore) -> Result<Vec<&'static str>, Error> {
        Ok(vec![])
    }

    async fn place(&self, _: &TenantStore, meeting: &Meeting) -> Result<Placement, Error> {
        let held = meeting
            .remote
            .as_ref()
            .filter(|remote| remote.provider == ProviderKind::Mock);
        let id = held.map_or_else(
            || format!("mock-{}", self.ports.mint()),
            |remote| remote.external_event_id.clone(),
        );
        Ok(Placement::Here {
            event: local_event(ProviderKind::Mock, id, meeting),
            note: "No external calendar was contacted: the mock provider only minted an event id.",
        })
    }
}

/// The .ics file is the artefact; its UID is the event's id.
pub struct IcsProvider {
    domain: String,
}

impl IcsProvider {
    /// For the deployment's UID domain.
    pub fn new(domain: &str) -> Self {
        Self {
            domain: domain.to_owned(),
        }
    }
}

#[async_trait]
impl MeetingProvider for IcsProvider {
    fn kind(&self) -> ProviderKind {
        ProviderKind::Ics
    }

    fn behaviour(&self) -> &'static str {
        "The .ics file is the event: download it and import it into any calendar."
    }

    async fn missing_keys(&self, _: &TenantStore) -> Result<Vec<&'static str>, Error> {
        Ok(vec![])
    }

    async fn place(&self, _: &TenantStore, meeting: &Meeting) -> Result<Placement, Error> {
        Ok(Placement::Here {
            event: local_event(ProviderKind::Ics, meeting.uid(&self.domain), meeting),
            note: "The .ics file is the event: download it from ics_url and import it into a calendar.",
        })
    }
}

fn local_event(provider: ProviderKind, id: String, meeting: &Meeting) -> RemoteEvent {
    RemoteEvent {
        provider,
        external_event_id: id,
        organizer: None,
        join_url: None,
        revision: meeting.revision,
        sequence: meeting.sequence,
    }
}
