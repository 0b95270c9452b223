//! One meeting that goes wrong holds up no other (OM-11).

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use aws_sdk_dynamodb::types::AttributeValue;
use convoke_platform::queue::{Incoming, Queue, Queues};
use graph_simulator::Fault;
use it::deployed::{self, new_org};
use it::practice::{Meeting, Practice};
use it::process::sdk_config;
use serde_json::{Value, json};

/// Meetings that are due with the bad ones.
const OTHERS: usize = 20;
/// What the others may take while two of them go wrong.
const SOON: Duration = Duration::from_secs(10);

/// A queue that only the test reads, which the sweep sends to from now on.
async fn own_queue(practice: &mut Practice) -> (aws_sdk_sqs::Client, String) {
    let stack = deployed::resources();
    let sqs = aws_sdk_sqs::Client::new(&sdk_config(&stack.aws_endpoint));
    let made = sqs.create_queue().queue_name(new_org()).send().await;
    let url = made.unwrap().queue_url.unwrap();
    let urls = [(Queue::Capture, &*url), (Queue::Transfer, &*url)];
    practice.process.artifact_capture.queues = Queues::new(sqs.clone(), &urls);
    (sqs, url)
}

/// The organisation's messages, each as often as it came.
async fn arrived(
    practice: &Practice,
    (sqs, url): &(aws_sdk_sqs::Client, String),
) -> BTreeMap<String, Value> {
    let mut jobs = BTreeMap::new();
    loop {
        let batch = sqs
            .receive_message()
            .queue_url(url)
            .max_number_of_messages(10)
            .send()
            .await;
        let messages = batch.unwrap().messages.unwrap_or_default();
        if messages.is_empty() {
            return jobs;
        }
        for message in messages {
            let incoming = Incoming::parse(message.body.as_deref().unwrap()).unwrap();
            if incoming.tenant.id().as_str() == practice.org {
                let id = incoming.job["online_meeting_id"]
                    .as_str()
                    .unwrap()
                    .to_owned();
                assert!(
                    jobs.insert(id, incoming.job).is_none(),
                    "a message per meeting"
                );
            }
            let delete = sqs.delete_message().queue_url(url);
            delete
                .receipt_handle(message.receipt_handle.unwrap())
                .send()
                .await
                .unwrap();
        }
    }
}

/// Spoils a meeting's row: nobody can read it any more.
async fn spoil(practice: &Practice, meeting: &Meeting) {
    let site = &practice.process.site;
    let key = |text: String| AttributeValue::S(text);
    site.dynamodb()
        .update_item()
        .table_name(&site.outputs.table_name)
        .key("pk", key(format!("T#{}#A#{}", practice.org, meeting.id)))
        .key("sk", key("MEETING".to_owned()))
        .update_expression("REMOVE subject SET spoilt = :yes")
        .expression_attribute_values(":yes", AttributeValue::Bool(true))
        .send()
        .await
        .unwrap();
}

/// Where Microsoft has what was made of a meeting: a path as it is sent.
async fn place_of(practice: &Practice, meeting: &Meeting) -> String {
    practice.graph.clear_received();
    practice.refresh(meeting).await;
    let asked = practice.requests("GET", "/recordings");
    asked[0].path.trim_end_matches("/recordings").to_owned()
}

/// OM-11: a row that nobody can read and a meeting whose calls hang: the sweep sends
/// each by itself, and twenty others are through long before they are.
#[tokio::test]
async fn a_poison_meeting_holds_no_other_up() {
    let mut practice = Practice::open().await;
    let queue = own_queue(&mut practice).await;
    let (spoilt, hanging) = (
        practice.met(&json!({})).await,
        practice.met(&json!({})).await,
    );
    let mut others = vec![];
    for _ in 0..OTHERS {
        others.push(
            practice
                .met(&json!({ "create_schedule_entry": false }))
                .await,
        );
    }
    practice.clock.set(Meeting::BETWEEN);
    let place = place_of(&practice, &hanging).await;
    for meeting in others.iter().chain([&spoilt, &hanging]) {
        practice.graph.hold_meeting(&meeting.join_url).unwrap();
    }
    practice.clock.set(Meeting::AFTER);
    spoil(&practice, &spoilt).await;
    let process = &practice.process;
    process
        .artifact_capture
        .handle(json!({ "sweep": true }), Duration::from_mins(15))
        .await
        .unwrap();
    let mut jobs = arrived(&practice, &queue).await;
    assert_eq!(jobs.len(), OTHERS + 2);

    // The poison comes first.
    practice
        .graph
        .inject(Fault::on("GET", &format!("{place}/**")).always().hang());
    let poison = jobs.remove(&hanging.id.to_string()).unwrap();
    let job = jobs.remove(&spoilt.id.to_string()).unwrap();
    assert!(
        !process.capture(&practice.org, &job).await,
        "what cannot be read goes to the dead letters"
    );
    let begun = Instant::now();
    let meanwhile = async {
        practice.until_hanging().await;
        for job in jobs.values() {
            assert!(process.capture(&practice.org, job).await);
        }
        begun.elapsed()
    };
    let (is_done, took) = tokio::join!(process.capture(&practice.org, &poison), meanwhile);
    assert!(took < SOON, "{took:?}");
    assert!(
        begun.elapsed() < Duration::from_mins(1),
        "a look in the background is bounded"
    );
    assert!(is_done, "it comes again when it is due");
    for meeting in &others {
        let seen = practice.read_meeting(meeting).await;
        assert_eq!(seen["capture_status"], "complete", "{seen}");
    }
    let seen = practice.read_meeting(&hanging).await;
    assert_eq!(
        (&seen["status"], &seen["error_code"]),
        (&json!("recording_pending"), &json!("graph_unavailable"))
    );
    assert_eq!(seen["recording_fetch_attempts"], 1, "{seen}");

    // It went to the end of the line; what cannot be read is still found.
    let due = practice.capture(&hanging).await.due_at.unwrap();
    assert!(due > practice.now(), "{due}");
    practice.graph.clear_faults();
    process
        .artifact_capture
        .handle(json!({ "sweep": true }), Duration::from_mins(15))
        .await
        .unwrap();
    let again = arrived(&practice, &queue).await;
    assert_eq!(
        again.into_keys().collect::<Vec<_>>(),
        [spoilt.id.to_string()]
    );
    practice.clock.set(&due.to_rfc3339());
    practice.refresh(&hanging).await;
    let seen = practice.read_meeting(&hanging).await;
    assert_eq!(seen["capture_status"], "complete", "{seen}");
}
