//! Recordings that are being copied into the bucket: `A#<meeting>` /
//! `TRANSFER#<artifact>`, in the due index until they are copied or given up
//! (OM-10).
//!
//! A row holds all that another process needs to go on after the last part that
//! is certainly stored; whoever holds the claim may write it.

use chrono::{DateTime, Utc};
use convoke_domain::id::{ArtifactId, OnlineMeetingId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::engagement::{engagement_of, engagement_partition};
use crate::store::{Due, DueKind, Indexes, Key, Record};

/// A copy under way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransferRecord {
    /// The recording.
    pub artifact_id: Uuid,
    /// The meeting it was made of.
    pub online_meeting_id: Uuid,
    /// What is stored so far; absent before the first part, and where the copy
    /// has to start over.
    pub upload: Option<UploadRecord>,
    /// The furthest that any upload of it came, in octets: only what goes beyond
    /// counts as progress.
    pub furthest: u64,
    /// Claims since the last progress.
    pub attempts: u32,
    /// Why the last try ended, where it failed.
    pub error_code: Option<String>,
    /// Whose claim it is; minted for this claim.
    pub claim: Option<Uuid>,
    /// Until when the claim holds.
    pub claimed_until: Option<DateTime<Utc>>,
    /// When the sweep looks at it.
    pub due_at: DateTime<Utc>,
    /// Rises with every write.
    pub version: u64,
    /// When it was planned.
    pub created_at: DateTime<Utc>,
}

/// How far an upload has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UploadRecord {
    /// S3's name of it.
    pub upload_id: String,
    /// Octets of each part but the last: part `n` always holds the same octets,
    /// whoever stores it.
    pub part_size: u64,
    /// Parts that are stored.
    pub parts: u32,
    /// Octets in them.
    pub octets: u64,
    /// Octets of the whole, where Microsoft tells.
    pub size: Option<u64>,
    /// Whether the last part is stored.
    pub is_whole: bool,
    /// SHA-256 over the octets so far, to be gone on with; base64.
    pub sha256_state: String,
    /// What the object was begun as.
    pub content_type: String,
}

impl TransferRecord {
    const PREFIX: &'static str = "TRANSFER#";

    /// Where the copy of a recording is stored.
    pub fn key_of(meeting: OnlineMeetingId, artifact: ArtifactId) -> Key {
        Key::new(
            engagement_partition(meeting.uuid()),
            format!("{}{artifact}", Self::PREFIX),
        )
    }

    /// Which recording a key names.
    pub fn ids_of(key: &Key) -> Option<(OnlineMeetingId, ArtifactId)> {
        let meeting = OnlineMeetingId::new(engagement_of(key)?);
        let artifact = ArtifactId::parse(key.sort.strip_prefix(Self::PREFIX)?)?;
        Some((meeting, artifact))
    }

    /// Whether it may be taken on: nobody is at it, and no failure lets it wait.
    /// One that was never tried waits for nothing; the sweep is a net below its job.
    pub fn is_free(&self, now: DateTime<Utc>) -> bool {
        let is_held = self.claimed_until.is_some_and(|until| until > now);
        let waits = self.attempts > 0 && self.due_at > now;
        !is_held && !waits
    }
}

impl Record for TransferRecord {
    const KIND: &'static str = "transfer";

    fn key(&self) -> Key {
        Self::key_of(
            OnlineMeetingId::new(self.online_meeting_id),
            ArtifactId::new(self.artifact_id),
        )
    }

    fn version(&self) -> u64 {
        self.version
    }

    fn indexes(&self) -> Indexes {
        Indexes {
            due: Some(Due {
                kind: DueKind::Transfer,
                at: self.due_at,
            }),
            ..Indexes::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    fn transfer() -> TransferRecord {
        TransferRecord {
            artifact_id: Uuid::from_u128(1),
            online_meeting_id: Uuid::from_u128(2),
            upload: None,
            furthest: 0,
            attempts: 0,
            error_code: None,
            claim: None,
            claimed_until: None,
            due_at: at(15),
            version: 1,
            created_at: at(0),
        }
    }

    fn at(minutes: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::minutes(minutes)
    }

    /// OM-10: one at a time, a failure waits, a fresh one does not.
    #[test]
    fn only_what_nobody_is_at_and_no_failure_holds_back_is_free() {
        let mut transfer = transfer();
        assert!(transfer.is_free(at(0)), "its job need not wait for the net");
        transfer.attempts = 1;
        assert!(!transfer.is_free(at(14)));
        assert!(transfer.is_free(at(15)));
        (transfer.due_at, transfer.claimed_until) = (at(0), Some(at(3)));
        assert!(!transfer.is_free(at(2)));
        assert!(transfer.is_free(at(3)));
    }

    #[test]
    fn a_due_row_names_its_recording() {
        let transfer = transfer();
        assert_eq!(
            TransferRecord::ids_of(&transfer.key()),
            Some((
                OnlineMeetingId::new(transfer.online_meeting_id),
                ArtifactId::new(transfer.artifact_id)
            ))
        );
        assert_eq!(TransferRecord::ids_of(&Key::new("A#x", "MEETING")), None);
    }
}
