//! How recordings and transcripts come about: the handle and the control API.

use chrono::TimeDelta;
use graph_simulator::{ArtifactKind, Content, GraphSimulator, NewArtifact, Options, demo};
use reqwest::Method;
use serde_json::{Value, json};

use crate::held::{Held, encoded};
use crate::peer::{Answer, Peer};

async fn control(peer: &Peer, method: Method, path: &str, body: Option<Value>) -> Answer {
    let url = format!("{}/_simulator{path}", peer.sim.base_url());
    let mut request = peer.http.request(method, url);
    if let Some(body) = body {
        request = request.json(&body);
    }
    Answer::of(request).await
}

async fn post(held: &Held, path: &str, body: Value) -> Answer {
    control(&held.peer, Method::POST, path, Some(body)).await
}

#[tokio::test]
async fn a_meeting_is_named_by_its_id_its_link_or_its_event() {
    let held = Held::start().await;
    for key in [&held.meeting, &held.join_url, &held.event] {
        let made = held.peer.sim.hold_meeting(key).unwrap();
        assert_eq!(made.online_meeting_id, held.meeting);
        let (recording, transcript) = (made.recording.unwrap(), made.transcript.unwrap());
        assert_eq!(recording.kind, ArtifactKind::Recording);
        assert_eq!(recording.content, Content::Sample);
        assert_eq!(transcript.kind, ArtifactKind::Transcript);
        let pair = (
            recording.content_correlation_id,
            transcript.content_correlation_id,
        );
        assert_eq!(pair.0, pair.1);
        assert_ne!(recording.id, transcript.id);
    }
    assert_eq!(held.peer.sim.artifacts(&held.join_url).len(), 6);
    assert!(held.peer.sim.hold_meeting("nothing").is_err());
}

#[tokio::test]
async fn an_artifact_that_cannot_be_is_refused_whole() {
    let held = Held::start().await;
    let sim = &held.peer.sim;
    let first = held.record(NewArtifact::default());
    let taken = NewArtifact {
        id: Some(first.id),
        ..NewArtifact::default()
    };
    let now = sim.now();
    let reversed = NewArtifact::default().made(now, now - TimeDelta::seconds(1));
    for wrong in [taken, reversed] {
        assert!(sim.add_recording(&held.meeting, wrong.clone()).is_err());
        let usual = Some(NewArtifact::default());
        assert!(
            sim.hold_meeting_with(&held.meeting, usual, Some(wrong))
                .is_err()
        );
    }
    assert_eq!(sim.artifacts(&held.meeting).len(), 1);
}

#[tokio::test]
async fn artifacts_change_and_disappear() {
    let held = Held::start().await;
    let recording = held.record(NewArtifact::default());
    let sim = &held.peer.sim;
    sim.update_artifact(&recording.id, |a| a.content = Content::text("new"))
        .unwrap();
    assert_eq!(held.fetch(&recording).await.text().await.unwrap(), "new");
    assert!(sim.update_artifact("nothing", |_| ()).is_err());
    assert!(sim.remove_artifact(&recording.id) && !sim.remove_artifact(&recording.id));
    assert_eq!(held.answer(&recording).await.status, 404);
}

#[tokio::test]
async fn a_meeting_is_held_over_http() {
    let held = Held::start().await;
    let made = post(&held, "/meetings/hold", json!({"join_url": held.join_url})).await;
    assert_eq!(made.body["online_meeting_id"], held.meeting);
    assert_eq!(made.body["recording"]["content"], "sample");
    let by_event = json!({"event_id": held.event, "recording": null,
        "transcript": {"content": {"text": "WEBVTT\n"}, "visible_after_listings": 3}});
    let made = post(&held, "/meetings/hold", by_event).await;
    assert_eq!(made.body["recording"], Value::Null);
    assert_eq!(made.body["transcript"]["visible_after_listings"], 3);
    assert_eq!(held.peer.get(&held.recordings()).await.values().len(), 1);
    assert_eq!(held.peer.get(&held.transcripts()).await.values().len(), 1);
    for (wrong, status) in [
        (json!({}), 422),
        (
            json!({"join_url": held.join_url, "event_id": held.event}),
            422,
        ),
        (json!({"join_url": 7}), 422),
        (json!({"join_url": "https://teams.microsoft.com/"}), 422),
        (json!({"join_url": held.join_url, "recordings": {}}), 400),
        (
            json!({"join_url": held.join_url, "recording": {"colour": "red"}}),
            400,
        ),
    ] {
        let refused = post(&held, "/meetings/hold", wrong.clone()).await;
        assert_eq!(refused.status, status, "{wrong}");
        assert!(refused.body["error"].is_string());
    }
    assert_eq!(held.peer.sim.artifacts(&held.meeting).len(), 3);
}

#[tokio::test]
async fn recordings_and_transcripts_are_added_and_changed_over_http() {
    let held = Held::start().await;
    let new = json!({"online_meeting_id": held.meeting, "created_at": "2026-11-02T08:10:00Z",
        "ended_at": "2026-11-02T08:20:00Z", "content": {"generated": {"size": 5000, "seed": 3}},
        "delivery": {"cut_after": 100, "cut_times": 1}});
    let added = post(&held, "/recordings", new).await;
    let content = Content::generated(5_000, 3);
    let recording = held.peer.sim.artifacts(&held.meeting).remove(0);
    assert_eq!(added.id(), recording.id);
    assert_eq!(recording.content, content);
    let path = format!("/artifacts/{}", encoded(&recording.id));
    let digest = control(&held.peer, Method::GET, &format!("{path}/digest"), None).await;
    assert_eq!(
        digest.body,
        json!({"size": 5000, "sha256": content.sha256()})
    );
    assert!(held.fetch(&recording).await.bytes().await.is_err(), "cut");
    // A merge patch keeps what it does not name, the old content included.
    let change = json!({"content": {"bytes": "aGVsbG8="}});
    let patched = control(&held.peer, Method::PATCH, &path, Some(change)).await;
    assert_eq!(patched.status, 422, "two contents at once: {patched:?}");
    let change = json!({"delivery": null, "content": {"generated": null, "bytes": "aGVsbG8="}});
    let patched = control(&held.peer, Method::PATCH, &path, Some(change)).await;
    assert_eq!(patched.body["content"], json!({"bytes": "aGVsbG8="}));
    assert_eq!(held.fetch(&recording).await.text().await.unwrap(), "hello");
    let fixed = json!({"kind": "transcript"});
    assert_eq!(
        control(&held.peer, Method::PATCH, &path, Some(fixed))
            .await
            .status,
        422
    );

    let text = json!({"event_id": held.event, "content": {"text": "WEBVTT\n\n1"}});
    let transcript = post(&held, "/transcripts", text).await;
    assert_eq!(transcript.body["kind"], "transcript");
    let meeting = encoded(&held.join_url);
    let list = format!("/artifacts?meeting={meeting}");
    assert_eq!(
        control(&held.peer, Method::GET, &list, None).await.body["count"],
        2
    );
    let all = control(&held.peer, Method::GET, "/artifacts", None).await;
    assert_eq!(all.body["items"][0]["served"], 2);
    assert_eq!(
        control(&held.peer, Method::DELETE, &path, None)
            .await
            .status,
        204
    );
    for method in [Method::GET, Method::PATCH, Method::DELETE] {
        let body = (method == Method::PATCH).then(|| json!({}));
        assert_eq!(control(&held.peer, method, &path, body).await.status, 404);
    }
}

#[tokio::test]
async fn the_storage_is_read_and_its_links_expire_over_http() {
    let held = Held::start().await;
    let redirected = json!({"recording_delivery": {"redirects": true}});
    let path = "/behaviour";
    let behaviour = control(&held.peer, Method::PATCH, path, Some(redirected)).await;
    assert_eq!(behaviour.body["recording_delivery"]["honours_ranges"], true);
    let recording = held.record(NewArtifact::default());
    let response = held.fetch(&recording).await;
    let url = response.url().clone();
    let info = control(&held.peer, Method::GET, "", None).await;
    let storage = info.body["storage_url"].as_str().unwrap();
    assert!(url.as_str().starts_with(storage), "{url} is at {storage}");
    assert_eq!(response.status(), 200);
    let received = control(&held.peer, Method::GET, "/storage/received", None).await;
    assert_eq!(received.body.as_array().unwrap().len(), 1);
    let expire = control(&held.peer, Method::POST, "/storage/expire", None).await;
    assert_eq!(expire.status, 204);
    assert_eq!(held.peer.http.get(url).send().await.unwrap().status(), 403);
    let cleared = control(&held.peer, Method::DELETE, "/storage/received", None).await;
    assert_eq!(
        (cleared.status, held.peer.sim.storage_received().len()),
        (204, 0)
    );
}

#[tokio::test]
async fn artifacts_survive_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options {
        snapshot: Some(folder.path().join("graph.json")),
        ..Options::default()
    };
    let peer = Peer::with(options.clone()).await;
    peer.create(&crate::peer::online()).await;
    let meeting = peer.sim.online_meetings(demo::ORGANIZER_ID).remove(0).id;
    let bytes = NewArtifact::of(Content::bytes([0, 159, 146, 150]));
    peer.sim.add_recording(&meeting, bytes).unwrap();
    peer.sim.hold_meeting(&meeting).unwrap();
    let before = peer.sim.artifacts(&meeting);
    peer.sim.stop().await.unwrap();
    let again = GraphSimulator::start(options).await.unwrap();
    assert_eq!(again.artifacts(&meeting), before);
    again.reset();
    assert!(again.artifacts(&meeting).is_empty());
}
