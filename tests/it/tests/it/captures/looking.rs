//! What one look finds and keeps (OM-7, OM-8).

use convoke_domain::artifact::ArtifactType;
use graph_simulator::{ArtifactPaging, Content, NewArtifact, demo};
use it::practice::{Meeting, Practice, told, transcript, vtt};
use it::schemas::assert_fits_schema;
use serde_json::{Value, json};

/// OM-7, OM-8, OM-5: a look after the end keeps a row of each kind and the transcript's
/// text, and says so: on the meeting, on the timeline, to others.
#[tokio::test]
async fn a_look_keeps_what_microsoft_has() {
    let practice = Practice::open().await;
    let meeting = practice.met(&json!({})).await;
    let held = practice
        .graph
        .hold_meeting_with(
            &meeting.join_url,
            Some(NewArtifact::default()),
            Some(transcript("Good morning.")),
        )
        .unwrap();
    practice.clock.set(Meeting::AFTER);
    let over = practice.read_meeting(&meeting).await;
    assert_eq!(
        (&over["status"], &over["capture_status"]),
        (&json!("ended"), &json!("waiting"))
    );
    assert_eq!(over["last_fetch_at"], Value::Null);

    let seen = practice.refresh(&meeting).await;
    assert_eq!(seen, practice.read_meeting(&meeting).await);
    assert_eq!(seen["status"], "recording_ready");
    assert_eq!(seen["capture_status"], "complete");
    assert_eq!(seen["recording_fetch_attempts"], 1);
    assert_eq!(seen["last_fetch_at"], Meeting::AFTER);
    assert_eq!(seen.get("error_code"), None, "{seen}");
    let kinds: Vec<_> = seen["artifacts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["artifact_type"].as_str().unwrap())
        .collect();
    assert_eq!(kinds.len(), 2, "{seen}");
    assert!(
        kinds.contains(&"recording") && kinds.contains(&"transcript"),
        "{seen}"
    );

    practice.assert_kept_once(&meeting, "one look").await;
    let stored = practice.stored(&meeting).await;
    let of_kind = |kind| {
        stored
            .artifacts
            .iter()
            .find(|one| one.artifact_type == kind)
            .unwrap()
    };
    let text = of_kind(ArtifactType::Transcript);
    assert_eq!(text.created_at, held.transcript.unwrap().created_at);
    assert_eq!(practice.text(text).await, vtt("Good morning."));
    let document = text.document.as_ref().unwrap();
    assert_eq!(document.name, "Transcript - Quarterly review");
    assert!(document.is_attributed);
    assert_eq!(
        of_kind(ArtifactType::Recording).created_at,
        held.recording.unwrap().created_at
    );

    let path = format!("/api/v1/interactions/{}", meeting.id);
    let interaction = practice
        .process
        .api(practice.staff("GET", &path, None))
        .await
        .expect(200);
    assert_eq!(interaction["status"], "completed");
    assert_eq!(
        interaction["online_meeting"]["artifacts"],
        seen["artifacts"]
    );
    let events = practice.work().await;
    let ready = told(&events, "online_meeting.recording_ready");
    assert_eq!(ready.len(), 1, "{events:?}");
    assert_fits_schema("online_meeting.recording_ready", &ready[0]["detail"]);
    assert_eq!(
        ready[0]["detail"]["artifact_ids"].as_array().unwrap().len(),
        2
    );
}

/// OM-7: a look that finds nothing new changes no row, and tells nobody.
#[tokio::test]
async fn a_second_look_changes_no_artifact() {
    let practice = Practice::open().await;
    let meeting = practice.over().await;
    practice.graph.hold_meeting(&meeting.join_url).unwrap();
    practice.refresh(&meeting).await;
    practice.work().await;
    let first = practice.stored(&meeting).await;
    practice.graph.clear_received();
    practice.refresh(&meeting).await;
    let second = practice.stored(&meeting).await;
    assert_eq!(second.artifacts, first.artifacts);
    assert_eq!(
        practice.requests("GET", "/content").len(),
        0,
        "a text is fetched once"
    );
    let is_told = |event: &Value| {
        event["detail_type"]
            .as_str()
            .unwrap()
            .starts_with("online_meeting.")
    };
    assert!(!practice.work().await.iter().any(is_told));
    practice.assert_kept_once(&meeting, "two looks").await;
}

/// OM-7: all pages are read, past empty ones, and what is listed twice is kept once;
/// an artifact whose making has no time is kept with the time it was seen.
#[tokio::test]
async fn every_page_is_read_and_duplicates_are_kept_once() {
    for paging in [
        ArtifactPaging::Plain,
        ArtifactPaging::EmptyThenDuplicates,
        ArtifactPaging::Overlapping,
    ] {
        for without_time in [false, true] {
            let case = format!("{paging:?}, without time: {without_time}");
            let practice = Practice::open().await;
            let meeting = practice.over().await;
            practice.graph.configure(|behaviour| {
                behaviour.artifact_page_size = 2;
                behaviour.artifact_paging = paging;
                behaviour.artifact_created_null = without_time;
            });
            for at in 0..5 {
                practice
                    .graph
                    .add_recording(&meeting.join_url, NewArtifact::default())
                    .unwrap();
                practice
                    .graph
                    .add_transcript(&meeting.join_url, transcript(&format!("Line {at}")))
                    .unwrap();
            }
            let seen = practice.refresh(&meeting).await;
            assert_eq!(seen["capture_status"], "complete", "{case}: {seen}");
            practice.assert_kept_once(&meeting, &case).await;
            for one in practice.stored(&meeting).await.artifacts {
                let is_of_now = one.created_at == practice.now();
                assert_eq!(is_of_now, without_time, "{case}: {one:?}");
            }
        }
    }
}

/// OM-7: where the tenant keeps speakers' names back, the text is fetched without
/// them, and what is stored is WebVTT all the same.
#[tokio::test]
async fn a_text_without_speakers_is_kept_where_names_are_kept_back() {
    let practice = Practice::open().await;
    let meeting = practice.over().await;
    practice
        .graph
        .update_tenant(demo::TENANT_ID, |tenant| {
            tenant.attributed_transcripts = false;
        })
        .unwrap();
    practice
        .graph
        .hold_meeting_with(&meeting.join_url, None, Some(transcript("Good morning.")))
        .unwrap();
    let seen = practice.refresh(&meeting).await;
    assert_eq!(seen.get("error_code"), None, "{seen}");
    practice
        .assert_kept_once(&meeting, "without speakers")
        .await;
    let stored = practice.stored(&meeting).await;
    assert!(!stored.artifacts[0].document.as_ref().unwrap().is_attributed);
    let text = practice.text(&stored.artifacts[0]).await;
    assert_eq!(
        text,
        "WEBVTT\n\n00:00:01.000 --> 00:00:03.500\nGood morning.\n"
    );
}

/// OM-7: where the tenant keeps transcripts from Graph, the recording is kept, and the
/// meeting says what to do; switched on, the transcript follows by itself.
#[tokio::test]
async fn a_recording_is_kept_where_transcripts_are_switched_off() {
    let practice = Practice::open().await;
    let meeting = practice.over().await;
    let switch = |is_on: bool| {
        let change = |tenant: &mut graph_simulator::Tenant| tenant.graph_transcript_access = is_on;
        practice
            .graph
            .update_tenant(demo::TENANT_ID, change)
            .unwrap();
    };
    switch(false);
    practice.graph.hold_meeting(&meeting.join_url).unwrap();
    let seen = practice.refresh(&meeting).await;
    assert_eq!(seen["status"], "recording_ready");
    assert_eq!(seen["error_code"], "transcripts_disabled");
    assert_eq!(seen["capture_status"], "waiting");
    assert_eq!(seen["recording_fetch_attempts"], 1);
    assert_eq!(seen["artifacts"].as_array().unwrap().len(), 1);
    switch(true);
    let due = practice.capture(&meeting).await.due_at.unwrap();
    practice.clock.set(&due.to_rfc3339());
    practice.look_due().await;
    let seen = practice.read_meeting(&meeting).await;
    assert_eq!(seen["capture_status"], "complete", "{seen}");
    assert_eq!(seen.get("error_code"), None, "{seen}");
    practice.assert_kept_once(&meeting, "switched on").await;
}

/// OM-7: Microsoft's text may be empty, no WebVTT at all, or in another encoding's
/// octets: the document is WebVTT.
#[tokio::test]
async fn whatever_a_text_is_its_document_is_webvtt() {
    let practice = Practice::open().await;
    let meeting = practice.over().await;
    for octets in [
        vec![],
        b"<html>no text</html>".to_vec(),
        vec![0xff, 0xfe, 0x00, 0x41],
        b"WEBVTT".to_vec(),
    ] {
        let content = NewArtifact::of(Content::bytes(octets));
        practice
            .graph
            .add_transcript(&meeting.join_url, content)
            .unwrap();
    }
    let seen = practice.refresh(&meeting).await;
    assert_eq!(seen.get("error_code"), None, "{seen}");
    practice.assert_kept_once(&meeting, "odd texts").await;
}

/// OM-3, OM-7: a meeting whose id had not resolved gets it with the first look.
#[tokio::test]
async fn a_look_resolves_what_had_not_resolved() {
    let practice = Practice::open().await;
    practice
        .graph
        .configure(|behaviour| behaviour.resolution_lag_ms = u64::MAX);
    let meeting = practice.met(&json!({})).await;
    practice.clock.set(Meeting::AFTER);
    practice.graph.hold_meeting(&meeting.join_url).unwrap();
    let seen = practice.refresh(&meeting).await;
    assert_eq!(seen["error_code"], "online_meeting_id_unresolved");
    assert_eq!(seen["provider_meeting_id"], Value::Null);
    assert_eq!(
        (&seen["status"], &seen["recording_fetch_attempts"]),
        (&json!("recording_pending"), &json!(1))
    );
    practice
        .graph
        .configure(|behaviour| behaviour.resolution_lag_ms = 0);
    let seen = practice.refresh(&meeting).await;
    assert!(seen["provider_meeting_id"].is_string(), "{seen}");
    assert_eq!(
        (&seen["status"], &seen["capture_status"]),
        (&json!("recording_ready"), &json!("complete"))
    );
    practice.assert_kept_once(&meeting, "resolved").await;
}

/// OM-7: an appointment's meeting is looked at like any other.
#[tokio::test]
async fn an_appointments_meeting_is_looked_at_too() {
    let practice = Practice::open().await;
    let id = practice.approved().await;
    let request = practice.read(&id).await;
    let meeting = it::practice::meeting_of(&request["online_meeting"]);
    practice.graph.hold_meeting(&meeting.join_url).unwrap();
    practice.clock.set(request["end"].as_str().unwrap());
    practice.look_due().await;
    practice.assert_kept_once(&meeting, "an appointment").await;
    let seen = practice.read(&id).await;
    assert_eq!(
        seen["online_meeting"]["status"], "recording_ready",
        "{seen}"
    );
    assert_eq!(
        seen["online_meeting"]["artifacts"]
            .as_array()
            .unwrap()
            .len(),
        2,
        "{seen}"
    );
}
