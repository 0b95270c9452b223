//! The text of transcripts, and whether the tenant lets the application read them:
//! tenants have to switch Graph's access to them on (the protocol notes, §5).
//!
//! Guarantees: a text is read byte for byte; where the tenant keeps the speakers'
//! names back it is read without them. To the probe, `Ok` means that Graph listed;
//! an answer that is no list is an error.

use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::{Method, Url};
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::address::{function_text, with_function};
use crate::answer::{Json, Text};
use crate::call::{Call, Operation};
use crate::client::GraphSession;
use crate::error::{GraphError, GraphErrorClass};
use crate::time::instant;

/// What is looked at is one day: permission is what is asked for, and a day is one page.
const PROBED: TimeDelta = TimeDelta::days(1);

/// WebVTT whose cues name their speakers.
const ATTRIBUTED: &str = "text/vtt";
/// Timings and text, without speakers and without the `WEBVTT` line.
const UNATTRIBUTED: &str = "application/vnd.microsoft.graph.transcript+text";

/// A transcript as Graph sent it.
#[derive(Clone, PartialEq, Eq)]
pub struct TranscriptContent {
    /// WebVTT, or where it is not attributed Graph's likeness of it; 20 MiB at most.
    pub bytes: Vec<u8>,
    /// Whether the cues name their speakers.
    pub is_attributed: bool,
}

#[derive(Deserialize)]
struct Page {
    #[serde(rename = "value")]
    _transcripts: Vec<IgnoredAny>,
}

impl GraphSession<'_> {
    /// A transcript's text: with its speakers, else without them where the tenant
    /// switched attribution off. Both are tried within one budget. A text beyond
    /// 20 MiB is the code `TextTooLarge`.
    pub async fn transcript_content(
        &self,
        organizer_object_id: &str,
        meeting_id: &str,
        transcript_id: &str,
    ) -> Result<TranscriptContent, GraphError> {
        let operation = self.operation();
        let place = ["transcripts", transcript_id, "content"];
        let url = operation.artifact_url(organizer_object_id, meeting_id, &place)?;
        match operation.transcript(url.clone(), ATTRIBUTED).await {
            Err(error) if error.class == GraphErrorClass::AttributionDisabled => {
                operation.transcript(url, UNATTRIBUTED).await
            }
            result => result,
        }
    }

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

impl Operation<'_> {
    async fn transcript(
        &self,
        url: Url,
        media_type: &'static str,
    ) -> Result<TranscriptContent, GraphError> {
        let call = Call::content("transcript_content", url, media_type);
        let Text(bytes) = self.send(&call).await?;
        Ok(TranscriptContent {
            bytes,
            is_attributed: media_type == ATTRIBUTED,
        })
    }
}

impl fmt::Debug for TranscriptContent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TranscriptContent")
            .field("bytes", &self.bytes.len())
            .field("is_attributed", &self.is_attributed)
            .finish()
    }
}
