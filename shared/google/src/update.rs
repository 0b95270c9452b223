//! Updates: the calendar ends with our newest state, whoever is late.
//!
//! Google refuses an update whose sequence is below the event's. That keeps an old
//! state from replacing a newer one of ours, but the user's own edits raise the
//! sequence as well. So each event carries our sequence beside Google's: if ours on
//! the calendar is newer, there is nothing left to do; if not, the user was the one,
//! and our state is written with Google's sequence, on condition that nothing changed
//! in between.

use std::collections::BTreeMap;

use reqwest::Method;
use reqwest::header::IF_MATCH;
use serde::Deserialize;
use tokio::time::Instant;

use crate::call::{Call, Failure};
use crate::client::GoogleClient;
use crate::config::Secret;
use crate::error::GoogleError;
use crate::event::{GoogleEvent, OWN_SEQUENCE};

/// What the calendar has.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Current {
    /// A deleted event may lack everything but its id.
    etag: Option<String>,
    #[serde(default)]
    sequence: u32,
    #[serde(default)]
    extended_properties: Properties,
}

#[derive(Default, Deserialize)]
struct Properties {
    #[serde(default)]
    private: BTreeMap<String, String>,
}

impl Current {
    /// Our sequence, where the event has one.
    fn own_sequence(&self) -> Option<u32> {
        let own = self.extended_properties.private.get(OWN_SEQUENCE)?;
        own.parse().ok()
    }
}

impl GoogleClient {
    /// Makes the event be so, and restores it if the user deleted it; a success too if the
    /// calendar already has a newer state of ours. `NotFound` and `Gone`: it has to be inserted again.
    /// Since it restores, whoever updates looks afterwards whether the event is still wanted.
    pub async fn update_event(
        &self,
        access: &Secret,
        calendar_id: &str,
        event_id: &str,
        event: &GoogleEvent,
    ) -> Result<(), GoogleError> {
        let at = (access, calendar_id, event_id);
        let deadline = self.deadline();
        let first = self.patch(at, event, event.sequence, None, deadline)?;
        match first.done().await {
            Err(failure) if failure.sequence_refused => {}
            other => return other.map_err(|failure| failure.error),
        }
        let current = self.current(at, deadline).await?;
        if current
            .own_sequence()
            .is_some_and(|own| own > event.sequence)
        {
            return Ok(());
        }
        let sequence = event.sequence.max(current.sequence);
        let again = self.patch(at, event, sequence, current.etag.as_deref(), deadline)?;
        again.done().await.map_err(|failure: Failure| failure.error)
    }

    async fn current(
        &self,
        (access, calendar_id, event_id): (&Secret, &str, &str),
        deadline: Instant,
    ) -> Result<Current, GoogleError> {
        let mut url = self.events_address(calendar_id, Some(event_id))?;
        url.query_pairs_mut()
            .append_pair("fields", "etag,sequence,extendedProperties/private");
        let call = self.read("get_event", url, access, deadline);
        call.json().await.map_err(|failure| failure.error)
    }

    fn patch(
        &self,
        (access, calendar_id, event_id): (&Secret, &str, &str),
        event: &GoogleEvent,
        sequence: u32,
        etag: Option<&str>,
        deadline: Instant,
    ) -> Result<Call, GoogleError> {
        let mut url = self.events_address(calendar_id, Some(event_id))?;
        url.query_pairs_mut()
            .append_pair("sendUpdates", "none")
            .append_pair("fields", "id");
        let body = event.to_update(sequence);
        let mut call = self.write("update_event", Method::PATCH, url, access, Some(&body));
        if let Some(etag) = etag {
            call.request = call.request.header(IF_MATCH, etag);
        }
        Ok(Call { deadline, ..call })
    }
}
