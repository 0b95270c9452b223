//! The community edition calls nobody, and says so (XC-11).

use convoke_domain::artifact::ArtifactType;
use convoke_domain::engagement::Created;
use convoke_domain::error::Error;
use convoke_domain::online_meeting::{OnlineMeeting, Span};
use convoke_platform::store::TenantStore;

use super::{
    Address, ByteRange, FoundArtifact, NotOpened, RecordingBytes, Resolved, Teams, TranscriptText,
};
use crate::providers::{CallFailure, Effect};

const NOTHING: CallFailure = CallFailure {
    effect: Effect::None,
    error: Error::Upstream {
        code: "ee_disabled",
        message: String::new(),
        retry_after: None,
    },
};

#[allow(
    clippy::unused_async,
    reason = "the signatures of the enterprise edition's, which call"
)]
impl Teams {
    pub(crate) async fn create(
        &self,
        _: &TenantStore,
        _: &OnlineMeeting,
    ) -> Result<Created, CallFailure> {
        Err(NOTHING)
    }

    pub(crate) async fn find(
        &self,
        _: &TenantStore,
        _: &OnlineMeeting,
    ) -> Result<Option<Created>, CallFailure> {
        Err(NOTHING)
    }

    pub(crate) async fn locate(
        &self,
        _: &TenantStore,
        _: &OnlineMeeting,
    ) -> Result<Option<String>, CallFailure> {
        Err(NOTHING)
    }

    pub(crate) async fn resolve(
        &self,
        _: &TenantStore,
        _: &OnlineMeeting,
    ) -> Result<Option<Resolved>, CallFailure> {
        Err(NOTHING)
    }

    pub(crate) async fn list_artifacts(
        &self,
        _: &TenantStore,
        _: &OnlineMeeting,
        _: ArtifactType,
    ) -> Result<Vec<FoundArtifact>, CallFailure> {
        Err(NOTHING)
    }

    pub(crate) async fn transcript_text(
        &self,
        _: &TenantStore,
        _: &OnlineMeeting,
        _: &str,
    ) -> Result<TranscriptText, CallFailure> {
        Err(NOTHING)
    }

    /// As the enterprise edition's, which reads.
    pub async fn open_recording(
        &self,
        _: &TenantStore,
        _: &OnlineMeeting,
        _: &str,
        _: ByteRange,
    ) -> Result<RecordingBytes, NotOpened> {
        Err(NOTHING.into())
    }

    pub(crate) async fn move_to(
        &self,
        _: &TenantStore,
        _: &OnlineMeeting,
        _: Span,
    ) -> Result<(), CallFailure> {
        Err(NOTHING)
    }

    pub(crate) async fn remove(
        &self,
        _: &TenantStore,
        _: &OnlineMeeting,
        _: Address<'_>,
    ) -> Result<(), CallFailure> {
        Err(NOTHING)
    }
}
