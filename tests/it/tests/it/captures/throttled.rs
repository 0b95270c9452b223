//! A table that throttles in the middle of a look: the message comes again, and
//! everything is there once (OM-7, XC-7).

use std::sync::{Arc, Mutex};

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::BeforeTransmitInterceptorContextMut;
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::orchestrator::Metadata;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;
use chrono::TimeDelta;
use convoke_platform::store::Store;
use convoke_services::capture::Recorder;
use convoke_services::core::Core;
use convoke_services::engagements::Desk;
use graph_simulator::NewArtifact;
use it::deployed;
use it::practice::{Practice, transcript};
use it::process::sdk_config;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// How often the SDK sends what is throttled.
const TRIES: u32 = 3;
const ANSWER: &str = "HTTP/1.1 400 X\r\ncontent-type: application/x-amz-json-1.0\r\n\
    content-length: 68\r\nconnection: close\r\n\r\n\
    {\"__type\":\"com.amazonaws.dynamodb.v20120810#ThrottlingException\" }\r\n";

/// Sends some writes to a table that throttles: after so many, so many.
#[derive(Debug, Clone)]
struct Throttle {
    url: String,
    skip_and_left: Arc<Mutex<(u32, u32)>>,
}

impl Throttle {
    async fn after(writes: u32) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut request = vec![0; 65_536];
                let _ = stream.read(&mut request).await;
                let _ = stream.write_all(ANSWER.as_bytes()).await;
                let _ = stream.shutdown().await;
            }
        });
        Self {
            url,
            skip_and_left: Arc::new(Mutex::new((writes, TRIES))),
        }
    }

    fn is_over(&self) -> bool {
        self.skip_and_left.lock().unwrap().1 == 0
    }
}

#[dyn_dispatch_hint]
impl Intercept for Throttle {
    fn name(&self) -> &'static str {
        "Throttle"
    }

    fn modify_before_transmit(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        bag: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if bag.load::<Metadata>().map(Metadata::name) != Some("TransactWriteItems") {
            return Ok(());
        }
        let mut state = self.skip_and_left.lock().unwrap();
        match &mut *state {
            (0, 0) => {}
            (0, left) => {
                *left -= 1;
                context.request_mut().set_uri(self.url.clone())?;
            }
            (skip, _) => *skip -= 1,
        }
        Ok(())
    }
}

/// A recorder whose table throttles.
fn throttled(practice: &Practice, throttle: &Throttle) -> Recorder {
    let stack = deployed::resources();
    let process = &practice.process;
    let client = aws_sdk_dynamodb::config::Builder::from(&sdk_config(&stack.aws_endpoint))
        .interceptor(throttle.clone())
        .build();
    let client = aws_sdk_dynamodb::Client::from_conf(client);
    let store = Store::new(client, &stack.outputs.table_name);
    let core = Core::new(store, process.ports.clone());
    let recorder = &process.artifact_capture.recorder;
    Recorder {
        desk: Desk::new(core, process.microsoft.clone(), "convoke.example", None),
        blobs: recorder.blobs.clone(),
        policy: recorder.policy,
    }
}

/// OM-7, XC-7: throttled at each write of a look, beyond the SDK's patience: a later
/// look finishes, nothing is lost, nothing is there twice.
#[tokio::test]
async fn a_table_that_throttles_loses_nothing() {
    let mut throttled_at = 0;
    for writes in 0..8 {
        let case = format!("after {writes} writes");
        let mut practice = Practice::open().await;
        let meeting = practice.over().await;
        practice
            .graph
            .add_recording(&meeting.join_url, NewArtifact::default())
            .unwrap();
        practice
            .graph
            .add_transcript(&meeting.join_url, transcript("Good morning."))
            .unwrap();
        let throttle = Throttle::after(writes).await;
        let recorder = throttled(&practice, &throttle);
        let usual = std::mem::replace(&mut practice.process.artifact_capture.recorder, recorder);
        practice.look(&meeting).await;
        throttled_at += u32::from(throttle.is_over());
        practice.process.artifact_capture.recorder = usual;
        // A claim that nobody lifted runs out; what failed is looked at when it is due.
        practice.clock.advance(TimeDelta::minutes(10));
        practice.look_due().await;
        let seen = practice.read_meeting(&meeting).await;
        assert_eq!(
            (&seen["status"], &seen["capture_status"]),
            (&json!("recording_ready"), &json!("complete")),
            "{case}: {seen}"
        );
        practice.assert_kept_once(&meeting, &case).await;
    }
    // The claim, two rows, a text and the outcome.
    assert!(throttled_at >= 5, "{throttled_at}");
}
