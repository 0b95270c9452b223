//! That a notification was taken on: `NOTICE#<hash of what it tells>` / `NOTICE`,
//! for a week. Whoever repeats it changes nothing (NT-3).

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::keyring::sha256_hex;
use crate::store::{Key, Record};

/// How long a notification is remembered; Microsoft tries again for four hours.
const REMEMBERED: TimeDelta = TimeDelta::days(7);

/// A notification as it is remembered: a hash, and when it came.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct NoticeRecord {
    hash: String,
    taken_at: DateTime<Utc>,
}

impl NoticeRecord {
    /// Of what makes two notifications the same.
    pub fn of(parts: &[&str], taken_at: DateTime<Utc>) -> Self {
        Self {
            // No part holds a line's end: ids and fixed words.
            hash: sha256_hex(parts.join("\n").as_bytes()),
            taken_at,
        }
    }
}

impl Record for NoticeRecord {
    const KIND: &'static str = "notice";

    fn key(&self) -> Key {
        Key::new(format!("NOTICE#{}", self.hash), "NOTICE")
    }

    fn version(&self) -> u64 {
        0
    }

    fn expires_at(&self) -> Option<DateTime<Utc>> {
        Some(self.taken_at + REMEMBERED)
    }
}
