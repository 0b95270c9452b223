//! What the community edition does in place of asking Microsoft: nothing.

use convoke_domain::error::Error;
use convoke_domain::integration::TeamsIntegration;
use convoke_platform::tenant::Tenant;
use uuid::Uuid;

use super::SettingsWarning;
use crate::core::Core;
use crate::microsoft::Microsoft;

/// Resolves nobody: settings that name an organiser are refused before.
pub(super) struct Resolver<'a>(std::marker::PhantomData<&'a Microsoft>);

impl<'a> Resolver<'a> {
    pub(super) fn new(_: &'a Microsoft, _: &'a Tenant) -> Self {
        Self(std::marker::PhantomData)
    }

    #[allow(
        clippy::unused_async,
        reason = "the signature of the enterprise edition's, which calls"
    )]
    pub(super) async fn resolve(
        &self,
        _: &TeamsIntegration,
        _: &mut TeamsIntegration,
    ) -> Option<SettingsWarning> {
        None
    }
}

/// A test event of another edition: its message goes to the dead-letter queue,
/// from where that edition can take it up again.
#[allow(
    clippy::unused_async,
    reason = "the signature of the enterprise edition's, which calls"
)]
pub async fn remove_throwaway(_: &Core, _: &Microsoft, _: &Tenant, _: Uuid) -> Result<(), Error> {
    Err(Error::NotImplemented {
        code: "ee_disabled",
        message: "only the enterprise edition removes test events".to_owned(),
    })
}
