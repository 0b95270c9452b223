//! Who may read recordings and transcripts (graph-protocol §0.1, §3, §5, §9).

use chrono::TimeDelta;
use graph_simulator::{AccessPolicy, ArtifactKind, NewArtifact, StoredArtifact, Tenant, demo};
use serde_json::{Value, json};

use crate::held::{Held, encoded};
use crate::peer::{Answer, invited, with};

const KINDS: [ArtifactKind; 2] = [ArtifactKind::Recording, ArtifactKind::Transcript];

/// The artifact of this kind of a meeting that was held.
fn artifact(held: &Held, kind: ArtifactKind) -> StoredArtifact {
    let made = held.peer.sim.hold_meeting(&held.meeting).unwrap();
    match kind {
        ArtifactKind::Recording => made.recording.unwrap(),
        ArtifactKind::Transcript => made.transcript.unwrap(),
    }
}

/// List, object and content, in this order.
async fn every_call(held: &Held, user: &str, artifact: &StoredArtifact) -> [Answer; 3] {
    let list = held.list_of(user, artifact.kind);
    let object = format!("{list}/{}", encoded(&artifact.id));
    [
        held.peer.get(&list).await,
        held.peer.get(&object).await,
        held.peer.get(&format!("{object}/content")).await,
    ]
}

fn cover(held: &Held, user: &str) {
    let policy = AccessPolicy {
        apps: vec![demo::CLIENT_ID.into()],
        effective_at: None,
    };
    let change = |user: &mut graph_simulator::User| user.access_policy = Some(policy);
    held.peer.sim.update_user(user, change).unwrap();
}

fn switch(held: &Held, change: impl FnOnce(&mut Tenant)) {
    let sim = &held.peer.sim;
    sim.update_tenant(demo::TENANT_ID, change).unwrap();
}

fn inner_code(answer: &Answer) -> &Value {
    &answer.body["error"]["innerError"]["code"]
}

#[tokio::test]
async fn each_kind_needs_the_role_of_its_own() {
    for (kind, role) in [
        (ArtifactKind::Recording, "OnlineMeetingRecording.Read.All"),
        (ArtifactKind::Transcript, "OnlineMeetingTranscript.Read.All"),
    ] {
        let mut held = Held::start().await;
        let artifact = artifact(&held, kind);
        for answer in every_call(&held, demo::ORGANIZER_ID, &artifact).await {
            assert_eq!(answer.status, 200);
        }
        held.peer.without_role(role).await;
        for answer in every_call(&held, demo::ORGANIZER_ID, &artifact).await {
            assert_eq!(answer.refusal(), (403, "Forbidden"));
            assert!(answer.message().contains("permission"), "{answer:?}");
        }
        let other = held.list_of(
            demo::ORGANIZER_ID,
            *KINDS.iter().find(|k| **k != kind).unwrap(),
        );
        assert_eq!(held.peer.get(&other).await.status, 200);
    }
}

#[tokio::test]
async fn the_path_takes_the_object_id_and_not_the_upn() {
    let held = Held::start().await;
    for kind in KINDS {
        let artifact = artifact(&held, kind);
        for answer in every_call(&held, demo::ORGANIZER_UPN, &artifact).await {
            assert_eq!(answer.refusal(), (400, "BadRequest"));
        }
    }
}

#[tokio::test]
async fn a_missing_access_policy_is_worded_differently_for_content() {
    let held = Held::start().await;
    let remove = |user: &mut graph_simulator::User| user.access_policy = None;
    let sim = &held.peer.sim;
    sim.update_user(demo::ORGANIZER_ID, remove).unwrap();
    for kind in KINDS {
        let artifact = artifact(&held, kind);
        let [list, object, content] = every_call(&held, demo::ORGANIZER_ID, &artifact).await;
        let message = "No application access policy found for this app";
        assert_eq!((list.status, list.message()), (403, message));
        assert_eq!((object.status, object.message()), (403, message));
        assert_eq!(content.refusal(), (403, "Forbidden"));
        let expected = format!(
            "Application is not allowed to perform operations on the user '{}', neither is allowed access through RSC permission evaluation.",
            demo::ORGANIZER_ID
        );
        assert_eq!(content.message(), expected);
    }
}

#[tokio::test]
async fn only_the_organiser_has_artifacts() {
    let held = Held::start().await;
    cover(&held, demo::ANN_ID);
    let invite = json!({"attendees": [invited(demo::ANN_UPN)]});
    let event = crate::peer::event(&held.event);
    assert_eq!(held.peer.patch(&event, &invite).await.status, 200);
    for kind in KINDS {
        let artifact = artifact(&held, kind);
        for answer in every_call(&held, demo::ANN_ID, &artifact).await {
            assert_eq!(answer.refusal(), (403, "Forbidden"));
            let message = "3003: User does not have access to lookup meeting";
            assert_eq!(answer.message(), message);
        }
    }
}

#[tokio::test]
async fn a_meeting_without_a_calendar_event_has_none() {
    let held = Held::start().await;
    let now = held.peer.sim.now();
    let sim = &held.peer.sim;
    let end = now + TimeDelta::hours(1);
    let legacy = sim.add_online_meeting(demo::ORGANIZER_ID, "Old", now, end);
    let legacy = legacy.unwrap().id;
    sim.hold_meeting(&legacy).unwrap();
    let alone = Held {
        meeting: legacy,
        ..held
    };
    for list in [alone.recordings(), alone.transcripts()] {
        let answer = alone.peer.get(&list).await;
        assert_eq!(answer.refusal(), (400, "BadRequest"));
        let message = "No iCalUid found for the meeting. This API is supported only for calendar backed OnlineMeeting.";
        assert_eq!(answer.message(), message);
    }
}

#[tokio::test]
async fn a_meeting_expires_sixty_days_after_its_end() {
    let mut held = Held::start().await;
    let artifacts = KINDS.map(|kind| artifact(&held, kind));
    let end = held.peer.sim.events(demo::ORGANIZER_ID)[0].end;
    held.peer
        .sim
        .set_now(end + TimeDelta::days(60) - TimeDelta::minutes(1));
    held.peer.renew_token().await;
    for artifact in &artifacts {
        for answer in every_call(&held, demo::ORGANIZER_ID, artifact).await {
            assert_eq!(answer.status, 200);
        }
    }
    held.peer.sim.advance(TimeDelta::minutes(2));
    for artifact in &artifacts {
        for answer in every_call(&held, demo::ORGANIZER_ID, artifact).await {
            assert_eq!(answer.refusal(), (404, "NotFound"));
        }
    }
    held.peer.sim.configure(|b| b.meeting_expiry_days = 90);
    assert_eq!(held.peer.get(&held.recordings()).await.status, 200);
}

async fn series(range: Value) -> Held {
    let held = Held::start().await;
    let pattern = json!({"type": "weekly", "interval": 1, "daysOfWeek": ["monday"], "firstDayOfWeek": "monday"});
    let mut body =
        with(json!({"isOnlineMeeting": true, "onlineMeetingProvider": "teamsForBusiness"}));
    body["recurrence"] = json!({"pattern": pattern, "range": range});
    let event = held.peer.create(&body).await.id();
    let mut events = held.peer.sim.events(demo::ORGANIZER_ID);
    let stored = events.remove(1);
    Held {
        event,
        meeting: stored.online_meeting_id.unwrap(),
        ..held
    }
}

#[tokio::test]
async fn a_series_expires_after_its_last_occurrence_or_a_year_of_silence() {
    let range = json!({"type": "numbered", "startDate": "2026-11-02", "numberOfOccurrences": 10});
    let mut held = series(range).await;
    // The tenth Monday is 4 January 2027; sixty days later it is 5 March.
    for (now, status) in [("2027-03-04T00:00:00Z", 200), ("2027-03-06T00:00:00Z", 404)] {
        held.peer.sim.set_now(now.parse().unwrap());
        held.peer.renew_token().await;
        assert_eq!(held.peer.get(&held.recordings()).await.status, status);
    }
    let mut held = series(json!({"type": "noEnd", "startDate": "2026-11-02"})).await;
    let now = held.peer.sim.now();
    held.peer.sim.set_now(now + TimeDelta::days(364));
    held.peer.renew_token().await;
    assert_eq!(held.peer.get(&held.recordings()).await.status, 200);
    let held_at = held.peer.sim.now();
    held.record(NewArtifact::default().made(held_at, held_at));
    for (days, status) in [(364, 200), (2, 404)] {
        held.peer.sim.advance(TimeDelta::days(days));
        held.peer.renew_token().await;
        assert_eq!(held.peer.get(&held.recordings()).await.status, status);
    }
}

#[tokio::test]
async fn the_tenants_switch_shuts_every_transcript_call_and_no_recording() {
    let held = Held::start().await;
    switch(&held, |tenant| tenant.graph_transcript_access = false);
    let transcript = artifact(&held, ArtifactKind::Transcript);
    let metadata = format!("{}/metadataContent", held.path(&transcript));
    let answers = every_call(&held, demo::ORGANIZER_ID, &transcript).await;
    let metadata = held.peer.get(&metadata).await;
    for answer in answers.into_iter().chain([metadata]) {
        assert_eq!(answer.refusal(), (403, "Forbidden"));
        assert_eq!(inner_code(&answer), "GraphAccessToTranscriptsDisabled");
    }
    let recording = artifact(&held, ArtifactKind::Recording);
    for answer in every_call(&held, demo::ORGANIZER_ID, &recording).await {
        assert_eq!(answer.status, 200);
    }
}

#[tokio::test]
async fn the_switch_for_names_shuts_only_what_names_speakers() {
    let held = Held::start().await;
    switch(&held, |tenant| tenant.attributed_transcripts = false);
    let transcript = artifact(&held, ArtifactKind::Transcript);
    let [list, object, content] = every_call(&held, demo::ORGANIZER_ID, &transcript).await;
    assert_eq!((list.status, object.status), (200, 200));
    assert_eq!(content.refusal(), (403, "Forbidden"));
    assert_eq!(inner_code(&content), "SpeakerAttributionNotAllowed");
    let by_format = format!("{}?$format=text/vtt", held.content(&transcript));
    assert_eq!(held.peer.get(&by_format).await.status, 403);
    let accept = "application/vnd.microsoft.graph.transcript+text";
    let answer = held.ask(&transcript).header("accept", accept).send().await;
    assert_eq!(answer.unwrap().status(), 200);
    assert!(Tenant::default().attributed_transcripts);
}

#[tokio::test]
async fn unknown_meetings_and_artifacts_are_not_found() {
    let held = Held::start().await;
    let mut recording = artifact(&held, ArtifactKind::Recording);
    // Of the right meeting, under the other kind's name.
    recording.kind = ArtifactKind::Transcript;
    let [_, object, content] = every_call(&held, demo::ORGANIZER_ID, &recording).await;
    assert_eq!((object.status, content.status), (404, 404));
    let elsewhere = Held {
        meeting: "MSoxKjA".into(),
        ..held
    };
    let answer = elsewhere.peer.get(&elsewhere.recordings()).await;
    assert_eq!(answer.refusal(), (404, "NotFound"));
    // An id that is not percent-encoded falls apart at its slash.
    let bare = format!("{}/{}/content", elsewhere.recordings(), recording.id);
    assert_eq!(elsewhere.peer.get(&bare).await.status, 400);
    let all = elsewhere.recordings();
    assert_eq!(elsewhere.peer.post(&all, &json!({})).await.status, 405);
    let more = format!("{all}/x/metadataContent");
    assert_eq!(
        elsewhere.peer.get(&more).await.status,
        400,
        "of transcripts only"
    );
}
