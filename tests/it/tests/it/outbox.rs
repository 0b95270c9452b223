//! XC-7, XC-12: what a change is to cause reaches queue and bus, whatever fails
//! on the way; and what cannot be done ends with the dead letters.

use std::time::Duration;

use aws_sdk_sqs::types::QueueAttributeName;
use chrono::TimeDelta;
use convoke_local::{Functions, Stack, StackOptions};
use convoke_platform::queue::{Queue, Queues};
use http::Method;
use it::api::Api;
use it::deployed;
use it::gateway::Event;
use it::listener::{Listener, outbox_records, receive, sqs};
use it::process::{Process, sdk_config};
use it::schemas::assert_fits_schema;
use it::{api::ALL_SCOPES, clock::TestClock};
use serde_json::{Value, json};

/// How long the deployed functions may take for background work.
const PATIENCE: Duration = Duration::from_mins(1);

/// AWS without functions that only one test uses: a sweep takes all there is.
fn own_resources() -> Stack {
    let options = StackOptions {
        functions: Functions::None,
        ..StackOptions::temporary()
    };
    Stack::start(options).expect("the local stack starts")
}

fn meeting(provider: &str) -> Value {
    json!({ "title": "PCI Scope Review", "frequency": "QUARTERLY", "provider": provider, "start": "2027-01-15T09:00",
        "duration_minutes": 60, "timezone": "Europe/Berlin", "is_online": false,
        "attendees": [{ "email": "ann@contoso.example", "name": "Ann" }] })
}

/// Makes one of each event through the deployed API; answers with the meeting.
async fn live_through_everything(api: &Api) -> String {
    let schedule =
        json!({ "frequency": "QUARTERLY", "next_due": "2027-01-15", "timezone": "Europe/Berlin" });
    let put = api
        .put(&api.org_path("/controls/pci-1/schedule"), &schedule)
        .await;
    assert!(matches!(put.status, 200 | 201), "{put:?}");
    let created = api
        .post(&api.org_path("/controls/pci-1/meetings"), &meeting("mock"))
        .await
        .expect(201);
    let id = created["meeting_id"].as_str().unwrap().to_owned();
    let path = api.org_path(&format!("/meetings/{id}"));
    api.call(Method::POST, &format!("{path}/schedule"), &[], None)
        .await
        .expect(200);
    api.patch(&path, &json!({ "title": "canary-title" }))
        .await
        .expect(200);
    api.post(
        &api.org_path("/controls/pci-1/schedule/complete"),
        &json!({ "completed_on": "2026-11-20" }),
    )
    .await
    .expect(200);
    api.call(Method::POST, &format!("{path}/cancel"), &[], None)
        .await
        .expect(200);
    id
}

const EVERYTHING: [(&str, usize); 4] = [
    ("meeting.scheduled", 1),
    ("meeting.updated", 1),
    ("meeting.occurrence_advanced", 1),
    ("meeting.cancelled", 1),
];

/// XC-12: each change of a meeting is on the bus, with id, tenant, version and
/// time, as its schema says, and without what people wrote.
#[tokio::test]
async fn every_change_reaches_the_bus() {
    let org = deployed::new_org();
    let listener = Listener::start(deployed::stack(), &org).await;
    let id = live_through_everything(&Api::admin(&org)).await;
    let mut heard = listener.hear(&EVERYTHING).await;
    heard.sort_by_key(|event| event["detail"]["version"].as_u64());
    heard.dedup_by_key(|event| event["detail"]["event_id"].clone());
    let kinds: Vec<_> = heard
        .iter()
        .map(|event| event["detail-type"].as_str().unwrap())
        .collect();
    assert_eq!(
        kinds,
        EVERYTHING.map(|(kind, _)| kind),
        "in the order of their versions, each once"
    );
    for event in &heard {
        assert_fits_schema(event["detail-type"].as_str().unwrap(), &event["detail"]);
        assert_eq!(event["source"], "convoke");
        assert_eq!(
            (&event["detail"]["org_id"], &event["detail"]["meeting_id"]),
            (&json!(org), &json!(id))
        );
        for private in ["canary-title", "ann@contoso.example", "Ann", "PCI Scope"] {
            assert!(!event.to_string().contains(private), "{event}");
        }
    }
}

/// XC-7: an outbox item stays while SQS refuses it; the sweeper sends it once SQS is back.
#[tokio::test]
async fn what_sqs_refuses_is_sent_by_the_sweeper() {
    let stack = own_resources();
    let clock = TestClock::at("2026-11-21T04:00:00Z");
    let process = Process::new(&stack, clock.ports(), None);
    let org = deployed::new_org();
    make_scheduled(&process, &org).await;
    let unreachable = aws_sdk_sqs::Client::new(&sdk_config("http://127.0.0.1:9"));
    let queues = Queues::new(
        unreachable,
        &[
            (Queue::Delivery, &stack.outputs.delivery_queue_url),
            (Queue::Graph, &stack.outputs.graph_queue_url),
        ],
    );
    let cut_off = outbox_relay::App::new(process.store.clone(), queues, clock.ports());
    let stream = json!({ "Records": outbox_records(&stack).await });
    let sequence = stream["Records"][0]["dynamodb"]["SequenceNumber"].clone();

    let failed = cut_off.handle(stream.clone()).await.unwrap();
    assert_eq!(
        failed["batchItemFailures"],
        json!([{ "itemIdentifier": sequence }]),
        "the stream is to go on from there"
    );
    clock.advance(TimeDelta::seconds(61));
    cut_off.sweep().await.unwrap();
    assert_eq!(outbox_records(&stack).await.len(), 1, "the item stays");

    process.outbox_relay.sweep().await.unwrap();
    assert_eq!(outbox_records(&stack).await, Vec::<Value>::new());
    // The stream's late second try sends the same message again: consumers know it by its id.
    let late = process.outbox_relay.handle(stream).await.unwrap();
    assert_eq!(late["batchItemFailures"], json!([]));
    let sqs = sqs(&stack);
    let bodies: Vec<Value> = receive(&sqs, &stack.outputs.delivery_queue_url, 0)
        .await
        .iter()
        .map(|message| serde_json::from_str(message.body().unwrap()).unwrap())
        .collect();
    assert!(!bodies.is_empty());
    assert!(
        bodies
            .iter()
            .all(|body| body == &bodies[0] && body["tenant"] == json!(org)),
        "{bodies:?}"
    );
    assert_eq!(bodies[0]["job"]["detail_type"], "meeting.scheduled");
}

/// XC-7: nothing is sent before its time: a sweep leaves fresh items to the stream.
#[tokio::test]
async fn a_sweep_leaves_fresh_items_to_the_stream() {
    let stack = own_resources();
    let clock = TestClock::at("2026-11-21T04:00:00Z");
    let process = Process::new(&stack, clock.ports(), None);
    make_scheduled(&process, &deployed::new_org()).await;
    process.outbox_relay.sweep().await.unwrap();
    assert_eq!(outbox_records(&stack).await.len(), 1);
    let stream = json!({ "Records": outbox_records(&stack).await });
    process.outbox_relay.handle(stream).await.unwrap();
    assert_eq!(outbox_records(&stack).await, Vec::<Value>::new());
}

/// Work on mailboxes goes one after the other for each tenant and mailbox, and a
/// repeated message is dropped by the queue.
#[cfg(feature = "enterprise")]
#[tokio::test]
async fn graph_work_is_grouped_by_mailbox() {
    use graph_simulator::demo;
    let stack = own_resources();
    let clock = TestClock::at("2026-11-21T04:00:00Z");
    let sqs = sqs(&stack);
    let mut groups = vec![];
    for organizer in [demo::ORGANIZER_UPN, demo::BOB_UPN] {
        let org = deployed::new_org();
        let process = Process::with_organizer(
            &stack,
            clock.ports(),
            Some(&org),
            &stack.graph_base_url,
            organizer,
        );
        for _ in 0..2 {
            let id = make_scheduled_on(&process, &org, "graph").await;
            let event = Event::new("PATCH", &format!("/api/v1/orgs/{org}/meetings/{id}"));
            process
                .api(
                    event
                        .internal(&org, "u-1", ALL_SCOPES)
                        .json(&json!({ "title": "Another" })),
                )
                .await
                .expect(200);
        }
        let stream = json!({ "Records": outbox_records(&stack).await });
        for _ in 0..2 {
            let answer = process.outbox_relay.handle(stream.clone()).await.unwrap();
            assert_eq!(answer["batchItemFailures"], json!([]));
        }
        // Never by its address (XC-9): queues are read by people.
        groups.push(format!(
            "{org}/{}",
            convoke_services::jobs::mailbox_key(organizer)
        ));
    }
    let mut found = vec![];
    loop {
        let messages = receive(&sqs, &stack.outputs.graph_queue_url, 0).await;
        if messages.is_empty() {
            break;
        }
        for message in messages {
            let attributes = message.attributes().unwrap();
            found.push(
                attributes[&aws_sdk_sqs::types::MessageSystemAttributeName::MessageGroupId].clone(),
            );
        }
    }
    found.sort();
    let mut expected = [groups.clone(), groups].concat();
    expected.sort();
    assert_eq!(found, expected);
}

/// XC-7: what can never be done ends with the dead letters, and holds up nothing;
/// a relay that is killed again and again loses nothing.
#[tokio::test]
async fn poison_ends_with_the_dead_letters_and_a_killed_relay_loses_nothing() {
    let stack = Stack::start(StackOptions::temporary()).expect("the local stack starts");
    let sqs = sqs(&stack);
    let outputs = &stack.outputs;
    for queue in [&outputs.delivery_queue_url, &outputs.graph_queue_url] {
        let visible_soon = sqs
            .set_queue_attributes()
            .queue_url(queue)
            .attributes(QueueAttributeName::VisibilityTimeout, "1");
        visible_soon.send().await.unwrap();
    }
    for poison in [
        "not a message of ours",
        r#"{"id":"0","tenant":"acme","job":{}}"#,
    ] {
        sqs.send_message()
            .queue_url(&outputs.delivery_queue_url)
            .message_body(poison)
            .send()
            .await
            .unwrap();
        let to_graph = sqs
            .send_message()
            .queue_url(&outputs.graph_queue_url)
            .message_body(poison);
        to_graph
            .message_group_id("poison")
            .message_deduplication_id(poison.len().to_string())
            .send()
            .await
            .unwrap();
    }
    let org = deployed::new_org();
    let listener = Listener::start(&stack, &org).await;
    let claims = convoke_local::TokenClaims::internal(&org, "u-admin", ALL_SCOPES);
    let api = Api::with_claims(&stack, &claims, &org);
    let living = async {
        for _ in 0..3 {
            live_through_everything_again(&api).await;
        }
    };
    let killing = async {
        for _ in 0..8 {
            let _ = stack.kill_function("outbox-relay");
            tokio::time::sleep(Duration::from_millis(150)).await;
        }
    };
    tokio::join!(living, killing);
    listener
        .hear(&[("meeting.scheduled", 3), ("meeting.cancelled", 3)])
        .await;
    for queue in [
        &outputs.delivery_dead_letters_url,
        &outputs.graph_dead_letters_url,
    ] {
        let mut dead = vec![];
        let burying = async {
            while dead.len() < 2 {
                dead.extend(receive(&sqs, queue, 1).await);
            }
        };
        tokio::time::timeout(PATIENCE, burying)
            .await
            .unwrap_or_else(|_| panic!("nothing in {queue}"));
    }
}

async fn live_through_everything_again(api: &Api) {
    let created = api
        .post(&api.org_path("/controls/pci-1/meetings"), &meeting("ics"))
        .await
        .expect(201);
    let path = api.org_path(&format!(
        "/meetings/{}",
        created["meeting_id"].as_str().unwrap()
    ));
    api.call(Method::POST, &format!("{path}/schedule"), &[], None)
        .await
        .expect(200);
    api.call(Method::POST, &format!("{path}/cancel"), &[], None)
        .await
        .expect(200);
}

async fn make_scheduled(process: &Process, org: &str) -> String {
    make_scheduled_on(process, org, "mock").await
}

async fn make_scheduled_on(process: &Process, org: &str, provider: &str) -> String {
    let event = |path: &str| {
        Event::new("POST", &format!("/api/v1/orgs/{org}{path}")).internal(org, "u-1", ALL_SCOPES)
    };
    let created = process
        .api(event("/controls/pci-1/meetings").json(&meeting(provider)))
        .await
        .expect(201);
    let id = created["meeting_id"].as_str().unwrap().to_owned();
    process
        .api(event(&format!("/meetings/{id}/schedule")))
        .await
        .expect(200);
    id
}
