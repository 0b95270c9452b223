//! Who may see a recording or transcript: the one decision of every route.
//!
//! It hangs on who the caller is, the meeting, the artifact and the tenant's
//! settings, all read for that very request; nothing that a request says about
//! itself matters (XC-2, OM-8, OM-9). What somebody may not see does not exist.

use convoke_domain::artifact::{Artifact, Viewer, may_see};
use convoke_domain::engagement::Engagement;
use convoke_domain::error::Error;
use convoke_domain::id::{ArtifactId, OnlineMeetingId};
use convoke_domain::online_meeting::{OnlineMeeting, Status};
use convoke_platform::records::ArtifactPointerRecord;
use convoke_platform::store::TenantStore;

use crate::engagements::{Eyes, load};
use crate::microsoft::read_integration;

/// An artifact that the caller may see, with its meeting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// The meeting that it was made of.
    pub meeting: OnlineMeeting,
    /// Recording or transcript.
    pub artifact: Artifact,
}

/// Finds an artifact by its own id: two reads, and one more for a portal user.
/// `what` is the API's word for it.
pub async fn find(
    store: &TenantStore,
    artifact_id: ArtifactId,
    eyes: &Eyes,
    what: &'static str,
) -> Result<Shown, Error> {
    let key = ArtifactPointerRecord::key_of(artifact_id);
    let pointer = store.get::<ArtifactPointerRecord>(&key).await?;
    let meeting_id = pointer.ok_or(Error::NotFound { what })?.online_meeting_id();
    see(store, meeting_id, artifact_id, eyes, what).await
}

/// Sees an artifact of a known meeting: one read, and one more for a portal user.
/// A meeting that was cancelled shows nothing: staff are told so (409).
pub async fn see(
    store: &TenantStore,
    meeting_id: OnlineMeetingId,
    artifact_id: ArtifactId,
    eyes: &Eyes,
    what: &'static str,
) -> Result<Shown, Error> {
    let Engagement {
        meeting, artifacts, ..
    } = load(store, meeting_id.uuid()).await?;
    let artifact = artifacts
        .into_iter()
        .find(|artifact| artifact.artifact_id == artifact_id);
    let (meeting, artifact) = meeting.zip(artifact).ok_or(Error::NotFound { what })?;
    if eyes.is_staff() && meeting.status == Status::Cancelled && !meeting.is_legacy {
        return Err(Error::conflict(
            "online_meeting_cancelled",
            "the meeting was cancelled: its recordings and transcripts are not shown",
        ));
    }
    let viewer = viewer(store, eyes, &meeting).await?;
    if may_see(viewer, &meeting, &artifact) {
        Ok(Shown { meeting, artifact })
    } else {
        Err(Error::NotFound { what })
    }
}

/// The settings are read for a portal user whose client's meeting it is; for
/// nobody else they decide anything.
async fn viewer<'a>(
    store: &TenantStore,
    eyes: &'a Eyes,
    meeting: &OnlineMeeting,
) -> Result<Viewer<'a>, Error> {
    let Eyes::Portal { client_id, .. } = eyes else {
        return Ok(Viewer::Staff);
    };
    let is_exposed = meeting.client_id.as_ref() == Some(client_id)
        && read_integration(store)
            .await?
            .is_some_and(|integration| integration.expose_recordings_in_portal);
    Ok(Viewer::Client {
        client_id,
        is_exposed,
    })
}
