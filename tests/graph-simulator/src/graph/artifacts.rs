//! Transcripts of an organiser's meetings: who may list them, and how the call
//! has to be written (graph-protocol §5).
//!
//! Nothing in this world is transcribed, so a list that is allowed is empty.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::{Answer, Call, odata};
use crate::calendar::zones::parse_instant;
use crate::directory::User;
use crate::reply::GraphError;
use crate::world::{World, same};

const READ_TRANSCRIPTS: [&str; 1] = ["OnlineMeetingTranscript.Read.All"];

/// Whether a path segment, in lower case, calls this function, with arguments or without.
pub(super) fn is_call(segment: &str, function: &str) -> bool {
    let bare = segment.strip_prefix("microsoft.graph.").unwrap_or(segment);
    bare.split_once('(').map_or(bare, |(name, _)| name) == function
}

/// `GET /users/{oid}/onlineMeetings/getAllTranscripts(meetingOrganizerUserId='…',startDateTime=…,endDateTime=…)`.
pub(super) fn all_transcripts(
    world: &World,
    call: &Call<'_>,
    user: &str,
    function: &str,
) -> Answer {
    odata::allow_options(call, &[])?;
    let arguments = Arguments::parse(function)?;
    let user = call.meeting_user(world, user, &READ_TRANSCRIPTS)?;
    check_transcript_access(world, &user)?;
    arguments.window(&user)?;
    Ok(odata::collection(
        call,
        "Collection(microsoft.graph.callTranscript)",
        &[],
    ))
}

/// graph-protocol §0.1, §5: every transcript call is refused until the tenant switches
/// access on; only the inner code says so.
fn check_transcript_access(world: &World, user: &User) -> Result<(), GraphError> {
    let tenant = world.tenants.get(&user.tenant_id);
    if tenant.is_some_and(|tenant| tenant.graph_transcript_access) {
        return Ok(());
    }
    let message = "Graph API access to transcripts is disabled for this tenant.";
    Err(GraphError::new(403, "Forbidden", message)
        .inner("code", "GraphAccessToTranscriptsDisabled"))
}

/// What a `getAll…` function was called with.
struct Arguments<'a>(BTreeMap<&'a str, &'a str>);

impl<'a> Arguments<'a> {
    fn parse(function: &'a str) -> Result<Self, GraphError> {
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
        let value = |name: &str| {
            let found = self.0.get(name).copied();
            found.ok_or_else(|| GraphError::bad_request(format!("'{name}' is required.")))
        };
        let quoted = value("meetingOrganizerUserId")?;
        let organizer = quoted
            .strip_prefix('\'')
            .and_then(|text| text.strip_suffix('\''));
        if !organizer.is_some_and(|id| same(id, &user.id)) {
            let message = "meetingOrganizerUserId must be the user of the path.";
            return Err(GraphError::bad_request(message));
        }
        let instant = |name: &str| {
            let wrong = || GraphError::bad_request(format!("'{name}' is not a time."));
            parse_instant(value(name)?).ok_or_else(wrong)
        };
        let (from, to) = (instant("startDateTime")?, instant("endDateTime")?);
        if to < from {
            let message = "endDateTime must not be before startDateTime.";
            return Err(GraphError::bad_request(message));
        }
        Ok((from, to))
    }
}
