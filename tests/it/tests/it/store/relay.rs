//! From the outbox to the queues: by the stream's images, and by the sweeper
//! for what the stream missed (XC-7).

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use chrono::TimeDelta;
use convoke_platform::clock::Clock;
use convoke_platform::outbox::{OutboxRecord, Relay};
use convoke_platform::queue::{Incoming, Outgoing, Queue, Queues};
use convoke_platform::store::TenantStore;
use it::clock::TestClock;
use it::deployed::{self, new_org};
use it::process::sdk_config;
use serde_json::{Value, json};
use uuid::Uuid;

use super::table::{client, of_new_tenant, store as whole_store, table};
use crate::routes::NOW;

/// Later than any time to which a test's sweeper looks: what waits since then
/// is not for it to send.
const AFTERWARDS: &str = "2051-01-01T00:00:00Z";

/// Queues that nobody but the test reads.
struct Post {
    client: aws_sdk_sqs::Client,
    delivery: String,
    queues: Queues,
}

impl Post {
    async fn new() -> Self {
        let client = aws_sdk_sqs::Client::new(&sdk_config(&deployed::stack().aws_endpoint));
        let name = new_org();
        let delivery = client
            .create_queue()
            .queue_name(&name)
            .send()
            .await
            .unwrap()
            .queue_url
            .unwrap();
        let graph = client
            .create_queue()
            .queue_name(format!("{name}.fifo"))
            .attributes(aws_sdk_sqs::types::QueueAttributeName::FifoQueue, "true")
            .send()
            .await
            .unwrap();
        let graph = graph.queue_url.unwrap();
        let urls = [(Queue::Delivery, &*delivery), (Queue::Graph, &graph)];
        let queues = Queues::new(client.clone(), &urls);
        Self {
            client,
            delivery,
            queues,
        }
    }

    /// What has arrived since the last time, in any order.
    async fn arrived(&self) -> Vec<Incoming> {
        let mut all = vec![];
        loop {
            let batch = self
                .client
                .receive_message()
                .queue_url(&self.delivery)
                .max_number_of_messages(10)
                .send();
            let messages = batch.await.unwrap().messages.unwrap_or_default();
            if messages.is_empty() {
                return all;
            }
            for message in messages {
                all.push(Incoming::parse(message.body.as_deref().unwrap()).unwrap());
                let receipt = message.receipt_handle.unwrap();
                self.client
                    .delete_message()
                    .queue_url(&self.delivery)
                    .receipt_handle(receipt)
                    .send()
                    .await
                    .unwrap();
            }
        }
    }
}

fn messages(count: u32) -> Vec<Outgoing> {
    let ports = TestClock::at(NOW).ports();
    (0..count)
        .map(|at| Outgoing {
            queue: Queue::Delivery,
            group: String::new(),
            id: ports.mint(),
            job: json!({ "at": at }),
        })
        .collect()
}

async fn write_outbox(store: &TenantStore, record: &OutboxRecord) {
    let mut transaction = store.transaction();
    transaction.create(record);
    transaction.commit().await.unwrap();
}

/// XC-7: the stream was missed; the sweeper sends after a minute, once, with
/// the tenant that the row belongs to.
#[tokio::test]
async fn the_sweeper_sends_what_the_stream_missed() {
    let (post, clock, (store, org)) =
        (Post::new().await, TestClock::at(NOW), of_new_tenant().await);
    let table = whole_store().await;
    let relay = outbox_relay::App::new(table, post.queues.clone(), clock.ports());
    write_outbox(&store, &OutboxRecord::now(id(), messages(12), clock.now())).await;
    clock.advance(TimeDelta::seconds(59));
    relay.sweep().await.unwrap();
    assert!(
        post.arrived()
            .await
            .iter()
            .all(|message| message.tenant.id().as_str() != org)
    );
    clock.advance(TimeDelta::seconds(2));
    relay.sweep().await.unwrap();
    let mut sent: Vec<i64> = ours(&post, &org)
        .await
        .iter()
        .map(|job| job["at"].as_i64().unwrap())
        .collect();
    sent.sort_unstable();
    assert_eq!(sent, (0..12).collect::<Vec<_>>());
    relay.sweep().await.unwrap();
    assert!(
        ours(&post, &org).await.is_empty(),
        "it was sent and is gone"
    );
}

async fn ours(post: &Post, org: &str) -> Vec<Value> {
    let arrived = post.arrived().await.into_iter();
    arrived
        .filter(|message| message.tenant.id().as_str() == org)
        .map(|message| message.job)
        .collect()
}

fn id() -> Uuid {
    TestClock::at(NOW).ports().mint()
}

/// The item as a stream's new image shows it.
async fn image_of(org: &str, outbox_id: Uuid) -> Option<HashMap<String, AttributeValue>> {
    let key = HashMap::from([
        (
            "pk".into(),
            AttributeValue::S(format!("T#{org}#O#{outbox_id}")),
        ),
        ("sk".into(), AttributeValue::S("OUTBOX".into())),
    ]);
    client()
        .get_item()
        .table_name(table().await)
        .set_key(Some(key))
        .send()
        .await
        .unwrap()
        .item
}

/// XC-7: the relay sends an image of the stream and removes the item; the same
/// image again is sent again (at least once), and what is for later waits.
#[tokio::test]
async fn the_relay_sends_a_streams_image_and_removes_the_item() {
    let (post, clock, (store, org)) = (
        Post::new().await,
        TestClock::at(AFTERWARDS),
        of_new_tenant().await,
    );
    let relay = Relay::new(whole_store().await, post.queues.clone());
    let (first, later) = (id(), id());
    write_outbox(&store, &OutboxRecord::now(first, messages(2), clock.now())).await;
    let at = clock.now() + TimeDelta::minutes(10);
    write_outbox(
        &store,
        &OutboxRecord::later(later, messages(1), at, clock.now()),
    )
    .await;
    let image = image_of(&org, first).await.unwrap();
    assert!(relay.relay_image(image.clone(), clock.now()).await.unwrap());
    assert_eq!(ours(&post, &org).await.len(), 2);
    assert!(image_of(&org, first).await.is_none());
    assert!(relay.relay_image(image, clock.now()).await.unwrap());
    let waiting = image_of(&org, later).await.unwrap();
    assert!(
        !relay
            .relay_image(waiting.clone(), clock.now())
            .await
            .unwrap()
    );
    assert!(image_of(&org, later).await.is_some());
    assert!(relay.relay_image(waiting, at).await.unwrap());
    let mut foreign = HashMap::from([("pk".to_owned(), AttributeValue::S("no tenant".into()))]);
    assert!(relay.relay_image(foreign.clone(), at).await.is_err());
    foreign.insert("pk".to_owned(), AttributeValue::S(format!("T#{org}#O#x")));
    assert!(
        relay.relay_image(foreign, at).await.is_err(),
        "an image that is no outbox item"
    );
}

/// XC-7: what cannot be sent stays, and goes with a later sweep.
#[tokio::test]
async fn what_the_queue_refuses_stays_in_the_outbox() {
    let (post, clock, (store, org)) = (
        Post::new().await,
        TestClock::at(AFTERWARDS),
        of_new_tenant().await,
    );
    let outbox_id = id();
    write_outbox(
        &store,
        &OutboxRecord::now(outbox_id, messages(1), clock.now()),
    )
    .await;
    let nowhere = format!("{}-gone", post.delivery);
    let broken = Relay::new(
        whole_store().await,
        Queues::new(
            post.client.clone(),
            &[(Queue::Delivery, &*nowhere), (Queue::Graph, &nowhere)],
        ),
    );
    let image = image_of(&org, outbox_id).await.unwrap();
    assert!(
        broken
            .relay_image(image.clone(), clock.now())
            .await
            .is_err()
    );
    assert!(image_of(&org, outbox_id).await.is_some());
    let relay = Relay::new(whole_store().await, post.queues.clone());
    relay.relay_image(image, clock.now()).await.unwrap();
    assert_eq!(ours(&post, &org).await.len(), 1);
}
