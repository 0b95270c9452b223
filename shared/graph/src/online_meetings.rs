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
use crate::call::{Call, Operation};
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
        self.operation()
            .look_up("resolve_online_meeting", organizer_object_id, join_url)
            .await
    }

    /// Whether Teams lets the application act for the organiser: the look-up of
    /// [`Self::resolve_online_meeting`] with a join link that no meeting has, so that
    /// consent and the application access policy alone decide. Nothing found is `Ok`.
    /// [`GraphErrorClass::NotOrganiser`] and [`GraphErrorClass::InvalidRequest`] leave
    /// the question open: what Teams says to such a link is not documented.
    pub async fn probe_online_meetings(&self, organizer_object_id: &str) -> Result<(), GraphError> {
        let link = unused_join_url(&self.profile.tenant_id, organizer_object_id);
        self.operation()
            .look_up("probe_online_meetings", organizer_object_id, &link)
            .await
            .map(drop)
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

impl Operation<'_> {
    /// The id behind a join link; `None` for none, whichever way Teams says it.
    async fn look_up(
        &self,
        name: &'static str,
        organizer_object_id: &str,
        join_url: &str,
    ) -> Result<Option<String>, GraphError> {
        let filter = format!("JoinWebUrl eq '{}'", join_url.replace('\'', "''"));
        let url = self.url(
            &["users", organizer_object_id, "onlineMeetings"],
            &[("$filter", &filter)],
        )?;
        let call = Call::plain(name, Method::GET, url);
        match self.send::<Json<Meetings>>(&call).await {
            Ok(Json(found)) => Ok(found.value.into_iter().next().map(|meeting| meeting.id)),
            Err(error) if error.class == GraphErrorClass::NotFoundOrGone => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// A link in Teams' shape to a thread whose name is the nil UUID, which Teams mints for nobody.
fn unused_join_url(tenant_id: &str, organizer_object_id: &str) -> String {
    let thread = "MDAwMDAwMDAtMDAwMC0wMDAwLTAwMDAtMDAwMDAwMDAwMDAw";
    format!(
        "https://teams.microsoft.com/l/meetup-join/19%3ameeting_{thread}%40thread.v2/0\
         ?context=%7b%22Tid%22%3a%22{tenant_id}%22%2c%22Oid%22%3a%22{organizer_object_id}%22%7d"
    )
}
