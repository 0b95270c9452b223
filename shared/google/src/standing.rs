//! Whether an event is still where it was put: its user may have deleted it.

use serde::Deserialize;

use crate::client::GoogleClient;
use crate::config::Secret;
use crate::error::{GoogleError, GoogleErrorClass};

#[derive(Deserialize)]
struct Standing {
    status: Option<String>,
}

impl GoogleClient {
    /// Whether the calendar shows the event: not if it was deleted, which an update would undo.
    pub async fn shows_event(
        &self,
        access: &Secret,
        calendar_id: &str,
        event_id: &str,
    ) -> Result<bool, GoogleError> {
        let mut url = self.events_address(calendar_id, Some(event_id))?;
        url.query_pairs_mut().append_pair("fields", "status");
        let call = self.read("look_at_event", url, access, self.deadline());
        match call
            .json::<Standing>()
            .await
            .map_err(|failure| failure.error)
        {
            Ok(found) => Ok(found.status.as_deref() != Some("cancelled")),
            Err(error)
                if matches!(
                    error.class,
                    GoogleErrorClass::NotFound | GoogleErrorClass::Gone
                ) =>
            {
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }
}
