//! Whether meetings can really be made on an organiser's behalf (TS-3): the very
//! path of creation, on a test event that is removed again.

use convoke_domain::error::Error;
use convoke_domain::integration::organizer_of;
use convoke_platform::tenant::Tenant;

#[cfg(feature = "enterprise")]
use super::trial::run;
use crate::core::Core;
use crate::microsoft::Microsoft;

/// What a verification found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Verification {
    /// Whether everything worked.
    pub valid: bool,
    /// The organiser's name in the directory, where it was read.
    pub display_name: Option<String>,
    /// What did not work; stable, snake_case.
    pub reason: Option<&'static str>,
    /// What to do about it.
    pub message: Option<&'static str>,
}

/// Tests creation for `upn`, or for the organiser of the settings. Settings that
/// are still pending are tested; disabled ones are not.
pub async fn verify(
    core: &Core,
    microsoft: &Microsoft,
    tenant: &Tenant,
    upn: Option<&str>,
) -> Result<Verification, Error> {
    let upn = upn
        .map(organizer_of)
        .transpose()
        .map_err(|problem| Error::invalid("/upn", "invalid_organizer", problem))?;
    run(core, microsoft, tenant, upn).await
}

#[cfg(not(feature = "enterprise"))]
#[allow(
    clippy::unused_async,
    reason = "the signature of the enterprise edition's, which calls"
)]
async fn run(
    _: &Core,
    _: &Microsoft,
    _: &Tenant,
    _: Option<String>,
) -> Result<Verification, Error> {
    Ok(Verification {
        reason: Some("ee_disabled"),
        message: Some("Microsoft's cloud needs the enterprise edition."),
        ..Verification::default()
    })
}
