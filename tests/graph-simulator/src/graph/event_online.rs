//! The Teams meeting of an event: how it comes about with the event, and the
//! part of the event's body that keeps it (graph-protocol §0.9, §0.12).

use serde_json::{Map, Value, json};

use super::Call;
use super::meetings::{self, NewMeeting};
use crate::calendar::event::{Event, Online};
use crate::directory::{OnlineMeetingSupport, User};
use crate::world::{World, same};

/// Makes the event's Teams meeting, unless mailbox, provider or a fault is in
/// the way: graph-protocol §0.9, then the event silently has none.
pub(super) fn attach_meeting(
    world: &mut World,
    call: &Call<'_>,
    organizer: &User,
    event: &mut Event,
    provider: Option<&str>,
) {
    let supported = organizer.mailbox.online_meetings == OnlineMeetingSupport::Teams
        && provider.unwrap_or("teamsForBusiness") == "teamsForBusiness";
    if !supported || call.effects.without_teams {
        return;
    }
    let new = NewMeeting {
        subject: event.subject().into(),
        start: event.start.instant(),
        end: event.end.instant(),
        calendar_backed: true,
        external_id: None,
        invitee_ids: meetings::invitees(world, event),
        settings: Map::new(),
    };
    let meeting = meetings::open(world, organizer, new);
    let body = with_teams_blob(event.properties.get("body"), &meeting.join_url);
    event.properties.insert("body".into(), body);
    event.online = Some(Online {
        meeting_id: meeting.id,
        join_url: meeting.join_url,
    });
}

/// Whether a body still carries the Teams part that Exchange put into it.
pub(super) fn keeps_teams_blob(body: &Value, join_url: &str) -> bool {
    let content = body["content"].as_str().unwrap_or_default();
    content.contains(join_url) || content.contains(&escape(join_url))
}

/// A body with the Teams part appended, as Exchange does when a meeting comes about.
pub(super) fn with_teams_blob(body: Option<&Value>, join_url: &str) -> Value {
    let content = body.map_or("", |b| b["content"].as_str().unwrap_or_default());
    let kind = body.map_or("html", |b| b["contentType"].as_str().unwrap_or("html"));
    let blob = if same(kind, "text") {
        format!(
            "\r\n{}\r\nMicrosoft Teams meeting\r\nJoin: {join_url}\r\n",
            "_".repeat(80)
        )
    } else {
        let url = escape(join_url);
        format!(
            "<div class=\"me-email-text\" lang=\"en-US\"><div>Microsoft Teams meeting</div><a id=\"meet_invite_block.action.join_link\" href=\"{url}\">Join the meeting now</a></div>"
        )
    };
    json!({"contentType": kind, "content": format!("{content}{blob}")})
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('"', "&quot;")
}
