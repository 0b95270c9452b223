//! Teams' own view of a meeting: its id behind a join link, and the old meetings
//! that have no calendar event.
//!
//! Guarantee: a join link is passed on byte for byte and never parsed (its shape
//! changes); the path is the organiser's object id, which Teams requires.

use chrono::{DateTime, Utc};
use reqwest::Method;
use serde::Deserialize;
use serde_json::json;

use crate::answer::{Done, Json};
use crate::call::Call;
use crate::client::GraphSession;
use crate::error::{GraphError, GraphErrorClass};
use crate::event::Deleted;
use crate::time::instant;

#[derive(Deserialize)]
struct Meetings {
    value: Vec<Meeting>,
}

#[derive(Deserialize)]
struct Meeting {
    id: String,
}

impl GraphSession<'_> {
    /// The online meeting's id behind `join_url`, which may lag behind the event's
    /// creation: `None` means not (yet).
    pub async fn resolve_online_meeting(
        &self,
        organizer_object_id: &str,
        join_url: &str,
    ) -> Result<Option<String>, GraphError> {
        let operation = self.operation();
        let filter = format!("JoinWebUrl eq '{}'", join_url.replace('\'', "''"));
        let url = operation.url(
            &["users", organizer_object_id, "onlineMeetings"],
            &[("$filter", &filter)],
        )?;
        let call = Call::plain("resolve_online_meeting", Method::GET, url);
        match operation.send::<Json<Meetings>>(&call).await {
            Ok(Json(found)) => Ok(found.value.into_iter().next().map(|meeting| meeting.id)),
            Err(error) if error.class == GraphErrorClass::NotFoundOrGone => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Moves a meeting that has no calendar event; Teams wants both times together.
    pub async fn update_online_meeting_times(
        &self,
        organizer_object_id: &str,
        online_meeting_id: &str,
        start: DateTime<Utc>,
        end: DateTime<Utc>,
    ) -> Result<(), GraphError> {
        let operation = self.operation();
        let url = operation.url(
            &[
                "users",
                organizer_object_id,
                "onlineMeetings",
                online_meeting_id,
            ],
            &[],
        )?;
        let times = json!({ "startDateTime": instant(start), "endDateTime": instant(end) });
        let call = Call::plain("update_online_meeting", Method::PATCH, url).json(times);
        operation.send::<Done>(&call).await.map(drop)
    }

    /// Removes a meeting that has no calendar event.
    pub async fn delete_online_meeting(
        &self,
        organizer_object_id: &str,
        online_meeting_id: &str,
    ) -> Result<Deleted, GraphError> {
        let operation = self.operation();
        let url = operation.url(
            &[
                "users",
                organizer_object_id,
                "onlineMeetings",
                online_meeting_id,
            ],
            &[],
        )?;
        let call = Call::plain("delete_online_meeting", Method::DELETE, url);
        match operation.send::<Done>(&call).await {
            Ok(Done) => Ok(Deleted::Removed),
            Err(error) if error.class == GraphErrorClass::NotFoundOrGone => {
                Ok(Deleted::AlreadyGone)
            }
            Err(error) => Err(error),
        }
    }
}
