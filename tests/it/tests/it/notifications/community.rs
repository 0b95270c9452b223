//! The community edition is told of nothing: the webhook is not part of it, and what
//! the other edition left behind stays as it is (XC-11).

use std::time::Duration;

use chrono::TimeDelta;
use convoke_domain::artifact::ArtifactType;
use convoke_domain::integration::SealedSecret;
use convoke_domain::subscription::{App, Made, Subscription};
use convoke_platform::raw::RawKind;
use convoke_platform::records::{DeltaRecord, SubscriptionRecord};
use convoke_platform::store::DueKind;
use it::gateway::Event;
use it::practice::Practice;
use serde_json::json;

const BODY: &str = r#"{"value":[]}"#;

/// A live subscription and the list that goes with it, both due; answers with its
/// sort key.
async fn left_behind(practice: &Practice) -> String {
    let now = practice.now();
    let app = App {
        ms_tenant_id: "contoso.example".to_owned(),
        client_id: "c".to_owned(),
        client_secret: SealedSecret::new("sealed".to_owned()),
    };
    let kind = ArtifactType::Recording;
    let key = SubscriptionRecord::name_of(&app.ms_tenant_id, &app.client_id, "o", kind).unwrap();
    let mut row = Subscription::wanted(key.clone(), &app, "o", "hash".to_owned(), now);
    let made = Made {
        subscription_id: practice.process.ports.mint().to_string(),
        expires_at: now + TimeDelta::hours(1),
        certificate_id: None,
    };
    row.become_live(made, now - TimeDelta::hours(9));
    let mut transaction = practice.table().transaction();
    transaction.create(&SubscriptionRecord::from(&row));
    transaction.create(&DeltaRecord {
        token: Some("token".to_owned()),
        version: 1,
        ..DeltaRecord::fresh(&key.to_string(), now - TimeDelta::hours(1))
    });
    transaction.commit().await.unwrap();
    key.to_string()
}

/// XC-11: rounds, messages and deliveries leave subscriptions and lists untouched, and
/// call nobody.
#[tokio::test]
async fn what_the_other_edition_left_stays_as_it_is() {
    let practice = Practice::without_teams().await;
    practice.work().await;
    let key = left_behind(&practice).await;
    let before = practice.items().await;
    for job in [
        json!({ "job": "align_subscriptions" }),
        json!({ "job": "renew_subscription", "subscription": key, "event": "removed" }),
        json!({ "job": "renew_subscription", "subscription": key, "event": "missed" }),
    ] {
        assert!(
            practice.process.subscribe(&practice.org, &job).await,
            "{job}"
        );
    }
    let job = json!({ "job": "list_delta", "subscription": key });
    assert!(practice.process.capture(&practice.org, &job).await);
    let left = Duration::from_mins(15);
    let renewal = &practice.process.subscription_renewal;
    let round = renewal.handle(json!({ "renew": true }), left).await;
    round.unwrap();
    let sweep = practice
        .process
        .artifact_capture
        .handle(json!({ "sweep": true }), left);
    sweep.await.unwrap();
    for kind in [DueKind::Subscription, DueKind::Delta] {
        let due = practice
            .process
            .due(&practice.org, kind, practice.now())
            .await;
        assert_eq!(due.len(), 1, "{kind:?} is still due");
    }
    assert_eq!(practice.items().await, before);
    assert_eq!(practice.graph.received().len(), 0);
}

/// XC-11, NT-2: the webhook answers 404 and keeps nothing; a delivery that the other
/// edition's webhook kept is done with, and removed.
#[tokio::test]
async fn notifications_are_not_part_of_this_edition() {
    let practice = Practice::without_teams().await;
    let process = &practice.process;
    practice.work().await;
    process.calls.take();
    for path in ["/webhooks/graph/notifications", "/webhooks/graph/lifecycle"] {
        for target in [path.to_owned(), format!("{path}?validationToken=x")] {
            let answer = process
                .webhook(Event::new("POST", &target).text(BODY))
                .await;
            assert_eq!(answer.problem(404), "not_found", "{target}");
        }
    }
    assert_eq!(process.calls.take(), [].into());
    let large = format!(r#"{{"value":["{}"]}}"#, "x".repeat(400_000));
    let before = practice.items().await;
    for body in [BODY.to_owned(), large] {
        let message = kept(&practice, body).await;
        let event = json!({ "Records": [{ "messageId": "m", "receiptHandle": "r", "body": message,
            "md5OfBody": "", "messageAttributes": {}, "attributes": {}, "eventSource": "aws:sqs",
            "awsRegion": "us-east-1",
            "eventSourceARN": "arn:aws:sqs:us-east-1:000000000000:notifications" }] });
        let left = Duration::from_mins(15);
        let answer = process.artifact_capture.handle(event, left).await;
        assert_eq!(answer.unwrap()["batchItemFailures"], json!([]));
    }
    assert_eq!(practice.items().await, before);
    assert_eq!(practice.graph.received().len(), 0);
}

/// What a webhook of the other edition would have put into the queue.
async fn kept(practice: &Practice, body: String) -> String {
    let stack = it::deployed::resources();
    let sqs = it::listener::sqs(stack);
    let made = sqs.create_queue().queue_name(it::deployed::new_org());
    let url = made.send().await.unwrap().queue_url.unwrap();
    let sdk = it::process::sdk_config(&stack.aws_endpoint);
    let raw = convoke_platform::raw::RawNotifications::new(
        sqs.clone(),
        &url,
        convoke_platform::aws::bucket_client(&sdk),
        &stack.outputs.bucket_name,
    );
    let (id, now) = (practice.process.ports.mint(), practice.now());
    let put = raw.put(RawKind::Notifications, body.into(), id, now).await;
    put.unwrap();
    let mut messages = it::listener::receive(&sqs, &url, 1).await;
    messages.remove(0).body.unwrap()
}
