//! The same many times, much at once, and keys that nobody has (NT-3).

use std::collections::BTreeSet;

use chrono::TimeDelta;
use convoke_domain::artifact::ArtifactType;
use convoke_services::notifications::{Tally, Verdict};
use futures_util::future::join_all;
use graph_simulator::NewArtifact;
use it::practice::{Meeting, Watched, transcript};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Scene, tokens};
use crate::notifications::{both_by, ways};

/// Messages that at most come again for want of a table that is less busy.
const ROUNDS: usize = 50;

/// NT-3: a genuine delivery, posted a hundred times over and taken by two processes at
/// once, is taken on once.
#[tokio::test]
async fn a_delivery_that_is_repeated_is_taken_on_once() {
    let scene = Box::pin(Scene::open()).await;
    let watched = &scene.watched;
    let posts = (0..100).map(|_| watched.post(&scene.genuine));
    for answer in join_all(posts).await {
        assert_eq!(answer.status, 202);
    }
    let mut messages = watched.queued().await;
    assert_eq!(messages.len(), 100);
    let processes = [watched.fresh_process(), watched.fresh_process()];
    for _ in 0..ROUNDS {
        let taking = messages.iter().enumerate().map(|(at, message)| {
            let process = &processes[at % 2];
            async move { process.take_in(message).await }
        });
        let done = join_all(taking).await;
        let mut done = done.iter();
        messages.retain(|_| !*done.next().unwrap());
        if messages.is_empty() {
            break;
        }
    }
    assert_eq!(messages.len(), 0, "they come again without end");
    let jobs = watched.relay().await;
    assert_eq!(jobs.len(), 1, "{jobs:?}");
    assert_eq!(jobs[0].1["job"], "capture_artifacts");
    // And once more, long after its work is done.
    assert!(watched.process.capture(&watched.org, &jobs[0].1).await);
    watched.work().await;
    watched.graph.clear_received();
    let message = watched.message(&scene.genuine).await;
    assert!(watched.process.take_in(&message).await);
    assert!(watched.relay().await.is_empty());
    assert_eq!(watched.requests("GET", "/v1.0/").len(), 0);
}

/// NT-3: tokens that name unknown keys have Microsoft's keys read once, however many
/// there are, and harm no genuine one.
#[tokio::test]
async fn a_storm_of_unknown_keys_reads_the_keys_once() {
    let scene = Box::pin(Scene::open()).await;
    let watched = &scene.watched;
    let process = watched.fresh_process();
    watched.graph.clear_received();
    let posts = (0..100).map(|number| {
        let body = tokens::of_unknown_key(&scene, number);
        async move { watched.post(&body).await }
    });
    join_all(posts).await;
    let messages = watched.queued().await;
    let judging = messages.iter().map(|message| process.judge(message));
    for tally in join_all(judging).await {
        assert_eq!(tally.of(Verdict::NotAuthenticated), 1, "{tally:?}");
    }
    let message = watched.message(&scene.genuine).await;
    let tally = process.judge(&message).await;
    assert_eq!(tally.of(Verdict::Accepted), 1, "{tally:?}");
    let received = watched.graph.received();
    let mut read: Vec<_> = received
        .iter()
        .filter(|one| one.path.contains("/discovery/") || one.path.contains("/.well-known/"))
        .map(|one| one.path.clone())
        .collect();
    let all = read.len();
    read.sort();
    read.dedup();
    assert_eq!(read.len(), all, "each document once: {received:?}");
    assert!((2..=4).contains(&all), "{read:?}");
}

/// NT-3: what was genuine when it came is so however long it lay in the queue; what was
/// not, never gets so.
#[tokio::test]
async fn a_delivery_that_waited_a_day_is_as_good_as_when_it_came() {
    let scene = Box::pin(Scene::open()).await;
    let watched = &scene.watched;
    let message = watched.message(&scene.genuine).await;
    watched.later(TimeDelta::hours(26));
    let late = watched.message(&scene.genuine).await;
    let tally = watched.process.judge(&late).await;
    assert_eq!(tally.of(Verdict::NotAuthenticated), 1, "{tally:?}");
    let tally = watched.process.judge(&message).await;
    assert_eq!(tally.of(Verdict::Accepted), 1, "{tally:?}");
    watched.work().await;
    let seen = watched.read_meeting(&scene.meeting).await;
    let arrival = &seen["capture_ledger"]["arrivals"][0];
    assert_eq!(arrival["path"], "notification", "{seen}");
}

/// An organisation, its meeting, and the deliveries of what was made of it.
struct Party {
    org: String,
    meeting: Meeting,
    tenant: String,
    items: Vec<Value>,
    token: Value,
}

/// One of three, with five recordings and five transcripts of which nobody was told.
async fn party(watched: &Watched, tenant: &str) -> Party {
    let meeting = watched.met(&json!({})).await;
    watched.at(Meeting::AFTER);
    for at in 0..5 {
        let graph = &watched.graph;
        let recording = graph.add_recording(&meeting.join_url, NewArtifact::default());
        recording.expect("a recording");
        let text = transcript(&format!("Line {at}"));
        graph
            .add_transcript(&meeting.join_url, text)
            .expect("a transcript");
    }
    let (mut items, mut token) = (vec![], Value::Null);
    for kind in ArtifactType::ALL {
        for artifact in watched.graph.artifacts(&meeting.join_url) {
            let is_recording = artifact.kind == graph_simulator::ArtifactKind::Recording;
            if is_recording == (kind == ArtifactType::Recording) {
                let body = watched.genuine(kind, &artifact.id).await;
                items.push(body["value"][0].clone());
                token = body["validationTokens"][0].clone();
            }
        }
    }
    watched.posted().await;
    let tenant = tenant.to_owned();
    let org = watched.org.clone();
    Party {
        org,
        meeting,
        tenant,
        items,
        token,
    }
}

/// Forged from a genuine item, in one of five ways.
fn forged(item: &Value, other: &Party, way: usize) -> (Value, Verdict) {
    let mut forged = item.clone();
    let verdict = match way % 5 {
        0 => {
            forged["subscriptionId"] = json!(Uuid::from_u128(way as u128));
            Verdict::UnknownSubscription
        }
        1 => {
            forged["clientState"] = other.items[0]["clientState"].clone();
            Verdict::WrongClientState
        }
        2 => {
            forged["tenantId"] = json!(other.tenant);
            Verdict::WrongTenant
        }
        3 => {
            forged["encryptedContent"]["dataSignature"] =
                other.items[0]["encryptedContent"]["dataSignature"].clone();
            Verdict::NotDecrypted
        }
        _ => {
            forged["encryptedContent"] = other.items[0]["encryptedContent"].clone();
            Verdict::WrongResource
        }
    };
    (forged, verdict)
}

/// NT-3, XC-1: a thousand notifications of three tenants in one post, thirty of them
/// genuine: each finds its own tenant, and the others find nothing.
#[tokio::test]
async fn a_batch_over_three_tenants_is_taken_apart() {
    let mut watched = Watched::open(true).await;
    let mut parties = vec![party(&watched, Watched::TENANT).await];
    for seeded in watched.others(2) {
        watched.at("2026-12-01T08:45:00Z");
        watched.join(&seeded).await;
        parties.push(party(&watched, &seeded.tenant_id).await);
    }
    watched.queued().await;
    let mut expected = Tally::default();
    let mut items: Vec<Value> = vec![];
    for number in 0..1_000 {
        let (own, other) = (&parties[number % 3], &parties[(number + 1) % 3]);
        let at = number / 3;
        if let Some(item) = own.items.get(at) {
            expected.add(Verdict::Accepted);
            items.push(item.clone());
        } else {
            let (item, verdict) = forged(&own.items[at % 10], other, at);
            expected.add(verdict);
            items.push(item);
        }
    }
    let tokens: Vec<_> = parties.iter().map(|party| &party.token).collect();
    let body = json!({ "value": items, "validationTokens": tokens });
    let message = watched.message(&body).await;
    assert!(
        message.len() < 1_000,
        "a pointer: the body is {}",
        body.to_string().len()
    );
    assert_eq!(watched.process.judge(&message).await, expected);
    // Again, and then its body is gone from the bucket.
    assert!(watched.process.take_in(&message).await);
    let raw = convoke_platform::raw::RawNotification::parse(&message).unwrap();
    let gone = watched.process.raw.read(&raw).await.unwrap_err();
    assert_eq!(gone.code(), "not_found");
    for party in &parties {
        watched.become_org(&party.org);
        let jobs = watched.relay().await;
        let named: BTreeSet<_> = jobs
            .iter()
            .map(|(_, job)| {
                assert_eq!(job["online_meeting_id"], json!(party.meeting.id.uuid()));
                job["arrival"]["provider_artifact_id"].to_string()
            })
            .collect();
        assert_eq!((jobs.len(), named.len()), (10, 10), "{}", party.org);
    }
}

/// NT-3: two deliveries of one artifact by two subscriptions in succession are two ways
/// of saying one thing.
#[tokio::test]
async fn a_successors_notification_changes_nothing_more() {
    let watched = Watched::open(true).await;
    let (meeting, held) = watched.held().await;
    watched.take().await;
    let kind = ArtifactType::Recording;
    let id = watched.subscription(kind).await.id;
    assert!(watched.graph.lose_subscription(&id));
    let job = json!({ "job": "renew_subscription", "event": "removed",
        "subscription": watched.row(kind).await.key.to_string() });
    assert!(watched.process.subscribe(&watched.org, &job).await);
    watched.work().await;
    let recording = held.recording.unwrap();
    let body = watched.genuine(kind, &recording.id).await;
    assert_ne!(body["value"][0]["subscriptionId"], json!(id));
    let message = watched.message(&body).await;
    let tally = watched.process.judge(&message).await;
    assert_eq!(tally.of(Verdict::Accepted), 1, "{tally:?}");
    watched.work().await;
    watched.assert_kept_once(&meeting, "told twice").await;
    let seen = watched.read_meeting(&meeting).await;
    assert_eq!(ways(&seen), both_by(&["notification"]));
}
