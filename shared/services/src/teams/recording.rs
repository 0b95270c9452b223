//! What is read of recordings and transcripts at Microsoft, the same in both
//! editions.

use bytes::Bytes;
use chrono::{DateTime, Utc};
use convoke_domain::error::Error;

use crate::providers::CallFailure;

/// A recording or transcript that Microsoft lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundArtifact {
    /// Microsoft's id.
    pub provider_artifact_id: String,
    /// When it was begun, where Microsoft says so.
    pub created_at: Option<DateTime<Utc>>,
}

/// A transcript's text as Microsoft gave it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TranscriptText {
    /// WebVTT, or the unattributed form.
    pub bytes: Vec<u8>,
    /// Whether it says who spoke.
    pub is_attributed: bool,
}

/// Which octets of a recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ByteRange {
    /// All of them.
    Whole,
    /// From this one on.
    From(u64),
    /// From one to another, both included.
    Between {
        /// The first.
        first: u64,
        /// The last.
        last: u64,
    },
    /// As many at the end.
    Suffix(u64),
}

/// Why a recording's octets were not given.
#[derive(Debug)]
pub enum NotOpened {
    /// It ends before the range begins.
    BeyondEnd {
        /// Its length, where Microsoft says so.
        total: Option<u64>,
    },
    /// The call failed.
    Failed(CallFailure),
}

impl From<CallFailure> for NotOpened {
    fn from(failure: CallFailure) -> Self {
        Self::Failed(failure)
    }
}

/// Octets of a recording, as they arrive.
pub struct RecordingBytes {
    /// The first one's place in the whole.
    pub first: u64,
    /// The whole's length, where Microsoft says so.
    pub total: Option<u64>,
    /// Whether it is the range that was asked for; else it is the whole.
    pub is_partial: bool,
    /// The media type, where it is one of a recording.
    pub content_type: Option<String>,
    #[cfg(feature = "enterprise")]
    pub(super) content: convoke_graph::RecordingContent,
    #[cfg(not(feature = "enterprise"))]
    pub(super) content: std::convert::Infallible,
}

impl RecordingBytes {
    /// The next octets; `None` at the end. A cut is an error, never an end.
    #[cfg(feature = "enterprise")]
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, Error> {
        self.content
            .chunk()
            .await
            .map_err(|error| super::artifacts::failed(&error).error)
    }

    /// The community edition has no recordings to read.
    #[cfg(not(feature = "enterprise"))]
    #[allow(
        clippy::unused_async,
        reason = "the signature of the enterprise edition's, which reads"
    )]
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, Error> {
        match self.content {}
    }
}

impl std::fmt::Debug for RecordingBytes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RecordingBytes")
            .field("first", &self.first)
            .field("total", &self.total)
            .field("is_partial", &self.is_partial)
            .finish_non_exhaustive()
    }
}
