//! Whatever gets lost on the way, and whatever comes twice: each artifact is there,
//! once (NT-5).

use chrono::TimeDelta;
use convoke_platform::store::DueKind;
use futures_util::future::join_all;
use graph_simulator::NewArtifact;
use graph_simulator::{Disturbance, NotificationKind};
use it::practice::{Meeting, Watched, transcript};
use serde_json::{Value, json};

use super::{both_by, ways};

/// Hands every organiser's list that is due to the function that makes it.
async fn list_due(watched: &Watched) -> usize {
    let now = watched.now();
    let rows = watched.process.due(&watched.org, DueKind::Delta, now).await;
    for row in &rows {
        let job = json!({ "job": "list_delta", "subscription": row.key.sort });
        assert!(watched.process.capture(&watched.org, &job).await);
    }
    rows.len()
}

fn assert_complete(seen: &Value) {
    assert_eq!(
        (&seen["status"], &seen["capture_status"]),
        (&json!("recording_ready"), &json!("complete")),
        "{seen}"
    );
    assert_eq!(seen["capture_ledger"]["missing"], json!([]), "{seen}");
}

/// NT-5: with every notification lost, the meeting's own looks find all.
#[tokio::test]
async fn without_notifications_the_looks_find_everything() {
    let watched = Watched::open(true).await;
    watched.graph.disturb(Disturbance::drop());
    let (meeting, _) = watched.held().await;
    assert!(watched.queued().await.is_empty(), "they are lost");
    watched.look_due().await;
    let seen = watched.read_meeting(&meeting).await;
    assert_complete(&seen);
    assert_eq!(ways(&seen), both_by(&["sweep"]));
    watched.assert_kept_once(&meeting, "looked for").await;
}

/// NT-5: with the sweep off, notifications suffice, even of what shows up when a
/// meeting's own looks are long over.
#[tokio::test]
async fn without_looks_notifications_suffice() {
    let watched = Watched::open(true).await;
    let meeting = watched.met(&json!({})).await;
    watched.at("2026-12-04T07:00:00Z");
    let text = Some(transcript("Good morning."));
    let usual = Some(NewArtifact::default());
    let held = watched
        .graph
        .hold_meeting_with(&meeting.join_url, usual, text);
    held.unwrap();
    watched.posted().await;
    watched.take().await;
    let seen = watched.read_meeting(&meeting).await;
    assert_complete(&seen);
    assert_eq!(ways(&seen), both_by(&["notification"]));
}

/// NT-5: with every notification lost and the meeting's looks over, the list of all
/// that its organiser's meetings left behind finds what shows up then.
#[tokio::test]
async fn what_shows_up_after_the_looks_is_listed() {
    let watched = Watched::open(true).await;
    watched.graph.disturb(Disturbance::drop());
    let meeting = watched.met(&json!({})).await;
    for _ in 0..20 {
        let Some(due) = watched.capture(&meeting).await.due_at else {
            break;
        };
        watched.at(&due.to_rfc3339());
        watched.look_due().await;
    }
    let seen = watched.read_meeting(&meeting).await;
    assert_eq!(seen["status"], "no_recording", "{seen}");
    assert_eq!(
        seen["capture_ledger"]["missing"],
        json!(["recording", "transcript"])
    );

    watched.later(TimeDelta::hours(1));
    watched.graph.hold_meeting(&meeting.join_url).unwrap();
    watched.posted().await;
    watched.look_due().await;
    assert_eq!(
        watched.read_meeting(&meeting).await["status"],
        "no_recording"
    );
    assert_eq!(list_due(&watched).await, 2, "of each kind");
    watched.work().await;
    let seen = watched.read_meeting(&meeting).await;
    assert_complete(&seen);
    assert_eq!(ways(&seen), both_by(&["delta"]));
    watched.assert_kept_once(&meeting, "listed").await;

    // Only every six hours, and nothing again.
    assert_eq!(list_due(&watched).await, 0);
    watched.later(TimeDelta::minutes(6 * 60 + 1));
    watched.graph.clear_received();
    assert_eq!(list_due(&watched).await, 2);
    assert!(watched.work().await.is_empty());
    assert!(
        watched.requests("GET", "/recordings").is_empty(),
        "nothing is looked at"
    );
}

/// NT-5: what is listed although it is kept costs no look, also from the beginning,
/// where Microsoft has forgotten how far it was read.
#[tokio::test]
async fn a_list_from_the_beginning_changes_nothing() {
    let watched = Watched::open(true).await;
    let (meeting, _) = watched.held().await;
    watched.take().await;
    let before = watched.stored(&meeting).await;
    watched.graph.expire_delta_tokens();
    watched.later(TimeDelta::hours(7));
    watched.graph.clear_received();
    assert_eq!(list_due(&watched).await, 2);
    watched.work().await;
    assert!(
        watched.requests("GET", "/recordings").is_empty(),
        "nothing is looked at"
    );
    assert_eq!(watched.stored(&meeting).await.artifacts, before.artifacts);
}

/// NT-5, OM-7: notifications that come thrice, looks, lists and people, one after the
/// other: one row and one document each, and each way by which it came up once.
#[tokio::test]
async fn every_way_in_turn_leaves_one_of_each() {
    let watched = Watched::open(true).await;
    watched.graph.disturb(Disturbance::duplicate(2));
    let (meeting, _) = watched.held().await;
    watched.look_due().await;
    watched.take().await;
    watched.later(TimeDelta::hours(7));
    list_due(&watched).await;
    watched.look_due().await;
    watched.refresh(&meeting).await;
    let seen = watched.read_meeting(&meeting).await;
    assert_complete(&seen);
    assert_eq!(ways(&seen), both_by(&["notification", "sweep"]));
    watched
        .assert_kept_once(&meeting, "every way in turn")
        .await;
}

/// NT-5, OM-7: all of them at once.
#[tokio::test]
async fn every_way_at_once_leaves_one_of_each() {
    let watched = Watched::open(true).await;
    watched.graph.disturb(Disturbance::duplicate(2));
    watched
        .graph
        .configure(|behaviour| behaviour.notifications.batch_size = 1);
    let (meeting, _) = watched.held().await;
    let sent = watched.graph.deliveries().into_iter();
    let told = sent
        .filter(|one| one.kind != NotificationKind::Handshake)
        .count();
    assert_eq!(told, 6);
    watched.later(TimeDelta::hours(7));
    let mut messages = watched.queued().await;
    assert_eq!(messages.len(), 6);
    watched
        .graph
        .configure(|behaviour| behaviour.latency_ms = 15);
    let telling = async {
        // A table that is busy has a message come again.
        while !messages.is_empty() {
            let taking = messages.iter().map(|one| watched.process.take_in(one));
            let done = join_all(taking).await;
            let mut done = done.into_iter();
            messages.retain(|_| !done.next().unwrap());
        }
        let jobs = watched.relay().await;
        let work = jobs
            .iter()
            .map(|(_, job)| watched.process.capture(&watched.org, job));
        join_all(work).await
    };
    let looks = join_all((0..3).map(|_| watched.look(&meeting)));
    let (_, _, _, seen) = tokio::join!(
        telling,
        looks,
        list_due(&watched),
        watched.tell_meeting(&meeting, "refresh-recordings", None)
    );
    seen.expect(200);
    watched.later(TimeDelta::minutes(5));
    watched.look_due().await;
    // Whoever came while somebody looked has left the rest to them.
    watched.refresh(&meeting).await;
    watched
        .assert_kept_once(&meeting, "every way at once")
        .await;
    let seen = watched.read_meeting(&meeting).await;
    assert_complete(&seen);
    let mut ways = ways(&seen);
    let all = ways.len();
    ways.dedup();
    assert_eq!(ways.len(), all, "a way is written down twice: {seen}");
    assert!(Meeting::AFTER < seen["last_fetch_at"].as_str().unwrap());
}
