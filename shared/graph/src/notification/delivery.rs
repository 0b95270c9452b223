//! One POST of Graph's: notifications of any number of subscriptions, tenants and
//! applications, or lifecycle events (`graph-protocol.md` §6).
//!
//! Guarantees: an item that does not read costs only itself and is counted; the
//! number of items and tokens and the length of every field have a limit, and
//! items are read one at a time, so that memory stays near the body's own size;
//! nesting deeper than `serde_json` allows is refused. Debug output shows neither
//! client states nor tokens.

use std::fmt;

use serde::de::{Deserializer, SeqAccess, Visitor};
use serde::{Deserialize, de};
use serde_json::Value;

use crate::answer::json;
use crate::config::Secret;

/// More than any batch of Graph's; the rest of a longer one counts as unreadable.
const MOST_ITEMS: usize = 10_000;
/// One token for each application and tenant in the batch.
const MOST_TOKENS: usize = 1_000;
/// Ids, names of types and events.
const LONGEST_WORD: usize = 256;
/// Resource paths: a meeting's and an artifact's id have some hundred characters each.
const LONGEST_PATH: usize = 4_096;
/// Resource data: an artifact without its content has about a thousand characters.
const LONGEST_DATA: usize = 256 * 1024;

/// A body that is no delivery at all: not JSON, too deep, or without `value`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the body is no delivery of change notifications")]
pub struct UnreadableDelivery;

/// What one POST brought.
#[derive(Clone)]
pub struct Delivery {
    /// Those that read, in the order of the body.
    pub notifications: Vec<Notification>,
    /// How many did not read, or were beyond the limit.
    pub unreadable: usize,
    /// The JWTs beside them, as they came; `None` where they are missing or
    /// null, which authenticates nothing. One that is no text is an empty one.
    pub validation_tokens: Option<Vec<String>>,
}

/// One change, or one event in a subscription's life. Everything in it is a claim.
#[derive(Debug, Clone)]
pub struct Notification {
    /// Microsoft's id of the subscription.
    pub subscription_id: String,
    /// The secret that the subscription was made with.
    pub client_state: Option<Secret>,
    /// The Entra tenant, a GUID.
    pub tenant_id: Option<String>,
    /// `created`, `updated` or `deleted`; absent in lifecycle events.
    pub change_type: Option<String>,
    /// What happened to the subscription itself.
    pub lifecycle_event: Option<LifecycleEvent>,
    /// The path of what changed, for [`ArtifactAddress::parse`](super::ArtifactAddress::parse).
    pub resource: Option<String>,
    /// The object itself, where the subscription asked for it.
    pub encrypted: Option<EncryptedContent>,
}

/// What can happen to a subscription.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LifecycleEvent {
    /// It has to be renewed, or nothing more is delivered.
    ReauthorizationRequired,
    /// It is gone.
    SubscriptionRemoved,
    /// Notifications were lost.
    Missed,
    /// An event that this version does not know.
    Other,
}

/// An encrypted object, all parts in base64.
#[derive(Clone)]
pub struct EncryptedContent {
    /// The object, encrypted with the key in [`Self::data_key`].
    pub data: String,
    /// HMAC over the data; some of Microsoft's examples have none, which cannot be decrypted.
    pub data_signature: Option<String>,
    /// The key, encrypted for the certificate.
    pub data_key: String,
    /// The id that the subscription gave its certificate.
    pub certificate_id: String,
}

/// Reads a body, of whatever origin.
pub fn parse(body: &[u8]) -> Result<Delivery, UnreadableDelivery> {
    let wire: WireDelivery = json(body).ok_or(UnreadableDelivery)?;
    Ok(Delivery {
        notifications: wire.value.read,
        unreadable: wire.value.unreadable,
        validation_tokens: tokens(wire.validation_tokens)?,
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireDelivery {
    value: Items,
    #[serde(default)]
    validation_tokens: Value,
}

/// A list without a list's worth of tokens authenticates nothing; too many are no
/// delivery, since each of them has to be checked.
fn tokens(value: Value) -> Result<Option<Vec<String>>, UnreadableDelivery> {
    let Value::Array(tokens) = value else {
        return Ok(None);
    };
    if tokens.len() > MOST_TOKENS {
        return Err(UnreadableDelivery);
    }
    let texts = tokens.into_iter().map(|token| match token {
        Value::String(text) => text,
        _ => String::new(),
    });
    Ok(Some(texts.collect()))
}

/// The items of a delivery, read one at a time.
#[derive(Default)]
struct Items {
    read: Vec<Notification>,
    unreadable: usize,
}

impl<'de> Deserialize<'de> for Items {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Each;
        impl<'de> Visitor<'de> for Each {
            type Value = Items;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of notifications")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Items, A::Error> {
                let mut found = Items::default();
                while found.read.len() + found.unreadable < MOST_ITEMS {
                    match items.next_element::<Value>()?.map(notification) {
                        Some(Some(notification)) => found.read.push(notification),
                        Some(None) => found.unreadable += 1,
                        None => return Ok(found),
                    }
                }
                while items.next_element::<de::IgnoredAny>()?.is_some() {
                    found.unreadable += 1;
                }
                Ok(found)
            }
        }
        deserializer.deserialize_seq(Each)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireNotification {
    subscription_id: String,
    client_state: Option<String>,
    tenant_id: Option<String>,
    change_type: Option<String>,
    lifecycle_event: Option<String>,
    resource: Option<String>,
    encrypted_content: Option<WireContent>,
    // Microsoft's page on recordings spells it so.
    #[serde(rename = "EncryptedContent")]
    capital_encrypted_content: Option<WireContent>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireContent {
    data: String,
    data_signature: Option<String>,
    data_key: String,
    encryption_certificate_id: String,
}

/// One item, unless a field is missing, of another type or too long.
fn notification(item: Value) -> Option<Notification> {
    let wire: WireNotification = serde_json::from_value(item).ok()?;
    let words = [
        &wire.client_state,
        &wire.tenant_id,
        &wire.change_type,
        &wire.lifecycle_event,
    ];
    let fits = !wire.subscription_id.is_empty()
        && fits(Some(&wire.subscription_id), LONGEST_WORD)
        && words.iter().all(|word| fits(word.as_ref(), LONGEST_WORD))
        && fits(wire.resource.as_ref(), LONGEST_PATH);
    if !fits {
        return None;
    }
    let content = wire.encrypted_content.or(wire.capital_encrypted_content);
    Some(Notification {
        subscription_id: wire.subscription_id,
        client_state: wire.client_state.map(Secret::new),
        tenant_id: wire.tenant_id,
        change_type: wire.change_type,
        lifecycle_event: wire.lifecycle_event.as_deref().map(LifecycleEvent::read),
        resource: wire.resource,
        // One that does not read spoils the item: it must not pass for a plain one.
        encrypted: match content {
            None => None,
            Some(content) => Some(content.read()?),
        },
    })
}

impl WireContent {
    fn read(self) -> Option<EncryptedContent> {
        let fits = fits(Some(&self.data), LONGEST_DATA)
            && fits(self.data_signature.as_ref(), LONGEST_WORD)
            && fits(Some(&self.data_key), LONGEST_PATH)
            && fits(Some(&self.encryption_certificate_id), LONGEST_WORD);
        fits.then_some(EncryptedContent {
            data: self.data,
            data_signature: self.data_signature,
            data_key: self.data_key,
            certificate_id: self.encryption_certificate_id,
        })
    }
}

fn fits(text: Option<&String>, longest: usize) -> bool {
    text.is_none_or(|text| text.len() <= longest)
}

impl LifecycleEvent {
    fn read(name: &str) -> Self {
        match name {
            "reauthorizationRequired" => Self::ReauthorizationRequired,
            "subscriptionRemoved" => Self::SubscriptionRemoved,
            "missed" => Self::Missed,
            _ => Self::Other,
        }
    }
}

impl fmt::Debug for Delivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Delivery")
            .field("notifications", &self.notifications)
            .field("unreadable", &self.unreadable)
            .field(
                "validation_tokens",
                &self.validation_tokens.as_ref().map(Vec::len),
            )
            .finish()
    }
}

impl fmt::Debug for EncryptedContent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EncryptedContent")
            .field("certificate_id", &self.certificate_id)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
