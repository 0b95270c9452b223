//! AWS clients, built once per process, without any network call.
//!
//! Time-outs are short and dispatch failures are retried: connections die
//! while an execution environment is frozen.

use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, SdkConfig};
use aws_sdk_s3::config::{ResponseChecksumValidation, StalledStreamProtectionConfig};

use crate::blobs::Blobs;
use crate::bus::Bus;
use crate::config::{ConfigError, Environment};
use crate::mail::{CALL_TIMEOUT, Mailer, Sender};
use crate::queue::{Queue, Queues};
use crate::raw::RawNotifications;
use crate::secrets::Secrets;
use crate::store::Store;
use crate::vault::Vault;

/// What all clients share. Credentials and region are read lazily, from the
/// environment that Lambda provides.
pub async fn load() -> SdkConfig {
    aws_config::defaults(BehaviorVersion::v2026_01_12())
        .timeout_config(
            TimeoutConfig::builder()
                .connect_timeout(Duration::from_secs(1))
                .operation_attempt_timeout(Duration::from_secs(2))
                .operation_timeout(Duration::from_secs(5))
                .build(),
        )
        .retry_config(RetryConfig::standard().with_max_attempts(4))
        .load()
        .await
}

/// The table of `CONVOKE_TABLE`.
pub fn store(sdk: &SdkConfig, environment: &Environment) -> Result<Store, ConfigError> {
    Ok(Store::new(
        aws_sdk_dynamodb::Client::new(sdk),
        &environment.required("CONVOKE_TABLE")?,
    ))
}

/// The queues of `CONVOKE_DELIVERY_QUEUE_URL`, `CONVOKE_GRAPH_QUEUE_URL`,
/// `CONVOKE_CAPTURE_QUEUE_URL`, `CONVOKE_TRANSFER_QUEUE_URL` and
/// `CONVOKE_SUBSCRIPTION_QUEUE_URL`.
pub fn queues(sdk: &SdkConfig, environment: &Environment) -> Result<Queues, ConfigError> {
    Ok(Queues::new(
        aws_sdk_sqs::Client::new(sdk),
        &[
            (
                Queue::Delivery,
                &environment.required("CONVOKE_DELIVERY_QUEUE_URL")?,
            ),
            (
                Queue::Graph,
                &environment.required("CONVOKE_GRAPH_QUEUE_URL")?,
            ),
            (
                Queue::Capture,
                &environment.required("CONVOKE_CAPTURE_QUEUE_URL")?,
            ),
            (
                Queue::Transfer,
                &environment.required("CONVOKE_TRANSFER_QUEUE_URL")?,
            ),
            (
                Queue::Subscriptions,
                &environment.required("CONVOKE_SUBSCRIPTION_QUEUE_URL")?,
            ),
        ],
    ))
}

/// Only the queues of `artifact-capture` itself, `CONVOKE_CAPTURE_QUEUE_URL` and
/// `CONVOKE_TRANSFER_QUEUE_URL`.
pub fn capture_queues(sdk: &SdkConfig, environment: &Environment) -> Result<Queues, ConfigError> {
    Ok(Queues::new(
        aws_sdk_sqs::Client::new(sdk),
        &[
            (
                Queue::Capture,
                &environment.required("CONVOKE_CAPTURE_QUEUE_URL")?,
            ),
            (
                Queue::Transfer,
                &environment.required("CONVOKE_TRANSFER_QUEUE_URL")?,
            ),
        ],
    ))
}

/// The bucket of `CONVOKE_BUCKET`.
pub fn blobs(sdk: &SdkConfig, environment: &Environment) -> Result<Blobs, ConfigError> {
    Ok(Blobs::new(
        bucket_client(sdk),
        &environment.required("CONVOKE_BUCKET")?,
    ))
}

/// A client of S3 whose calls may take as long as a part of 8 MiB needs. Bodies
/// that are read have the reader's own time-out (`blobs::BlobStream`): a viewer
/// who pauses is no stalled stream.
pub fn bucket_client(sdk: &SdkConfig) -> aws_sdk_s3::Client {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(2))
        .operation_attempt_timeout(Duration::from_secs(40))
        .operation_timeout(Duration::from_secs(90))
        .build();
    let config = bucket_config(sdk).timeout_config(timeouts).build();
    aws_sdk_s3::Client::from_conf(config)
}

fn bucket_config(sdk: &SdkConfig) -> aws_sdk_s3::config::Builder {
    aws_sdk_s3::config::Builder::from(sdk)
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        // Else a presigned link would ask its reader for a header.
        .response_checksum_validation(ResponseChecksumValidation::WhenRequired)
        // A local AWS has no address per bucket.
        .force_path_style(sdk.endpoint_url().is_some())
}

/// Notifications of `CONVOKE_NOTIFICATION_QUEUE_URL`, and what of them lies in the
/// bucket of `CONVOKE_BUCKET`: for whoever reads them.
pub fn raw_notifications(
    sdk: &SdkConfig,
    environment: &Environment,
) -> Result<RawNotifications, ConfigError> {
    Ok(RawNotifications::new(
        aws_sdk_sqs::Client::new(sdk),
        &environment.required("CONVOKE_NOTIFICATION_QUEUE_URL")?,
        bucket_client(sdk),
        &environment.required("CONVOKE_BUCKET")?,
    ))
}

/// As [`raw_notifications`], for who keeps them while Microsoft waits, which it
/// does for three seconds: two short tries.
pub fn arriving_notifications(
    sdk: &SdkConfig,
    environment: &Environment,
) -> Result<RawNotifications, ConfigError> {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(Duration::from_millis(600))
        .operation_attempt_timeout(Duration::from_millis(1100))
        .operation_timeout(Duration::from_millis(2300))
        .build();
    let retries = RetryConfig::standard()
        .with_max_attempts(2)
        .with_initial_backoff(Duration::from_millis(50));
    let sqs = aws_sdk_sqs::config::Builder::from(sdk)
        .timeout_config(timeouts.clone())
        .retry_config(retries.clone())
        .build();
    let s3 = bucket_config(sdk)
        .timeout_config(timeouts)
        .retry_config(retries)
        .build();
    Ok(RawNotifications::new(
        aws_sdk_sqs::Client::from_conf(sqs),
        &environment.required("CONVOKE_NOTIFICATION_QUEUE_URL")?,
        aws_sdk_s3::Client::from_conf(s3),
        &environment.required("CONVOKE_BUCKET")?,
    ))
}

/// The secrets of `CONVOKE_ROOT_SECRET_ARN`.
pub fn secrets(sdk: &SdkConfig, environment: &Environment) -> Result<Secrets, ConfigError> {
    Ok(Secrets::new(
        aws_sdk_secretsmanager::Client::new(sdk),
        &environment.required("CONVOKE_ROOT_SECRET_ARN")?,
    ))
}

/// The key of `CONVOKE_KEY_ID` (id or ARN), for secrets of tenants.
pub fn vault(sdk: &SdkConfig, environment: &Environment) -> Result<Vault, ConfigError> {
    Ok(Vault::new(
        aws_sdk_kms::Client::new(sdk),
        &environment.required("CONVOKE_KEY_ID")?,
    ))
}

/// The bus of `CONVOKE_EVENT_BUS`.
pub fn bus(sdk: &SdkConfig, environment: &Environment) -> Result<Bus, ConfigError> {
    Ok(Bus::new(
        aws_sdk_eventbridge::Client::new(sdk),
        &environment.required("CONVOKE_EVENT_BUS")?,
    ))
}

/// SES as the sender of `CONVOKE_MAIL_FROM` (absent: no mail leaves), by the
/// configuration set `CONVOKE_SES_CONFIGURATION_SET`, if any.
pub fn mailer(sdk: &SdkConfig, environment: &Environment) -> Result<Mailer, ConfigError> {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(2))
        .operation_attempt_timeout(CALL_TIMEOUT)
        .operation_timeout(CALL_TIMEOUT)
        .build();
    // A repeated call could send the mail twice: see `mail::ses`.
    let config = aws_sdk_sesv2::config::Builder::from(sdk)
        .timeout_config(timeouts)
        .retry_config(RetryConfig::disabled())
        .build();
    Ok(Mailer::new(
        aws_sdk_sesv2::Client::from_conf(config),
        Sender::of_environment(environment)?,
        environment.optional("CONVOKE_SES_CONFIGURATION_SET"),
    ))
}
