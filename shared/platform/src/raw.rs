//! Microsoft's notifications as they arrived, on their way from the webhook to
//! the worker that checks them (NT-2).
//!
//! They carry no tenant, since nobody has checked yet whose they are: this queue
//! is the one exception of XC-1. Keeping one is one call, to SQS; a body that no
//! message holds lies in the bucket, and the message leads to it.

use aws_sdk_s3::primitives::ByteStream;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use convoke_domain::error::Error;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use uuid::Uuid;

use crate::store::describe;

/// Most octets of a message: under the 256 KiB that any SQS takes.
const MESSAGE_MAX: usize = 250_000;

/// Which address a body was posted to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RawKind {
    /// `/webhooks/graph/notifications`.
    Notifications,
    /// `/webhooks/graph/lifecycle`.
    Lifecycle,
}

impl RawKind {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Notifications => "notifications",
            Self::Lifecycle => "lifecycle",
        }
    }
}

/// A message of the queue `notifications`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RawNotification {
    /// Minted when it arrived.
    pub id: Uuid,
    /// When it arrived: what it carries is judged as of then.
    pub received_at: DateTime<Utc>,
    /// Where it was posted to.
    pub kind: RawKind,
    /// The body; absent: it lies in the bucket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    body: Option<String>,
}

impl RawNotification {
    /// Reads a message's body; `None` is no message of the webhook's.
    pub fn parse(message_body: &str) -> Option<Self> {
        serde_json::from_str(message_body).ok()
    }

    /// Where a body lies that no message holds. It follows from the rest, so that
    /// no message can lead anywhere else.
    fn key(&self) -> String {
        let day = self.received_at.format("%Y-%m-%d");
        format!("raw/{}/{day}/{}", self.kind.as_str(), self.id)
    }
}

/// Bodies are Microsoft's or anybody's: not for a log.
impl std::fmt::Debug for RawNotification {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("RawNotification")
            .field("id", &self.id)
            .field("received_at", &self.received_at)
            .field("kind", &self.kind)
            .field("is_stored", &self.body.is_none())
            .finish_non_exhaustive()
    }
}

/// Keeps notifications, and reads what was kept.
#[derive(Clone)]
pub struct RawNotifications {
    sqs: aws_sdk_sqs::Client,
    queue_url: String,
    s3: aws_sdk_s3::Client,
    bucket: String,
}

impl RawNotifications {
    /// Over clients, the address of the queue and the bucket's name.
    pub fn new(
        sqs: aws_sdk_sqs::Client,
        queue_url: &str,
        s3: aws_sdk_s3::Client,
        bucket: &str,
    ) -> Self {
        Self {
            sqs,
            queue_url: queue_url.to_owned(),
            s3,
            bucket: bucket.to_owned(),
        }
    }

    /// Keeps a body: one message, and before it one object where no message holds
    /// the body. An error means that the worker may never see it.
    pub async fn put(
        &self,
        kind: RawKind,
        body: Bytes,
        id: Uuid,
        received_at: DateTime<Utc>,
    ) -> Result<(), Error> {
        let mut raw = RawNotification {
            id,
            received_at,
            kind,
            body: None,
        };
        let message = if let Some(message) = inline(&mut raw, &body) {
            message
        } else {
            self.store(&raw, body).await?;
            written(&raw)?
        };
        self.sqs
            .send_message()
            .queue_url(&self.queue_url)
            .message_body(message)
            .send()
            .await
            .map_err(|error| not_kept("sqs", &describe(&error)))?;
        Ok(())
    }

    async fn store(&self, raw: &RawNotification, body: Bytes) -> Result<(), Error> {
        self.s3
            .put_object()
            .bucket(&self.bucket)
            .key(raw.key())
            .content_type("application/json")
            .body(ByteStream::from(body))
            .send()
            .await
            .map_err(|error| not_kept("s3", &describe(&error)))?;
        Ok(())
    }

    /// The body as it arrived; `NotFound` when it lay in the bucket and is gone.
    pub async fn read(&self, raw: &RawNotification) -> Result<Bytes, Error> {
        if let Some(body) = &raw.body {
            return Ok(Bytes::from(body.clone()));
        }
        let found = self
            .s3
            .get_object()
            .bucket(&self.bucket)
            .key(raw.key())
            .send()
            .await;
        let found = found.map_err(|error| match error.as_service_error() {
            Some(refusal) if refusal.is_no_such_key() => Error::NotFound {
                what: "stored notification",
            },
            _ => unreadable(&describe(&error)),
        })?;
        let body = found.body.collect().await;
        let body = body.map_err(|error| unreadable(&error.to_string()))?;
        Ok(body.into_bytes())
    }

    /// Removes a body from the bucket, once nobody needs it; nothing to do where
    /// the message held it.
    pub async fn remove(&self, raw: &RawNotification) -> Result<(), Error> {
        if raw.body.is_some() {
            return Ok(());
        }
        self.s3
            .delete_object()
            .bucket(&self.bucket)
            .key(raw.key())
            .send()
            .await
            .map_err(|error| unreadable(&describe(&error)))?;
        Ok(())
    }
}

/// The message with the body in it; `None` where it would be too long, or has
/// characters that SQS takes in no message.
fn inline(raw: &mut RawNotification, body: &Bytes) -> Option<String> {
    let text = std::str::from_utf8(body).ok()?;
    if text.len() > MESSAGE_MAX || text.contains(['\u{fffe}', '\u{ffff}']) {
        return None;
    }
    raw.body = Some(text.to_owned());
    let message = written(raw).ok().filter(|it| it.len() <= MESSAGE_MAX);
    if message.is_none() {
        raw.body = None;
    }
    message
}

fn written(raw: &RawNotification) -> Result<String, Error> {
    serde_json::to_string(raw).map_err(|error| Error::internal(error.to_string()))
}

fn not_kept(service: &'static str, cause: &str) -> Error {
    tracing::warn!(service, cause, "a notification was not kept");
    Error::Upstream {
        code: "notification_not_kept",
        message: "the notification could not be kept; send it again".to_owned(),
        retry_after: Some(Duration::from_secs(5)),
    }
}

fn unreadable(cause: &str) -> Error {
    tracing::warn!(cause, "a stored notification was not read or removed");
    Error::Upstream {
        code: "file_store_unavailable",
        message: "the file store cannot be reached; try again".to_owned(),
        retry_after: Some(Duration::from_secs(5)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw() -> RawNotification {
        RawNotification {
            id: Uuid::nil(),
            received_at: "2026-11-21T23:59:59Z".parse().unwrap(),
            kind: RawKind::Lifecycle,
            body: None,
        }
    }

    /// NT-2: a message holds the body to the octet, as long as a message holds it.
    #[test]
    fn a_body_goes_into_the_message_if_that_takes_it() {
        for body in [r#"{"value":[]}"#, "", "\r\n\t {\"\u{7f}\u{1F600}\"}", "\0"] {
            let message = inline(&mut raw(), &Bytes::from(body)).unwrap();
            let read = RawNotification::parse(&message).unwrap();
            assert_eq!(read.body.as_deref(), Some(body));
            assert_eq!(read.received_at, raw().received_at);
        }
        let quotes = "\"".repeat(MESSAGE_MAX - 1000);
        for body in [&"x".repeat(MESSAGE_MAX), &quotes, "\u{ffff}", "\u{fffe}"] {
            let mut raw = raw();
            assert_eq!(inline(&mut raw, &Bytes::from(body.to_owned())), None);
            assert_eq!(raw.body, None);
        }
        assert_eq!(inline(&mut raw(), &Bytes::from_static(b"\xff")), None);
    }

    /// NT-2: what lies in the bucket is found by the message alone, and expires by
    /// its prefix.
    #[test]
    fn a_stored_body_has_a_place_of_its_own() {
        let read = RawNotification::parse(&written(&raw()).unwrap()).unwrap();
        let nil = Uuid::nil();
        assert_eq!(read.key(), format!("raw/lifecycle/2026-11-21/{nil}"));
    }

    #[test]
    fn what_the_webhook_did_not_write_is_no_notification() {
        let job = r#"{"id":"00000000-0000-4000-8000-000000000001","tenant":"acme","job":{}}"#;
        for body in ["", "null", "[]", "{}", job] {
            assert_eq!(RawNotification::parse(body), None, "{body}");
        }
    }

    #[test]
    fn a_body_is_not_in_the_debug_text() {
        let mut raw = raw();
        inline(&mut raw, &Bytes::from_static(b"canary")).unwrap();
        assert!(!format!("{raw:?}").contains("canary"));
    }
}
