//! Notifications in Graph's JSON (graph-protocol §6, §7).

use serde_json::{Value, json};

use super::encryption::encrypt;
use super::{Item, LifecycleEvent, NotificationKind};
use crate::artifact::{ArtifactKind, StoredArtifact};
use crate::graph::seven_digits;
use crate::subscription::{Certificate, StoredSubscription};
use crate::world::World;

impl From<ArtifactKind> for NotificationKind {
    fn from(kind: ArtifactKind) -> Self {
        match kind {
            ArtifactKind::Recording => Self::Recording,
            ArtifactKind::Transcript => Self::Transcript,
        }
    }
}

impl Item {
    /// Of a recording or transcript that is there now.
    pub(super) fn created(
        world: &World,
        subscription: &StoredSubscription,
        artifact: &StoredArtifact,
        is_plain: bool,
    ) -> Self {
        let (collection, type_name) = match artifact.kind {
            ArtifactKind::Recording => ("recordings", "callRecording"),
            ArtifactKind::Transcript => ("transcripts", "callTranscript"),
        };
        let (meeting, id) = (&artifact.meeting_id, &artifact.id);
        let path = format!("communications/onlineMeetings('{meeting}')/{collection}('{id}')");
        let mut body = about(subscription);
        body["changeType"] = "created".into();
        body["resource"] = path.clone().into();
        body["resourceData"] = json!({
            "@odata.type": format!("#Microsoft.Graph.{type_name}"), "@odata.id": path, "id": id,
        });
        let encrypted = (!is_plain)
            .then(|| encrypted_object(subscription, artifact))
            .flatten();
        let is_encrypted = encrypted.is_some();
        if let Some(content) = encrypted {
            // graph-protocol §6: the key case trap.
            let capital = world.behaviour.notifications.capital_encrypted_content;
            let name = if capital {
                "EncryptedContent"
            } else {
                "encryptedContent"
            };
            body[name] = content;
        }
        Self {
            artifact_id: Some(artifact.id.clone()),
            is_encrypted,
            ..Self::new(artifact.kind.into(), subscription, body)
        }
    }

    /// About the subscription itself; never encrypted.
    pub(super) fn lifecycle(subscription: &StoredSubscription, event: LifecycleEvent) -> Self {
        let mut body = about(subscription);
        body["lifecycleEvent"] = json!(event);
        Self::new(NotificationKind::Lifecycle, subscription, body)
    }

    fn new(kind: NotificationKind, subscription: &StoredSubscription, body: Value) -> Self {
        Self {
            kind,
            subscription_id: subscription.id.clone(),
            tenant_id: subscription.tenant_id.clone(),
            client_id: subscription.client_id.clone(),
            artifact_id: None,
            body,
            is_encrypted: false,
            null_tokens: false,
        }
    }
}

fn about(subscription: &StoredSubscription) -> Value {
    json!({
        "subscriptionId": subscription.id,
        "subscriptionExpirationDateTime": subscription.expires_at.to_rfc3339(),
        "clientState": subscription.client_state,
        "tenantId": subscription.tenant_id,
    })
}

fn encrypted_object(subscription: &StoredSubscription, artifact: &StoredArtifact) -> Option<Value> {
    if !subscription.includes_resource_data {
        return None;
    }
    let certificate = subscription.encryption_certificate.as_deref()?;
    // It was read when it was given.
    let certificate = Certificate::parse(certificate).ok()?;
    let id = subscription.encryption_certificate_id.as_deref()?;
    let object = object(&subscription.tenant_id, artifact).to_string();
    encrypt(certificate, id, object.as_bytes()).ok()
}

/// What is encrypted: fewer members than GET has, and a relative URL without the user.
fn object(tenant_id: &str, artifact: &StoredArtifact) -> Value {
    let (url_name, collection, created) = match artifact.kind {
        ArtifactKind::Recording => (
            "recordingContentUrl",
            "recordings",
            seven_digits(artifact.created_at).into(),
        ),
        ArtifactKind::Transcript => ("transcriptContentUrl", "transcripts", Value::Null),
    };
    let (meeting, id) = (&artifact.meeting_id, &artifact.id);
    json!({
        "id": id, "meetingId": meeting, "createdDateTime": created,
        url_name: format!("communications/onlineMeetings/{meeting}/{collection}/{id}/content"),
        "meetingOrganizer": {"application": null, "device": null, "user": {
            "userIdentityType": "aadUser", "id": artifact.organizer_id,
            "displayName": null, "tenantId": tenant_id}},
        "content": null,
    })
}
