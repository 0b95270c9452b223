//! Events in the shape in which Graph answers them.
//!
//! Guarantee: a field that Graph leaves out, or sends as null, never makes an
//! event unreadable; only its id is needed.

use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;

use crate::event::{CreatedEvent, EventKind};
use crate::time::WireTime;

/// Graph's `event`, as far as Convoke reads it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WireEvent {
    pub(crate) id: String,
    #[serde(rename = "iCalUId")]
    pub(crate) ical_uid: Option<String>,
    #[serde(rename = "@odata.etag")]
    pub(crate) etag: Option<String>,
    pub(crate) transaction_id: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
    pub(crate) series_master_id: Option<String>,
    pub(crate) is_online_meeting: Option<bool>,
    online_meeting_provider: Option<String>,
    online_meeting: Option<WireOnlineMeeting>,
    start: Option<WireTime>,
    end: Option<WireTime>,
    is_cancelled: Option<bool>,
    pub(crate) body: Option<WireBody>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireOnlineMeeting {
    join_url: Option<String>,
}

/// Graph's `itemBody`.
#[derive(Deserialize)]
pub(crate) struct WireBody {
    pub(crate) content: Option<String>,
}

impl WireEvent {
    pub(crate) fn kind(&self) -> EventKind {
        EventKind::parse(self.kind.as_deref())
    }

    pub(crate) fn join_url(&self) -> Option<&str> {
        self.online_meeting.as_ref()?.join_url.as_deref()
    }

    /// Start and a later end, for a search around the event.
    pub(crate) fn span(&self) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
        let start = self.start.as_ref()?.to_utc()?;
        let end = self.end.as_ref()?.to_utc()?;
        Some((start, end.max(start + TimeDelta::minutes(1))))
    }

    pub(crate) fn into_event(self) -> CreatedEvent {
        CreatedEvent {
            kind: self.kind(),
            id: self.id,
            ical_uid: self.ical_uid,
            etag: self.etag,
            transaction_id: self.transaction_id,
            series_master_id: self.series_master_id,
            is_online_meeting: self.is_online_meeting.unwrap_or(false),
            online_meeting_provider: self.online_meeting_provider,
            join_url: self.online_meeting.and_then(|meeting| meeting.join_url),
            start: self.start.and_then(|time| time.to_utc()),
            end: self.end.and_then(|time| time.to_utc()),
            is_cancelled: self.is_cancelled.unwrap_or(false),
            adopted: false,
        }
    }
}
