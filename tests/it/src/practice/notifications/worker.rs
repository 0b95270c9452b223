//! The webhook's queue, and its messages in the worker's hands. A message that
//! fails comes again.

use std::time::Duration;

use aws_sdk_sqs::Client;
use convoke_platform::raw::RawNotification;
use convoke_services::notifications::Tally;
use serde_json::{Value, json};
use uuid::Uuid;

use super::Watched;
use crate::api::Answer;
use crate::deployed;
use crate::gateway::Event;
use crate::listener::receive;
use crate::process::{Process, sdk_config};

/// Where notifications are posted to.
const NOTIFICATIONS: &str = "/webhooks/graph/notifications";
/// The longest that Microsoft's posts may take.
const POSTED_WITHIN: Duration = Duration::from_secs(90);

/// A queue of one practice's own.
pub(super) struct Incoming {
    sqs: Client,
    url: String,
}

impl Incoming {
    pub(super) async fn make() -> Self {
        let sqs = Client::new(&sdk_config(&deployed::resources().aws_endpoint));
        let made = sqs.create_queue().queue_name(deployed::new_org());
        let url = made.send().await.expect("a queue").queue_url;
        let url = url.expect("its address");
        Self { sqs, url }
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }
}

impl Process {
    /// Hands `artifact-capture` one message of the webhook's; answers whether it was done.
    pub async fn take_in(&self, message: &str) -> bool {
        let event = json!({ "Records": [{
            "messageId": Uuid::nil(), "receiptHandle": "r", "body": message, "md5OfBody": "",
            "messageAttributes": {}, "attributes": {}, "eventSource": "aws:sqs",
            "awsRegion": "us-east-1",
            "eventSourceARN": "arn:aws:sqs:us-east-1:000000000000:notifications" }] });
        let left = Duration::from_mins(15);
        let answer = self.artifact_capture.handle(event, left).await;
        answer.expect("a batch is read")["batchItemFailures"] == json!([])
    }

    /// What a message's notifications come to, one after the other; the work that
    /// follows is taken on as well.
    pub async fn judge(&self, message: &str) -> Tally {
        let raw = RawNotification::parse(message).expect("the webhook's");
        let body = self.raw.read(&raw).await.expect("it is there");
        let mut tally = Tally::default();
        let inbox = &self.artifact_capture.inbox;
        let taken = inbox.take(raw.received_at, &body, &mut tally).await;
        taken.expect("nothing is away");
        tally
    }
}

impl Watched {
    /// Returns once Microsoft has posted what it had to.
    pub async fn posted(&self) {
        assert!(self.graph.settled(POSTED_WITHIN).await, "posts without end");
    }

    /// Posts a body, as anybody may.
    pub async fn post(&self, body: &Value) -> Answer {
        self.process
            .webhook(Event::new("POST", NOTIFICATIONS).text(&body.to_string()))
            .await
    }

    /// Takes out of the queue what the webhook has put there.
    pub async fn queued(&self) -> Vec<String> {
        let mut bodies = vec![];
        loop {
            let messages = receive(&self.queue.sqs, &self.queue.url, 0).await;
            if messages.is_empty() {
                return bodies;
            }
            bodies.extend(messages.into_iter().filter_map(|message| message.body));
        }
    }

    /// Posts a body, and takes its message out of the queue.
    pub async fn message(&self, body: &Value) -> String {
        assert_eq!(self.post(body).await.status, 202);
        let [message] = self.queued().await.try_into().expect("one message");
        message
    }

    /// The worker takes what is queued, and what follows from it is done, looks at
    /// meetings included; each message is done at once.
    pub async fn take(&self) {
        for message in self.queued().await {
            assert!(self.process.take_in(&message).await, "{message}");
        }
        self.work().await;
    }
}
