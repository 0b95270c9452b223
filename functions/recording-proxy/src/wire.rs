//! Bodies and answers of the API.

use chrono::{DateTime, Utc};
use convoke_services::recordings::documents::{DocumentShown, Format};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Where a recording streams from, for one caller and some hours.
#[derive(Serialize, ToSchema)]
pub(crate) struct TicketView {
    /// For a `<video>` tag or a player; a secret of the caller's.
    #[schema(
        format = "uri",
        example = "https://example.lambda-url.eu-central-1.on.aws/recordings/0192f5a0-1111-7222-8333-444455556666?ticket=…"
    )]
    pub(crate) url: String,
    /// When it ends.
    pub(crate) expires_at: DateTime<Utc>,
}

/// A transcript as a document.
#[derive(Serialize, ToSchema)]
pub(crate) struct DocumentView {
    #[schema(format = Uuid)]
    document_id: String,
    #[schema(format = Uuid)]
    artifact_id: String,
    #[schema(format = Uuid)]
    online_meeting_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, format = Uuid)]
    interaction_id: Option<String>,
    /// `Transcript - {subject}`.
    name: String,
    /// Of the document as it is stored.
    content_type: &'static str,
    /// Octets of the document as it is stored.
    size: u64,
    /// Whether it says who spoke.
    is_attributed: bool,
    /// Whether the client sees it whatever the organisation's settings say.
    is_client_visible: bool,
    /// When the transcript was begun.
    created_at: DateTime<Utc>,
    client_id: Option<String>,
    contact_id: Option<String>,
    links: DocumentLinks,
    version: u64,
}

/// Paths of a document's text.
#[derive(Serialize, ToSchema)]
pub(crate) struct DocumentLinks {
    /// As WebVTT.
    vtt: String,
    /// Readable, by speaker.
    text: String,
}

impl From<&DocumentShown> for DocumentView {
    fn from(found: &DocumentShown) -> Self {
        let (meeting, artifact) = (&found.shown.meeting, &found.shown.artifact);
        let id = artifact.artifact_id.to_string();
        let link =
            |format: Format| format!("/api/v1/documents/{id}/download?format={}", format.as_str());
        Self {
            links: DocumentLinks {
                vtt: link(Format::Vtt),
                text: link(Format::Text),
            },
            document_id: id.clone(),
            artifact_id: id,
            online_meeting_id: meeting.online_meeting_id.to_string(),
            interaction_id: meeting.interaction_id.map(|id| id.to_string()),
            name: found.document.name.clone(),
            content_type: "text/vtt",
            size: found.document.size,
            is_attributed: found.document.is_attributed,
            is_client_visible: found.document.is_client_visible,
            created_at: artifact.created_at,
            client_id: meeting.client_id.as_ref().map(ToString::to_string),
            contact_id: meeting.contact_id.as_ref().map(ToString::to_string),
            version: artifact.version,
        }
    }
}

/// What staff may change of a document.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DocumentBody {
    /// Whether the client sees it whatever the organisation's settings say.
    pub(crate) is_client_visible: bool,
}
