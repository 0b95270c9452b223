//! Recordings and transcripts of online meetings (OM-1, OM-8, OM-9): what there
//! is, and who may see it.
//!
//! Microsoft's own addresses of either are never kept: a recording is fetched
//! by its ids each time, a transcript is stored as a document of ours.

use chrono::{DateTime, Utc};

use crate::id::{ArtifactId, ClientId, DocumentId, OnlineMeetingId};
use crate::online_meeting::{OnlineMeeting, Status};

/// What was made of a meeting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ArtifactType {
    /// Picture and sound.
    Recording,
    /// What was said.
    Transcript,
}

impl ArtifactType {
    /// Both of them.
    pub const ALL: [Self; 2] = [Self::Recording, Self::Transcript];

    /// The API's word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Recording => "recording",
            Self::Transcript => "transcript",
        }
    }

    /// Reads the API's word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == word)
    }
}

/// How an artifact came up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ArrivalPath {
    /// Microsoft told of it.
    Notification,
    /// A look at the meeting's own time found it.
    Sweep,
    /// The list of all that an organiser's meetings left behind had it (NT-5).
    Delta,
    /// Somebody asked for a look.
    Refresh,
}

impl ArrivalPath {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Notification, Self::Sweep, Self::Delta, Self::Refresh];

    /// The API's word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Notification => "notification",
            Self::Sweep => "sweep",
            Self::Delta => "delta",
            Self::Refresh => "refresh",
        }
    }

    /// Reads the API's word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == word)
    }
}

/// That an artifact came up, and when: a line of the meeting's ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrival {
    /// By which way.
    pub path: ArrivalPath,
    /// When it did so first.
    pub at: DateTime<Utc>,
}

/// A recording or transcript.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Artifact {
    /// Minted when it was first seen.
    pub artifact_id: ArtifactId,
    /// The meeting that it was made of.
    pub online_meeting_id: OnlineMeetingId,
    /// Recording or transcript.
    pub artifact_type: ArtifactType,
    /// Microsoft's id; unique within meeting and type, opaque.
    pub provider_artifact_id: String,
    /// When Microsoft began to make it; when it was first seen, where that is not told.
    pub created_at: DateTime<Utc>,
    /// A transcript's text, once it is stored.
    pub document: Option<Document>,
    /// A recording's copy, once it is complete.
    pub file: Option<StoredFile>,
    /// By which ways it came up, each once, in their order.
    pub arrivals: Vec<Arrival>,
    /// Rises with every write.
    pub version: u64,
}

impl Artifact {
    /// Notes that it came up by `path`; answers whether that is news.
    pub fn came_by(&mut self, path: ArrivalPath, at: DateTime<Utc>) -> bool {
        let is_news = self.arrivals.iter().all(|arrival| arrival.path != path);
        if is_news {
            self.arrivals.push(Arrival { path, at });
        }
        is_news
    }
}

/// A transcript's text as it is stored: WebVTT.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// What people call it: `Transcript - {subject}`.
    pub name: String,
    /// Whether staff show it to the client, whatever the tenant's settings say.
    pub is_client_visible: bool,
    /// Octets of the stored WebVTT.
    pub size: u64,
    /// Whether it says who spoke.
    pub is_attributed: bool,
    /// When it was stored.
    pub stored_at: DateTime<Utc>,
}

/// A recording's own copy in the bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredFile {
    /// Octets.
    pub size: u64,
    /// SHA-256 of the whole, lower-case hex.
    pub sha256: String,
    /// As Microsoft named it, where that is a video's; else `video/mp4`.
    pub content_type: String,
    /// When its last part was stored.
    pub stored_at: DateTime<Utc>,
}

impl Artifact {
    /// The document's id: the artifact's own UUID.
    pub fn document_id(&self) -> Option<DocumentId> {
        self.document
            .as_ref()
            .map(|_| DocumentId::new(self.artifact_id.uuid()))
    }

    /// Whether everything that is to be kept of it is kept: a transcript's text;
    /// of a recording its row alone.
    pub fn is_captured(&self) -> bool {
        match self.artifact_type {
            ArtifactType::Recording => true,
            ArtifactType::Transcript => self.document.is_some(),
        }
    }
}

/// Who looks at an artifact, as far as that decides what they see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Viewer<'a> {
    /// A user of the organisation.
    Staff,
    /// A client's person, and whether the tenant shows recordings in the portal
    /// at this moment.
    Client {
        /// Their client.
        client_id: &'a ClientId,
        /// `expose_recordings_in_portal`, read for this very request.
        is_exposed: bool,
    },
}

/// Whether `viewer` may see an artifact of a meeting (OM-8, OM-9). A meeting
/// that was cancelled shows none to anybody.
pub fn may_see(viewer: Viewer<'_>, meeting: &OnlineMeeting, artifact: &Artifact) -> bool {
    if meeting.status == Status::Cancelled || meeting.is_legacy {
        return false;
    }
    match viewer {
        Viewer::Staff => true,
        Viewer::Client {
            client_id,
            is_exposed,
        } => {
            let is_shown = artifact
                .document
                .as_ref()
                .is_some_and(|document| document.is_client_visible);
            meeting.client_id.as_ref() == Some(client_id) && (is_exposed || is_shown)
        }
    }
}
