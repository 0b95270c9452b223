//! Finding online meetings: by join link, by joining digits, by id
//! (graph-protocol §3). There is no way to list them.

use chrono::TimeDelta;
use percent_encoding::percent_decode_str;

use super::filter::{Comparison, Filter};
use super::meetings::{READ, no_access, render};
use super::{Answer, Call, odata};
use crate::behaviour::Unresolved;
use crate::directory::User;
use crate::reply::{GraphError, Reply};
use crate::stored::StoredMeeting;
use crate::world::{World, same};

/// `GET /users/{oid}/onlineMeetings?$filter=JoinWebUrl eq '…'`.
pub(super) fn find(world: &World, call: &Call<'_>, user: &str) -> Answer {
    odata::allow_options(call, &["$filter", "$select"])?;
    let user = call.meeting_user(world, user, &READ)?;
    // graph-protocol §3: there is no API to list a user's online meetings.
    let expected = || {
        let message =
            "Filter expression expected - /onlineMeetings?$filter=JoinWebUrl eq '{joinWebUrl}'.";
        GraphError::new(400, "InvalidArgument", message)
    };
    let text = call.request.parameter("$filter").ok_or_else(expected)?;
    let found = match Filter::parse(text)? {
        // graph-protocol §3: the docs write JoinWebUrl, working code joinWebUrl too.
        Filter::Compare(path, Comparison::Eq, literal) if same(&path, "JoinWebUrl") => {
            by_join_url(world, literal.as_str().ok_or_else(expected)?)?
        }
        Filter::Compare(path, Comparison::Eq, literal)
            if same(&path, "joinMeetingIdSettings/joinMeetingId") =>
        {
            let digits = literal.as_str().ok_or_else(expected)?.replace(' ', "");
            world
                .meetings
                .values()
                .find(|m| m.join_meeting_id == digits)
        }
        _ => return Err(expected()),
    };
    let lag = TimeDelta::milliseconds(
        i64::try_from(world.behaviour.resolution_lag_ms).unwrap_or(i64::MAX / 1000),
    );
    let age = |meeting: &&StoredMeeting| world.now() - meeting.created_at >= lag;
    let Some(meeting) = found.filter(age) else {
        return unresolved(world, call);
    };
    check_access(&user, meeting)?;
    let body = odata::select(
        call,
        render(world, meeting),
        "microsoft.graph.onlineMeeting",
    )?;
    Ok(odata::collection(call, "users/onlineMeetings", &[body]))
}

/// graph-protocol §3: the literal must be the join link verbatim, which takes
/// percent-encoding the whole of it once more.
fn by_join_url<'a>(
    world: &'a World,
    literal: &str,
) -> Result<Option<&'a StoredMeeting>, GraphError> {
    let exact = world.meetings.values().find(|m| m.join_url == literal);
    if exact.is_some() {
        return Ok(exact);
    }
    // One level of encoding is missing: `%3a` arrived as `:`.
    let decoded = |url: &str| percent_decode_str(url).decode_utf8_lossy().into_owned();
    let under_encoded =
        |m: &StoredMeeting| m.join_url != decoded(&m.join_url) && decoded(&m.join_url) == literal;
    if world.meetings.values().any(under_encoded) {
        let message = "joinWebUrl must be URL encoded.";
        return Err(GraphError::new(400, "InvalidArgument", message));
    }
    Ok(None)
}

fn unresolved(world: &World, call: &Call<'_>) -> Answer {
    match world.behaviour.unresolved_join_url {
        Unresolved::EmptyList => Ok(odata::collection(call, "users/onlineMeetings", &[])),
        Unresolved::NotFound => Err(missing()),
    }
}

fn missing() -> GraphError {
    GraphError::new(404, "NotFound", "The online meeting was not found.")
}

/// graph-protocol §3: the organiser, or an invitee for metadata.
fn check_access(user: &User, meeting: &StoredMeeting) -> Result<(), GraphError> {
    let own_tenant = same(&meeting.tenant_id, &user.tenant_id);
    let takes_part = meeting.organizer_id == user.id || meeting.invitee_ids.contains(&user.id);
    if own_tenant && takes_part {
        Ok(())
    } else {
        Err(no_access())
    }
}

/// `GET /users/{oid}/onlineMeetings/{id}`.
pub(super) fn get(world: &World, call: &Call<'_>, user: &str, id: &str) -> Answer {
    odata::allow_options(call, &["$select"])?;
    let user = call.meeting_user(world, user, &READ)?;
    let meeting = world.meetings.get(id).ok_or_else(missing)?;
    check_access(&user, meeting)?;
    let mut body = odata::select(
        call,
        render(world, meeting),
        "microsoft.graph.onlineMeeting",
    )?;
    body["@odata.context"] = call.context("users/onlineMeetings/$entity");
    Ok(Reply::json(200, &body))
}

/// The meeting with this id, if the user organises it.
pub(super) fn organized<'a>(
    world: &'a World,
    user: &User,
    id: &str,
) -> Result<&'a StoredMeeting, GraphError> {
    let meeting = world.meetings.get(id).ok_or_else(missing)?;
    if meeting.organizer_id == user.id {
        Ok(meeting)
    } else {
        Err(no_access())
    }
}

/// `GET /communications/onlineMeetings?$filter=…`: graph-protocol §3, only
/// VideoTeleconferenceId is understood there.
pub(super) fn find_in_tenant(call: &Call<'_>) -> Answer {
    let filter = call
        .request
        .parameter("$filter")
        .map(Filter::parse)
        .transpose();
    if let Ok(Some(Filter::Compare(path, Comparison::Eq, _))) = filter
        && same(&path, "VideoTeleconferenceId")
    {
        return Err(missing());
    }
    let message =
        "Filter expression expected - /onlineMeetings?$filter=VideoTeleconferenceId eq '{vtcid}'.";
    Err(GraphError::new(400, "InvalidArgument", message))
}
