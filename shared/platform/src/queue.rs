//! Sending to the deployment's queues, and reading batches from them.
//!
//! Messages carry ids, never payloads, and always their tenant.

use std::sync::Arc;

use aws_sdk_sqs::types::SendMessageBatchRequestEntry;
use convoke_domain::id::TenantId;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::store::describe;
use crate::tenant::Tenant;

/// The queues of the deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Queue {
    /// Events, mails, background steps; standard, fair between tenants.
    Delivery,
    /// Calls to a calendar's mailbox; FIFO per mailbox, since Microsoft allows
    /// few at once.
    Graph,
    /// Looking for a meeting's recordings and transcripts; standard, fair between tenants.
    Capture,
    /// Copying a recording, minutes at a time; standard, fair between tenants.
    Transfer,
    /// Looking after subscriptions to Microsoft's notifications; standard, fair
    /// between tenants.
    Subscriptions,
}

impl Queue {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Delivery,
        Self::Graph,
        Self::Capture,
        Self::Transfer,
        Self::Subscriptions,
    ];
}

/// A message on its way to a queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outgoing {
    /// Where to.
    pub queue: Queue,
    /// `MessageGroupId`, after the tenant: a mailbox on the FIFO queue, empty elsewhere.
    pub group: String,
    /// Deduplicates, on the FIFO queue and at the consumer.
    pub id: Uuid,
    /// The job, as its consumer reads it.
    pub job: Value,
}

/// A message body on the wire.
#[derive(Debug, Serialize, Deserialize)]
struct Envelope {
    id: Uuid,
    tenant: String,
    job: Value,
}

/// A message that a consumer has read: one of our own, so its tenant counts.
#[derive(Debug, Clone)]
pub struct Incoming {
    /// As [`Outgoing::id`].
    pub id: Uuid,
    /// Whose job it is.
    pub tenant: Tenant,
    /// The job.
    pub job: Value,
}

/// A body that none of our functions wrote.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a message of ours: {0}")]
pub struct UnreadableMessage(String);

impl Incoming {
    /// Reads a message body.
    pub fn parse(body: &str) -> Result<Self, UnreadableMessage> {
        let envelope: Envelope =
            serde_json::from_str(body).map_err(|error| UnreadableMessage(error.to_string()))?;
        let tenant = TenantId::parse(&envelope.tenant)
            .map_err(|error| UnreadableMessage(error.to_string()))?;
        Ok(Self {
            id: envelope.id,
            tenant: Tenant::of_queue_message(tenant),
            job: envelope.job,
        })
    }
}

/// Some messages did not reach their queue.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not sent: {0}")]
pub struct SendError(String);

/// Sends to the deployment's queues.
#[derive(Clone)]
pub struct Queues {
    client: aws_sdk_sqs::Client,
    urls: Arc<[(Queue, String)]>,
}

impl Queues {
    /// Over a client and the addresses of the queues that this process may send
    /// to; a message for another one is not sent.
    pub fn new(client: aws_sdk_sqs::Client, urls: &[(Queue, &str)]) -> Self {
        Self {
            client,
            urls: urls
                .iter()
                .map(|(queue, url)| (*queue, (*url).to_owned()))
                .collect(),
        }
    }

    /// Sends all of a tenant's messages, ten to a call; the first failure ends
    /// it, and what was sent may be sent again (delivery is at least once).
    pub async fn send(&self, tenant: &Tenant, messages: &[Outgoing]) -> Result<(), SendError> {
        for queue in Queue::ALL {
            let of_queue: Vec<_> = messages
                .iter()
                .filter(|message| message.queue == queue)
                .collect();
            for batch in of_queue.chunks(10) {
                self.send_batch(tenant, queue, batch).await?;
            }
        }
        Ok(())
    }

    async fn send_batch(
        &self,
        tenant: &Tenant,
        queue: Queue,
        batch: &[&Outgoing],
    ) -> Result<(), SendError> {
        let entries = batch
            .iter()
            .map(|message| entry_of(tenant, message))
            .collect::<Result<Vec<_>, _>>()?;
        let known = self.urls.iter().find(|(known, _)| *known == queue);
        let (_, url) =
            known.ok_or_else(|| SendError(format!("no address of the queue {queue:?}")))?;
        let answer = self
            .client
            .send_message_batch()
            .queue_url(url)
            .set_entries(Some(entries))
            .send()
            .await
            .map_err(|error| SendError(describe(&error)))?;
        match answer.failed().first() {
            None => Ok(()),
            Some(failed) => Err(SendError(format!(
                "{}: {}",
                failed.code(),
                failed.message().unwrap_or_default()
            ))),
        }
    }
}

fn entry_of(
    tenant: &Tenant,
    message: &Outgoing,
) -> Result<SendMessageBatchRequestEntry, SendError> {
    let envelope = Envelope {
        id: message.id,
        tenant: tenant.id().to_string(),
        job: message.job.clone(),
    };
    let body = serde_json::to_string(&envelope).map_err(|error| SendError(error.to_string()))?;
    let mut entry = SendMessageBatchRequestEntry::builder()
        .id(message.id.to_string())
        .message_body(body);
    entry = match message.queue {
        // On a standard queue the group makes the queue fair between tenants.
        Queue::Delivery | Queue::Capture | Queue::Transfer | Queue::Subscriptions => {
            entry.message_group_id(group_id(tenant.id().as_str()))
        }
        Queue::Graph => entry
            .message_group_id(group_id(&format!("{}/{}", tenant.id(), message.group)))
            .message_deduplication_id(message.id.to_string()),
    };
    entry.build().map_err(|error| SendError(error.to_string()))
}

/// SQS takes at most 128 of a certain alphabet; longer groups are hashed.
fn group_id(text: &str) -> String {
    if text.len() <= 128 && text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return text.to_owned();
    }
    crate::keyring::sha256_hex(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_that_is_not_ours_is_refused() {
        for body in ["", "null", "{}", r#"{"id":"x","tenant":"a","job":1}"#] {
            assert!(Incoming::parse(body).is_err(), "{body}");
        }
        let bad_tenant = format!(r#"{{"id":"{}","tenant":"a#b","job":null}}"#, Uuid::nil());
        assert!(Incoming::parse(&bad_tenant).is_err());
    }
}
