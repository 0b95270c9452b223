//! Insert, find and delete: what the calendar has, by our UID and by Google's id.
//!
//! Guarantees: a UID makes one event, however often it is inserted; deleting what is
//! gone is a success; no call has Google write to attendees.

use reqwest::{Method, Url};
use serde::Deserialize;
use serde_json::Value;
use tokio::time::Instant;

use crate::call::{Call, Endpoint};
use crate::client::GoogleClient;
use crate::config::Secret;
use crate::error::{Effect, GoogleError, GoogleErrorClass};
use crate::event::GoogleEvent;

/// Google may answer with empty pages; beyond these it is not looked any further.
const MOST_PAGES: usize = 10;

#[derive(Deserialize)]
struct Inserted {
    id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Page {
    #[serde(default)]
    items: Vec<Found>,
    next_page_token: Option<String>,
}

#[derive(Deserialize)]
struct Found {
    id: String,
    status: Option<String>,
}

impl GoogleClient {
    /// Adds the event and gives Google's id. Class `Duplicate`: the calendar has one with this
    /// UID, perhaps a deleted one, which [`GoogleClient::find_event`] finds.
    pub async fn insert_event(
        &self,
        access: &Secret,
        calendar_id: &str,
        event: &GoogleEvent,
    ) -> Result<String, GoogleError> {
        let mut url = self.events_address(calendar_id, None)?;
        url.query_pairs_mut()
            .append_pair("sendUpdates", "none")
            .append_pair("fields", "id");
        let body = event.to_insert();
        let call = self.write("insert_event", Method::POST, url, access, Some(&body));
        let inserted: Inserted = call.json().await.map_err(|failure| failure.error)?;
        if inserted.id.is_empty() {
            return Err(GoogleError::unavailable(
                "unreadableAnswer",
                Effect::Unknown,
            ));
        }
        Ok(inserted.id)
    }

    /// Google's id of the event with this UID, if the calendar has one. A deleted event is found
    /// too, after living ones: its UID stays taken, so that it can only be updated, which restores
    /// it. Deleting it again is a success.
    pub async fn find_event(
        &self,
        access: &Secret,
        calendar_id: &str,
        ical_uid: &str,
    ) -> Result<Option<String>, GoogleError> {
        let deadline = self.deadline();
        let mut deleted = None;
        let mut page_token = None;
        for _ in 0..MOST_PAGES {
            let mut url = self.events_address(calendar_id, None)?;
            url.query_pairs_mut()
                .append_pair("iCalUID", ical_uid)
                .append_pair("showDeleted", "true")
                .append_pair("fields", "items(id,status),nextPageToken")
                .extend_pairs(
                    page_token
                        .as_ref()
                        .map(|token: &String| ("pageToken", token)),
                );
            let call = self.read("find_event", url, access, deadline);
            let page: Page = call.json().await.map_err(|failure| failure.error)?;
            for found in page.items {
                if found.status.as_deref() != Some("cancelled") {
                    return Ok(Some(found.id));
                }
                deleted.get_or_insert(found.id);
            }
            page_token = page.next_page_token.filter(|token| !token.is_empty());
            if page_token.is_none() {
                return Ok(deleted);
            }
        }
        Err(GoogleError::unavailable("tooManyPages", Effect::No))
    }

    /// Removes the event; one that is gone or was never there is a success.
    pub async fn delete_event(
        &self,
        access: &Secret,
        calendar_id: &str,
        event_id: &str,
    ) -> Result<(), GoogleError> {
        let mut url = self.events_address(calendar_id, Some(event_id))?;
        url.query_pairs_mut().append_pair("sendUpdates", "none");
        let call = self.write("delete_event", Method::DELETE, url, access, None);
        match call.done().await.map_err(|failure| failure.error) {
            Err(error)
                if matches!(
                    error.class,
                    GoogleErrorClass::NotFound | GoogleErrorClass::Gone
                ) =>
            {
                Ok(())
            }
            other => other,
        }
    }

    pub(crate) fn write(
        &self,
        operation: &'static str,
        method: Method,
        url: Url,
        access: &Secret,
        body: Option<&Value>,
    ) -> Call {
        let request = self.inner.http.request(method, url);
        let request = request.bearer_auth(access.expose());
        Call {
            operation,
            endpoint: Endpoint::Calendar,
            request: match body {
                Some(body) => request.json(body),
                None => request,
            },
            writes: true,
            deadline: self.deadline(),
        }
    }

    pub(crate) fn read(
        &self,
        operation: &'static str,
        url: Url,
        access: &Secret,
        deadline: Instant,
    ) -> Call {
        Call {
            operation,
            endpoint: Endpoint::Calendar,
            request: self.inner.http.get(url).bearer_auth(access.expose()),
            writes: false,
            deadline,
        }
    }
}
