//! How long the webhook has a notification in its hands, beside what queue and
//! bucket take: they answer at once here, and are counted.
//!
//! Budget: the 99th percentile within 10 ms, without what keeping takes: that is
//! how long a body takes that is refused for its last member, when all else has been
//! read. With keeping, the SDK's share of the writes is in it. From the event's
//! octets to the answer's, as the runtime hands them over, on one thread. Lines that
//! begin with `|` are the table; the others are the function's own log. Run with
//! `.ci/measure notifications`.

#![allow(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a benchmark prints, and stops at what it did not expect"
)]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use aws_credential_types::Credentials;
use aws_sdk_sqs::config::{BehaviorVersion, Region};
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use convoke_platform::clock::Ports;
use convoke_platform::raw::RawNotifications;
use graph_webhook::{App, GatewayEvent};
use serde_json::{Value, json};

const WARM_UP: usize = 50;
const RUNS: usize = 1000;

/// SQS and S3, as quick as nothing is.
#[derive(Debug, Clone, Default)]
struct AtOnce(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    messages: AtomicUsize,
    objects: AtomicUsize,
}

impl HttpConnector for AtOnce {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let is_object = request.method() == "PUT";
        let (count, body) = if is_object {
            (&self.0.objects, "")
        } else {
            (
                &self.0.messages,
                r#"{"MessageId":"m","MD5OfMessageBody":""}"#,
            )
        };
        count.fetch_add(1, Ordering::Relaxed);
        let status = 200.try_into().expect("a status");
        let answer = HttpResponse::new(status, SdkBody::from(body));
        HttpConnectorFuture::ready(Ok(answer))
    }
}

impl AtOnce {
    fn client(&self) -> SharedHttpClient {
        let connector = SharedHttpConnector::new(self.clone());
        http_client_fn(move |_, _| connector.clone())
    }

    fn app(&self) -> App {
        let credentials = || Credentials::from_keys("test", "test", None);
        let sqs = aws_sdk_sqs::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .credentials_provider(credentials())
            .http_client(self.client())
            .build();
        let s3 = aws_sdk_s3::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .credentials_provider(credentials())
            .http_client(self.client())
            .build();
        App {
            raw: RawNotifications::new(
                aws_sdk_sqs::Client::from_conf(sqs),
                "https://sqs.us-east-1.amazonaws.com/000000000000/notifications",
                aws_sdk_s3::Client::from_conf(s3),
                "documents",
            ),
            ports: Ports::system(),
        }
    }
}

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    println!(
        "| Body | Octets | Without keeping: p50 | p99 | max | With: p50 | p99 | max | Kept by |\n\
         |---|---|---|---|---|---|---|---|---|"
    );
    for (name, body) in [
        ("1 notification, encrypted", body_of(1)),
        ("50 notifications", body_of(50)),
        ("300 KB", body_as_large_as(300_000)),
        ("4 MB", body_as_large_as(4_000_000)),
    ] {
        runtime.block_on(measure(name, &body));
    }
}

async fn measure(name: &str, body: &str) {
    let services = AtOnce::default();
    let app = services.app();
    let refused = format!("{},\"value\":[]}}", &body[..body.len() - 1]);
    let (refused, kept) = (event_of(&refused), event_of(body));
    let without = times_of(&app, &refused, "400").await;
    let with = times_of(&app, &kept, "202").await;
    let count = |count: &AtomicUsize| count.load(Ordering::Relaxed) / (WARM_UP + RUNS);
    let (messages, objects) = (count(&services.0.messages), count(&services.0.objects));
    println!(
        "| {name} | {} | {without} | {with} | {messages} message{} |",
        body.len(),
        if objects == 1 { ", 1 object" } else { "" }
    );
}

/// Median, 99th percentile and longest, as cells of the table.
async fn times_of(app: &App, event: &str, status: &str) -> String {
    let mut times = Vec::with_capacity(RUNS);
    for run in 0..WARM_UP + RUNS {
        let taken = take(app, event, status).await;
        if run >= WARM_UP {
            times.push(taken);
        }
    }
    times.sort_unstable();
    let at = |percent: usize| milliseconds(times[(RUNS - 1) * percent / 100]);
    [at(50), at(99), at(100)].join(" | ")
}

async fn take(app: &App, event: &str, status: &str) -> Duration {
    let begun = Instant::now();
    let event: GatewayEvent = serde_json::from_str(event).expect("an event");
    let answer = app.handle(event).await;
    let written = serde_json::to_string(&answer).expect("JSON");
    let taken = begun.elapsed();
    let code = format!("\"statusCode\":{status}");
    assert!(written.contains(&code), "{written}");
    taken
}

fn milliseconds(time: Duration) -> String {
    format!("{:.2} ms", time.as_secs_f64() * 1000.0)
}

fn body_as_large_as(octets: usize) -> String {
    let each = body_of(2).len() - body_of(1).len();
    body_of(octets / each)
}

/// As Graph posts them: so many encrypted notifications of one organisation, with
/// their token. What is encrypted is nothing, of the usual length.
fn body_of(items: usize) -> String {
    let octets = |count: usize, seed: usize| {
        let octets: Vec<u8> = (0..count)
            .map(|at| (at * 31 + seed).to_le_bytes()[0])
            .collect();
        STANDARD.encode(octets)
    };
    let item = |number: usize| {
        json!({
            "subscriptionId": format!("7a62d59e-1111-4222-8333-{number:012}"),
            "subscriptionExpirationDateTime": "2026-11-24T04:00:00+00:00",
            "changeType": "created",
            "clientState": "c2VjcmV0LWNsaWVudC1zdGF0ZS1vZi1hLXRlc3QtMDAwMDA",
            "tenantId": "77aa0000-1111-4222-8333-444455556666",
            "resource": "communications/onlineMeetings('MSoyYjBjMDAwMCowKioxOTptZWV0aW5n')/recordings('VjIjMDAwMDAwMDA')",
            "resourceData": {
                "@odata.type": "#Microsoft.Graph.callRecording", "id": "VjIjMDAwMDAwMDA",
                "@odata.id": "communications/onlineMeetings('MSoyYjBjMDAwMCowKioxOTptZWV0aW5n')/recordings('VjIjMDAwMDAwMDA')",
            },
            "encryptedContent": {
                "data": octets(1200, number), "dataKey": octets(256, number),
                "dataSignature": octets(32, number),
                "encryptionCertificateId": "notifications-2026-11-21",
                "encryptionCertificateThumbprint": "07293748CC064953A3052FB978C735FB89E61C3D",
            },
        })
    };
    let all: Vec<Value> = (0..items).map(item).collect();
    json!({ "value": all, "validationTokens": [octets(1000, 0)] }).to_string()
}

fn event_of(body: &str) -> String {
    let path = "/webhooks/graph/notifications";
    json!({
        "version": "2.0", "routeKey": format!("POST {path}"), "rawPath": path, "rawQueryString": "",
        "headers": { "content-type": "application/json; charset=utf-8", "host": "api.example.com" },
        "requestContext": { "requestId": "JKJaXmPLvHcESHC=", "http": { "method": "POST", "path": path } },
        "body": body, "isBase64Encoded": false,
    })
    .to_string()
}
