//! `Idempotency-Key` (XC-4): the same POST, sent again, is answered again and
//! not done again.
//!
//! A mark is taken before the handler runs, as a lease as long as the function
//! may live. The handler's own transaction turns it into the stored answer, so
//! state and answer exist together or not at all; an answer without a
//! transaction is stored right after. A mark that was taken over can no longer
//! be written to: every write is fenced by the mark's token.

use std::collections::HashMap;

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::{
    AttributeValue, Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem,
};
use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use convoke_domain::error::Error;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Caller, Reply};
use crate::clock::Ports;
use crate::keyring::sha256_hex;
use crate::store::{
    Key, Record, Store, StoreError, TenantStore, Transaction, describe, from_item, from_sdk,
};

/// Longest key, in characters.
pub const IDEMPOTENCY_KEY_MAX: usize = 255;
/// How long an answer is replayed.
const KEEP: TimeDelta = TimeDelta::hours(24);
/// Headers that belong to the answer itself.
const KEPT_HEADERS: [HeaderName; 3] = [header::CONTENT_TYPE, header::LOCATION, header::ETAG];

#[derive(Debug, Clone, Serialize, Deserialize)]
struct MarkRecord {
    scope: String,
    fingerprint: String,
    token: Uuid,
    lease_until: DateTime<Utc>,
    expires_on: DateTime<Utc>,
    answer: Option<StoredAnswer>,
    /// Whether the answer only stands in while its request goes on: it counts
    /// once the lease is over, should a better one never come.
    #[serde(default)]
    provisional: bool,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct StoredAnswer {
    status: u16,
    headers: Vec<(String, String)>,
    /// Answers to commands are JSON.
    body: String,
}

impl Record for MarkRecord {
    const KIND: &'static str = "request";

    fn key(&self) -> Key {
        key_of(&self.scope)
    }

    fn version(&self) -> u64 {
        0
    }

    fn expires_at(&self) -> Option<DateTime<Utc>> {
        Some(self.expires_on)
    }
}

fn key_of(scope: &str) -> Key {
    Key::new(format!("IDEM#{scope}"), "IDEM")
}

/// A running request's hold on its key.
#[derive(Clone)]
pub struct Mark {
    record: MarkRecord,
    store: TenantStore,
}

/// What a key stands for so far.
pub(super) enum Begun {
    /// Nobody has done it: do it.
    Fresh(Mark),
    /// It was done; this was the answer.
    Done(Reply),
}

/// What makes two requests the same.
pub(super) struct RequestIdentity<'a> {
    pub(super) key: &'a HeaderValue,
    pub(super) caller: &'a Caller,
    pub(super) method: &'a str,
    pub(super) path_and_query: &'a str,
    pub(super) body: &'a [u8],
}

/// Takes the mark, or finds the stored answer.
pub(super) async fn begin(
    store: &Store,
    ports: &Ports,
    lease: TimeDelta,
    request: &RequestIdentity<'_>,
) -> Result<Begun, Error> {
    let now = ports.now();
    let key = request
        .key
        .to_str()
        .ok()
        .filter(|key| !key.is_empty() && key.len() <= IDEMPOTENCY_KEY_MAX)
        .ok_or_else(|| Error::Malformed {
            code: "invalid_idempotency_key",
            message: format!(
                "Idempotency-Key is 1 to {IDEMPOTENCY_KEY_MAX} visible ASCII characters"
            ),
        })?;
    let scope = serde_json::json!([
        request.caller.user_id.as_str(),
        request.method,
        request.path_and_query,
        key
    ]);
    let record = MarkRecord {
        scope: sha256_hex(scope.to_string().as_bytes()),
        fingerprint: sha256_hex(request.body),
        token: ports.mint(),
        lease_until: now + lease,
        expires_on: now + KEEP,
        answer: None,
        provisional: false,
    };
    let store = store.tenant(request.caller.tenant());
    let mark = Mark { record, store };
    match mark.take(now).await? {
        None => Ok(Begun::Fresh(mark)),
        // The answer to our own write was lost, and the SDK wrote again.
        Some(held) if held.token == mark.record.token => Ok(Begun::Fresh(mark)),
        Some(held) if held.fingerprint != mark.record.fingerprint => Err(Error::invalid(
            "",
            "idempotency_key_reused",
            "this Idempotency-Key was used with another body; use a new key for a new request",
        )),
        Some(held) if held.provisional && held.lease_until > now => Err(in_progress()),
        Some(MarkRecord {
            answer: Some(answer),
            ..
        }) => Ok(Begun::Done(answer.into_reply()?)),
        Some(_) => Err(in_progress()),
    }
}

fn in_progress() -> Error {
    Error::in_progress(
        "request_in_progress",
        "the first request with this Idempotency-Key is still running",
    )
}

impl Mark {
    /// Writes the mark where there is none, or only one whose time is over;
    /// answers with what holds it otherwise.
    async fn take(&self, now: DateTime<Utc>) -> Result<Option<MarkRecord>, Error> {
        let now_text = serde_json::json!(now)
            .as_str()
            .unwrap_or_default()
            .to_owned();
        let item = self.store.item_of(&self.record)?;
        let written = self
            .store
            .client()
            .put_item()
            .table_name(self.store.table())
            .set_item(Some(item))
            .condition_expression(
                "attribute_not_exists(pk) OR expires_on <= :now \
                 OR (attribute_type(answer, :null) AND lease_until <= :now AND fingerprint = :fingerprint)",
            )
            .expression_attribute_values(":now", AttributeValue::S(now_text))
            .expression_attribute_values(":null", AttributeValue::S("NULL".to_owned()))
            .expression_attribute_values(":fingerprint", AttributeValue::S(self.record.fingerprint.clone()))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
            .await;
        match written {
            Ok(_) => Ok(None),
            Err(SdkError::ServiceError(refused))
                if refused.err().is_conditional_check_failed_exception() =>
            {
                let PutItemError::ConditionalCheckFailedException(failed) = refused.into_err()
                else {
                    return Err(Error::internal("an error changed its kind"));
                };
                let held = failed
                    .item
                    .ok_or_else(|| Error::internal("a failed condition returned no item"))?;
                Ok(Some(from_item(held)?))
            }
            Err(error) => match from_sdk(&error) {
                // The mark is in a transaction just now: its request is about to end.
                conflict if conflict.is_conflict() => Err(in_progress()),
                error => Err(error.into()),
            },
        }
    }

    /// Adds the stored answer to the transaction of the state it tells of.
    fn write_in(
        &self,
        transaction: &mut Transaction,
        reply: &Reply,
        provisional: bool,
    ) -> Result<(), Error> {
        let put = self.fenced_put(reply, provisional)?;
        let lost = StoreError::Unavailable("the lease of an idempotency key ran out".to_owned());
        transaction.raw(TransactWriteItem::builder().put(put).build(), lost);
        Ok(())
    }

    /// Stores an answer that no transaction has stored.
    pub(super) async fn write(&self, reply: &Reply) -> Result<(), Error> {
        let mut transaction = self.store.transaction();
        self.write_in(&mut transaction, reply, false)?;
        Ok(transaction.commit().await?)
    }

    /// Gives the key free again, unless an answer is stored: the caller may retry.
    pub(super) async fn release(&self) {
        let released = self
            .store
            .client()
            .delete_item()
            .table_name(self.store.table())
            .set_key(Some(self.store.attributes_of(&self.record.key())))
            .condition_expression("#token = :token AND attribute_type(answer, :null)")
            .expression_attribute_names("#token", "token")
            .expression_attribute_values(":token", AttributeValue::S(self.record.token.to_string()))
            .expression_attribute_values(":null", AttributeValue::S("NULL".to_owned()))
            .send()
            .await;
        if let Err(error) = released {
            // The lease ends by itself.
            tracing::debug!(
                error = describe(&error),
                "an idempotency key was not released"
            );
        }
    }

    fn fenced_put(&self, reply: &Reply, provisional: bool) -> Result<Put, Error> {
        let answered = MarkRecord {
            answer: Some(StoredAnswer::of(reply)),
            provisional,
            ..self.record.clone()
        };
        Put::builder()
            .table_name(self.store.table())
            .set_item(Some(self.store.item_of(&answered)?))
            .condition_expression("#token = :token")
            .set_expression_attribute_names(Some(HashMap::from([(
                "#token".to_owned(),
                "token".to_owned(),
            )])))
            .expression_attribute_values(":token", AttributeValue::S(self.record.token.to_string()))
            .build()
            .map_err(|error| Error::internal(error.to_string()))
    }
}

impl StoredAnswer {
    fn of(reply: &Reply) -> Self {
        let headers = KEPT_HEADERS
            .iter()
            .filter_map(|name| {
                Some((
                    name.as_str().to_owned(),
                    reply.headers().get(name)?.to_str().ok()?.to_owned(),
                ))
            })
            .collect();
        Self {
            status: reply.status().as_u16(),
            headers,
            body: String::from_utf8_lossy(reply.body()).into_owned(),
        }
    }

    fn into_reply(self) -> Result<Reply, Error> {
        let corrupt = || Error::internal("a stored answer does not read");
        let mut headers = HeaderMap::new();
        for (name, value) in self.headers {
            let name = HeaderName::try_from(name).map_err(|_| corrupt())?;
            headers.insert(name, HeaderValue::try_from(value).map_err(|_| corrupt())?);
        }
        headers.insert(
            HeaderName::from_static("idempotency-replayed"),
            HeaderValue::from_static("true"),
        );
        let status = StatusCode::from_u16(self.status).map_err(|_| corrupt())?;
        Ok(Reply::of_parts(status, headers, Bytes::from(self.body)))
    }
}

/// A handler's answer-to-be: what a service adds to the transaction of the
/// state, so that both are written together.
pub struct Seal<'a, T> {
    mark: Option<&'a Mark>,
    render: &'a (dyn Fn(&T) -> Reply + Send + Sync),
}

impl<'a, T> Seal<'a, T> {
    pub(super) fn new(
        mark: Option<&'a Mark>,
        render: &'a (dyn Fn(&T) -> Reply + Send + Sync),
    ) -> Self {
        Self { mark, render }
    }

    /// For work whose answer nobody waits for.
    pub fn of_nobody() -> Self
    where
        T: 'static,
    {
        Self {
            mark: None,
            render: &|_| Reply::empty(StatusCode::NO_CONTENT),
        }
    }

    /// Adds the answer for `outcome` to the transaction, where a key was sent.
    pub fn apply(&self, transaction: &mut Transaction, outcome: &T) -> Result<(), Error> {
        match self.mark {
            Some(mark) => mark.write_in(transaction, &(self.render)(outcome), false),
            None => Ok(()),
        }
    }

    /// As [`Self::apply`], while the request goes on: the same request is told to
    /// wait until its lease is over, and then gets this answer if no other came.
    pub fn apply_provisional(
        &self,
        transaction: &mut Transaction,
        outcome: &T,
    ) -> Result<(), Error> {
        match self.mark {
            Some(mark) => mark.write_in(transaction, &(self.render)(outcome), true),
            None => Ok(()),
        }
    }

    /// The answer, once the transaction that [`Self::apply`] added it to is through.
    pub fn reply(&self, outcome: &T) -> Reply {
        let mut reply = (self.render)(outcome);
        reply.stored = true;
        reply
    }

    /// The answer of an outcome that no transaction has stored.
    pub fn reply_unstored(&self, outcome: &T) -> Reply {
        (self.render)(outcome)
    }
}
