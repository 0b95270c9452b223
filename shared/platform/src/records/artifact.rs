//! Recordings and transcripts in the table: `A#<meeting>` /
//! `ARTIFACT#<type>#<hash of Microsoft's id>`, so that one is there once whoever
//! finds it, and one query reads a meeting with all of them. `AF#<artifact>` /
//! `ARTIFACT` leads from an artifact's own id to its meeting.

use chrono::{DateTime, Utc};
use convoke_domain::artifact::{
    Arrival, ArrivalPath, Artifact, ArtifactType, Document, StoredFile,
};
use convoke_domain::id::{ArtifactId, OnlineMeetingId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::corrupt;
use super::engagement::engagement_partition;
use crate::keyring::sha256_hex;
use crate::store::{Key, Record, StoreError};

/// An artifact as stored.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ArtifactRecord {
    artifact_id: Uuid,
    online_meeting_id: Uuid,
    artifact_type: String,
    provider_artifact_id: String,
    created_at: DateTime<Utc>,
    document: Option<DocumentRecord>,
    file: Option<FileRecord>,
    #[serde(default)]
    arrivals: Vec<ArrivalRecord>,
    version: u64,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct ArrivalRecord {
    path: String,
    at: DateTime<Utc>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct DocumentRecord {
    name: String,
    is_client_visible: bool,
    size: u64,
    is_attributed: bool,
    stored_at: DateTime<Utc>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct FileRecord {
    size: u64,
    sha256: String,
    content_type: String,
    stored_at: DateTime<Utc>,
}

impl ArtifactRecord {
    /// Where an artifact is stored.
    pub fn key_of(
        meeting: OnlineMeetingId,
        artifact_type: ArtifactType,
        provider_artifact_id: &str,
    ) -> Key {
        let hash = sha256_hex(provider_artifact_id.as_bytes());
        Key::new(
            engagement_partition(meeting.uuid()),
            format!("ARTIFACT#{}#{hash}", artifact_type.as_str()),
        )
    }
}

impl Record for ArtifactRecord {
    const KIND: &'static str = "artifact";

    fn key(&self) -> Key {
        let meeting = engagement_partition(self.online_meeting_id);
        let hash = sha256_hex(self.provider_artifact_id.as_bytes());
        Key::new(meeting, format!("ARTIFACT#{}#{hash}", self.artifact_type))
    }

    fn version(&self) -> u64 {
        self.version
    }
}

impl From<&Artifact> for ArtifactRecord {
    fn from(artifact: &Artifact) -> Self {
        Self {
            artifact_id: artifact.artifact_id.uuid(),
            online_meeting_id: artifact.online_meeting_id.uuid(),
            artifact_type: artifact.artifact_type.as_str().to_owned(),
            provider_artifact_id: artifact.provider_artifact_id.clone(),
            created_at: artifact.created_at,
            document: artifact.document.as_ref().map(|document| DocumentRecord {
                name: document.name.clone(),
                is_client_visible: document.is_client_visible,
                size: document.size,
                is_attributed: document.is_attributed,
                stored_at: document.stored_at,
            }),
            file: artifact.file.as_ref().map(|file| FileRecord {
                size: file.size,
                sha256: file.sha256.clone(),
                content_type: file.content_type.clone(),
                stored_at: file.stored_at,
            }),
            arrivals: artifact.arrivals.iter().map(ArrivalRecord::from).collect(),
            version: artifact.version,
        }
    }
}

impl TryFrom<ArtifactRecord> for Artifact {
    type Error = StoreError;

    fn try_from(record: ArtifactRecord) -> Result<Self, StoreError> {
        Ok(Self {
            artifact_id: ArtifactId::new(record.artifact_id),
            online_meeting_id: OnlineMeetingId::new(record.online_meeting_id),
            artifact_type: ArtifactType::parse(&record.artifact_type)
                .ok_or_else(|| corrupt("artifact_type", &record.artifact_type))?,
            provider_artifact_id: record.provider_artifact_id,
            created_at: record.created_at,
            document: record.document.map(|document| Document {
                name: document.name,
                is_client_visible: document.is_client_visible,
                size: document.size,
                is_attributed: document.is_attributed,
                stored_at: document.stored_at,
            }),
            file: record.file.map(|file| StoredFile {
                size: file.size,
                sha256: file.sha256,
                content_type: file.content_type,
                stored_at: file.stored_at,
            }),
            arrivals: record
                .arrivals
                .into_iter()
                .map(Arrival::try_from)
                .collect::<Result<_, _>>()?,
            version: record.version,
        })
    }
}

impl From<&Arrival> for ArrivalRecord {
    fn from(arrival: &Arrival) -> Self {
        Self {
            path: arrival.path.as_str().to_owned(),
            at: arrival.at,
        }
    }
}

impl TryFrom<ArrivalRecord> for Arrival {
    type Error = StoreError;

    fn try_from(record: ArrivalRecord) -> Result<Self, StoreError> {
        Ok(Self {
            path: ArrivalPath::parse(&record.path).ok_or_else(|| corrupt("path", &record.path))?,
            at: record.at,
        })
    }
}

/// Which meeting an artifact belongs to.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ArtifactPointerRecord {
    artifact_id: Uuid,
    online_meeting_id: Uuid,
}

impl ArtifactPointerRecord {
    /// To an artifact.
    pub fn to(artifact: &Artifact) -> Self {
        Self {
            artifact_id: artifact.artifact_id.uuid(),
            online_meeting_id: artifact.online_meeting_id.uuid(),
        }
    }

    /// Where the pointer of an artifact is stored.
    pub fn key_of(id: ArtifactId) -> Key {
        Key::new(format!("AF#{id}"), "ARTIFACT")
    }

    /// The meeting.
    pub fn online_meeting_id(&self) -> OnlineMeetingId {
        OnlineMeetingId::new(self.online_meeting_id)
    }
}

impl Record for ArtifactPointerRecord {
    const KIND: &'static str = "artifact pointer";

    fn key(&self) -> Key {
        Self::key_of(ArtifactId::new(self.artifact_id))
    }

    fn version(&self) -> u64 {
        1
    }
}
