//! The Graph provider of the community edition: never configured (XC-11).

use convoke_domain::error::Error;
use convoke_domain::meeting::Meeting;
use convoke_domain::provider::ProviderKind;
use convoke_platform::tenant::Tenant;

use super::{GRAPH_KEYS, MeetingProvider, Placement};

/// Stands in where Microsoft's cloud is not linked.
pub struct UnavailableGraph;

impl MeetingProvider for UnavailableGraph {
    fn kind(&self) -> ProviderKind {
        ProviderKind::Graph
    }

    fn behaviour(&self) -> &'static str {
        "Not part of the community edition: Microsoft 365 calendars need the enterprise edition."
    }

    fn missing_keys(&self, _: &Tenant) -> Vec<&'static str> {
        GRAPH_KEYS.to_vec()
    }

    fn place(&self, _: &Tenant, _: &Meeting) -> Result<Placement<'_>, Error> {
        Err(Error::internal(
            "the community edition placed a meeting on Graph",
        ))
    }
}
