//! The Graph provider of the community edition: never configured (XC-11).

use async_trait::async_trait;
use convoke_domain::error::Error;
use convoke_domain::meeting::Meeting;
use convoke_domain::provider::ProviderKind;
use convoke_platform::store::TenantStore;

use super::{GRAPH_KEYS, MeetingProvider, Placement, RemoteCalendar, provider_not_configured};

/// Stands in where Microsoft's cloud is not linked.
pub struct UnavailableGraph;

#[async_trait]
impl MeetingProvider for UnavailableGraph {
    fn kind(&self) -> ProviderKind {
        ProviderKind::Graph
    }

    fn behaviour(&self) -> &'static str {
        "Not part of the community edition: Microsoft 365 calendars need the enterprise edition."
    }

    async fn missing_keys(&self, _: &TenantStore) -> Result<Vec<&'static str>, Error> {
        Ok(GRAPH_KEYS.to_vec())
    }

    async fn calendar(&self, _: &TenantStore) -> Result<Option<Box<dyn RemoteCalendar>>, Error> {
        Err(provider_not_configured(GRAPH_KEYS.to_vec()))
    }

    async fn place(&self, _: &TenantStore, _: &Meeting) -> Result<Placement, Error> {
        Err(provider_not_configured(GRAPH_KEYS.to_vec()))
    }
}
