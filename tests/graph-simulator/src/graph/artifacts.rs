//! Recordings and transcripts of one meeting: who may see them, the list and
//! the single object (graph-protocol §5). Content is next door.

use chrono::{DateTime, Timelike, Utc};
use serde_json::{Value, json};

use super::meeting_lookup::organized;
use super::{Answer, Call, artifact_pages, odata};
use crate::artifact::{ArtifactKind, StoredArtifact, has_expired};
use crate::directory::User;
use crate::reply::{GraphError, Reply};
use crate::stored::StoredMeeting;
use crate::world::World;

/// User, meeting and artifact, as the path has them.
pub(super) type Place<'a> = (&'a str, &'a str, &'a str);

/// What a path segment in lower case names.
pub(super) fn kind(collection: &str) -> Option<ArtifactKind> {
    match collection {
        "recordings" => Some(ArtifactKind::Recording),
        "transcripts" => Some(ArtifactKind::Transcript),
        _ => None,
    }
}

pub(super) fn collection(kind: ArtifactKind) -> &'static str {
    match kind {
        ArtifactKind::Recording => "recordings",
        ArtifactKind::Transcript => "transcripts",
    }
}

pub(super) fn type_name(kind: ArtifactKind) -> &'static str {
    match kind {
        ArtifactKind::Recording => "microsoft.graph.callRecording",
        ArtifactKind::Transcript => "microsoft.graph.callTranscript",
    }
}

pub(super) fn roles(kind: ArtifactKind) -> [&'static str; 1] {
    match kind {
        ArtifactKind::Recording => ["OnlineMeetingRecording.Read.All"],
        ArtifactKind::Transcript => ["OnlineMeetingTranscript.Read.All"],
    }
}

/// `GET …/onlineMeetings/{id}/recordings` and `…/transcripts`.
pub(super) fn list(
    world: &mut World,
    call: &Call<'_>,
    kind: ArtifactKind,
    user: &str,
    meeting: &str,
) -> Answer {
    odata::allow_options(call, &artifact_pages::OPTIONS)?;
    let user = call.meeting_user(world, user, &roles(kind))?;
    check_switch(world, &user, kind)?;
    let meeting = artifact_meeting(world, &user, meeting)?.clone();
    let belongs = |a: &StoredArtifact| a.kind == kind && a.meeting_id == meeting.id;
    let items = visible(world, call, belongs);
    let (user, name) = (&user.id, collection(kind));
    let context = format!("users('{user}')/onlineMeetings('{}')/{name}", meeting.id);
    artifact_pages::page(world, call, &context, type_name(kind), items)
}

/// Those that can be seen by now; this listing counts for those that cannot.
pub(super) fn visible(
    world: &mut World,
    call: &Call<'_>,
    belongs: impl Fn(&StoredArtifact) -> bool,
) -> Vec<Value> {
    let now = world.now();
    let all = world.artifacts.iter().filter(|a| belongs(a));
    let seen = all.filter(|a| a.is_visible(now));
    let items = seen.map(|a| render(world, call, a)).collect();
    if artifact_pages::is_first(call) {
        for artifact in world.artifacts.iter_mut().filter(|a| belongs(a)) {
            artifact.listings += 1;
        }
    }
    items
}

/// `GET …/onlineMeetings/{id}/recordings/{id}` and `…/transcripts/{id}`.
pub(super) fn get(
    world: &World,
    call: &Call<'_>,
    kind: ArtifactKind,
    (user, meeting, id): Place<'_>,
) -> Answer {
    odata::allow_options(call, &["$select"])?;
    let user = call.meeting_user(world, user, &roles(kind))?;
    check_switch(world, &user, kind)?;
    let artifact = find(world, &user, kind, meeting, id)?;
    let body = render(world, call, artifact);
    let mut body = odata::select(call, body, type_name(kind))?;
    let context = format!(
        "users('{}')/onlineMeetings('{}')/{}/$entity",
        user.id,
        artifact.meeting_id,
        collection(kind)
    );
    body["@odata.context"] = call.context(&context);
    Ok(Reply::json(200, &body))
}

/// graph-protocol §0.1, §5: every transcript call is refused until the tenant switches
/// access on; only the inner code says so. Recordings are not governed by it.
pub(super) fn check_switch(
    world: &World,
    user: &User,
    kind: ArtifactKind,
) -> Result<(), GraphError> {
    let tenant = world.tenants.get(&user.tenant_id);
    let allowed = tenant.is_some_and(|tenant| tenant.graph_transcript_access);
    if kind == ArtifactKind::Recording || allowed {
        return Ok(());
    }
    let message = "Graph API access to transcripts is disabled for this tenant.";
    Err(GraphError::new(403, "Forbidden", message)
        .inner("code", "GraphAccessToTranscriptsDisabled"))
}

/// The meeting in the path, if it has artifacts for this user.
fn artifact_meeting<'a>(
    world: &'a World,
    user: &User,
    id: &str,
) -> Result<&'a StoredMeeting, GraphError> {
    // graph-protocol §3: 3003 for whoever is not the organiser.
    let meeting = organized(world, user, id)?;
    // graph-protocol §3: stand-alone meetings have no artifacts.
    if !meeting.calendar_backed {
        let message = "No iCalUid found for the meeting. This API is supported only for calendar backed OnlineMeeting.";
        return Err(GraphError::bad_request(message));
    }
    // graph-protocol §5: 404 on expired meetings.
    if has_expired(world, meeting) {
        let message = "The online meeting has expired.";
        return Err(GraphError::new(404, "NotFound", message));
    }
    Ok(meeting)
}

/// The artifact in the path, once it is there to be seen.
pub(super) fn find<'a>(
    world: &'a World,
    user: &User,
    kind: ArtifactKind,
    meeting: &str,
    id: &str,
) -> Result<&'a StoredArtifact, GraphError> {
    let meeting = artifact_meeting(world, user, meeting)?;
    let wanted = |a: &&StoredArtifact| {
        a.kind == kind && a.meeting_id == meeting.id && a.id == id && a.is_visible(world.now())
    };
    world.artifacts.iter().find(wanted).ok_or_else(|| {
        let name = collection(kind);
        GraphError::new(404, "NotFound", format!("It is not among the {name}."))
    })
}

/// An artifact in Graph's JSON.
pub(super) fn render(world: &World, call: &Call<'_>, artifact: &StoredArtifact) -> Value {
    let organizer = &artifact.organizer_id;
    let tenant = world.users.get(organizer).map(|user| &user.tenant_id);
    let created = if world.behaviour.artifact_created_null {
        Value::Null
    } else {
        seven_digits(artifact.created_at).into()
    };
    let url_name = match artifact.kind {
        ArtifactKind::Recording => "recordingContentUrl",
        ArtifactKind::Transcript => "transcriptContentUrl",
    };
    json!({
        "id": artifact.id, "meetingId": artifact.meeting_id, "callId": artifact.call_id,
        "createdDateTime": created, "endDateTime": seven_digits(artifact.ended_at),
        "contentCorrelationId": artifact.content_correlation_id,
        url_name: content_url(call, artifact),
        // graph-protocol §5: `displayName` is null in practice.
        "meetingOrganizer": {"application": null, "device": null, "user": {
            "@odata.type": "#microsoft.graph.teamworkUserIdentity", "id": organizer,
            "displayName": null, "userIdentityType": "aadUser", "tenantId": tenant}},
    })
}

/// As Graph writes it, ids as they are: with a `/` in an id it cannot be called,
/// and §0.11 says to build the URL from the ids anyway.
fn content_url(call: &Call<'_>, artifact: &StoredArtifact) -> String {
    let version = call.request.segments.first().map_or("v1.0", String::as_str);
    format!(
        "{}/{version}/users/{}/onlineMeetings/{}/{}/{}/content",
        call.request.base_url,
        artifact.organizer_id,
        artifact.meeting_id,
        collection(artifact.kind),
        artifact.id
    )
}

/// graph-protocol §5: fractions have up to seven digits.
pub(crate) fn seven_digits(at: DateTime<Utc>) -> String {
    let ticks = at.nanosecond() % 1_000_000_000 / 100;
    let fraction = format!(".{ticks:07}");
    let fraction = fraction.trim_end_matches('0').trim_end_matches('.');
    format!("{}{fraction}Z", at.format("%Y-%m-%dT%H:%M:%S"))
}
