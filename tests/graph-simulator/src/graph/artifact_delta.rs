//! `getAllRecordings(…)/delta` and `getAllTranscripts(…)/delta`: what was made of
//! an organiser's meetings, and later only what was made since (graph-protocol §5).
//!
//! A round is one listing from its first page to its last. Its id is the opaque
//! part of the links, and what it showed is what the next round leaves out.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::artifact_functions::Arguments;
use super::artifacts::{check_switch, collection, render, roles};
use super::{Answer, Call, artifact_pages, odata};
use crate::artifact::{ArtifactKind, StoredArtifact, has_expired};
use crate::clock;
use crate::directory::User;
use crate::incoming::Incoming;
use crate::reply::{GraphError, Reply};
use crate::world::{World, same};

/// One listing.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct DeltaRound {
    kind: ArtifactKind,
    organizer_id: String,
    client_id: String,
    from: DateTime<Utc>,
    to: Option<DateTime<Utc>>,
    /// What it lists, in order.
    ids: Vec<String>,
    /// That, and what the rounds before it listed.
    shown: BTreeSet<String>,
    pub(crate) expires_at: DateTime<Utc>,
}

/// Whether a path segment in lower case is the function.
pub(super) fn names(segment: &str) -> bool {
    let bare = segment.strip_prefix("microsoft.graph.").unwrap_or(segment);
    matches!(bare, "delta" | "delta()")
}

/// Whether the request is one; it leaves a round behind, although it is a GET.
pub(crate) fn is_delta(incoming: &Incoming) -> bool {
    let last = incoming.segments.last();
    last.is_some_and(|segment| names(&segment.to_ascii_lowercase()))
}

/// `GET …/getAllRecordings(meetingOrganizerUserId='…',startDateTime=…)/delta`, a next
/// page of it, or what came since.
pub(super) fn list(
    world: &mut World,
    call: &Call<'_>,
    kind: ArtifactKind,
    user: &str,
    function: &str,
) -> Answer {
    odata::allow_options(call, &["$skiptoken", "$deltatoken"])?;
    let arguments = Arguments::parse(function)?;
    let user = call.meeting_user(world, user, &roles(kind))?;
    check_switch(world, &user, kind)?;
    arguments.check_organizer(&user)?;
    let now = world.now();
    world.delta_rounds.retain(|_, round| round.expires_at > now);
    if let Some(token) = call.request.parameter("$skiptoken") {
        let (id, number) = token.split_once('.').ok_or_else(invalid)?;
        let number = number.parse().map_err(|_| invalid())?;
        let round = find(world, call, kind, &user, id)?.clone();
        return page(world, call, id, &round, number);
    }
    let before = if let Some(token) = call.request.parameter("$deltatoken") {
        find(world, call, kind, &user, token)?.clone()
    } else {
        let from = arguments.instant("startDateTime")?;
        DeltaRound {
            kind,
            organizer_id: user.id.clone(),
            client_id: call.caller.client_id.clone(),
            from: from.ok_or_else(|| GraphError::bad_request("'startDateTime' is required."))?,
            to: arguments.instant("endDateTime")?,
            ids: Vec::new(),
            shown: BTreeSet::new(),
            expires_at: now,
        }
    };
    let round = begin(world, call, before);
    let id = clock::new_id().simple().to_string();
    world.delta_rounds.insert(id.clone(), round.clone());
    page(world, call, &id, &round, 0)
}

/// The round after this one.
fn begin(world: &mut World, call: &Call<'_>, before: DeltaRound) -> DeltaRound {
    let meetings = world.meetings.values();
    let listed = meetings.filter(|m| {
        m.calendar_backed && same(&m.organizer_id, &before.organizer_id) && !has_expired(world, m)
    });
    let listed: BTreeSet<String> = listed.map(|m| m.id.clone()).collect();
    let belongs = |a: &StoredArtifact| {
        a.kind == before.kind
            && a.organizer_id == before.organizer_id
            && a.created_at >= before.from
            && before.to.is_none_or(|to| a.created_at < to)
            && listed.contains(&a.meeting_id)
    };
    let all = super::artifacts::visible(world, call, belongs);
    let ids = all.iter().filter_map(|item| item["id"].as_str());
    // graph-protocol §5, known issue 22934: delta may return older ones.
    let repeats = world.behaviour.delta_shows_older;
    let ids: Vec<String> = ids
        .filter(|id| repeats || !before.shown.contains(*id))
        .map(String::from)
        .collect();
    let days = TimeDelta::days(world.behaviour.delta_token_days.into());
    let mut shown = before.shown;
    shown.extend(ids.iter().cloned());
    DeltaRound {
        ids,
        shown,
        expires_at: world.now() + days,
        ..before
    }
}

fn page(world: &World, call: &Call<'_>, id: &str, round: &DeltaRound, number: usize) -> Answer {
    let found = |id: &String| world.artifacts.iter().find(|artifact| artifact.id == *id);
    let items = round.ids.iter().filter_map(found);
    let items: Vec<Value> = items
        .map(|artifact| render(world, call, artifact))
        .collect();
    let behaviour = &world.behaviour;
    let size = behaviour.artifact_page_size.max(1);
    let mut pages = artifact_pages::cut(&items, size, behaviour.artifact_paging);
    if number >= pages.len() {
        return Err(invalid());
    }
    let organizer = &round.organizer_id;
    let context = format!(
        "users('{organizer}')/onlineMeetings/{}",
        collection(round.kind)
    );
    let mut body = json!({"@odata.context": call.context(&context)});
    let (name, link) = if number + 1 < pages.len() {
        ("@odata.nextLink", format!("$skiptoken={id}.{}", number + 1))
    } else {
        ("@odata.deltaLink", format!("$deltatoken={id}"))
    };
    let request = call.request;
    body[name] = format!("{}{}?{link}", request.base_url, request.path).into();
    body["value"] = pages.swap_remove(number).into();
    Ok(Reply::json(200, &body))
}

/// A round of this app, organiser and kind.
fn find<'a>(
    world: &'a World,
    call: &Call<'_>,
    kind: ArtifactKind,
    user: &User,
    id: &str,
) -> Result<&'a DeltaRound, GraphError> {
    // What it is called when the state behind a token is gone; everything begins again.
    let gone = || {
        let message = "The sync state generation is not found; the full state is needed.";
        GraphError::new(410, "SyncStateNotFound", message)
    };
    let round = world.delta_rounds.get(id).ok_or_else(gone)?;
    let own = round.kind == kind
        && round.organizer_id == user.id
        && round.client_id == call.caller.client_id;
    own.then_some(round).ok_or_else(invalid)
}

fn invalid() -> GraphError {
    GraphError::bad_request("The token in the link is invalid.")
}
