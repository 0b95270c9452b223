//! Recordings and transcripts by Microsoft Graph: listed, and read by their ids
//! each time (OM-7, OM-9). None of Graph's own addresses is taken over.

use convoke_domain::artifact::ArtifactType;
use convoke_domain::error::Error;
use convoke_domain::online_meeting::OnlineMeeting;
use convoke_graph::{ContentRange, GraphError, GraphErrorClass};
use convoke_platform::store::TenantStore;

use super::{ByteRange, FoundArtifact, NotOpened, RecordingBytes, Teams, TranscriptText};
use crate::microsoft::TeamsAccount;
use crate::providers::{CallFailure, Effect, failure};

/// What a call about a meeting's artifacts is addressed with.
struct Place<'a> {
    account: TeamsAccount,
    organizer_object_id: String,
    meeting_id: &'a str,
}

impl Teams {
    /// All recordings or transcripts of a meeting.
    pub(crate) async fn list_artifacts(
        &self,
        store: &TenantStore,
        meeting: &OnlineMeeting,
        kind: ArtifactType,
    ) -> Result<Vec<FoundArtifact>, CallFailure> {
        let place = self.place(store, meeting).await?;
        let session = self.session(&place.account);
        let organizer = &place.organizer_object_id;
        let listed = match kind {
            ArtifactType::Recording => session.list_recordings(organizer, place.meeting_id).await,
            ArtifactType::Transcript => session.list_transcripts(organizer, place.meeting_id).await,
        };
        let listed = listed.map_err(|error| self.refused(&place, &error))?;
        let found = listed.into_iter().map(|info| FoundArtifact {
            provider_artifact_id: info.id,
            created_at: info.created,
        });
        Ok(found.collect())
    }

    /// A transcript's text.
    pub(crate) async fn transcript_text(
        &self,
        store: &TenantStore,
        meeting: &OnlineMeeting,
        provider_artifact_id: &str,
    ) -> Result<TranscriptText, CallFailure> {
        let place = self.place(store, meeting).await?;
        let content = self
            .session(&place.account)
            .transcript_content(
                &place.organizer_object_id,
                place.meeting_id,
                provider_artifact_id,
            )
            .await
            .map_err(|error| self.refused(&place, &error))?;
        Ok(TranscriptText {
            bytes: content.bytes,
            is_attributed: content.is_attributed,
        })
    }

    /// A recording's octets, from the moment that Microsoft begins to send them.
    pub async fn open_recording(
        &self,
        store: &TenantStore,
        meeting: &OnlineMeeting,
        provider_artifact_id: &str,
        range: ByteRange,
    ) -> Result<RecordingBytes, NotOpened> {
        let place = self.place(store, meeting).await?;
        let range = match range {
            ByteRange::Whole => ContentRange::Whole,
            ByteRange::From(first) => ContentRange::From(first),
            ByteRange::Between { first, last } => ContentRange::Between { first, last },
            ByteRange::Suffix(octets) => ContentRange::Suffix(octets),
        };
        let content = self
            .session(&place.account)
            .recording_content(
                &place.organizer_object_id,
                place.meeting_id,
                provider_artifact_id,
                range,
            )
            .await
            .map_err(|error| match error.class {
                GraphErrorClass::RangeNotSatisfiable { total } => NotOpened::BeyondEnd { total },
                _ => NotOpened::Failed(self.refused(&place, &error)),
            })?;
        Ok(RecordingBytes {
            first: content.first,
            total: content.total,
            is_partial: content.is_partial,
            content_type: content.content_type.clone(),
            content,
        })
    }

    async fn place<'a>(
        &self,
        store: &TenantStore,
        meeting: &'a OnlineMeeting,
    ) -> Result<Place<'a>, CallFailure> {
        let account = self.account(store, meeting).await?;
        let organizer_object_id = super::graph::object_id_of(&account, meeting)
            .ok_or_else(|| waits("missing_organizer_object_id", "the organiser's Entra object id is not known: name the organiser anew in the Teams settings"))?;
        let meeting_id = meeting.provider_meeting_id.as_deref().ok_or_else(|| {
            waits(
                "online_meeting_id_unresolved",
                "Microsoft has not told the online meeting's id yet",
            )
        })?;
        Ok(Place {
            account,
            organizer_object_id,
            meeting_id,
        })
    }

    fn refused(&self, place: &Place<'_>, error: &GraphError) -> CallFailure {
        if error.class == GraphErrorClass::InvalidCredentials {
            self.microsoft.refused(&place.account);
        }
        failed(error)
    }
}

fn waits(code: &'static str, message: &str) -> CallFailure {
    CallFailure {
        effect: Effect::None,
        error: Error::Upstream {
            code,
            message: message.to_owned(),
            retry_after: None,
        },
    }
}

/// What a Graph error says of an artifact.
pub(super) fn failed(error: &GraphError) -> CallFailure {
    let (code, message) = match error.class {
        GraphErrorClass::TranscriptsDisabled => (
            "transcripts_disabled",
            "the Microsoft tenant keeps transcripts from Graph: a Teams administrator can switch Microsoft Graph access on",
        ),
        GraphErrorClass::AccessPolicyMissing | GraphErrorClass::NotOrganiser => (
            "policy_missing",
            "Teams' application access policy does not cover the organiser",
        ),
        GraphErrorClass::ConsentMissing => (
            "consent_missing",
            "the application lacks OnlineMeetingRecording.Read.All or OnlineMeetingTranscript.Read.All",
        ),
        GraphErrorClass::NotFoundOrGone => ("artifact_gone", "Microsoft does not have it any more"),
        _ => return failure(error),
    };
    let effect = match error.class {
        GraphErrorClass::NotFoundOrGone => Effect::Gone,
        _ => Effect::Refused,
    };
    CallFailure {
        effect,
        error: Error::Upstream {
            code,
            message: message.to_owned(),
            retry_after: None,
        },
    }
}
