//! `getAllRecordings` and `getAllTranscripts`: what was made of all meetings of
//! an organiser in a while, and how the call has to be written (graph-protocol §5).
//! Their `/delta` is next door.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::artifacts::{check_switch, collection, roles, type_name, visible};
use super::{Answer, Call, artifact_pages, odata};
use crate::artifact::{ArtifactKind, StoredArtifact, has_expired};
use crate::calendar::zones::parse_instant;
use crate::directory::User;
use crate::reply::GraphError;
use crate::world::{World, same};

/// What a path segment in lower case lists, with arguments or without.
pub(super) fn kind(segment: &str) -> Option<ArtifactKind> {
    let bare = segment.strip_prefix("microsoft.graph.").unwrap_or(segment);
    match bare.split_once('(').map_or(bare, |(name, _)| name) {
        "getallrecordings" => Some(ArtifactKind::Recording),
        "getalltranscripts" => Some(ArtifactKind::Transcript),
        _ => None,
    }
}

/// `GET /users/{oid}/onlineMeetings/getAllRecordings(meetingOrganizerUserId='…',startDateTime=…,endDateTime=…)`.
pub(super) fn list(
    world: &mut World,
    call: &Call<'_>,
    kind: ArtifactKind,
    user: &str,
    function: &str,
) -> Answer {
    odata::allow_options(call, &artifact_pages::FUNCTION_OPTIONS)?;
    let arguments = Arguments::parse(function)?;
    let user = call.meeting_user(world, user, &roles(kind))?;
    check_switch(world, &user, kind)?;
    let (from, to) = arguments.window(&user)?;
    // graph-protocol §5: only calendar-backed meetings, until they expire.
    let meetings = world.meetings.values();
    let listed = meetings.filter(|m| m.calendar_backed && !has_expired(world, m));
    let listed: Vec<String> = listed.map(|m| m.id.clone()).collect();
    let belongs = |a: &StoredArtifact| {
        a.kind == kind
            && a.organizer_id == user.id
            && (from..to).contains(&a.created_at)
            && listed.contains(&a.meeting_id)
    };
    let items = visible(world, call, belongs);
    let context = format!("users('{}')/onlineMeetings/{}", user.id, collection(kind));
    artifact_pages::page(world, call, &context, type_name(kind), items)
}

/// What a `getAll…` function was called with.
pub(super) struct Arguments<'a>(BTreeMap<&'a str, &'a str>);

impl<'a> Arguments<'a> {
    pub(super) fn parse(function: &'a str) -> Result<Self, GraphError> {
        // graph-protocol §5: without parentheses (parameters in the query string) it fails like this.
        let Some((_, rest)) = function.split_once('(') else {
            let message = "An error has occurred.";
            return Err(GraphError::new(500, "InternalServerError", message));
        };
        let malformed = || GraphError::bad_request(format!("The call '{function}' is malformed."));
        let list = rest.strip_suffix(')').ok_or_else(malformed)?;
        let mut arguments = BTreeMap::new();
        for argument in list.split(',') {
            let (name, value) = argument.split_once('=').ok_or_else(malformed)?;
            let known = ["meetingOrganizerUserId", "startDateTime", "endDateTime"];
            if !known.contains(&name) || arguments.insert(name, value).is_some() {
                return Err(malformed());
            }
        }
        Ok(Self(arguments))
    }

    /// The times asked about. Whether all three arguments are needed is not said;
    /// every documented list has them.
    fn window(&self, user: &User) -> Result<(DateTime<Utc>, DateTime<Utc>), GraphError> {
        self.check_organizer(user)?;
        let required = |name: &str| {
            let missing = || GraphError::bad_request(format!("'{name}' is required."));
            self.instant(name)?.ok_or_else(missing)
        };
        let (from, to) = (required("startDateTime")?, required("endDateTime")?);
        if to < from {
            let message = "endDateTime must not be before startDateTime.";
            return Err(GraphError::bad_request(message));
        }
        Ok((from, to))
    }

    /// The organiser in the arguments is the one of the path.
    pub(super) fn check_organizer(&self, user: &User) -> Result<(), GraphError> {
        let missing = || GraphError::bad_request("'meetingOrganizerUserId' is required.");
        let quoted = self.0.get("meetingOrganizerUserId").ok_or_else(missing)?;
        let organizer = quoted
            .strip_prefix('\'')
            .and_then(|text| text.strip_suffix('\''));
        if organizer.is_some_and(|id| same(id, &user.id)) {
            return Ok(());
        }
        let message = "meetingOrganizerUserId must be the user of the path.";
        Err(GraphError::bad_request(message))
    }

    /// A time, if it is among the arguments.
    pub(super) fn instant(&self, name: &str) -> Result<Option<DateTime<Utc>>, GraphError> {
        let Some(text) = self.0.get(name) else {
            return Ok(None);
        };
        let wrong = || GraphError::bad_request(format!("'{name}' is not a time."));
        parse_instant(text).map(Some).ok_or_else(wrong)
    }
}
