//! Who reads what of a meeting, and looking for its recordings (OM-5, OM-7, AP-9).

use graph_simulator::{Content, NewArtifact};
use it::api::ALL_SCOPES;
use it::gateway::Event;
use it::practice::{CLIENT, CONTACT, Meeting, Practice, transcript};
use serde_json::{Value, json};

async fn as_portal(practice: &Practice, client: &str, meeting: &Meeting) -> it::api::Answer {
    let path = format!("/api/v1/online-meetings/{}", meeting.id);
    let event = Event::new("GET", &path);
    let event = event.portal(&practice.org, "p1", ALL_SCOPES, client, CONTACT);
    practice.process.api(event).await
}

/// OM-7, OM-12: a refresh with nothing to find is no failure; before the start
/// nothing is asked for, after the end the attempt counts.
#[tokio::test]
async fn a_refresh_may_find_nothing() {
    let practice = Practice::open().await;
    let meeting = practice.met(&json!({})).await;
    let calls = practice.graph.received().len();
    let read = practice.refresh(&meeting).await;
    assert_eq!(
        (&read["capture_status"], &read["last_fetch_at"]),
        (&json!("scheduled"), &Value::Null)
    );
    assert_eq!(practice.graph.received().len(), calls);
    practice.clock.set(Meeting::AFTER);
    let read = practice.read_meeting(&meeting).await;
    assert_eq!(read["status"], "ended", "nobody has looked yet");
    let read = practice.refresh(&meeting).await;
    assert_eq!(read["status"], "recording_pending");
    assert_eq!(read["capture_status"], "waiting");
    assert_eq!(read["recording_fetch_attempts"], 1);
    assert_eq!(read["last_fetch_at"], Meeting::AFTER);
    assert_eq!(read["artifacts"], json!([]));
    assert_eq!(read, practice.read_meeting(&meeting).await);
}

/// OM-5, OM-8, OM-9: reading the meeting or its interaction shows recording and
/// transcript, newest first, by links of this API.
#[tokio::test]
async fn what_was_captured_is_read_newest_first() {
    let practice = Practice::open().await;
    let meeting = practice.over().await;
    let at = |text: &str| text.parse().expect("an instant");
    let url = &meeting.join_url;
    let film = NewArtifact::of(Content::text("not a film"));
    let film = film.made(at(Meeting::START), at(Meeting::END));
    practice.graph.add_recording(url, film).unwrap();
    let text = transcript("Good morning").made(at(Meeting::BETWEEN), at(Meeting::END));
    practice.graph.add_transcript(url, text).unwrap();
    let read = practice.refresh(&meeting).await;
    assert_eq!(
        (&read["status"], &read["capture_status"]),
        (&json!("recording_ready"), &json!("complete"))
    );
    let artifacts = read["artifacts"].as_array().unwrap();
    let kinds: Vec<_> = artifacts.iter().map(|one| &one["artifact_type"]).collect();
    assert_eq!(kinds, ["transcript", "recording"]);
    let (text, film) = (&artifacts[0], &artifacts[1]);
    assert_eq!(text["document_id"], text["artifact_id"]);
    let document = format!(
        "/api/v1/documents/{}",
        text["document_id"].as_str().unwrap()
    );
    assert_eq!(
        text["links"],
        json!({ "document": document, "vtt": format!("{document}/download?format=vtt"),
            "text": format!("{document}/download?format=text") })
    );
    let watch = format!(
        "/api/v1/online-meetings/recordings/{}",
        film["artifact_id"].as_str().unwrap()
    );
    assert_eq!(
        film["links"],
        json!({ "watch": watch, "ticket": format!("{watch}/ticket") })
    );
    assert_eq!(film.get("document_id"), None);
    assert_eq!(film["created_date_time"], Meeting::START);
    let interaction = practice.interaction(meeting.id).await;
    assert_eq!(interaction["online_meeting"], read);
    assert_eq!(interaction["status"], "completed");
    for link in text["links"].as_object().unwrap().values() {
        let event = practice.staff("GET", link.as_str().unwrap(), None);
        assert_eq!(
            practice.process.recordings(event).await.status,
            200,
            "{link}"
        );
    }
}

/// OM-8, OM-9, XC-2: a portal user reads their own client's meeting, nothing of
/// staff's, and artifacts only where the organisation shows them at that moment.
#[tokio::test]
async fn a_portal_user_reads_their_own_clients_only() {
    let practice = Practice::open().await;
    let meeting = practice.over().await;
    practice
        .graph
        .add_transcript(&meeting.join_url, transcript("Good morning"))
        .unwrap();
    let staff = practice.refresh(&meeting).await;
    let stranger = as_portal(&practice, "client-2", &meeting).await;
    assert_eq!(stranger.problem(404), "not_found");
    let read = as_portal(&practice, CLIENT, &meeting).await.expect(200);
    assert_eq!(read["join_url"], staff["join_url"]);
    assert_eq!(read["artifacts"], json!([]));
    for name in [
        "provider_event_id",
        "organizer_upn",
        "organizer_user_id",
        "error_code",
        "created_by",
    ] {
        assert_eq!(read.get(name), None, "{name}");
    }
    practice
        .integrate(&json!({ "expose_recordings_in_portal": true }))
        .await;
    let shown = as_portal(&practice, CLIENT, &meeting).await.expect(200);
    assert_eq!(shown["artifacts"].as_array().map(Vec::len), Some(1));
    assert_eq!(shown["artifacts"][0]["links"].get("document"), None);
    practice
        .integrate(&json!({ "expose_recordings_in_portal": false }))
        .await;
    let hidden = as_portal(&practice, CLIENT, &meeting).await.expect(200);
    assert_eq!(hidden["artifacts"], json!([]));
}

/// AP-9, OM-5: an appointment's read shows its meeting's artifacts beside the
/// request, for a portal user where they are shown.
#[tokio::test]
async fn an_appointment_shows_its_artifacts() {
    let practice = Practice::open().await;
    let id = practice.approved().await;
    let link = practice.read(&id).await["online_meeting_url"].clone();
    practice.clock.set("2026-12-01T09:30:00Z");
    practice
        .graph
        .add_transcript(link.as_str().unwrap(), transcript("Good morning"))
        .unwrap();
    let path = format!("/{id}/refresh-recordings");
    practice.meetings("POST", &path, None).await.expect(200);
    let read = practice.read(&id).await;
    assert_eq!(
        read["artifacts"].as_array().map(Vec::len),
        Some(1),
        "{read}"
    );
    assert_eq!(read["artifacts"], read["online_meeting"]["artifacts"]);
    let entry = practice.entries("GET", &format!("/{id}"), None).await;
    assert_eq!(entry.expect(200)["online_meeting"], read["online_meeting"]);
    let path = format!("/api/v1/appointment-requests/{id}");
    let portal = async || {
        let event = practice.portal("GET", &path, None);
        practice.process.approval(event).await.expect(200)
    };
    assert_eq!(portal().await["artifacts"], json!([]));
    practice
        .integrate(&json!({ "expose_recordings_in_portal": true }))
        .await;
    assert_eq!(
        portal().await["artifacts"].as_array().map(Vec::len),
        Some(1)
    );
    let list = practice.call("GET", "", None).await.expect(200);
    assert_eq!(list["items"][0].get("artifacts"), None);
}
