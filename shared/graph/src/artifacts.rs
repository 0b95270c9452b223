//! The recordings and transcripts of a meeting, as Graph lists them.
//!
//! Guarantees: all pages are read, past empty ones, and each artifact is told
//! once; one that does not read hides no other; the addresses in Graph's answer
//! are not read, since they cannot be called (the protocol notes, §0.11).

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use reqwest::{Method, Url};
use serde::Deserialize;
use serde_json::Value;

use crate::answer::unusable;
use crate::call::{Call, Operation};
use crate::client::GraphSession;
use crate::error::GraphError;
use crate::time::read_instant;

const MOST_PAGES: usize = 200;
/// A series keeps all its occurrences' artifacts for a year: some hundreds.
const MOST_ITEMS: usize = 10_000;

/// A recording or transcript; the times are the artifact's, not the meeting's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArtifactInfo {
    /// Graph's id: long base64, case-sensitive, opaque.
    pub id: String,
    /// When it was begun; transcripts may not say.
    pub created: Option<DateTime<Utc>>,
    /// When it was ended.
    pub ended: Option<DateTime<Utc>>,
    /// What a recording and its transcript have in common; not always a GUID.
    pub content_correlation_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireArtifact {
    id: String,
    created_date_time: Option<Value>,
    end_date_time: Option<Value>,
    content_correlation_id: Option<Value>,
}

impl GraphSession<'_> {
    /// All recordings of a meeting of the organiser's; a meeting that is gone or
    /// has expired is [`NotFoundOrGone`](crate::GraphErrorClass::NotFoundOrGone).
    pub async fn list_recordings(
        &self,
        organizer_object_id: &str,
        meeting_id: &str,
    ) -> Result<Vec<ArtifactInfo>, GraphError> {
        let operation = self.operation();
        let url = operation.artifact_url(organizer_object_id, meeting_id, &["recordings"])?;
        operation.artifacts("list_recordings", url).await
    }

    /// All transcripts of a meeting of the organiser's; the tenant's switch is
    /// [`TranscriptsDisabled`](crate::GraphErrorClass::TranscriptsDisabled).
    pub async fn list_transcripts(
        &self,
        organizer_object_id: &str,
        meeting_id: &str,
    ) -> Result<Vec<ArtifactInfo>, GraphError> {
        let operation = self.operation();
        let url = operation.artifact_url(organizer_object_id, meeting_id, &["transcripts"])?;
        operation.artifacts("list_transcripts", url).await
    }
}

impl Operation<'_> {
    /// An address below a meeting.
    pub(crate) fn artifact_url(
        &self,
        organizer_object_id: &str,
        meeting_id: &str,
        rest: &[&str],
    ) -> Result<Url, GraphError> {
        let meeting = ["users", organizer_object_id, "onlineMeetings", meeting_id];
        self.url(&[&meeting, rest].concat(), &[])
    }

    async fn artifacts(
        &self,
        name: &'static str,
        first: Url,
    ) -> Result<Vec<ArtifactInfo>, GraphError> {
        let mut found = Found::default();
        let mut next = Some(first);
        let mut pages = 0;
        while let Some(url) = next {
            if pages == MOST_PAGES || found.items.len() > MOST_ITEMS {
                return Err(unusable("ListTooLong", "the list goes on and on"));
            }
            pages += 1;
            let call = Call::plain(name, Method::GET, url);
            let (items, following) = self.page::<Value>(&call).await?;
            found.extend(items);
            next = following;
        }
        if found.unreadable > 0 {
            let unreadable = found.unreadable;
            tracing::warn!(target: "graph", operation = name, unreadable, "artifacts that do not read were left out");
        }
        Ok(found.items)
    }
}

/// What was listed so far, in Graph's order.
#[derive(Default)]
struct Found {
    seen: HashSet<String>,
    items: Vec<ArtifactInfo>,
    unreadable: usize,
}

impl Found {
    fn extend(&mut self, values: Vec<Value>) {
        for value in values {
            match read(value) {
                Some(info) if self.seen.insert(info.id.clone()) => self.items.push(info),
                Some(_) => {}
                None => self.unreadable += 1,
            }
        }
    }
}

/// An artifact, if it has an id: nothing else is needed to fetch it.
fn read(value: Value) -> Option<ArtifactInfo> {
    let wire: WireArtifact = serde_json::from_value(value).ok()?;
    (!wire.id.is_empty()).then(|| ArtifactInfo {
        id: wire.id,
        created: time(wire.created_date_time.as_ref()),
        ended: time(wire.end_date_time.as_ref()),
        content_correlation_id: text(wire.content_correlation_id.as_ref()).map(str::to_owned),
    })
}

fn time(value: Option<&Value>) -> Option<DateTime<Utc>> {
    read_instant(text(value)?)
}

fn text(value: Option<&Value>) -> Option<&str> {
    value?.as_str().filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// OM-7: whatever else is odd about an artifact, its id is enough.
    #[test]
    fn an_artifact_reads_by_its_id_alone() {
        let odd = json!({ "id": "V=", "createdDateTime": 7, "endDateTime": "soon",
            "contentCorrelationId": {}, "recordingContentUrl": [] });
        let bare = ArtifactInfo {
            id: "V=".into(),
            created: None,
            ended: None,
            content_correlation_id: None,
        };
        assert_eq!(read(odd), Some(bare.clone()));
        assert_eq!(
            read(json!({ "id": "V=", "createdDateTime": null })),
            Some(bare)
        );
        for nothing in [
            json!({}),
            json!({ "id": "" }),
            json!({ "id": 7 }),
            json!(null),
            json!("V="),
        ] {
            assert_eq!(read(nothing.clone()), None, "{nothing}");
        }
    }
}
