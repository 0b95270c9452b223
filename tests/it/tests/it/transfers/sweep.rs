//! What `artifact-capture`'s schedule finds due, and sends (OM-10, OM-11).

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::TimeDelta;
use convoke_platform::outbox::Relay;
use convoke_platform::queue::{Incoming, Queue, Queues};
use convoke_platform::records::TransferRecord;
use convoke_platform::store::{DueKind, DueRow, Record, Store, TenantStore};
use convoke_services::jobs::Job;
use it::clock::TestClock;
use it::deployed::{Site, new_org};
use it::process::{Process, sdk_config};
use serde_json::json;
use uuid::Uuid;

use crate::routes::tenant;

const NOW: &str = "2061-01-01T00:00:00Z";
const WHILE: Duration = Duration::from_mins(15);

/// Queues that only the test reads, and a function that sends to them.
struct Round {
    sqs: aws_sdk_sqs::Client,
    url: String,
    process: Process,
}

impl Round {
    async fn new(clock: &TestClock) -> Self {
        let site = Site::own().await;
        let sqs = aws_sdk_sqs::Client::new(&sdk_config(&site.aws_endpoint));
        let made = sqs.create_queue().queue_name(new_org()).send().await;
        let url = made.unwrap().queue_url.unwrap();
        let mut process = Process::new(&site, clock.ports(), None);
        let urls = [(Queue::Capture, &*url), (Queue::Transfer, &*url)];
        process.artifact_capture.queues = Queues::new(sqs.clone(), &urls);
        Self { sqs, url, process }
    }

    async fn sweep(&self) {
        let event = json!({ "sweep": true });
        let swept = self.process.artifact_capture.handle(event, WHILE).await;
        swept.unwrap();
    }

    /// The artifacts that an organisation's messages name, with their number.
    async fn arrived(&self, org: &str) -> BTreeMap<String, u32> {
        let mut named = BTreeMap::new();
        loop {
            let batch = self.sqs.receive_message().queue_url(&self.url);
            let batch = batch.max_number_of_messages(10).send().await.unwrap();
            let messages = batch.messages.unwrap_or_default();
            if messages.is_empty() {
                return named;
            }
            for message in messages {
                let incoming = Incoming::parse(message.body.as_deref().unwrap()).unwrap();
                if incoming.tenant.id().as_str() == org {
                    let id = incoming.job["artifact_id"].as_str().unwrap_or("none");
                    *named.entry(id.to_owned()).or_default() += 1;
                }
                let delete = self.sqs.delete_message().queue_url(&self.url);
                let delete = delete.receipt_handle(message.receipt_handle.unwrap());
                delete.send().await.unwrap();
            }
        }
    }
}

fn transfer(meeting: Uuid, artifact: Uuid, clock: &TestClock, minutes: i64) -> TransferRecord {
    let now = clock.ports().now();
    TransferRecord {
        artifact_id: artifact,
        online_meeting_id: meeting,
        upload: None,
        furthest: 0,
        attempts: 0,
        error_code: None,
        claim: None,
        claimed_until: None,
        due_at: now + TimeDelta::minutes(minutes),
        version: 1,
        created_at: now,
    }
}

async fn write(store: &TenantStore, rows: &[TransferRecord]) {
    for rows in rows.chunks(100) {
        let mut transaction = store.transaction();
        for row in rows {
            transaction.create(row);
        }
        transaction.commit().await.unwrap();
    }
}

async fn remove(store: &TenantStore, rows: &[TransferRecord]) {
    for row in rows {
        store.delete(&row.key()).await.unwrap();
    }
}

/// A due row whose key names nothing.
#[cfg(feature = "enterprise")]
async fn write_garbage(site: &Site, org: &str) {
    let text = |text: &str| aws_sdk_dynamodb::types::AttributeValue::S(text.to_owned());
    site.dynamodb()
        .put_item()
        .table_name(&site.outputs.table_name)
        .item("pk", text(&format!("T#{org}#A#garbage")))
        .item("sk", text("TRANSFER#garbage"))
        .item("duepk", text("DUE#TRANSFER#0"))
        .item("duesk", text("2020-01-01T00:00:00.000Z#garbage"))
        .send()
        .await
        .unwrap();
}

/// OM-10, OM-11: everything that is due is sent, beyond any page, and once; what is
/// not due yet is not, and a row that nobody can read stops no other.
#[cfg(feature = "enterprise")]
#[tokio::test]
async fn a_sweep_sends_all_that_is_due() {
    let clock = TestClock::at(NOW);
    let round = Round::new(&clock).await;
    let org = new_org();
    let store = round.process.store.tenant(&tenant(&org));
    let ports = clock.ports();
    let meeting = ports.mint();
    let due: Vec<_> = (0..230)
        .map(|at| transfer(meeting, ports.mint(), &clock, -at - 1))
        .collect();
    let later = [transfer(meeting, ports.mint(), &clock, 5)];
    write(&store, &due).await;
    write(&store, &later).await;
    write_garbage(&round.process.site, &org).await;
    round.sweep().await;
    let arrived = round.arrived(&org).await;
    remove(&store, &due).await;
    remove(&store, &later).await;
    let expected: BTreeMap<_, _> = due
        .iter()
        .map(|row| (row.artifact_id.to_string(), 1))
        .collect();
    assert_eq!(arrived, expected);
}

/// XC-7: what waits in the outbox for either queue reaches it, with its tenant; a
/// queue that the sender does not know keeps the item where it is.
#[tokio::test]
async fn the_outbox_reaches_both_queues() {
    let clock = TestClock::at(NOW);
    let round = Round::new(&clock).await;
    let (org, ports) = (new_org(), clock.ports());
    let store = round.process.store.tenant(&tenant(&org));
    let ids = (ports.mint(), ports.mint());
    let capture = Job::CaptureArtifacts {
        online_meeting_id: ids.0,
        arrival: None,
    };
    let transfer = Job::TransferRecording {
        online_meeting_id: ids.0,
        artifact_id: ids.1,
    };
    let outbox = round.process.core.outbox(&[capture, transfer]).unwrap();
    store.put(&outbox).await.unwrap();
    let row = DueRow {
        tenant: tenant(&org),
        key: outbox.key(),
    };
    let table = round.process.store.clone();
    let only_one = Queues::new(round.sqs.clone(), &[(Queue::Capture, &*round.url)]);
    let relay = Relay::new(table.clone(), only_one);
    assert!(relay.relay_row(&row, ports.now()).await.is_err());
    let relay = Relay::new(table, round.process.artifact_capture.queues.clone());
    assert!(relay.relay_row(&row, ports.now()).await.unwrap());
    assert!(!relay.relay_row(&row, ports.now()).await.unwrap());
    let arrived = round.arrived(&org).await;
    // The first of them came twice: delivery is at least once.
    let expected = [(ids.1.to_string(), 1), ("none".to_owned(), 2)];
    assert_eq!(arrived, expected.into());
}

/// OM-11: pages are of all shards, oldest first: a shard with much to do lets the
/// others' first rows come with its own first ones.
#[tokio::test]
async fn a_page_holds_the_oldest_of_every_shard() {
    let clock = TestClock::at(NOW);
    let site = Site::own().await;
    let store = Store::new(site.dynamodb(), &site.outputs.table_name);
    let (busy, ports) = (new_org(), clock.ports());
    let meeting = ports.mint();
    let year = 365 * 24 * 60;
    let many: Vec<_> = (0..20)
        .map(|at| transfer(meeting, ports.mint(), &clock, at - 90 * year))
        .collect();
    let others: Vec<_> = (0..40)
        .map(|_| {
            (
                new_org(),
                transfer(ports.mint(), ports.mint(), &clock, -80 * year),
            )
        })
        .collect();
    let of = |org: &str| store.tenant(&tenant(org));
    write(&of(&busy), &many).await;
    for (org, row) in &others {
        write(&of(org), std::slice::from_ref(row)).await;
    }
    let sweeper = store.sweeper();
    let mut pages = sweeper.pages(DueKind::Transfer, ports.now(), 5);
    let first = pages.next().await.unwrap();
    remove(&of(&busy), &many).await;
    for (org, row) in &others {
        remove(&of(org), std::slice::from_ref(row)).await;
    }
    let ours: Vec<_> = first
        .iter()
        .filter(|row| row.tenant.id().as_str() == busy)
        .collect();
    let oldest: Vec<_> = many[..5].iter().map(|row| row.key().sort).collect();
    let found: Vec<_> = ours.iter().map(|row| row.key.sort.clone()).collect();
    assert_eq!(found, oldest, "no more than its share, in order");
    let is_other = |row: &&DueRow| {
        others
            .iter()
            .any(|(org, _)| row.tenant.id().as_str() == org)
    };
    assert!(first.iter().filter(is_other).count() >= 10);
    assert!(pages.has_more());
}

/// XC-11: the community edition has nobody to call: nothing is swept, and a message
/// that is left over changes nothing.
#[cfg(not(feature = "enterprise"))]
#[tokio::test]
async fn the_community_edition_leaves_copies_untouched() {
    let clock = TestClock::at(NOW);
    let round = Round::new(&clock).await;
    let org = new_org();
    let store = round.process.store.tenant(&tenant(&org));
    let row = transfer(clock.ports().mint(), clock.ports().mint(), &clock, -1);
    write(&store, std::slice::from_ref(&row)).await;
    round.sweep().await;
    assert!(round.arrived(&org).await.is_empty());
    for job in ["transfer_recording", "capture_artifacts"] {
        let job = json!({ "job": job, "online_meeting_id": row.online_meeting_id,
            "artifact_id": row.artifact_id });
        assert!(round.process.capture(&org, &job).await);
    }
    let stored = store.get::<TransferRecord>(&row.key()).await.unwrap();
    assert_eq!(stored.as_ref(), Some(&row));
    remove(&store, &[row]).await;
}
