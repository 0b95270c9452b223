//! Events on an organiser's calendar: create, change, remove, read.
//!
//! Guarantees: one transaction id makes one event, whatever is cut, slow or
//! unreadable on the way; a change never costs an event its Teams meeting; a
//! delete reports "already gone" only when Graph says that the item is, not when
//! the mailbox cannot be found.

use chrono::{DateTime, Utc};
use reqwest::Method;
use serde_json::{Value, json};

use crate::answer::{Done, Json};
use crate::call::{Call, Operation};
use crate::client::GraphSession;
use crate::error::{GraphError, GraphErrorClass};
use crate::event::{CreatedEvent, Deleted, EventChange, NewEvent, html_body};
use crate::teams_block::body_with_teams_block;
use crate::wire_event::WireEvent;

/// What Convoke reads of an event; the body is large and only read to change it.
const EVENT_FIELDS: &str = "id,iCalUId,transactionId,type,seriesMasterId,isOnlineMeeting,\
    onlineMeetingProvider,onlineMeeting,start,end,isCancelled";

/// How often a body change starts over when somebody else changed the event meanwhile.
const BODY_ROUNDS: u32 = 3;

impl GraphSession<'_> {
    /// `POST /users/{organizer}/events`. When the transaction id has already made
    /// an event (an attempt whose answer was lost, or an earlier run), that event
    /// is looked up and returned with `adopted` set. An event without a Teams
    /// meeting in spite of `is_online_meeting` is a success here: see
    /// [`CreatedEvent::teams_join_url`].
    pub async fn create_event(
        &self,
        organizer: &str,
        event: &NewEvent,
    ) -> Result<CreatedEvent, GraphError> {
        if let Some(fault) = event.fault() {
            return Err(GraphError::refused_locally("InvalidEvent", fault));
        }
        let operation = self.operation();
        let url = operation.url(&["users", organizer, "events"], &[])?;
        let call = Call::outlook("create_event", Method::POST, url).json(event.to_json());
        match operation.send::<Json<WireEvent>>(&call).await {
            Ok(Json(created)) => Ok(created.into_event()),
            Err(error) => operation.adopt(organizer, event, error).await,
        }
    }

    /// `PATCH /users/{organizer}/events/{id}` with the set fields only. A new body
    /// is merged with the Teams block of the present one, which is read first; a
    /// body that somebody else changes meanwhile is merged again.
    pub async fn update_event(
        &self,
        organizer: &str,
        event_id: &str,
        change: &EventChange,
    ) -> Result<CreatedEvent, GraphError> {
        let operation = self.operation();
        let mut fields = change.to_json();
        let Some(html) = &change.body_html else {
            return operation
                .patch_event(organizer, event_id, Value::Object(fields), None)
                .await;
        };
        let mut rounds = 0;
        loop {
            rounds += 1;
            let present = operation.read_body(organizer, event_id).await?;
            fields.insert("body".into(), html_body(&merged_body(html, &present)));
            let body = Value::Object(fields.clone());
            let patched = operation
                .patch_event(organizer, event_id, body, present.etag.as_deref())
                .await;
            match patched {
                Err(error) if error.status == Some(412) && rounds < BODY_ROUNDS => {}
                other => return other,
            }
        }
    }

    /// `DELETE /users/{organizer}/events/{id}`: attendees get a cancellation.
    pub async fn delete_event(
        &self,
        organizer: &str,
        event_id: &str,
    ) -> Result<Deleted, GraphError> {
        let operation = self.operation();
        let url = operation.url(&["users", organizer, "events", event_id], &[])?;
        let call = Call::outlook("delete_event", Method::DELETE, url);
        removed(operation.send::<Done>(&call).await)
    }

    /// `POST /users/{organizer}/events/{id}/cancel`: attendees get a cancellation with `comment`.
    pub async fn cancel_event(
        &self,
        organizer: &str,
        event_id: &str,
        comment: &str,
    ) -> Result<Deleted, GraphError> {
        let operation = self.operation();
        let url = operation.url(&["users", organizer, "events", event_id, "cancel"], &[])?;
        let body = json!({ "comment": comment });
        let call = Call::outlook("cancel_event", Method::POST, url).json(body);
        removed(operation.send::<Done>(&call).await)
    }

    /// `GET /users/{organizer}/events/{id}`; `None` when the event is gone. Shortly
    /// after a delete Graph may still find it.
    pub async fn get_event(
        &self,
        organizer: &str,
        event_id: &str,
    ) -> Result<Option<CreatedEvent>, GraphError> {
        let found = self.operation().read_event(organizer, event_id).await?;
        Ok(found.map(WireEvent::into_event))
    }
}

impl Operation<'_> {
    /// An event's fields without its body; `None` when it is gone.
    pub(crate) async fn read_event(
        &self,
        organizer: &str,
        id: &str,
    ) -> Result<Option<WireEvent>, GraphError> {
        let url = self.url(
            &["users", organizer, "events", id],
            &[("$select", EVENT_FIELDS)],
        )?;
        let call = Call::outlook("get_event", Method::GET, url);
        match self.send::<Json<WireEvent>>(&call).await {
            Ok(Json(event)) => Ok(Some(event)),
            Err(error) if is_gone(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// What is needed to change a body: the body as HTML, the meeting and the version.
    async fn read_body(&self, organizer: &str, id: &str) -> Result<WireEvent, GraphError> {
        let fields = [("$select", "id,body,isOnlineMeeting,onlineMeeting")];
        let url = self.url(&["users", organizer, "events", id], &fields)?;
        let call = Call::outlook("get_event_body", Method::GET, url);
        let call = call.header("prefer", "outlook.body-content-type=\"html\"");
        self.send::<Json<WireEvent>>(&call)
            .await
            .map(|Json(event)| event)
    }

    async fn patch_event(
        &self,
        organizer: &str,
        id: &str,
        body: Value,
        etag: Option<&str>,
    ) -> Result<CreatedEvent, GraphError> {
        let url = self.url(&["users", organizer, "events", id], &[])?;
        let mut call = Call::outlook("update_event", Method::PATCH, url).json(body);
        if let Some(etag) = etag {
            call = call.header("if-match", etag);
        }
        self.send::<Json<WireEvent>>(&call)
            .await
            .map(|Json(event)| event.into_event())
    }

    /// Finds the event behind a duplicate transaction; any other error stays what it is.
    async fn adopt(
        &self,
        organizer: &str,
        event: &NewEvent,
        error: GraphError,
    ) -> Result<CreatedEvent, GraphError> {
        let GraphErrorClass::DuplicateTransaction { existing_event_id } = &error.class else {
            return Err(error);
        };
        let found = self
            .event_of_transaction(organizer, event, existing_event_id.as_deref())
            .await;
        match found {
            Ok(Some(found)) => Ok(CreatedEvent {
                adopted: true,
                ..found.into_event()
            }),
            Ok(None) => Err(error),
            // The event exists or existed; the same create may be sent again later.
            Err(lookup) => Err(GraphError {
                outcome_unknown: true,
                ..lookup
            }),
        }
    }

    /// The event on the calendar, looked for where it was to be created and, when
    /// Graph names it, where it is now. The name alone does not suffice: a deleted
    /// event may still be read by its immutable id.
    async fn event_of_transaction(
        &self,
        organizer: &str,
        event: &NewEvent,
        named: Option<&str>,
    ) -> Result<Option<WireEvent>, GraphError> {
        let found = self
            .on_calendar(organizer, event, event.search_window())
            .await?;
        let (None, Some(named)) = (&found, named) else {
            return Ok(found);
        };
        let named = self.read_event(organizer, named).await?;
        match named.and_then(|named| named.span()) {
            Some(span) => self.on_calendar(organizer, event, span).await,
            None => Ok(None),
        }
    }

    async fn on_calendar(
        &self,
        organizer: &str,
        event: &NewEvent,
        window: (DateTime<Utc>, DateTime<Utc>),
    ) -> Result<Option<WireEvent>, GraphError> {
        let series = event.recurrence.is_some();
        let found = self
            .find_by_transaction(organizer, &event.transaction_id, window, series)
            .await?;
        match found {
            Some(found) => self.read_event(organizer, &found.id).await,
            None => Ok(None),
        }
    }
}

/// The new agenda with whatever of the present body keeps the meeting alive.
fn merged_body(html: &str, present: &WireEvent) -> String {
    let old = present
        .body
        .as_ref()
        .and_then(|body| body.content.as_deref());
    match old {
        Some(old) if present.is_online_meeting != Some(false) => {
            body_with_teams_block(html, old, present.join_url())
        }
        _ => html.to_owned(),
    }
}

/// Whether Graph says that the item itself is gone, rather than its mailbox.
fn is_gone(error: &GraphError) -> bool {
    error.class == GraphErrorClass::NotFoundOrGone
        && (error.status == Some(410) || error.has_code("ErrorItemNotFound"))
}

fn removed(result: Result<Done, GraphError>) -> Result<Deleted, GraphError> {
    match result {
        Ok(Done) => Ok(Deleted::Removed),
        Err(error) if is_gone(&error) => Ok(Deleted::AlreadyGone),
        Err(error) => Err(error),
    }
}
