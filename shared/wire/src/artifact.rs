//! Recordings and transcripts as callers read them: by links to this API, which
//! asks each time who is looking (OM-9).

use convoke_domain::artifact::{Artifact, ArtifactType};
use convoke_domain::engagement::Engagement;
use convoke_domain::event::rfc3339;
use convoke_domain::online_meeting::Status;
use serde::Serialize;
use utoipa::ToSchema;

/// Paths of this API.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct ArtifactLinks {
    /// GET: redirects to where a recording streams.
    #[serde(skip_serializing_if = "Option::is_none")]
    watch: Option<String>,
    /// POST: a ticket, for a `<video>` tag.
    #[serde(skip_serializing_if = "Option::is_none")]
    ticket: Option<String>,
    /// GET: a transcript's metadata; for staff.
    #[serde(skip_serializing_if = "Option::is_none")]
    document: Option<String>,
    /// GET: a transcript as WebVTT.
    #[serde(skip_serializing_if = "Option::is_none")]
    vtt: Option<String>,
    /// GET: a transcript as text to read.
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
}

/// A recording or transcript of an online meeting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Artifact)]
pub struct ArtifactView {
    /// Convoke's own id.
    #[schema(format = Uuid)]
    artifact_id: String,
    #[schema(example = "recording", pattern = "^(recording|transcript)$")]
    artifact_type: &'static str,
    /// When Microsoft began to make it.
    #[schema(format = DateTime, example = "2027-01-15T09:02:11Z")]
    created_date_time: String,
    /// A transcript's document, once its text is stored.
    #[serde(skip_serializing_if = "Option::is_none")]
    document_id: Option<String>,
    /// A recording's copy in the bucket, once it is complete.
    #[serde(skip_serializing_if = "Option::is_none")]
    file_id: Option<String>,
    /// Where to get it; none for a transcript whose text is not stored yet.
    links: ArtifactLinks,
}

impl ArtifactView {
    /// As staff, or a portal user who may see it, reads it.
    pub fn of(artifact: &Artifact, is_staff: bool) -> Self {
        Self {
            artifact_id: artifact.artifact_id.to_string(),
            artifact_type: artifact.artifact_type.as_str(),
            created_date_time: rfc3339(artifact.created_at),
            document_id: artifact.document_id().map(|id| id.to_string()),
            file_id: artifact
                .file
                .as_ref()
                .map(|_| artifact.artifact_id.to_string()),
            links: links_of(artifact, is_staff),
        }
    }
}

fn links_of(artifact: &Artifact, is_staff: bool) -> ArtifactLinks {
    match artifact.artifact_type {
        ArtifactType::Recording => {
            let path = format!(
                "/api/v1/online-meetings/recordings/{}",
                artifact.artifact_id
            );
            ArtifactLinks {
                ticket: Some(format!("{path}/ticket")),
                watch: Some(path),
                ..ArtifactLinks::default()
            }
        }
        ArtifactType::Transcript => {
            let Some(id) = artifact.document_id() else {
                return ArtifactLinks::default();
            };
            let path = format!("/api/v1/documents/{id}");
            ArtifactLinks {
                vtt: Some(format!("{path}/download?format=vtt")),
                text: Some(format!("{path}/download?format=text")),
                document: is_staff.then_some(path),
                ..ArtifactLinks::default()
            }
        }
    }
}

/// The artifacts of an engagement, newest first. Which of them a portal user may
/// see was decided where they were read; a cancelled meeting shows none to anybody.
pub fn artifacts_of(engagement: &Engagement, is_staff: bool) -> Vec<ArtifactView> {
    let is_shown = engagement
        .meeting
        .as_ref()
        .is_some_and(|meeting| meeting.status != Status::Cancelled && !meeting.is_legacy);
    let artifacts = engagement.artifacts.iter().filter(|_| is_shown);
    artifacts
        .map(|artifact| ArtifactView::of(artifact, is_staff))
        .collect()
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use convoke_domain::artifact::Document;
    use convoke_domain::id::{ArtifactId, OnlineMeetingId};
    use uuid::Uuid;

    use super::*;

    const ID: Uuid = Uuid::from_u128(7);

    fn artifact(artifact_type: ArtifactType, document: Option<Document>) -> Artifact {
        Artifact {
            artifact_id: ArtifactId::new(ID),
            online_meeting_id: OnlineMeetingId::new(ID),
            artifact_type,
            provider_artifact_id: "MSMjMCMj".to_owned(),
            created_at: DateTime::UNIX_EPOCH,
            document,
            file: None,
            arrivals: vec![],
            version: 1,
        }
    }

    fn document() -> Document {
        Document {
            name: "Transcript - Review".to_owned(),
            is_client_visible: false,
            size: 1,
            is_attributed: true,
            stored_at: DateTime::UNIX_EPOCH,
        }
    }

    /// OM-9: links are paths of this API, and Microsoft's own id never leaves.
    #[test]
    fn links_are_this_apis_own() {
        for artifact in [
            artifact(ArtifactType::Recording, None),
            artifact(ArtifactType::Transcript, Some(document())),
        ] {
            let view = serde_json::to_value(ArtifactView::of(&artifact, true)).unwrap();
            let links = view["links"].as_object().unwrap();
            assert!(!links.is_empty());
            for link in links.values() {
                let link = link.as_str().unwrap();
                assert!(link.starts_with("/api/v1/"), "{link}");
                assert!(link.contains(&ID.to_string()), "{link}");
            }
            assert!(!view.to_string().contains("MSMjMCMj"), "{view}");
        }
    }

    /// OM-8: a transcript has links once its text is stored; its metadata is staff's.
    #[test]
    fn a_transcript_has_links_once_it_is_stored() {
        let bare = ArtifactView::of(&artifact(ArtifactType::Transcript, None), true);
        assert_eq!(
            (bare.links, bare.document_id),
            (ArtifactLinks::default(), None)
        );
        let stored = artifact(ArtifactType::Transcript, Some(document()));
        for is_staff in [true, false] {
            let view = ArtifactView::of(&stored, is_staff);
            assert_eq!(view.links.document.is_some(), is_staff);
            assert!(view.links.vtt.is_some() && view.links.text.is_some());
            assert_eq!(view.document_id, Some(ID.to_string()));
        }
    }
}
