//! When a meeting's recordings are looked for: `A#<id>` / `CAPTURE`, in the due
//! index while it is to be looked at all.

use chrono::{DateTime, Utc};
use convoke_domain::artifact::ArtifactType;
use convoke_domain::online_meeting::{Capture, Claim};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::engagement_partition;
use crate::store::{Due, DueKind, Indexes, Key, Record};

/// The state of capture as stored. It has no version of its own: whoever writes
/// it holds the engagement's root.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CaptureRecord {
    id: Uuid,
    due_at: Option<DateTime<Utc>>,
    claim: Option<Uuid>,
    claimed_until: Option<DateTime<Utc>>,
    since: Option<DateTime<Utc>>,
    error_code: Option<String>,
    has_leftover: bool,
    #[serde(default)]
    announced: u32,
    #[serde(default)]
    is_wanted_again: bool,
    #[serde(default)]
    watched: Option<Vec<String>>,
}

impl CaptureRecord {
    /// Of an engagement.
    pub fn new(id: Uuid, capture: &Capture) -> Self {
        Self {
            id,
            due_at: capture.due_at,
            claim: capture.claim.map(|claim| claim.token),
            claimed_until: capture.claim.map(|claim| claim.until),
            since: capture.since,
            error_code: capture.error_code.clone(),
            has_leftover: capture.has_leftover,
            announced: capture.announced,
            is_wanted_again: capture.is_wanted_again,
            watched: capture.watched.as_ref().map(|kinds| {
                let words = kinds.iter().map(|kind| kind.as_str().to_owned());
                words.collect()
            }),
        }
    }
}

impl Record for CaptureRecord {
    const KIND: &'static str = "capture";

    fn key(&self) -> Key {
        Key::new(engagement_partition(self.id), "CAPTURE")
    }

    fn version(&self) -> u64 {
        0
    }

    fn indexes(&self) -> Indexes {
        Indexes {
            due: self.due_at.map(|at| Due {
                kind: DueKind::Capture,
                at,
            }),
            ..Indexes::default()
        }
    }
}

impl From<CaptureRecord> for Capture {
    fn from(record: CaptureRecord) -> Self {
        Self {
            due_at: record.due_at,
            claim: record
                .claim
                .zip(record.claimed_until)
                .map(|(token, until)| Claim { token, until }),
            since: record.since,
            error_code: record.error_code,
            has_leftover: record.has_leftover,
            announced: record.announced,
            is_wanted_again: record.is_wanted_again,
            // A kind that a newer version knows is for it to know.
            watched: record.watched.map(|words| {
                let kinds = words.iter().filter_map(|word| ArtifactType::parse(word));
                kinds.collect()
            }),
        }
    }
}
