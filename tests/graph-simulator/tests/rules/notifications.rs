//! Who is told of which recording and transcript, and in which words (graph-protocol §6).

use std::time::Duration;

use chrono::{TimeDelta, Utc};
use graph_simulator::{LifecycleEvent, NewArtifact, NotificationKind, demo, fabrikam};
use serde_json::{Value, json};

use crate::held::{Held, encoded};
use crate::hook::{Hook, subscribe, transcripts};

const SOON: Duration = Duration::from_secs(10);

async fn start() -> (Held, Hook) {
    (Held::start().await, Hook::start().await)
}

/// Made in a while from now, as those of a meeting are that is still to come.
fn later(held: &Held) -> NewArtifact {
    let now = held.peer.sim.now();
    NewArtifact::default().made(now + TimeDelta::hours(1), now + TimeDelta::hours(2))
}

#[tokio::test]
async fn a_recording_is_announced_as_documented() {
    let (held, hook) = start().await;
    let id = subscribe(&held.peer, &hook, json!({})).await.id();
    let recording = held.record(NewArtifact::default());
    assert!(held.peer.sim.settled(SOON).await);
    let posts = hook.notified();
    assert_eq!(
        (posts.len(), posts[0].path.as_str(), posts[0].query.as_str()),
        (1, "/hook", "tag=a")
    );
    let body = posts[0].json();
    assert_eq!(
        body.get("validationTokens"),
        None,
        "plain notifications carry none"
    );
    let item = &body["value"][0];
    let path = format!(
        "communications/onlineMeetings('{}')/recordings('{}')",
        held.meeting, recording.id
    );
    assert_eq!(item["resource"], path);
    assert_eq!(
        item["resourceData"],
        json!({
            "@odata.type": "#Microsoft.Graph.callRecording", "@odata.id": path, "id": recording.id,
        })
    );
    assert_eq!(
        (&item["subscriptionId"], &item["changeType"]),
        (&json!(id), &json!("created"))
    );
    assert_eq!(
        (&item["clientState"], &item["tenantId"]),
        (&json!("secret-state"), &json!(demo::TENANT_ID))
    );
    let expires: chrono::DateTime<Utc> = item["subscriptionExpirationDateTime"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    assert_eq!(expires, held.peer.sim.subscriptions()[0].expires_at);
    assert_eq!(item.get("encryptedContent"), None);
    let sent = held.peer.sim.deliveries().pop().unwrap();
    assert_eq!(
        (sent.kind, sent.status, sent.attempt),
        (NotificationKind::Recording, Some(202), 1)
    );
    assert_eq!(
        (sent.subscription_ids, sent.artifact_ids),
        (vec![id], vec![recording.id])
    );
}

#[tokio::test]
async fn organiser_tenant_and_meeting_subscriptions_are_told_and_no_others() {
    let (held, hook) = start().await;
    held.peer.sim.seed(fabrikam::seed()).unwrap();
    let mut told = Vec::new();
    for (path, resource) in [
        ("/organiser", crate::hook::recordings()),
        (
            "/tenant",
            "communications/onlineMeetings/getAllRecordings".to_owned(),
        ),
        (
            "/meeting",
            format!("communications/onlineMeetings/{}/recordings", held.meeting),
        ),
        (
            "/ann",
            format!("users/{}/onlineMeetings/getAllRecordings", demo::ANN_ID),
        ),
        ("/transcripts", transcripts()),
    ] {
        let changes = json!({"resource": resource, "notificationUrl": hook.url(path)});
        subscribe(&held.peer, &hook, changes).await.id();
    }
    held.record(NewArtifact::default());
    let start = held.peer.sim.now();
    let alone = held.peer.sim.add_online_meeting(
        demo::ORGANIZER_ID,
        "x",
        start,
        start + TimeDelta::hours(1),
    );
    held.peer
        .sim
        .add_recording(&alone.unwrap().id, NewArtifact::default())
        .unwrap();
    assert!(held.peer.sim.settled(SOON).await);
    told.extend(hook.notified().into_iter().map(|call| call.path));
    told.sort();
    assert_eq!(
        told,
        ["/meeting", "/organiser", "/tenant"],
        "and none of a meeting without an event"
    );
}

#[tokio::test]
async fn only_what_comes_after_the_subscription_is_announced() {
    let (held, hook) = start().await;
    held.record(NewArtifact::default());
    subscribe(&held.peer, &hook, json!({})).await.id();
    let at = held.peer.sim.now() + TimeDelta::hours(1);
    let late = held.record(NewArtifact::default().visible_from(at));
    let listed = held.record(NewArtifact::default().visible_after_listings(1));
    assert!(held.peer.sim.settled(SOON).await);
    assert!(hook.items().is_empty());
    held.peer.sim.advance(TimeDelta::minutes(61));
    assert!(held.peer.sim.settled(SOON).await);
    assert_eq!(hook.items()[0]["resourceData"]["id"], late.id);
    let mut peer = held.peer;
    peer.renew_token().await;
    let list = format!(
        "/users/{}/onlineMeetings/{}/recordings",
        demo::ORGANIZER_ID,
        encoded(&held.meeting)
    );
    assert_eq!(peer.get(&list).await.values().len(), 2);
    wait_for(&hook, 2).await;
    assert_eq!(hook.items()[1]["resourceData"]["id"], listed.id);
}

async fn wait_for(hook: &Hook, count: usize) {
    for _ in 0..500 {
        if hook.items().len() >= count {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{} of {count} notifications came", hook.items().len());
}

#[tokio::test]
async fn a_transcript_is_announced_only_if_the_subscription_is_older_than_its_transcription() {
    let (held, hook) = start().await;
    subscribe(&held.peer, &hook, json!({"resource": transcripts()}))
        .await
        .id();
    let before = held.peer.sim.now() - TimeDelta::minutes(5);
    let missed = held.transcribe(NewArtifact::default().made(before, held.peer.sim.now()));
    let told = held.transcribe(later(&held));
    held.peer
        .sim
        .configure(|b| b.notifications.transcripts_need_earlier_subscription = false);
    let also = held.transcribe(NewArtifact::default().made(before, held.peer.sim.now()));
    assert!(held.peer.sim.settled(SOON).await);
    let items = hook.items();
    let mut ids: Vec<&Value> = items.iter().map(|i| &i["resourceData"]["id"]).collect();
    ids.sort_by_key(|id| *id != &json!(told.id));
    assert_eq!(ids, [&json!(told.id), &json!(also.id)]);
    assert!(!ids.contains(&&json!(missed.id)));
    assert_eq!(
        items[0]["resourceData"]["@odata.type"],
        "#Microsoft.Graph.callTranscript"
    );
}

#[tokio::test]
async fn nothing_is_sent_for_subscriptions_that_are_gone() {
    let (held, hook) = start().await;
    let id = subscribe(&held.peer, &hook, json!({})).await.id();
    held.peer.delete(&format!("/subscriptions/{id}")).await;
    held.record(NewArtifact::default());
    let id = subscribe(&held.peer, &hook, json!({})).await.id();
    held.peer.sim.lose_subscription(&id);
    held.record(NewArtifact::default());
    subscribe(&held.peer, &hook, json!({})).await.id();
    held.peer.sim.advance(TimeDelta::days(3));
    held.record(NewArtifact::default());
    assert!(held.peer.sim.settled(SOON).await);
    assert!(hook.items().is_empty());
}

#[tokio::test]
async fn lifecycle_events_go_to_their_own_address() {
    let (held, hook) = start().await;
    let id = subscribe(&held.peer, &hook, json!({})).await.id();
    for (event, name) in [
        (
            LifecycleEvent::ReauthorizationRequired,
            "reauthorizationRequired",
        ),
        (LifecycleEvent::SubscriptionRemoved, "subscriptionRemoved"),
        (LifecycleEvent::Missed, "missed"),
    ] {
        held.peer.sim.send_lifecycle(&id, event).unwrap();
        assert!(held.peer.sim.settled(SOON).await);
        let call = hook.notified().pop().unwrap();
        assert_eq!(call.path, "/life");
        let item = &call.json()["value"][0];
        assert_eq!(item["lifecycleEvent"], name);
        assert_eq!(
            (&item["subscriptionId"], &item["clientState"]),
            (&json!(id), &json!("secret-state"))
        );
        assert_eq!(item["tenantId"], demo::TENANT_ID);
    }
    assert!(
        held.peer
            .sim
            .send_lifecycle("nobody", LifecycleEvent::Missed)
            .is_err()
    );
}

#[tokio::test]
async fn a_notification_waits_for_as_long_as_it_is_said() {
    let (held, hook) = start().await;
    held.peer
        .sim
        .configure(|b| b.notifications.delay_ms = 3_600_000);
    subscribe(&held.peer, &hook, json!({})).await.id();
    held.record(NewArtifact::default());
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(hook.items().is_empty());
    assert!(!held.peer.sim.settled(Duration::ZERO).await);
    held.peer.sim.advance(TimeDelta::hours(1));
    wait_for(&hook, 1).await;
}
