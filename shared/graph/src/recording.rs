//! A recording's octets, as they arrive.
//!
//! Guarantees: the operation's budget, its retries and its tokens are for the head
//! of the answer; the octets follow for as long as they come, with no more of them
//! in memory than one piece; fewer octets than promised end in an error, more are
//! cut off.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use reqwest::header::{CONTENT_TYPE, HeaderMap};
use reqwest::{Response, StatusCode};

use crate::answer::{Answer, lost, refuse_encoded, timed_out, unusable};
use crate::call::Call;
use crate::client::GraphSession;
use crate::content_range::{ContentRange, Part};
use crate::error::{GraphError, GraphErrorClass};

/// How long the octets may pause before they are asked for again elsewhere.
const PATIENCE: Duration = Duration::from_secs(8);

/// The head of a recording's answer and, by [`Self::chunk`], its octets.
pub struct RecordingContent {
    /// The first octet's place in the whole.
    pub first: u64,
    /// The whole's length, where Graph says so.
    pub total: Option<u64>,
    /// How many octets this answer promises, where Graph says so.
    pub length: Option<u64>,
    /// Whether it is the range that was asked for; otherwise it is the whole,
    /// since Graph took no notice of the range.
    pub is_partial: bool,
    /// The media type, if it is one that a recording can have.
    pub content_type: Option<String>,
    /// Octets that were promised and have not come.
    missing: Option<u64>,
    /// Gone after the end or an error.
    response: Option<Response>,
}

impl GraphSession<'_> {
    /// Opens a recording's content at `range`. A range beyond the end is
    /// [`RangeNotSatisfiable`](GraphErrorClass::RangeNotSatisfiable).
    pub async fn recording_content(
        &self,
        organizer_object_id: &str,
        meeting_id: &str,
        recording_id: &str,
        range: ContentRange,
    ) -> Result<RecordingContent, GraphError> {
        if !range.is_sensible() {
            return Err(GraphError::refused_locally(
                "InvalidRange",
                "the range names no octet",
            ));
        }
        let operation = self.operation();
        let place = ["recordings", recording_id, "content"];
        let url = operation.artifact_url(organizer_object_id, meeting_id, &place)?;
        let call = Call::content("recording_content", url, "*/*").range(range);
        operation.send(&call).await
    }
}

impl Answer for RecordingContent {
    async fn read(response: Response, call: &Call) -> Result<Self, GraphError> {
        let headers = response.headers();
        refuse_encoded(headers)?;
        let part = match response.status() {
            StatusCode::OK => None,
            StatusCode::PARTIAL_CONTENT => Some(
                Part::of(headers)
                    .filter(|part| call.asked_range().allows(*part))
                    .ok_or_else(|| {
                        unusable("UnexpectedRange", "the answer has not the octets asked for")
                    })?,
            ),
            _ => return Err(unusable("UnexpectedSuccess", "the answer has no content")),
        };
        let length = part.map_or(response.content_length(), |part| Some(part.length()));
        Ok(Self {
            first: part.map_or(0, |part| part.first),
            total: part.map_or(length, |part| part.total),
            length,
            is_partial: part.is_some(),
            content_type: content_type(headers),
            missing: length,
            response: Some(response),
        })
    }
}

impl RecordingContent {
    /// The next octets; `None` after the last one that was promised. An answer that
    /// breaks off or falls silent is [`Transient`](GraphErrorClass::Transient).
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, GraphError> {
        loop {
            let Some(response) = self.response.as_mut().filter(|_| self.missing != Some(0)) else {
                return self.end();
            };
            let Ok(read) = tokio::time::timeout(PATIENCE, response.chunk()).await else {
                self.response = None;
                return Err(timed_out());
            };
            match read {
                Ok(Some(chunk)) if chunk.is_empty() => {}
                Ok(Some(chunk)) => return Ok(Some(self.take(chunk))),
                Ok(None) => {
                    self.missing = self.missing.or(Some(0));
                    return self.end();
                }
                Err(error) => {
                    self.response = None;
                    return Err(if error.is_timeout() {
                        lost(&error)
                    } else {
                        cut()
                    });
                }
            }
        }
    }

    /// As much of `chunk` as was promised.
    fn take(&mut self, mut chunk: Bytes) -> Bytes {
        if let Some(missing) = &mut self.missing {
            chunk.truncate(usize::try_from(*missing).unwrap_or(usize::MAX));
            *missing -= chunk.len() as u64;
        }
        chunk
    }

    fn end(&mut self) -> Result<Option<Bytes>, GraphError> {
        self.response = None;
        match self.missing {
            Some(0) => Ok(None),
            _ => Err(cut()),
        }
    }
}

fn cut() -> GraphError {
    GraphError::without_answer(
        GraphErrorClass::Transient,
        "ContentCut",
        "the content ended before its end",
    )
}

/// The media type where it is one of a recording: it is passed on to a browser.
fn content_type(headers: &HeaderMap) -> Option<String> {
    let text = headers.get(CONTENT_TYPE)?.to_str().ok()?.trim();
    let essence = text.split(';').next()?.trim().to_ascii_lowercase();
    let (kind, subtype) = essence.split_once('/')?;
    let is_media = matches!(kind, "video" | "audio") && !subtype.is_empty();
    (is_media || essence == "application/octet-stream").then(|| text.to_owned())
}

impl fmt::Debug for RecordingContent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecordingContent")
            .field("first", &self.first)
            .field("total", &self.total)
            .field("length", &self.length)
            .field("is_partial", &self.is_partial)
            .field("content_type", &self.content_type)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// OM-9: a page or a script never becomes what a recording is served as.
    #[test]
    fn only_a_recordings_media_types_are_passed_on() {
        let read = |text: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(CONTENT_TYPE, text.parse().unwrap());
            content_type(&headers)
        };
        for good in [
            "video/mp4",
            "Video/MP4",
            "audio/mpeg",
            "application/octet-stream",
            "video/mp4; codecs=\"avc1\"",
        ] {
            assert_eq!(read(good).as_deref(), Some(good));
        }
        for bad in [
            "text/html",
            "video",
            "video/",
            "image/svg+xml",
            "application/json",
            "",
        ] {
            assert_eq!(read(bad), None, "{bad}");
        }
        assert_eq!(content_type(&HeaderMap::new()), None);
    }
}
