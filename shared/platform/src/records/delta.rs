//! How far the list of what an organiser's meetings left behind was read:
//! `DELTAS` / `<subscription>`, in the due index.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::store::{Due, DueKind, Indexes, Key, Record};

/// The state of one list. Of Microsoft's address of what follows only the token
/// is kept.
#[derive(Clone, Serialize, Deserialize)]
pub struct DeltaRecord {
    /// The sort key of the subscription that it goes with.
    pub subscription: String,
    /// Where to go on; `None`: from some days ago.
    pub token: Option<String>,
    /// When to read on.
    pub due_at: DateTime<Utc>,
    /// Failures in a row.
    pub attempts: u32,
    /// Why the last read failed.
    pub error_code: Option<String>,
    /// When it was last read to its end.
    pub read_at: Option<DateTime<Utc>>,
    /// Rises with every write.
    pub version: u64,
}

impl DeltaRecord {
    /// One that was never read.
    pub fn fresh(subscription: &str, now: DateTime<Utc>) -> Self {
        Self {
            subscription: subscription.to_owned(),
            token: None,
            due_at: now,
            attempts: 0,
            error_code: None,
            read_at: None,
            version: 0,
        }
    }

    /// Where it is stored.
    pub fn key_of(subscription: &str) -> Key {
        Key::new("DELTAS", subscription)
    }
}

impl Record for DeltaRecord {
    const KIND: &'static str = "delta";

    fn key(&self) -> Key {
        Self::key_of(&self.subscription)
    }

    fn version(&self) -> u64 {
        self.version
    }

    fn indexes(&self) -> Indexes {
        Indexes {
            due: Some(Due {
                kind: DueKind::Delta,
                at: self.due_at,
            }),
            ..Indexes::default()
        }
    }
}
