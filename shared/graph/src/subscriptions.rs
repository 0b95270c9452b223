//! Subscriptions to an organiser's recordings and transcripts: Graph tells our
//! addresses when there is a new one (NT-1, NT-4).
//!
//! Guarantees: one POST, however often it is repeated, leaves at most one
//! subscription, since Graph answers a second one with
//! [`DuplicateSubscription`](GraphErrorClass::DuplicateSubscription); the client
//! state travels in that POST only and reaches neither log nor error; what is gone
//! is told from what could not be asked.

use std::collections::HashSet;
use std::fmt;
use std::time::Duration;

use chrono::{DateTime, Utc};
use reqwest::{Method, Url};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::answer::{Done, Json, unusable};
use crate::artifact_kind::ArtifactKind;
use crate::call::{Call, Operation};
use crate::client::GraphSession;
use crate::config::Secret;
use crate::error::{GraphError, GraphErrorClass};
use crate::redact::Hidden;
use crate::time::{fine_instant, read_instant};

/// What one attempt to make or renew a subscription may take: Graph calls both
/// addresses meanwhile, and waits 10 s for each. The session's budget should be
/// longer; [`GraphSession::with_budget`] says so.
pub const HANDSHAKE_PATIENCE: Duration = Duration::from_secs(25);

/// The documented longest client state and certificate id, in characters.
const LONGEST_TEXT: usize = 128;
const MOST_PAGES: usize = 200;
/// Microsoft's limit for one organisation.
const MOST_SUBSCRIPTIONS: usize = 10_000;

/// A certificate that notifications are to be encrypted for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubscriptionCertificate {
    /// The name that notifications will call it by, of at most 128 characters.
    pub id: String,
    /// The X.509 certificate in DER, as base64 on one line.
    pub der_base64: String,
}

/// A subscription to make.
#[derive(Clone)]
pub struct SubscriptionRequest {
    /// Whose meetings: the Entra object id, not a UPN.
    pub organizer_object_id: String,
    /// What to be told of.
    pub kind: ArtifactKind,
    /// Where new artifacts are told.
    pub notification_url: String,
    /// Where the subscription's own events are told; cannot be added later.
    pub lifecycle_notification_url: String,
    /// What each notification repeats, so that it is known for genuine; at most 128 characters.
    pub client_state: Secret,
    /// When it is to end; three days ahead at most.
    pub expires_at: DateTime<Utc>,
    /// With one, notifications carry the artifact, encrypted; without, only where it is.
    pub certificate: Option<SubscriptionCertificate>,
}

/// A subscription as Graph has it. What a page leaves out is absent.
#[derive(Clone, PartialEq, Eq)]
pub struct GraphSubscription {
    /// Microsoft's id, a GUID.
    pub id: String,
    /// What is watched: compare with [`subscription_resource`], letter case aside.
    pub resource: String,
    /// Where new artifacts are told.
    pub notification_url: Option<String>,
    /// Where the subscription's own events are told.
    pub lifecycle_notification_url: Option<String>,
    /// When it ends.
    pub expires_at: Option<DateTime<Utc>>,
    /// The [`SubscriptionCertificate::id`] it was made or renewed with.
    pub certificate_id: Option<String>,
    /// Whether notifications carry the artifact, encrypted.
    pub includes_resource_data: bool,
}

/// What a subscription to all of an organiser's artifacts of one kind watches.
pub fn subscription_resource(organizer_object_id: &str, kind: ArtifactKind) -> String {
    let function = kind.function();
    format!("users/{organizer_object_id}/onlineMeetings/{function}")
}

impl GraphSession<'_> {
    /// `POST /subscriptions`: makes it and has both addresses answer Graph's
    /// handshake meanwhile, see [`HANDSHAKE_PATIENCE`]. One that exists, perhaps by an
    /// attempt whose answer was lost, is
    /// [`DuplicateSubscription`](GraphErrorClass::DuplicateSubscription) with its id;
    /// a refused handshake is
    /// [`SubscriptionValidation`](GraphErrorClass::SubscriptionValidation).
    pub async fn create_subscription(
        &self,
        request: &SubscriptionRequest,
    ) -> Result<GraphSubscription, GraphError> {
        if let Some(fault) = request.fault() {
            return Err(GraphError::refused_locally("InvalidSubscription", fault));
        }
        let operation = self.operation();
        let url = operation.url(&["subscriptions"], &[])?;
        let call = Call::plain("create_subscription", Method::POST, url)
            .header("prefer", "IdType=\"ImmutableId\"")
            .patient(HANDSHAKE_PATIENCE)
            .hiding(&request.client_state)
            .json(request.to_json());
        operation.subscription(&call).await
    }

    /// `GET /subscriptions/{id}`: one that ended or was removed is
    /// [`NotFoundOrGone`](GraphErrorClass::NotFoundOrGone).
    pub async fn subscription(&self, id: &str) -> Result<GraphSubscription, GraphError> {
        let operation = self.operation();
        let call = operation.on_subscription("get_subscription", Method::GET, id)?;
        operation.subscription(&call).await.map_err(gone)
    }

    /// `GET /subscriptions`: all that this application has in the tenant, whoever made
    /// them and whatever they watch; 10,000 at most.
    pub async fn list_subscriptions(&self) -> Result<Vec<GraphSubscription>, GraphError> {
        let operation = self.operation();
        let first = operation.url(&["subscriptions"], &[])?;
        operation.subscriptions(first).await
    }

    /// `PATCH /subscriptions/{id}`: a new end and, with `certificate`, another key.
    /// This reauthorises as well, so that nothing else has to. One that is gone is
    /// [`NotFoundOrGone`](GraphErrorClass::NotFoundOrGone).
    pub async fn renew_subscription(
        &self,
        id: &str,
        expires_at: DateTime<Utc>,
        certificate: Option<&SubscriptionCertificate>,
    ) -> Result<GraphSubscription, GraphError> {
        if certificate.is_some_and(|certificate| !certificate.is_usable()) {
            return Err(unusable_certificate());
        }
        let operation = self.operation();
        let mut change = Map::new();
        change.insert("expirationDateTime".into(), fine_instant(expires_at).into());
        if let Some(certificate) = certificate {
            certificate.write_to(&mut change);
        }
        let call = operation
            .on_subscription("renew_subscription", Method::PATCH, id)?
            .patient(HANDSHAKE_PATIENCE)
            .json(Value::Object(change));
        operation.subscription(&call).await.map_err(gone)
    }

    /// `DELETE /subscriptions/{id}`; one that is gone already is as good as removed.
    pub async fn delete_subscription(&self, id: &str) -> Result<(), GraphError> {
        let operation = self.operation();
        let call = operation.on_subscription("delete_subscription", Method::DELETE, id)?;
        match operation.send::<Done>(&call).await.map_err(gone) {
            Ok(Done) => Ok(()),
            Err(error) if error.class == GraphErrorClass::NotFoundOrGone => Ok(()),
            Err(error) => Err(error),
        }
    }
}

impl Operation<'_> {
    fn on_subscription(
        &self,
        name: &'static str,
        method: Method,
        id: &str,
    ) -> Result<Call, GraphError> {
        Ok(Call::plain(
            name,
            method,
            self.url(&["subscriptions", id], &[])?,
        ))
    }

    async fn subscription(&self, call: &Call) -> Result<GraphSubscription, GraphError> {
        let Json(found) = self.send::<Json<WireSubscription>>(call).await?;
        Ok(found.into())
    }

    async fn subscriptions(&self, first: Url) -> Result<Vec<GraphSubscription>, GraphError> {
        let mut seen = HashSet::new();
        let mut listed: Vec<GraphSubscription> = Vec::new();
        let mut next = Some(first);
        let mut pages = 0;
        while let Some(url) = next {
            if pages == MOST_PAGES || listed.len() > MOST_SUBSCRIPTIONS {
                return Err(unusable("ListTooLong", "the list goes on and on"));
            }
            pages += 1;
            let call = Call::plain("list_subscriptions", Method::GET, url);
            let (items, following) = self.page::<Value>(&call).await?;
            for item in items {
                match serde_json::from_value::<WireSubscription>(item) {
                    Ok(wire) if seen.insert(wire.id.clone()) => listed.push(wire.into()),
                    Ok(_) => {}
                    Err(_) => {
                        tracing::warn!(target: "graph", operation = "list_subscriptions", "a subscription that does not read was left out");
                    }
                }
            }
            next = following;
        }
        Ok(listed)
    }
}

/// Of a subscription Graph also says "not found" as it does of users, whose 404
/// has a class of its own.
fn gone(mut error: GraphError) -> GraphError {
    if error.class == GraphErrorClass::MailboxNotFound && error.status == Some(404) {
        error.class = GraphErrorClass::NotFoundOrGone;
    }
    error
}

impl SubscriptionRequest {
    /// What Graph would refuse, or misread.
    fn fault(&self) -> Option<&'static str> {
        let organizer = &self.organizer_object_id;
        let is_id = |c: char| c.is_ascii_alphanumeric() || c == '-';
        if organizer.is_empty() || !organizer.chars().all(is_id) {
            return Some("the organiser is no object id");
        }
        let state = self.client_state.expose();
        if state.is_empty() || state.chars().count() > LONGEST_TEXT {
            return Some("the client state has not 1 to 128 characters");
        }
        let certificate = self.certificate.as_ref();
        certificate
            .is_some_and(|certificate| !certificate.is_usable())
            .then_some(UNUSABLE_CERTIFICATE)
    }

    fn to_json(&self) -> Value {
        let mut body = json!({
            "changeType": "created",
            "notificationUrl": self.notification_url,
            "lifecycleNotificationUrl": self.lifecycle_notification_url,
            "resource": subscription_resource(&self.organizer_object_id, self.kind),
            "expirationDateTime": fine_instant(self.expires_at),
            "clientState": self.client_state.expose(),
            "latestSupportedTlsVersion": "v1_2",
        });
        if let (Some(certificate), Some(fields)) = (&self.certificate, body.as_object_mut()) {
            fields.insert("includeResourceData".into(), true.into());
            certificate.write_to(fields);
        }
        body
    }
}

const UNUSABLE_CERTIFICATE: &str = "the certificate is empty or its id not of 1 to 128 characters";

fn unusable_certificate() -> GraphError {
    GraphError::refused_locally("InvalidSubscription", UNUSABLE_CERTIFICATE)
}

impl SubscriptionCertificate {
    fn is_usable(&self) -> bool {
        let length = self.id.chars().count();
        (1..=LONGEST_TEXT).contains(&length) && !self.der_base64.is_empty()
    }

    fn write_to(&self, fields: &mut Map<String, Value>) {
        fields.insert("encryptionCertificate".into(), json!(self.der_base64));
        fields.insert("encryptionCertificateId".into(), json!(self.id));
    }
}

/// What is read of Graph's answer; the client state, where it is repeated, is not.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireSubscription {
    #[serde(deserialize_with = "not_empty")]
    id: String,
    resource: Option<String>,
    notification_url: Option<String>,
    lifecycle_notification_url: Option<String>,
    expiration_date_time: Option<String>,
    encryption_certificate_id: Option<String>,
    include_resource_data: Option<bool>,
}

fn not_empty<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text.is_empty() {
        return Err(serde::de::Error::custom("empty"));
    }
    Ok(text)
}

impl From<WireSubscription> for GraphSubscription {
    fn from(wire: WireSubscription) -> Self {
        let given = |text: Option<String>| text.filter(|text| !text.is_empty());
        let certificate_id = given(wire.encryption_certificate_id);
        Self {
            id: wire.id,
            resource: wire.resource.unwrap_or_default(),
            notification_url: given(wire.notification_url),
            lifecycle_notification_url: given(wire.lifecycle_notification_url),
            expires_at: wire.expiration_date_time.as_deref().and_then(read_instant),
            // Where Graph leaves it open, a certificate serves for nothing else.
            includes_resource_data: wire
                .include_resource_data
                .unwrap_or(certificate_id.is_some()),
            certificate_id,
        }
    }
}

impl fmt::Debug for SubscriptionRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SubscriptionRequest")
            .field("organizer_object_id", &self.organizer_object_id)
            .field("kind", &self.kind)
            .field("client_state", &self.client_state)
            .field("expires_at", &self.expires_at)
            .field(
                "certificate_id",
                &self.certificate.as_ref().map(|certificate| &certificate.id),
            )
            .finish_non_exhaustive()
    }
}

/// Without the addresses: another application's may have a key in it.
impl fmt::Debug for GraphSubscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GraphSubscription")
            .field("id", &self.id)
            .field("resource", &self.resource)
            .field(
                "notification_url",
                &Hidden::text(self.notification_url.as_ref()),
            )
            .field(
                "lifecycle_notification_url",
                &Hidden::text(self.lifecycle_notification_url.as_ref()),
            )
            .field("expires_at", &self.expires_at)
            .field("certificate_id", &self.certificate_id)
            .field("includes_resource_data", &self.includes_resource_data)
            .finish()
    }
}
