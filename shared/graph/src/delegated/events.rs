//! Events on a user's own calendar: create, bring up to date, remove, find.
//!
//! Guarantees: one transaction id makes one event, whatever is cut, slow or
//! unreadable on the way, and that event says what the last call asked for; what
//! is gone needs no removing.

use reqwest::Method;
use uuid::Uuid;

use super::DelegatedClient;
use super::event::{MARKER, OwnEvent};
use crate::answer::{Done, Json, unusable};
use crate::call::{Call, Operation};
use crate::config::Secret;
use crate::error::{GraphError, GraphErrorClass};
use crate::wire_event::WireEvent;

/// The marker is on one event and the copies that a user made of it.
const MOST_PAGES: usize = 10;

impl DelegatedClient {
    /// `POST /me/events`; gives the immutable id. When the transaction id has already
    /// made an event (an attempt whose answer was lost, or an earlier run), that event
    /// is found and brought up to date instead.
    /// [`DuplicateTransaction`](GraphErrorClass::DuplicateTransaction): it made one
    /// that is not on the calendar any more; another try takes another id, unless
    /// `outcome_unknown` says that it may be this call's own and not listed yet.
    pub async fn create_event(
        &self,
        access: &Secret,
        event: &OwnEvent,
    ) -> Result<String, GraphError> {
        check(event)?;
        let operation = self.operation(access);
        let url = operation.url(&["me", "events"], &[])?;
        let call = Call::outlook("create_own_event", Method::POST, url).json(event.to_new_json());
        match operation.send::<Json<WireEvent>>(&call).await {
            Ok(Json(created)) => Ok(created.id),
            Err(error) if is_duplicate(&error) => operation.adopt_own(event, error).await,
            Err(error) => Err(error),
        }
    }

    /// `PATCH /me/events/{id}` with the whole event.
    /// [`NotFoundOrGone`](GraphErrorClass::NotFoundOrGone): the user removed it. The
    /// description replaces the present one, also where the user made an online
    /// meeting of the event.
    pub async fn update_event(
        &self,
        access: &Secret,
        id: &str,
        event: &OwnEvent,
    ) -> Result<(), GraphError> {
        check(event)?;
        self.operation(access).patch_own(id, event).await
    }

    /// `DELETE /me/events/{id}`; an event that is gone (404, 410) is a success. A user
    /// without a mailbox is [`MailboxNotFound`](GraphErrorClass::MailboxNotFound), which
    /// says nothing about the event.
    pub async fn delete_event(&self, access: &Secret, id: &str) -> Result<(), GraphError> {
        let operation = self.operation(access);
        let url = operation.url(&["me", "events", id], &[])?;
        let call = Call::outlook("delete_own_event", Method::DELETE, url);
        match operation.send::<Done>(&call).await {
            Ok(Done) => Ok(()),
            Err(error) if error.class == GraphErrorClass::NotFoundOrGone => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// The event that a transaction id has made, wherever it was moved in time; `None`
    /// when it is not on the user's default calendar.
    pub async fn find_event(
        &self,
        access: &Secret,
        transaction_id: Uuid,
    ) -> Result<Option<String>, GraphError> {
        self.operation(access).find_own(transaction_id).await
    }
}

impl Operation<'_> {
    async fn patch_own(&self, id: &str, event: &OwnEvent) -> Result<(), GraphError> {
        let url = self.url(&["me", "events", id], &[])?;
        let call = Call::outlook("update_own_event", Method::PATCH, url).json(event.to_json());
        self.send::<Done>(&call).await.map(|Done| ())
    }

    /// Finds the event behind a duplicate transaction, which may say what an earlier
    /// run asked for.
    async fn adopt_own(&self, event: &OwnEvent, error: GraphError) -> Result<String, GraphError> {
        let present = |mut error: GraphError| {
            error.outcome_unknown = true;
            error
        };
        let Some(id) = self.find_own(event.transaction_id).await.map_err(present)? else {
            return Err(error);
        };
        match self.patch_own(&id, event).await {
            Ok(()) => Ok(id),
            Err(gone) if gone.class == GraphErrorClass::NotFoundOrGone => Err(error),
            Err(other) => Err(present(other)),
        }
    }

    async fn find_own(&self, transaction_id: Uuid) -> Result<Option<String>, GraphError> {
        let wanted = transaction_id.to_string();
        let filter = format!(
            "singleValueExtendedProperties/Any(ep: ep/id eq '{MARKER}' and ep/value eq '{wanted}')"
        );
        let query = [
            ("$filter", filter.as_str()),
            ("$select", "id,transactionId"),
        ];
        let mut next = Some(self.url(&["me", "events"], &query)?);
        for _ in 0..MOST_PAGES {
            let Some(url) = next else {
                return Ok(None);
            };
            let call = Call::outlook("find_own_event", Method::GET, url);
            let (events, following) = self.page::<WireEvent>(&call).await?;
            // A copy that the user made has the marker, but not the transaction id.
            let own = |event: &WireEvent| event.transaction_id.as_deref() == Some(wanted.as_str());
            if let Some(event) = events.into_iter().find(own) {
                return Ok(Some(event.id));
            }
            next = following;
        }
        Err(unusable("EndlessList", "the list of events does not end"))
    }
}

fn check(event: &OwnEvent) -> Result<(), GraphError> {
    match event.fault() {
        Some(fault) => Err(GraphError::refused_locally("InvalidEvent", fault)),
        None => Ok(()),
    }
}

fn is_duplicate(error: &GraphError) -> bool {
    matches!(error.class, GraphErrorClass::DuplicateTransaction { .. })
}
