//! The clients of one process on a local AWS, counted and mortal.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::BeforeTransmitInterceptorContextRef;
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;
use convoke_platform::aws::bucket_client;
use convoke_platform::blobs::Blobs;
use convoke_platform::bus::Bus;
use convoke_platform::queue::{Queue, Queues};
use convoke_platform::raw::RawNotifications;
use convoke_platform::secrets::Secrets;
use convoke_platform::store::Store;
use convoke_platform::vault::Vault;

use crate::death::Death;
use crate::deployed::Site;

/// Calls to AWS by operation, retries included.
#[derive(Debug, Clone, Default)]
pub struct CallCount(Arc<Mutex<BTreeMap<String, u32>>>);

impl CallCount {
    /// What was called since the last time it was asked.
    pub fn take(&self) -> BTreeMap<String, u32> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

#[dyn_dispatch_hint]
impl Intercept for CallCount {
    fn name(&self) -> &'static str {
        "CallCount"
    }

    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let headers = context.request().headers();
        // S3 says by path and method what is asked of it.
        let target = headers.get("x-amz-target").unwrap_or("s3");
        let operation = target.rsplit('.').next().unwrap_or_default().to_owned();
        *self.0.lock().unwrap().entry(operation).or_default() += 1;
        Ok(())
    }
}

/// What a process reaches of AWS.
pub(super) struct Aws {
    pub(super) sdk: SdkConfig,
    pub(super) store: Store,
    pub(super) queues: Queues,
    pub(super) raw: RawNotifications,
    pub(super) blobs: Blobs,
    pub(super) secrets: Secrets,
    pub(super) bus: Bus,
    pub(super) vault: Vault,
}

impl Aws {
    /// Everything of a site; table and bucket answer nobody who is dead.
    pub(super) fn of(site: &Site, calls: &CallCount, death: &Death) -> Self {
        let sdk = sdk_config(&site.aws_endpoint);
        let s3 = bucket_client(&sdk)
            .config()
            .to_builder()
            .interceptor(calls.clone())
            .interceptor(death.clone())
            .build();
        let dynamodb = aws_sdk_dynamodb::config::Builder::from(&sdk)
            .interceptor(calls.clone())
            .interceptor(death.clone())
            .build();
        let sqs = aws_sdk_sqs::config::Builder::from(&sdk)
            .interceptor(calls.clone())
            .build();
        let events = aws_sdk_eventbridge::config::Builder::from(&sdk)
            .interceptor(calls.clone())
            .build();
        let secrets = aws_sdk_secretsmanager::config::Builder::from(&sdk)
            .interceptor(calls.clone())
            .build();
        let kms = aws_sdk_kms::config::Builder::from(&sdk)
            .interceptor(calls.clone())
            .build();
        let outputs = &site.outputs;
        let store = Store::new(
            aws_sdk_dynamodb::Client::from_conf(dynamodb),
            &outputs.table_name,
        );
        let (sqs, s3) = (
            aws_sdk_sqs::Client::from_conf(sqs),
            aws_sdk_s3::Client::from_conf(s3),
        );
        let raw = RawNotifications::new(
            sqs.clone(),
            &outputs.notification_queue_url,
            s3.clone(),
            &outputs.bucket_name,
        );
        let queues = Queues::new(
            sqs,
            &[
                (Queue::Delivery, &outputs.delivery_queue_url),
                (Queue::Graph, &outputs.graph_queue_url),
                (Queue::Capture, &outputs.capture_queue_url),
                (Queue::Transfer, &outputs.transfer_queue_url),
                (Queue::Subscriptions, &outputs.subscription_queue_url),
            ],
        );
        let blobs = Blobs::new(s3, &outputs.bucket_name);
        let secrets = Secrets::new(
            aws_sdk_secretsmanager::Client::from_conf(secrets),
            &outputs.root_secret_arn,
        );
        let bus = Bus::new(
            aws_sdk_eventbridge::Client::from_conf(events),
            &outputs.event_bus_name,
        );
        let vault = Vault::new(aws_sdk_kms::Client::from_conf(kms), &outputs.key_arn);
        Self {
            sdk,
            store,
            queues,
            raw,
            blobs,
            secrets,
            bus,
            vault,
        }
    }
}

/// SDK settings for a local AWS.
pub fn sdk_config(endpoint: &str) -> SdkConfig {
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::new("us-east-1"))
        .endpoint_url(endpoint)
        .credentials_provider(
            aws_credential_types::provider::SharedCredentialsProvider::new(Credentials::from_keys(
                "test", "test", None,
            )),
        )
        .build()
}
