//! Which meeting a notification is of, and what state that is in (NT-3, OM-12).

use std::collections::BTreeSet;
use std::time::Duration;

use chrono::TimeDelta;
use convoke_domain::artifact::ArtifactType;
use convoke_services::notifications::Verdict;
use graph_simulator::{Fault, NewArtifact, Received, demo};
use it::practice::{Meeting, Watched, transcript};
use serde_json::{Value, json};

use super::{both_by, ways};

const TRANSCRIPTS: &str = "/v1.0/users/*/onlineMeetings/*/transcripts";

/// The one job that follows from a message.
async fn job_of(watched: &Watched, message: &str) -> Value {
    let tally = watched.process.judge(message).await;
    assert_eq!(tally.of(Verdict::Accepted), 1, "{tally:?}");
    let [(queue, job)] = watched.relay().await.try_into().expect("one job");
    assert_eq!(
        (&*queue, &job["job"]),
        ("capture", &json!("capture_artifacts"))
    );
    job
}

/// NT-3, OM-3: of a meeting whose id at Microsoft is not known: it is found among its
/// organiser's, which get their ids; the others stay without a recording.
#[tokio::test]
async fn a_meeting_whose_id_is_not_known_is_found() {
    let watched = Watched::open(true).await;
    watched
        .graph
        .configure(|behaviour| behaviour.resolution_lag_ms = u64::MAX);
    let meeting = watched.met(&json!({})).await;
    let other = watched.met(&json!({ "subject": "Another" })).await;
    let days_later = json!({ "start": "2026-12-20T09:00:00Z", "end": "2026-12-20T10:00:00Z" });
    let later = watched.met(&days_later).await;
    for meeting in [&meeting, &other, &later] {
        let seen = watched.read_meeting(meeting).await;
        assert_eq!(seen["provider_meeting_id"], Value::Null);
    }
    watched.hold(&meeting).await;
    watched
        .graph
        .configure(|behaviour| behaviour.resolution_lag_ms = 0);
    for message in watched.queued().await {
        assert!(watched.process.take_in(&message).await);
    }
    let jobs = watched.relay().await;
    let asked: BTreeSet<_> = jobs
        .iter()
        .map(|(_, job)| job["online_meeting_id"].to_string())
        .collect();
    let around = [&meeting, &other].map(|one| json!(one.id.uuid()).to_string());
    assert_eq!(asked, around.into(), "nobody asks about one of another day");
    for (_, job) in &jobs {
        assert!(watched.process.capture(&watched.org, job).await, "{job}");
    }
    let seen = watched.read_meeting(&meeting).await;
    assert_eq!(seen["capture_status"], "complete", "{seen}");
    assert_eq!(ways(&seen), both_by(&["notification"]));
    assert!(seen["provider_meeting_id"].is_string(), "{seen}");
    let seen = watched.read_meeting(&other).await;
    assert_eq!(seen["artifacts"], json!([]), "{seen}");
    assert!(seen["provider_meeting_id"].is_string(), "{seen}");
}

/// NT-3: a meeting of the organiser's that was not made here, and one of somebody
/// else's, raise a counter.
#[tokio::test]
async fn a_meeting_that_is_not_ours_is_counted() {
    let watched = Watched::open(true).await;
    watched.at(Meeting::AFTER);
    let before = watched.items().await;
    let span = (
        Meeting::START.parse().unwrap(),
        Meeting::END.parse().unwrap(),
    );
    for (organizer, verdict) in [
        (demo::ORGANIZER_UPN, Verdict::UnknownMeeting),
        (demo::ANN_UPN, Verdict::WrongResource),
    ] {
        let graph = &watched.graph;
        let made = graph.add_online_meeting(organizer, "Elsewhere", span.0, span.1);
        let recording = graph.add_recording(&made.unwrap().id, NewArtifact::default());
        let id = recording.unwrap().id;
        let body = watched.genuine(ArtifactType::Recording, &id).await;
        let message = watched.message(&body).await;
        let tally = watched.process.judge(&message).await;
        assert_eq!(tally.of(verdict), 1, "{organizer}: {tally:?}");
        assert!(watched.process.take_in(&message).await);
    }
    assert!(watched.items().await == before);
}

/// NT-3, OM-12: a cancelled meeting keeps nothing, cancelled before the notification
/// came or after.
#[tokio::test]
async fn a_cancelled_meeting_is_left_alone() {
    let watched = Watched::open(true).await;
    let meeting = watched.met(&json!({})).await;
    let recording = watched
        .graph
        .add_recording(&meeting.join_url, NewArtifact::default())
        .unwrap();
    watched.posted().await;
    watched.queued().await;
    let body = watched
        .genuine(ArtifactType::Recording, &recording.id)
        .await;
    let job = job_of(&watched, &watched.message(&body).await).await;
    let cancelled = watched.tell_meeting(&meeting, "cancel", None).await;
    cancelled.expect(200);
    watched.work().await;
    watched.at(Meeting::AFTER);
    watched.graph.clear_received();
    let before = watched.items().await;
    assert!(watched.process.capture(&watched.org, &job).await);
    let message = watched.message(&body).await;
    let tally = watched.process.judge(&message).await;
    assert_eq!(tally.of(Verdict::UnknownMeeting), 1, "{tally:?}");
    assert!(watched.items().await == before);
    assert!(watched.requests("GET", "/recordings").is_empty());
}

/// OM-12: before a meeting starts nothing is looked for, whoever says that there is
/// something; from its end on it is found.
#[tokio::test]
async fn before_the_start_nothing_is_looked_for() {
    let watched = Watched::open(true).await;
    let meeting = watched.met(&json!({})).await;
    let (usual, text) = (NewArtifact::default(), transcript("Early."));
    let held = watched
        .graph
        .hold_meeting_with(&meeting.join_url, Some(usual), Some(text));
    held.unwrap();
    watched.posted().await;
    watched.graph.clear_received();
    watched.take().await;
    assert!(watched.requests("GET", "/recordings").is_empty());
    assert_eq!(watched.stored(&meeting).await.artifacts, []);
    watched.at(Meeting::AFTER);
    watched.look_due().await;
    watched.assert_kept_once(&meeting, "from its end on").await;
}

/// NT-3, OM-7: what comes up while somebody looks, who may have listed before, is
/// looked for once more.
#[tokio::test]
async fn what_comes_up_during_a_look_is_looked_for_once_more() {
    let watched = Watched::open(true).await;
    let meeting = watched.met(&json!({})).await;
    watched.at(Meeting::AFTER);
    // Recordings are listed; the look still waits for the transcripts.
    let waiting = Fault::on("GET", TRANSCRIPTS).delay_ms(6_000);
    watched.graph.inject(waiting);
    let telling = async {
        let is_listed = |one: &Received| one.status == Some(200);
        while !watched.requests("GET", "/recordings").iter().any(is_listed) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let new = NewArtifact::default();
        watched.graph.add_recording(&meeting.join_url, new).unwrap();
        watched.posted().await;
        let [message] = watched.queued().await.try_into().expect("one post");
        let job = job_of(&watched, &message).await;
        assert!(
            watched.process.capture(&watched.org, &job).await,
            "left to the other"
        );
        assert_eq!(watched.stored(&meeting).await.artifacts, []);
    };
    let (looked, ()) = tokio::join!(watched.look(&meeting), telling);
    assert!(looked);
    let seen = watched.read_meeting(&meeting).await;
    assert_eq!(
        (&seen["capture_status"], &seen["artifacts"]),
        (&json!("running"), &json!([]))
    );
    watched.work().await;
    let stored = watched.stored(&meeting).await;
    assert_eq!(stored.artifacts.len(), 1, "{stored:?}");
    assert!(
        stored
            .capture
            .is_some_and(|capture| !capture.is_wanted_again)
    );
}

/// NT-3, NT-8: told of before it can be listed: the message comes again, and does it.
#[tokio::test]
async fn what_is_not_listed_yet_is_looked_for_again() {
    let watched = Watched::open(true).await;
    let meeting = watched.met(&json!({})).await;
    watched.at(Meeting::AFTER);
    let visible_at = watched.now() + TimeDelta::minutes(3);
    let late = NewArtifact::default().visible_from(visible_at);
    let recording = watched
        .graph
        .add_recording(&meeting.join_url, late)
        .unwrap();
    let body = watched
        .genuine(ArtifactType::Recording, &recording.id)
        .await;
    let job = job_of(&watched, &watched.message(&body).await).await;
    assert!(
        !watched.process.capture(&watched.org, &job).await,
        "it comes again"
    );
    watched.later(TimeDelta::minutes(4));
    assert!(watched.process.capture(&watched.org, &job).await);
    watched.graph.clear_received();
    assert!(watched.process.capture(&watched.org, &job).await);
    assert!(watched.graph.received().is_empty(), "it is kept");
    watched.assert_kept_once(&meeting, "late").await;
    // Microsoft's own word of it, when it did show.
    watched.posted().await;
    watched.take().await;
    // What never shows up is left to the meeting's own looks.
    let gone = NewArtifact::default().visible_from(visible_at + TimeDelta::days(9));
    let gone = watched
        .graph
        .add_recording(&meeting.join_url, gone)
        .unwrap();
    let body = watched.genuine(ArtifactType::Recording, &gone.id).await;
    let never = job_of(&watched, &watched.message(&body).await).await;
    assert!(!watched.process.capture(&watched.org, &never).await);
    watched.later(TimeDelta::minutes(61));
    assert!(watched.process.capture(&watched.org, &never).await);
    let seen = watched.read_meeting(&meeting).await;
    let only = [("recording".to_owned(), "notification".to_owned())];
    assert_eq!(ways(&seen), only);
}

/// NT-3, OM-7: a transcript that the organisation's switch keeps back is not asked for
/// over and over: its message is done, and the meeting says what to do.
#[tokio::test]
async fn a_transcript_that_is_kept_back_is_not_asked_for_again() {
    let watched = Watched::open(true).await;
    let meeting = watched.met(&json!({})).await;
    let held = watched.hold(&meeting).await;
    let change = |tenant: &mut graph_simulator::Tenant| tenant.graph_transcript_access = false;
    watched
        .graph
        .update_tenant(demo::TENANT_ID, change)
        .unwrap();
    watched.queued().await;
    let id = held.transcript.unwrap().id;
    let body = watched.genuine(ArtifactType::Transcript, &id).await;
    let job = job_of(&watched, &watched.message(&body).await).await;
    assert!(
        watched.process.capture(&watched.org, &job).await,
        "it is done"
    );
    let seen = watched.read_meeting(&meeting).await;
    assert_eq!(seen["error_code"], "transcripts_disabled", "{seen}");
    assert_eq!(
        seen["capture_ledger"]["missing"],
        json!(["transcript"]),
        "{seen}"
    );
}
