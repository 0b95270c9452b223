//! What an organiser's meetings have left behind since the last look (NT-5):
//! Graph's `delta` over all of an organiser's recordings or transcripts.
//!
//! Guarantees: all pages are read, past empty ones, and each artifact is told once;
//! one that does not read hides no other. A list that is too long for one call is
//! given in parts, each with a token to go on from, so that every call gets further.
//! Of the links that Graph gives only the token is kept: a call that goes on is
//! built on the configured address again.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use reqwest::{Method, Url};
use serde::Deserialize;
use serde_json::Value;

use crate::address::{function_text, with_function};
use crate::answer::unusable;
use crate::artifact_kind::ArtifactKind;
use crate::call::{Call, Operation};
use crate::client::GraphSession;
use crate::error::{GraphError, GraphErrorClass};
use crate::time::{instant, read_instant};

/// Pages and artifacts after which a call stops at a page that can be gone on from.
const ENOUGH_PAGES: usize = 50;
const ENOUGH_ITEMS: usize = 5_000;
/// Pages after which it gives up when no page can.
const MOST_PAGES: usize = 200;
/// A longer one could not be sent.
const LONGEST_TOKEN: usize = 8_000;

/// Where a delta begins.
#[derive(Debug, Clone, Copy)]
pub enum DeltaFrom<'a> {
    /// With the artifacts that were made since then.
    Since(DateTime<Utc>),
    /// Where an earlier [`ArtifactDelta::token`] left off.
    Token(&'a str),
}

/// An artifact that a delta lists; Graph may also list old ones again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeltaArtifact {
    /// Graph's id: long base64, case-sensitive, opaque.
    pub id: String,
    /// The online meeting's id, in the same style.
    pub meeting_id: String,
    /// When it was begun; transcripts may not say.
    pub created: Option<DateTime<Utc>>,
    /// The organiser whom Graph names in it.
    pub organizer_object_id: Option<String>,
}

/// What is new, and where to go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArtifactDelta {
    /// Each once, in Graph's order.
    pub artifacts: Vec<DeltaArtifact>,
    /// For [`DeltaFrom::Token`] the next time; absent when Graph gave none, so that
    /// the next call begins with a time again. Up to 8,000 characters, opaque.
    pub token: Option<String>,
    /// Whether that was all; otherwise the token leads to the rest at once.
    pub is_complete: bool,
}

impl GraphSession<'_> {
    /// What the organiser's meetings have left behind since `from`. A token that Graph
    /// does not take any more is [`NotFoundOrGone`](GraphErrorClass::NotFoundOrGone):
    /// begin with a time again. The budget may end after some pages: that is a part.
    pub async fn artifact_delta(
        &self,
        organizer_object_id: &str,
        kind: ArtifactKind,
        from: DeltaFrom<'_>,
    ) -> Result<ArtifactDelta, GraphError> {
        let operation = self.operation();
        let first = operation.delta_url(organizer_object_id, kind, from)?;
        let operation_name = match kind {
            ArtifactKind::Recording => "recording_delta",
            ArtifactKind::Transcript => "transcript_delta",
        };
        let resumed = match from {
            DeltaFrom::Since(_) => None,
            DeltaFrom::Token(token) => Some(token),
        };
        operation.delta(operation_name, first, resumed).await
    }
}

impl Operation<'_> {
    fn delta_url(
        &self,
        organizer_object_id: &str,
        kind: ArtifactKind,
        from: DeltaFrom<'_>,
    ) -> Result<Url, GraphError> {
        let meetings = self.url(&["users", organizer_object_id, "onlineMeetings"], &[])?;
        let mut arguments = vec![("meetingOrganizerUserId", function_text(organizer_object_id))];
        if let DeltaFrom::Since(since) = from {
            arguments.push(("startDateTime", instant(since)));
        }
        let mut url = with_function(meetings, kind.function(), &arguments);
        url.set_path(&format!("{}/delta", url.path()));
        if let DeltaFrom::Token(token) = from {
            url.set_query(Some(&query_of(token).ok_or_else(unknown_token)?));
        }
        Ok(url)
    }

    async fn delta(
        &self,
        name: &'static str,
        first: Url,
        resumed: Option<&str>,
    ) -> Result<ArtifactDelta, GraphError> {
        let mut found = Found::default();
        let mut url = first;
        for page in 1..=MOST_PAGES {
            let call = Call::plain(name, Method::GET, url.clone());
            let (read, next) = match self.whole_page::<Value>(&call).await {
                Ok(read) => read,
                Err(error) if page == 1 => return Err(refused(error, resumed.is_some())),
                Err(error) => match token_of(&url).filter(|_| error.retryable()) {
                    // The next call begins with this page, and reports what is wrong with it.
                    Some(token) => return Ok(found.part(name, token)),
                    None => return Err(refused(error, true)),
                },
            };
            found.extend(read.value);
            let Some(next) = next else {
                let token = read.delta_link.as_deref().and_then(token_of_link);
                return Ok(found.whole(name, token));
            };
            if (page >= ENOUGH_PAGES || found.artifacts.len() >= ENOUGH_ITEMS)
                && let Some(token) = token_of(&next)
            {
                // One that leads back to where this call began would never end.
                if resumed == Some(token.as_str()) {
                    break;
                }
                return Ok(found.part(name, token));
            }
            url = next;
        }
        Err(unusable("ListTooLong", "the list goes on and on"))
    }
}

/// With a token, whatever is wrong with the request is wrong with the token: nothing
/// else in it differs from the call that it came from.
fn refused(mut error: GraphError, by_token: bool) -> GraphError {
    if by_token && error.class == GraphErrorClass::InvalidRequest {
        error.class = GraphErrorClass::NotFoundOrGone;
    }
    error
}

/// A kept token that cannot be sent.
fn unknown_token() -> GraphError {
    GraphError::without_answer(
        GraphErrorClass::NotFoundOrGone,
        "UnknownToken",
        "the delta token is none",
    )
}

/// What most tokens are called. Microsoft's pages have `skipToken` too, for both kinds.
const TOKEN: &str = "$deltatoken";

/// The token in a link's query, as it travels: opaque, still encoded. One that is not
/// called [`TOKEN`] keeps its name before it.
fn token_of(link: &Url) -> Option<String> {
    let named = |end: &str| {
        link.query()?
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .find(|(name, value)| !value.is_empty() && bare_name(name).as_deref() == Some(end))
    };
    let (name, value) = named("deltatoken").or_else(|| named("skiptoken"))?;
    let plain =
        name.replace("%24", "$").eq_ignore_ascii_case(TOKEN) && named_token(value).is_none();
    let token = if plain {
        value.to_owned()
    } else {
        format!("{name}={value}")
    };
    query_of(&token).is_some().then_some(token)
}

fn token_of_link(link: &str) -> Option<String> {
    token_of(&Url::parse(link).ok()?)
}

/// A token's name without its `$`, if it is one of a token.
fn bare_name(name: &str) -> Option<String> {
    let lower = name.to_ascii_lowercase();
    let bare = lower.strip_prefix("%24").or(lower.strip_prefix('$'));
    let bare = bare.unwrap_or(&lower);
    matches!(bare, "deltatoken" | "skiptoken").then(|| bare.to_owned())
}

/// The name and value of a token that has its name before it.
fn named_token(token: &str) -> Option<(&str, &str)> {
    token
        .split_once('=')
        .filter(|(name, _)| bare_name(name).is_some())
}

/// The query that sends a token, unless it would say more than that.
fn query_of(token: &str) -> Option<String> {
    let (name, value) = named_token(token).unwrap_or((TOKEN, token));
    let sendable =
        |c: char| c.is_ascii_alphanumeric() || "-._~%+/=!*'(),;:@$|{}^`[]\\?".contains(c);
    let fits = (1..=LONGEST_TOKEN).contains(&token.len());
    (fits && !value.is_empty() && value.chars().all(sendable)).then(|| format!("{name}={value}"))
}

/// What was listed so far.
#[derive(Default)]
struct Found {
    seen: HashSet<(String, String)>,
    artifacts: Vec<DeltaArtifact>,
    unreadable: usize,
}

impl Found {
    fn extend(&mut self, values: Vec<Value>) {
        for value in values {
            if value.get("@removed").is_some() {
                continue;
            }
            match read(value) {
                Some(artifact) => {
                    let key = (artifact.meeting_id.clone(), artifact.id.clone());
                    if self.seen.insert(key) {
                        self.artifacts.push(artifact);
                    }
                }
                None => self.unreadable += 1,
            }
        }
    }

    fn whole(self, name: &'static str, token: Option<String>) -> ArtifactDelta {
        self.finish(name, token, true)
    }

    fn part(self, name: &'static str, token: String) -> ArtifactDelta {
        self.finish(name, Some(token), false)
    }

    fn finish(self, name: &'static str, token: Option<String>, is_complete: bool) -> ArtifactDelta {
        if self.unreadable > 0 {
            let unreadable = self.unreadable;
            tracing::warn!(target: "graph", operation = name, unreadable, "artifacts that do not read were left out");
        }
        ArtifactDelta {
            artifacts: self.artifacts,
            token,
            is_complete,
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireArtifact {
    id: String,
    meeting_id: String,
    created_date_time: Option<Value>,
    meeting_organizer: Option<Value>,
    /// The spelling of older answers.
    meeting_organizer_id: Option<Value>,
}

/// An artifact, if it says which one and of which meeting: no more is needed to fetch it.
fn read(value: Value) -> Option<DeltaArtifact> {
    let wire: WireArtifact = serde_json::from_value(value).ok()?;
    let text = |value: Option<&Value>| {
        let text = value.and_then(Value::as_str);
        text.filter(|text| !text.is_empty()).map(str::to_owned)
    };
    let organizer = wire.meeting_organizer.as_ref();
    let identity = organizer.and_then(|organizer| organizer.pointer("/user/id"));
    (!wire.id.is_empty() && !wire.meeting_id.is_empty()).then(|| DeltaArtifact {
        id: wire.id,
        meeting_id: wire.meeting_id,
        created: text(wire.created_date_time.as_ref()).and_then(|text| read_instant(&text)),
        organizer_object_id: text(identity).or_else(|| text(wire.meeting_organizer_id.as_ref())),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn token(link: &str) -> Option<String> {
        token_of_link(&format!("https://graph.example/v1.0/x/delta?{link}"))
    }

    /// NT-5: of a link only the token is kept, however it is called, and it is sent as
    /// it came.
    #[test]
    fn a_token_goes_back_as_it_came() {
        for (query, kept, sent) in [
            ("$deltatoken=aQ-_b.c", "aQ-_b.c", "$deltatoken=aQ-_b.c"),
            (
                "%24deltaToken=aQ%2B%3D+/=",
                "aQ%2B%3D+/=",
                "$deltatoken=aQ%2B%3D+/=",
            ),
            ("$top=5&$deltatoken=a&$x=1", "a", "$deltatoken=a"),
            ("skipToken=a", "skipToken=a", "skipToken=a"),
            ("$skiptoken=a=b", "$skiptoken=a=b", "$skiptoken=a=b"),
            ("deltatoken=a", "deltatoken=a", "deltatoken=a"),
            ("$skiptoken=s&$deltatoken=d", "d", "$deltatoken=d"),
            (
                "$deltatoken=skiptoken=x",
                "$deltatoken=skiptoken=x",
                "$deltatoken=skiptoken=x",
            ),
        ] {
            assert_eq!(token(query).as_deref(), Some(kept), "{query}");
            assert_eq!(query_of(kept).as_deref(), Some(sent), "{query}");
        }
    }

    #[test]
    fn a_token_cannot_say_more_than_itself() {
        for none in ["", "$top=5", "$deltatoken=", "$skip=7", "deltatoken"] {
            assert_eq!(token(none), None, "{none}");
        }
        for bad in [
            "",
            "a&$top=1",
            "a#b",
            "a b",
            "é",
            "$skiptoken=",
            &"a".repeat(8_001),
        ] {
            assert_eq!(query_of(bad), None, "{bad}");
        }
    }

    /// NT-5: an artifact is read by its id and its meeting's; the rest may be odd.
    #[test]
    fn an_artifact_reads_by_its_ids() {
        let odd = json!({ "id": "V=", "meetingId": "MSo=", "createdDateTime": 7,
            "meetingOrganizer": { "user": null }, "meetingOrganizerId": "2b0c" });
        let artifact = read(odd).unwrap();
        assert_eq!(
            (artifact.created, artifact.organizer_object_id.as_deref()),
            (None, Some("2b0c"))
        );
        for nothing in [
            json!({ "id": "V=" }),
            json!({ "id": "", "meetingId": "MSo=" }),
            json!({ "id": "V=", "meetingId": "" }),
            json!({ "id": 7, "meetingId": "MSo=" }),
            json!(null),
        ] {
            assert_eq!(read(nothing.clone()), None, "{nothing}");
        }
    }
}
