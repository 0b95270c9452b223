//! Step by step, where a tenant's setup stands (TS-5).
//!
//! Guarantee: a step passes only when it was tested just now; one that another
//! one's failure, or this version, keeps from being tested is skipped and says why.

use std::time::Instant;

use convoke_domain::error::Error;
use convoke_platform::tenant::Tenant;

use crate::core::Core;
use crate::microsoft::Microsoft;

/// What a step found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepStatus {
    /// Tested, and well.
    Pass,
    /// Tested; something may be wrong, and a later step decides.
    Warn,
    /// Tested, and wrong.
    Fail,
    /// Not tested.
    Skip,
}

impl StepStatus {
    /// The API's word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Warn => "warn",
            Self::Fail => "fail",
            Self::Skip => "skip",
        }
    }
}

/// One step of a diagnosis.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Stable, snake_case.
    pub step: &'static str,
    /// What came of it.
    pub status: StepStatus,
    /// How long it took.
    pub duration_ms: u64,
    /// What was found.
    pub detail: Option<String>,
    /// What to do about it.
    pub remediation: Option<&'static str>,
}

/// All steps, in their order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Diagnosis {
    /// Settings first, the last capture last.
    pub steps: Vec<Step>,
}

/// The steps that need an account with Microsoft, in their order.
const OF_MICROSOFT: [&str; 7] = [
    "token",
    "roles",
    "mailbox",
    "mailbox_scoping",
    "teams_access_policy",
    "transcript_access",
    "organizer_object_id",
];
/// The steps about what comes by itself, in their order.
const OF_ARRIVALS: [&str; 3] = ["subscriptions", "webhook", "last_capture"];

impl Diagnosis {
    /// Notes a step that began at `since`.
    pub(super) fn note(
        &mut self,
        step: &'static str,
        since: Instant,
        status: StepStatus,
        detail: impl Into<String>,
        remediation: Option<&'static str>,
    ) {
        let duration_ms = u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.steps.push(Step {
            step,
            status,
            duration_ms,
            detail: Some(detail.into()),
            remediation,
        });
    }

    /// Notes a step that was not tested.
    pub(super) fn skip(&mut self, step: &'static str, why: impl Into<String>) {
        self.note(step, Instant::now(), StepStatus::Skip, why, None);
    }

    /// Skips every step that is still to come, for the reason of an earlier one.
    pub(super) fn skip_rest(&mut self, why: &str) {
        self.skip_microsoft(why);
        for step in OF_ARRIVALS {
            self.skip(step, why);
        }
    }

    /// Skips what is still to be asked of Microsoft.
    pub(super) fn skip_microsoft(&mut self, why: &str) {
        for step in OF_MICROSOFT {
            if !self.steps.iter().any(|done| done.step == step) {
                self.skip(step, why);
            }
        }
    }
}

/// Tests a tenant's setup; what it finds of recordings, the capability tells from
/// then on (TS-4).
#[cfg(feature = "enterprise")]
pub async fn diagnose(
    core: &Core,
    microsoft: &Microsoft,
    tenant: &Tenant,
) -> Result<Diagnosis, Error> {
    super::diagnosis_steps::run(core, microsoft, tenant).await
}

/// Says that Microsoft's cloud is not part of this edition.
#[cfg(not(feature = "enterprise"))]
#[allow(
    clippy::unused_async,
    reason = "the signature of the enterprise edition's, which calls"
)]
pub async fn diagnose(_: &Core, _: &Microsoft, _: &Tenant) -> Result<Diagnosis, Error> {
    let mut diagnosis = Diagnosis::default();
    diagnosis.note(
        "settings",
        Instant::now(),
        StepStatus::Fail,
        "ee_disabled: this edition does not speak to Microsoft's cloud",
        Some("Deploy the enterprise edition."),
    );
    let why = "not tested: ee_disabled";
    diagnosis.skip("profile", why);
    diagnosis.skip_rest(why);
    Ok(diagnosis)
}
