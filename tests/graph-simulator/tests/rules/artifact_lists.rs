//! Lists of recordings and transcripts and their objects (graph-protocol §5).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, TimeDelta, Utc};
use graph_simulator::{ArtifactPaging, NewArtifact, demo};
use serde_json::{Value, json};

use crate::held::{Held, encoded};

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn named(id: &str) -> NewArtifact {
    NewArtifact {
        id: Some(id.into()),
        ..NewArtifact::default()
    }
}

fn all(function: &str, from: &str, to: &str) -> String {
    let organizer = demo::ORGANIZER_ID;
    format!(
        "/users/{organizer}/onlineMeetings/{function}(meetingOrganizerUserId='{organizer}',startDateTime={from},endDateTime={to})"
    )
}

#[tokio::test]
async fn objects_are_as_documented() {
    let held = Held::start().await;
    let made = held.peer.sim.hold_meeting(&held.meeting).unwrap();
    for (artifact, path, url) in [
        (
            made.recording.unwrap(),
            held.recordings(),
            "recordingContentUrl",
        ),
        (
            made.transcript.unwrap(),
            held.transcripts(),
            "transcriptContentUrl",
        ),
    ] {
        let list = held.peer.get(&path).await;
        let object = &list.values()[0];
        assert_eq!(object["id"], artifact.id);
        assert_eq!(object["meetingId"], held.meeting);
        assert_eq!(object["createdDateTime"], "2026-11-02T08:02:11.599096Z");
        assert_eq!(object["endDateTime"], "2026-11-02T08:57:48.400904Z");
        let organizer = &object["meetingOrganizer"]["user"];
        assert_eq!(organizer["id"], demo::ORGANIZER_ID);
        assert_eq!(organizer["displayName"], Value::Null);
        assert_eq!(organizer["tenantId"], demo::TENANT_ID);
        assert!(object[url].as_str().unwrap().ends_with("/content"));
        let members = ["callId", "contentCorrelationId"];
        assert!(members.iter().all(|name| object[*name].is_string()));
        for unknown in ["size", "duration", "mediaType"] {
            assert_eq!(object.get(unknown), None);
        }
        let mut single = held.peer.get(&held.path(&artifact)).await.body;
        single.as_object_mut().unwrap().remove("@odata.context");
        assert_eq!(&single, object);
    }
    let path = held.recordings();
    let beta = format!("{}/beta{path}", held.peer.sim.base_url());
    assert_eq!(held.peer.follow(&beta).await.values().len(), 1);
}

#[tokio::test]
async fn ids_are_long_base64_that_must_be_encoded_in_a_path() {
    let held = Held::start().await;
    for _ in 0..5 {
        let id = held.record(NewArtifact::default()).id;
        assert!(
            id.len() > 150 && id.contains('/') && id.ends_with('='),
            "{id}"
        );
        assert!(id.starts_with("VjIjIzE"), "{id}");
        let decoded = String::from_utf8(STANDARD.decode(&id).unwrap()).unwrap();
        assert!(decoded.starts_with(&format!("V2##1{}{}", demo::ORGANIZER_ID, demo::TENANT_ID)));
        let path = format!("{}/{}", held.recordings(), encoded(&id));
        assert_eq!(held.peer.get(&path).await.id(), id);
    }
}

#[tokio::test]
async fn a_recording_is_paired_with_its_transcript() {
    let held = Held::start().await;
    let made = held.peer.sim.hold_meeting(&held.meeting).unwrap();
    held.record(NewArtifact::default());
    let transcript = made.transcript.unwrap();
    let key = &transcript.content_correlation_id;
    assert!(key.parse::<uuid::Uuid>().is_err(), "not a GUID: {key}");
    let path = format!(
        "{}?$filter=contentCorrelationId%20eq%20'{key}'&$select=id,createdDateTime",
        held.recordings()
    );
    let found = held.peer.get(&path).await;
    assert_eq!(found.values().len(), 1);
    assert_eq!(found.values()[0]["id"], made.recording.unwrap().id);
    assert_eq!(found.values()[0].get("callId"), None);
    for option in [
        "$filter=createdDateTime%20gt%20'x'",
        "$orderby=createdDateTime",
        "$skip=1",
    ] {
        let path = format!("{}?{option}", held.recordings());
        assert_eq!(held.peer.get(&path).await.status, 400, "{option}");
    }
}

#[tokio::test]
async fn a_list_goes_over_pages() {
    let held = Held::start().await;
    let ids = ["a", "b", "c", "d", "e"];
    for id in ids {
        held.record(named(id));
    }
    assert_eq!(held.pages(&held.recordings()).await, [ids.to_vec()]);
    held.peer.sim.configure(|b| b.artifact_page_size = 2);
    let pages = held.pages(&held.recordings()).await;
    assert_eq!(pages, [vec!["a", "b"], vec!["c", "d"], vec!["e"]]);
    let select = format!("{}?$select=id", held.recordings());
    assert_eq!(
        held.pages(&select).await,
        pages,
        "the rest of the query is kept"
    );
    assert_eq!(
        held.pages(&held.transcripts()).await,
        [Vec::<String>::new()]
    );
    for token in ["x", "cGFnZTo5", "cGFnZTp4"] {
        let path = format!("{}?$skiptoken={token}", held.recordings());
        assert_eq!(held.peer.get(&path).await.status, 400, "{token}");
    }
}

#[tokio::test]
async fn a_page_of_a_wanted_size_loses_its_next_link() {
    let held = Held::start().await;
    for id in ["a", "b", "c"] {
        held.record(named(id));
    }
    let path = format!("{}?$top=2", held.recordings());
    assert_eq!(held.pages(&path).await, [["a", "b"]]);
    for top in ["0", "101", "x"] {
        let path = format!("{}?$top={top}", held.recordings());
        assert_eq!(held.peer.get(&path).await.status, 400);
    }
}

#[tokio::test]
async fn an_empty_page_is_followed_by_duplicates() {
    let held = Held::start().await;
    held.peer.sim.configure(|b| {
        b.artifact_page_size = 2;
        b.artifact_paging = ArtifactPaging::EmptyThenDuplicates;
    });
    assert_eq!(held.pages(&held.recordings()).await, [Vec::<String>::new()]);
    for id in ["a", "b", "c"] {
        held.record(named(id));
    }
    let none: Vec<&str> = Vec::new();
    let expected = [vec!["a", "b"], none, vec!["a", "b"], vec!["c"]];
    assert_eq!(held.pages(&held.recordings()).await, expected);
}

#[tokio::test]
async fn items_are_repeated_over_pages() {
    let held = Held::start().await;
    held.peer.sim.configure(|b| {
        b.artifact_page_size = 2;
        b.artifact_paging = ArtifactPaging::Overlapping;
    });
    for id in ["a", "b", "c", "d", "e"] {
        held.record(named(id));
    }
    let expected = [vec!["a", "b"], vec!["b", "c", "d"], vec!["d", "e"]];
    assert_eq!(held.pages(&held.recordings()).await, expected);
}

#[tokio::test]
async fn the_time_of_creation_can_be_null() {
    let held = Held::start().await;
    held.peer.sim.configure(|b| b.artifact_created_null = true);
    let transcript = held.transcribe(NewArtifact::default());
    let list = held.peer.get(&held.transcripts()).await;
    assert_eq!(list.values()[0]["createdDateTime"], Value::Null);
    let object = held.peer.get(&held.path(&transcript)).await;
    assert_eq!(object.body["createdDateTime"], Value::Null);
}

#[tokio::test]
async fn an_artifact_appears_when_its_time_has_come() {
    let held = Held::start().await;
    let from = held.peer.sim.now() + TimeDelta::minutes(30);
    let late = held.record(NewArtifact::default().visible_from(from));
    for path in [held.path(&late), held.content(&late)] {
        assert_eq!(held.peer.get(&path).await.status, 404);
    }
    assert_eq!(held.peer.get(&held.recordings()).await.values().len(), 0);
    held.peer.sim.advance(TimeDelta::minutes(31));
    assert_eq!(held.peer.get(&held.recordings()).await.values().len(), 1);
    assert_eq!(held.peer.get(&held.content(&late)).await.status, 200);
}

#[tokio::test]
async fn an_artifact_appears_after_so_many_listings() {
    let held = Held::start().await;
    held.peer.sim.configure(|b| b.artifact_page_size = 1);
    held.record(named("early"));
    held.record(named("early too"));
    let late = held.record(named("late").visible_after_listings(2));
    let early = [["early"], ["early too"]];
    assert_eq!(
        held.pages(&held.recordings()).await,
        early,
        "pages are not listings"
    );
    assert_eq!(held.peer.get(&held.path(&late)).await.status, 404);
    assert_eq!(
        held.peer.get(&held.transcripts()).await.status,
        200,
        "another list"
    );
    assert_eq!(held.peer.get(&held.recordings()).await.status, 200);
    let pages = held.pages(&held.recordings()).await;
    assert_eq!(pages, [["early"], ["early too"], ["late"]]);
}

#[tokio::test]
async fn all_of_an_organiser_are_listed_by_the_time_they_were_made() {
    let mut held = Held::start().await;
    for (id, day) in [("a", 2), ("b", 3), ("c", 4)] {
        let from = at(&format!("2026-11-0{day}T08:00:00Z"));
        let made = named(id).made(from, from + TimeDelta::hours(1));
        held.record(made.clone());
        held.transcribe(NewArtifact {
            id: Some(format!("t{id}")),
            ..made
        });
    }
    let window = ("2026-11-02T08:00:00Z", "2026-11-04T08:00:00Z");
    let path = all("getAllRecordings", window.0, window.1);
    assert_eq!(held.pages(&path).await, [["a", "b"]]);
    held.peer.sim.configure(|b| b.artifact_page_size = 1);
    assert_eq!(held.pages(&path).await, [["a"], ["b"]]);
    held.peer.sim.configure(|b| {
        b.artifact_page_size = 10;
        b.artifact_paging = ArtifactPaging::EmptyThenDuplicates;
    });
    let path = all("getAllTranscripts", window.0, window.1);
    let none: Vec<&str> = Vec::new();
    let expected = [vec!["ta", "tb"], none, vec!["ta", "tb"]];
    assert_eq!(held.pages(&path).await, expected);
    let query = format!("{path}?$top=5");
    assert_eq!(held.peer.get(&query).await.status, 400);
    held.peer
        .without_role("OnlineMeetingRecording.Read.All")
        .await;
    assert_eq!(held.peer.get(&path).await.status, 200);
    let path = all("getAllRecordings", window.0, window.1);
    assert_eq!(held.peer.get(&path).await.refusal(), (403, "Forbidden"));
}

#[tokio::test]
async fn meetings_without_an_event_and_expired_ones_are_not_among_all() {
    let mut held = Held::start().await;
    let times = (at("2026-11-02T08:00:00Z"), at("2026-11-02T09:00:00Z"));
    let sim = &held.peer.sim;
    let legacy = sim.add_online_meeting(demo::ORGANIZER_ID, "Old", times.0, times.1);
    sim.hold_meeting(&legacy.unwrap().id).unwrap();
    sim.hold_meeting(&held.event).unwrap();
    let path = all(
        "getAllRecordings",
        "2026-11-01T00:00:00Z",
        "2026-12-01T00:00:00Z",
    );
    let listed = held.peer.get(&path).await;
    assert_eq!(listed.values().len(), 1);
    assert_eq!(listed.values()[0]["meetingId"], held.meeting);
    held.peer.sim.advance(TimeDelta::days(365));
    held.peer.renew_token().await;
    assert_eq!(held.peer.get(&path).await.body["value"], json!([]));
}
