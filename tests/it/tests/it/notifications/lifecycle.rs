//! What Microsoft says of subscriptions themselves (NT-4): it carries no token, and
//! can have nothing done but a look at the subscription.

use chrono::TimeDelta;
use convoke_domain::artifact::ArtifactType;
use convoke_services::notifications::Verdict;
use graph_simulator::LifecycleEvent;
use it::gateway::Event;
use it::practice::Watched;
use serde_json::{Value, json};
use uuid::Uuid;

const KIND: ArtifactType = ArtifactType::Recording;
const LIFECYCLE: &str = "/webhooks/graph/lifecycle";

/// Microsoft says it, so often, and what follows is done.
async fn tell(watched: &Watched, event: LifecycleEvent, times: usize) {
    let id = watched.subscription(KIND).await.id;
    for _ in 0..times {
        watched.graph.send_lifecycle(&id, event).unwrap();
    }
    watched.posted().await;
    watched.take().await;
}

/// NT-4: a subscription that is to be authorised again is prolonged by one PATCH,
/// however often that is said within ten minutes; and by another one later.
#[tokio::test]
async fn reauthorization_is_one_patch() {
    let watched = Watched::open(true).await;
    watched.later(TimeDelta::hours(20));
    watched.graph.clear_received();
    tell(&watched, LifecycleEvent::ReauthorizationRequired, 5).await;
    for _ in 0..9 {
        watched.later(TimeDelta::minutes(1));
        tell(&watched, LifecycleEvent::ReauthorizationRequired, 2).await;
    }
    let mut patches = watched.requests("PATCH", "/subscriptions/");
    // Microsoft's clock was moved past its access tokens.
    patches.retain(|one| one.status != Some(401));
    assert_eq!(patches.len(), 1, "{patches:?}");
    assert_eq!(watched.subscription(KIND).await.renewals, 1);
    let ends_at = watched.row(KIND).await.expires_at.unwrap();
    assert!(ends_at > watched.now() + TimeDelta::hours(71));
    let posted = watched.requests("POST", "reauthorize");
    assert_eq!(posted.len(), 0, "never both");

    watched.later(TimeDelta::minutes(15));
    tell(&watched, LifecycleEvent::ReauthorizationRequired, 1).await;
    assert_eq!(watched.subscription(KIND).await.renewals, 2);
}

/// NT-4, NT-5: one that is said to be removed and is gone is made again, with what came
/// meanwhile listed; one that is still there stays.
#[tokio::test]
async fn a_removed_subscription_is_made_again_and_its_gap_listed() {
    for event in [LifecycleEvent::SubscriptionRemoved, LifecycleEvent::Missed] {
        let watched = Watched::open(true).await;
        watched.later(TimeDelta::minutes(20));
        let id = watched.subscription(KIND).await.id;
        let other = watched.subscription(ArtifactType::Transcript).await.id;
        // Microsoft's last word of it is under way when it goes.
        watched.graph.hold_notifications();
        watched.graph.send_lifecycle(&id, event).unwrap();
        assert!(watched.graph.lose_subscription(&id));
        let meeting = watched.met(&json!({})).await;
        watched.at(it::practice::Meeting::AFTER);
        let new = graph_simulator::NewArtifact::default();
        watched.graph.add_recording(&meeting.join_url, new).unwrap();
        watched.graph.release_notifications();
        watched.posted().await;
        watched.take().await;
        let made = watched.subscription(KIND).await;
        assert_ne!(made.id, id, "{event:?}");
        assert_eq!(watched.graph.subscriptions().len(), 2, "{event:?}");
        let kept = watched.subscription(ArtifactType::Transcript).await.id;
        assert_eq!(kept, other, "{event:?}");
        let stored = watched.stored(&meeting).await;
        assert_eq!(stored.artifacts.len(), 1, "{event:?}: the gap was listed");
        let seen = watched.read_meeting(&meeting).await;
        let arrival = &seen["capture_ledger"]["arrivals"][0];
        assert_eq!(arrival["path"], "delta", "{event:?}: {seen}");
    }
}

/// NT-4, NT-5: where Microsoft lost notifications of a subscription that is still
/// there, it is made anew, once, and what may be missing is listed.
#[tokio::test]
async fn after_lost_notifications_it_is_made_anew_and_listed() {
    let watched = Watched::open(true).await;
    watched.later(TimeDelta::minutes(20));
    let id = watched.subscription(KIND).await.id;
    watched.graph.clear_received();
    tell(&watched, LifecycleEvent::Missed, 3).await;
    assert_ne!(watched.subscription(KIND).await.id, id);
    assert_eq!(watched.graph.subscriptions().len(), 2);
    assert_eq!(watched.requests("POST", "/subscriptions").len(), 1);
    let lists = watched.requests("GET", "getAllRecordings");
    assert!(!lists.is_empty());
}

/// NT-3, NT-4: forged ones have nothing done, at either address.
#[tokio::test]
async fn a_forged_lifecycle_notification_changes_nothing() {
    let mut watched = Watched::open(true).await;
    let [seeded] = watched.others(1).try_into().unwrap();
    let org = watched.join(&seeded).await;
    let theirs = watched.subscription(KIND).await;
    watched.become_org(&org);
    let own = watched.subscription(KIND).await;
    let genuine = json!({ "subscriptionId": own.id, "clientState": own.client_state,
        "tenantId": own.tenant_id, "lifecycleEvent": "reauthorizationRequired",
        "subscriptionExpirationDateTime": own.expires_at });
    let with = |field: &str, value: Value| {
        let mut item = genuine.clone();
        item[field] = value;
        item
    };
    let wrong_state = Verdict::WrongClientState;
    let cases = [
        (with("clientState", json!("forged")), wrong_state),
        (with("clientState", json!(theirs.client_state)), wrong_state),
        (with("clientState", Value::Null), wrong_state),
        (with("subscriptionId", json!(theirs.id)), wrong_state),
        (
            with("subscriptionId", json!(Uuid::nil())),
            Verdict::UnknownSubscription,
        ),
        (
            with("tenantId", json!(theirs.tenant_id)),
            Verdict::WrongTenant,
        ),
        (
            with("lifecycleEvent", json!("somethingNew")),
            Verdict::Ignored,
        ),
    ];
    watched.graph.clear_received();
    let before = watched.items().await;
    for path in [LIFECYCLE, "/webhooks/graph/notifications"] {
        for (item, verdict) in &cases {
            let body = json!({ "value": [item] }).to_string();
            let event = Event::new("POST", path).text(&body);
            assert_eq!(watched.process.webhook(event).await.status, 202);
            let [message] = watched.queued().await.try_into().expect("one message");
            let tally = watched.process.judge(&message).await;
            let counts: Vec<_> = tally.counts().collect();
            assert_eq!(counts, [(*verdict, 1)], "{item}");
            assert!(watched.process.take_in(&message).await);
        }
    }
    assert!(watched.items().await == before);
    assert!(watched.graph.received().is_empty());
}
