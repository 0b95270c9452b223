//! How notifications are brought out: together, again, late, or not at all (graph-protocol §6).

use std::time::Duration;

use chrono::TimeDelta;
use graph_simulator::{
    DeliveryOutcome, Disturbance, EndpointState, LifecycleEvent, NewArtifact, NotificationKind,
    NotificationOrder, SentNotification, StoredArtifact,
};
use serde_json::{Value, json};

use crate::held::Held;
use crate::hook::{Hook, recordings, subscribe, transcripts};
use crate::sealed::KeyOfApp;

const SOON: Duration = Duration::from_secs(20);

async fn start() -> (Held, Hook) {
    (Held::start().await, Hook::start().await)
}

/// The POSTs so far, handshakes excepted.
fn posts(held: &Held) -> Vec<SentNotification> {
    let mut sent = held.peer.sim.deliveries();
    sent.retain(|sent| sent.kind != NotificationKind::Handshake);
    sent
}

fn ids(hook: &Hook) -> Vec<String> {
    let items = hook.items();
    let ids = items
        .iter()
        .map(|i| i["resourceData"]["id"].as_str().unwrap().to_owned());
    ids.collect()
}

fn record(held: &Held, count: usize) -> Vec<StoredArtifact> {
    (0..count)
        .map(|_| held.record(NewArtifact::default()))
        .collect()
}

fn future(held: &Held) -> NewArtifact {
    let now = held.peer.sim.now();
    NewArtifact::default().made(now + TimeDelta::hours(1), now + TimeDelta::hours(2))
}

#[tokio::test]
async fn what_is_due_for_an_address_at_once_comes_in_one_post() {
    let (held, hook) = start().await;
    let changes = json!({"resource": transcripts()});
    let first = subscribe(&held.peer, &hook, json!({})).await.id();
    let second = subscribe(&held.peer, &hook, changes).await.id();
    held.peer.sim.hold_notifications();
    record(&held, 2);
    held.transcribe(future(&held));
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(hook.items().is_empty(), "held");
    held.peer.sim.release_notifications();
    assert!(held.peer.sim.settled(SOON).await);
    let calls = hook.notified();
    assert_eq!(calls.len(), 1);
    let body = calls[0].json();
    let of: Vec<&Value> = body["value"]
        .as_array()
        .unwrap()
        .iter()
        .map(|i| &i["subscriptionId"])
        .collect();
    assert_eq!(of, [&json!(first), &json!(first), &json!(second)]);
    assert_eq!(posts(&held)[0].subscription_ids.len(), 3);
    held.peer.sim.configure(|b| b.notifications.batch_size = 2);
    held.peer.sim.hold_notifications();
    record(&held, 5);
    held.peer.sim.release_notifications();
    assert!(held.peer.sim.settled(SOON).await);
    let mut sizes: Vec<usize> = posts(&held)[1..]
        .iter()
        .map(|p| p.artifact_ids.len())
        .collect();
    sizes.sort_unstable();
    assert_eq!(sizes, [1, 2, 2]);
}

#[tokio::test]
async fn they_can_come_in_reverse() {
    let (held, hook) = start().await;
    subscribe(&held.peer, &hook, json!({})).await.id();
    held.peer.sim.configure(|b| {
        b.notifications.order = NotificationOrder::Reversed;
        b.notifications.batch_size = 2;
    });
    held.peer.sim.hold_notifications();
    let mut made: Vec<String> = record(&held, 5).into_iter().map(|a| a.id).collect();
    held.peer.sim.release_notifications();
    assert!(held.peer.sim.settled(SOON).await);
    made.reverse();
    assert_eq!(ids(&hook), made);
}

#[tokio::test]
async fn what_is_refused_is_repeated_with_growing_waits_until_it_is_taken() {
    let (held, hook) = start().await;
    held.peer.sim.configure(|b| b.notifications.speed = 200);
    subscribe(&held.peer, &hook, json!({})).await.id();
    hook.behave(|m| m.status = 503);
    record(&held, 1);
    while posts(&held).len() < 4 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    hook.behave(|m| m.status = 202);
    assert!(held.peer.sim.settled(SOON).await);
    let posts = posts(&held);
    let attempts: Vec<u32> = posts.iter().map(|p| p.attempt).collect();
    assert_eq!(
        attempts,
        (1..=u32::try_from(posts.len()).unwrap()).collect::<Vec<_>>()
    );
    let gaps: Vec<i64> = posts
        .windows(2)
        .map(|p| (p[1].at - p[0].at).num_milliseconds())
        .collect();
    // 10, 20 and 40 s, two hundred times faster.
    assert!(gaps[0] >= 49 && gaps[1] >= 99 && gaps[2] >= 199, "{gaps:?}");
    assert_eq!(posts.last().unwrap().outcome, DeliveryOutcome::Delivered);
    assert!(
        posts[..posts.len() - 1]
            .iter()
            .all(|p| p.outcome == DeliveryOutcome::Refused)
    );
}

#[tokio::test]
async fn it_is_given_up_after_four_hours() {
    let (held, hook) = start().await;
    subscribe(&held.peer, &hook, json!({})).await.id();
    hook.behave(|m| m.status = 500);
    record(&held, 1);
    for _ in 0..40 {
        tokio::time::sleep(Duration::from_millis(60)).await;
        held.peer.sim.advance(TimeDelta::minutes(10));
    }
    assert!(held.peer.sim.settled(SOON).await);
    let posts = posts(&held);
    let last = posts.last().unwrap().at - posts[0].at;
    assert!(
        posts.len() >= 8 && last <= TimeDelta::hours(4) + TimeDelta::minutes(11),
        "{posts:?}"
    );
}

#[tokio::test]
async fn the_first_attempt_has_less_time_than_the_others() {
    let (held, hook) = start().await;
    held.peer.sim.configure(|b| {
        b.notifications.speed = 1000;
        (
            b.notifications.first_timeout_ms,
            b.notifications.retry_timeout_ms,
        ) = (100, 2_000);
    });
    subscribe(&held.peer, &hook, json!({})).await.id();
    hook.behave(|m| m.delay = Duration::from_millis(300));
    record(&held, 1);
    assert!(held.peer.sim.settled(SOON).await);
    let posts = posts(&held);
    let ends: Vec<_> = posts.iter().map(|p| (p.outcome, p.status)).collect();
    assert_eq!(
        ends,
        [
            (DeliveryOutcome::TimedOut, None),
            (DeliveryOutcome::Delivered, Some(202))
        ]
    );
    assert!(
        posts[0].duration_ms < 290 && posts[1].duration_ms >= 299,
        "{posts:?}"
    );
    assert_eq!(hook.items().len(), 2, "the address has seen it twice");
}

#[tokio::test]
async fn an_address_that_is_often_slow_is_notified_ten_minutes_later() {
    let (held, hook) = start().await;
    held.peer.sim.configure(|b| {
        (
            b.notifications.first_timeout_ms,
            b.notifications.judged_after,
        ) = (50, 3);
    });
    subscribe(&held.peer, &hook, json!({})).await.id();
    hook.behave(|m| m.delay = Duration::from_millis(80));
    for _ in 0..3 {
        record(&held, 1);
        tokio::time::sleep(Duration::from_millis(150)).await;
    }
    assert_eq!(
        held.peer.sim.endpoint_state(&hook.url("/life")),
        EndpointState::Slow
    );
    hook.behave(|m| m.delay = Duration::ZERO);
    let late = record(&held, 1).remove(0).id;
    held.peer.sim.advance(TimeDelta::minutes(9));
    tokio::time::sleep(Duration::from_millis(150)).await;
    assert!(!ids(&hook).contains(&late));
    held.peer.sim.advance(TimeDelta::minutes(2));
    assert!(held.peer.sim.settled(SOON).await);
    assert!(ids(&hook).contains(&late));
    assert_eq!(
        held.peer.sim.endpoint_state(&hook.url("/hook")),
        EndpointState::Healthy
    );
}

#[tokio::test]
async fn an_address_that_is_often_very_slow_loses_what_comes_meanwhile() {
    let (held, hook) = start().await;
    held.peer.sim.configure(|b| {
        let n = &mut b.notifications;
        (n.first_timeout_ms, n.retry_timeout_ms, n.judged_after) = (50, 50, 3);
    });
    subscribe(&held.peer, &hook, json!({})).await.id();
    hook.behave(|m| m.delay = Duration::from_millis(80));
    for _ in 0..3 {
        record(&held, 1);
        tokio::time::sleep(Duration::from_millis(150)).await;
    }
    hook.behave(|m| m.delay = Duration::ZERO);
    let lost = record(&held, 1).remove(0).id;
    let last = posts(&held).pop().unwrap();
    assert_eq!(
        (last.outcome, last.artifact_ids),
        (DeliveryOutcome::Dropped, vec![lost.clone()])
    );
    held.peer.sim.advance(TimeDelta::minutes(11));
    record(&held, 1);
    assert!(held.peer.sim.settled(SOON).await);
    assert!(!ids(&hook).contains(&lost), "lost for good");
    assert_eq!(
        posts(&held).pop().unwrap().outcome,
        DeliveryOutcome::Delivered
    );
}

#[tokio::test]
async fn notifications_can_be_dropped_by_kind_and_number() {
    let (held, hook) = start().await;
    let id = subscribe(&held.peer, &hook, json!({})).await.id();
    subscribe(&held.peer, &hook, json!({"resource": transcripts()}))
        .await
        .id();
    held.peer.sim.disturb(
        Disturbance::drop()
            .of(NotificationKind::Recording)
            .skip(1)
            .times(2),
    );
    let recorded: Vec<String> = record(&held, 4).into_iter().map(|a| a.id).collect();
    let transcribed = held.transcribe(future(&held)).id;
    assert!(held.peer.sim.settled(SOON).await);
    let mut seen = ids(&hook);
    let mut expected = vec![recorded[0].clone(), recorded[3].clone(), transcribed];
    seen.sort();
    expected.sort();
    assert_eq!(seen, expected);
    let dropped = posts(&held)
        .into_iter()
        .filter(|p| p.outcome == DeliveryOutcome::Dropped);
    let dropped: Vec<_> = dropped.flat_map(|p| p.artifact_ids).collect();
    assert_eq!(dropped, recorded[1..3]);
    held.peer
        .sim
        .disturb(Disturbance::drop().to_subscription(&id));
    held.peer
        .sim
        .send_lifecycle(&id, LifecycleEvent::Missed)
        .unwrap();
    record(&held, 1);
    assert!(held.peer.sim.settled(SOON).await);
    assert_eq!(hook.items().len(), 3);
    held.peer.sim.clear_disturbances();
    record(&held, 1);
    assert!(held.peer.sim.settled(SOON).await);
    assert_eq!(hook.items().len(), 4);
}

#[tokio::test]
async fn notifications_can_be_late_doubled_plain_and_without_tokens() {
    let (held, hook) = start().await;
    let key = KeyOfApp::generate();
    let changes = json!({
        "resource": recordings(), "includeResourceData": true,
        "encryptionCertificate": key.certificate, "encryptionCertificateId": "c",
    });
    subscribe(&held.peer, &hook, changes).await.id();
    for disturbance in [
        Disturbance::delay_ms(3_600_000),
        Disturbance::duplicate(2),
        Disturbance::plain(),
        Disturbance::null_tokens(),
    ] {
        held.peer.sim.disturb(disturbance.times(1));
    }
    let late = record(&held, 1).remove(0).id;
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(hook.items().is_empty());
    let doubled = record(&held, 1).remove(0).id;
    while hook.items().len() < 3 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(ids(&hook), vec![doubled; 3]);
    let items = hook.items();
    assert_ne!(
        items[0]["encryptedContent"]["data"],
        items[1]["encryptedContent"]["data"]
    );
    held.peer.sim.advance(TimeDelta::hours(1));
    assert!(held.peer.sim.settled(SOON).await);
    assert_eq!(ids(&hook)[3], late);
    record(&held, 1);
    assert!(held.peer.sim.settled(SOON).await);
    let plain = hook.notified().pop().unwrap().json();
    assert_eq!(
        (
            plain["value"][0].get("encryptedContent"),
            plain.get("validationTokens")
        ),
        (None, None)
    );
    record(&held, 1);
    assert!(held.peer.sim.settled(SOON).await);
    let without = hook.notified().pop().unwrap().json();
    assert!(without["value"][0]["encryptedContent"].is_object());
    assert_eq!(without.get("validationTokens"), Some(&Value::Null));
}

#[tokio::test]
async fn an_address_without_a_server_is_repeated_too() {
    let (held, hook) = start().await;
    let id = subscribe(&held.peer, &hook, json!({})).await.id();
    let away = |s: &mut graph_simulator::StoredSubscription| {
        s.notification_url = "http://127.0.0.1:1/x".into();
    };
    held.peer.sim.update_subscription(&id, away).unwrap();
    record(&held, 1);
    while posts(&held).is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(posts(&held)[0].outcome, DeliveryOutcome::Unreachable);
    assert!(!held.peer.sim.settled(Duration::ZERO).await);
    held.peer.sim.reset();
    assert!(held.peer.sim.settled(SOON).await);
    assert!(held.peer.sim.deliveries().is_empty());
}
