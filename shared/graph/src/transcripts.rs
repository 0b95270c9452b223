//! Whether the tenant lets the application read transcripts: tenants have to
//! switch Graph's access to them on (the protocol notes, §5).
//!
//! Guarantee: `Ok` means that Graph listed; an answer that is no list is an error.

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::Method;
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::address::{function_text, with_function};
use crate::answer::Json;
use crate::call::Call;
use crate::client::GraphSession;
use crate::error::GraphError;
use crate::time::instant;

/// What is looked at is one day: permission is what is asked for, and a day is one page.
const PROBED: TimeDelta = TimeDelta::days(1);

#[derive(Deserialize)]
struct Page {
    #[serde(rename = "value")]
    _transcripts: Vec<IgnoredAny>,
}

impl GraphSession<'_> {
    /// Lists the organiser's transcripts of the day that begins at `since`, first page
    /// only. Consent, the application access policy and the tenant's switch
    /// ([`TranscriptsDisabled`](crate::GraphErrorClass::TranscriptsDisabled)) decide;
    /// what is listed does not matter.
    pub async fn probe_transcripts(
        &self,
        organizer_object_id: &str,
        since: DateTime<Utc>,
    ) -> Result<(), GraphError> {
        let operation = self.operation();
        let end = since.checked_add_signed(PROBED).unwrap_or(since);
        let meetings = operation.url(&["users", organizer_object_id, "onlineMeetings"], &[])?;
        let url = with_function(
            meetings,
            "getAllTranscripts",
            &[
                ("meetingOrganizerUserId", function_text(organizer_object_id)),
                ("startDateTime", instant(since)),
                ("endDateTime", instant(end)),
            ],
        );
        let call = Call::plain("probe_transcripts", Method::GET, url);
        operation.send::<Json<Page>>(&call).await.map(drop)
    }
}
