//! What Microsoft posts, or anybody in its name, up to where it is kept (NT-2):
//! the handler in this process, real queue and bucket of the local AWS.

mod hostile;
pub(crate) mod outages;

use std::time::Duration;

use bytes::Bytes;
use convoke_platform::raw::{RawKind, RawNotification, RawNotifications};
use it::api::Answer;
use it::clock::TestClock;
use it::deployed;
use it::gateway::{Event, answer_of_webhook};
use it::process::{CallCount, sdk_config};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::routes::NOW;

pub(crate) const PATHS: [(&str, RawKind); 2] = [
    ("/webhooks/graph/notifications", RawKind::Notifications),
    ("/webhooks/graph/lifecycle", RawKind::Lifecycle),
];
const ENTERPRISE: bool = cfg!(feature = "enterprise");

/// The handler, with a queue that nobody else reads.
pub(crate) struct Hook {
    app: graph_webhook::App,
    sqs: aws_sdk_sqs::Client,
    queue_url: String,
    calls: CallCount,
}

impl Hook {
    pub(crate) async fn new() -> Self {
        let stack = deployed::resources();
        let sdk = sdk_config(&stack.aws_endpoint);
        let sqs = aws_sdk_sqs::Client::new(&sdk);
        #[allow(clippy::disallowed_methods, reason = "any name that no other test has")]
        let name = format!("webhook-{}", Uuid::new_v4().simple());
        let made = sqs.create_queue().queue_name(name).send().await.unwrap();
        let queue_url = made.queue_url.unwrap();
        let calls = CallCount::default();
        let counted = aws_sdk_sqs::config::Builder::from(&sdk).interceptor(calls.clone());
        let s3 = convoke_platform::aws::bucket_client(&sdk);
        let s3 = s3.config().to_builder().interceptor(calls.clone()).build();
        let raw = RawNotifications::new(
            aws_sdk_sqs::Client::from_conf(counted.build()),
            &queue_url,
            aws_sdk_s3::Client::from_conf(s3),
            &stack.outputs.bucket_name,
        );
        let ports = TestClock::at(NOW).ports();
        Self {
            app: graph_webhook::App { raw, ports },
            sqs,
            queue_url,
            calls,
        }
    }

    pub(crate) async fn send(&self, event: Event) -> Answer {
        answer_of_webhook(self.app.handle(event.into_webhook()).await)
    }

    pub(crate) async fn post(&self, path: &str, body: &str) -> Answer {
        self.send(Event::new("POST", path).text(body)).await
    }

    /// The calls to AWS since the last time.
    pub(crate) fn calls(&self) -> Vec<(String, u32)> {
        self.calls.take().into_iter().collect()
    }

    /// Takes all that was kept out of the queue.
    pub(crate) async fn kept(&self) -> Vec<RawNotification> {
        let mut kept = vec![];
        loop {
            let call = self.sqs.receive_message().queue_url(&self.queue_url);
            let batch = call.max_number_of_messages(10).send().await.unwrap();
            let messages = batch.messages.unwrap_or_default();
            if messages.is_empty() {
                return kept;
            }
            for message in messages {
                let body = message.body.unwrap();
                kept.push(RawNotification::parse(&body).expect("one of ours"));
                let handle = message.receipt_handle.unwrap();
                let delete = self.sqs.delete_message().queue_url(&self.queue_url);
                delete.receipt_handle(handle).send().await.unwrap();
            }
        }
    }

    pub(crate) async fn read(&self, raw: &RawNotification) -> Bytes {
        self.app.raw.read(raw).await.unwrap()
    }
}

/// A notification like Microsoft's, as anybody could write one.
pub(crate) fn notification() -> Value {
    json!({
        "subscriptionId": "7a62d59e-1111-4222-8333-444455556666",
        "subscriptionExpirationDateTime": "2049-12-04T20:00:00+00:00",
        "changeType": "created",
        "clientState": "not-the-one",
        "tenantId": "77aa0000-1111-4222-8333-444455556666",
        "resource": "communications/onlineMeetings('MSoyYjBj')/recordings('VjIj')",
        "resourceData": { "@odata.type": "#Microsoft.Graph.callRecording", "id": "VjIj" },
    })
}

fn assert_kept(answer: &Answer) {
    let shown = String::from_utf8_lossy(&answer.body);
    assert_eq!((answer.status, &*shown), (202, ""));
    assert_eq!(answer.header("content-type"), None);
    assert_guarded(answer);
}

fn assert_guarded(answer: &Answer) {
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(answer.header("x-request-id"), Some("test-request"));
}

/// NT-2: the token comes back exactly, as text, at both addresses, whatever the
/// body; nothing is written for it.
#[tokio::test]
async fn the_handshake_is_answered_before_anything_else() {
    if !ENTERPRISE {
        return;
    }
    let hook = Hook::new().await;
    let query = "validationToken=Validation%3a+Testing+client+application+reachability+for+subscription+Request-Id%3a+185e6c58-1111-4222-8333-444455556666";
    let sentence = "Validation: Testing client application reachability for subscription Request-Id: 185e6c58-1111-4222-8333-444455556666";
    for (path, _) in PATHS {
        for body in [None, Some(""), Some("{ no json"), Some(r#"{"value":[]}"#)] {
            let target = format!("{path}?{query}");
            let event = Event::new("POST", &target).header("content-type", "text/plain");
            let answer = hook.send(body.into_iter().fold(event, Event::text)).await;
            assert_eq!(answer.status, 200, "{path}");
            assert_eq!(answer.body, sentence.as_bytes());
            let plain = Some("text/plain; charset=utf-8");
            assert_eq!(answer.header("content-type"), plain);
            assert_guarded(&answer);
        }
    }
    assert_eq!(hook.calls(), []);
}

/// NT-2: one call, to SQS; the worker gets the body to the octet, and when and
/// where it came.
#[tokio::test]
async fn a_notification_is_one_message() {
    if !ENTERPRISE {
        return;
    }
    let hook = Hook::new().await;
    let body = json!({ "value": [notification()], "validationTokens": null });
    let body = serde_json::to_string_pretty(&body).unwrap();
    for (path, kind) in PATHS {
        assert_kept(&hook.post(path, &body).await);
        assert_eq!(hook.calls(), [("SendMessage".to_owned(), 1)]);
        let kept = hook.kept().await;
        let [raw] = &kept[..] else { panic!("{kept:?}") };
        assert_eq!((raw.kind, raw.received_at), (kind, NOW.parse().unwrap()));
        assert_eq!(hook.read(raw).await, body);
    }
}

/// NT-2: the type of a body is not insisted on, nor that the gateway takes it for text.
#[tokio::test]
async fn a_body_is_taken_however_it_is_sent() {
    if !ENTERPRISE {
        return;
    }
    let hook = Hook::new().await;
    let body = json!({ "value": [notification()] }).to_string();
    for content_type in ["application/json", "text/html", "application/octet-stream"] {
        let event = Event::new("POST", PATHS[0].0).header("content-type", content_type);
        assert_kept(&hook.send(event.octets(body.as_bytes())).await);
    }
    // Parameters of our own address come along with each post.
    let with_query = format!("{}?a=b&%ff", PATHS[0].0);
    assert_kept(&hook.post(&with_query, &body).await);
    let kept = hook.kept().await;
    assert_eq!(kept.len(), 4);
    for raw in &kept {
        assert_eq!(hook.read(raw).await, body);
    }
}

/// NT-2: a body that no message holds is one object and a pointer, which the
/// worker reads and removes.
#[tokio::test]
async fn a_large_body_is_one_object_and_a_pointer() {
    if !ENTERPRISE {
        return;
    }
    let hook = Hook::new().await;
    let items: Vec<Value> = (0..1000).map(|_| notification()).collect();
    let body = json!({ "value": items }).to_string();
    assert!(body.len() > 300_000);
    assert_kept(&hook.post(PATHS[0].0, &body).await);
    let calls = [("SendMessage".to_owned(), 1), ("s3".to_owned(), 1)];
    assert_eq!(hook.calls(), calls);
    let kept = hook.kept().await;
    let [raw] = &kept[..] else { panic!("{kept:?}") };
    assert_eq!(hook.read(raw).await, body);
    hook.app.raw.remove(raw).await.unwrap();
    let gone = hook.app.raw.read(raw).await.unwrap_err();
    assert_eq!(gone.code(), "not_found");
}

/// NT-2: other methods and paths name nothing here; XC-3 in form.
#[tokio::test]
async fn only_posts_to_the_two_addresses_are_taken() {
    if !ENTERPRISE {
        return;
    }
    let hook = Hook::new().await;
    for (path, _) in PATHS {
        for method in ["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "post"] {
            let target = format!("{path}?validationToken=x");
            let answer = hook.send(Event::new(method, &target)).await;
            assert_eq!(answer.problem(405), "method_not_allowed", "{method}");
            assert_eq!(answer.header("allow"), Some("POST"));
        }
        for path in [
            format!("{path}/"),
            format!("{path}/x"),
            path.to_uppercase(),
            "/webhooks/graph".to_owned(),
            "/".to_owned(),
        ] {
            let target = format!("{path}?validationToken=x");
            let answer = hook.post(&target, r#"{"value":[]}"#).await;
            assert_eq!(answer.problem(404), "not_found", "{path}");
            assert_guarded(&answer);
        }
    }
    assert_eq!(hook.calls(), []);
}

/// XC-11: the community edition has no notifications, and says so to everybody.
#[tokio::test]
async fn the_community_edition_answers_a_controlled_404() {
    if ENTERPRISE {
        return;
    }
    let hook = Hook::new().await;
    for (path, _) in PATHS {
        let handshake = format!("{path}?validationToken=x");
        for (target, body) in [(path, r#"{"value":[]}"#), (path, "x"), (&handshake, "")] {
            assert_eq!(hook.post(target, body).await.problem(404), "not_found");
        }
    }
    assert_eq!(hook.calls(), []);
}

/// NT-2: 200 posts at once are 200 messages.
#[tokio::test]
async fn posts_at_once_do_not_disturb_each_other() {
    if !ENTERPRISE {
        return;
    }
    let hook = Hook::new().await;
    let posts = (0..200).map(|number| {
        let body = json!({ "value": [{ "number": number }] }).to_string();
        let hook = &hook;
        async move { hook.post(PATHS[number % 2].0, &body).await }
    });
    let all = futures_util::future::join_all(posts);
    let answers = tokio::time::timeout(Duration::from_mins(1), all).await;
    answers.unwrap().iter().for_each(assert_kept);
    let mut ids: Vec<_> = hook.kept().await.iter().map(|raw| raw.id).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 200);
}
