//! The body of a POST or PATCH of a subscription, and what Graph refuses about
//! it (graph-protocol §6, §7).

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Map, Value};

use crate::artifact::ArtifactKind;
use crate::reply::GraphError;
use crate::subscription::{Certificate, SubscriptionTarget};
use crate::world::{World, same};

/// graph-protocol §6: longest client state, and longest name of a certificate.
const MAX_CLIENT_STATE: usize = 128;
const MAX_CERTIFICATE_ID: usize = 128;
const TLS_VERSIONS: [&str; 4] = ["v1_0", "v1_1", "v1_2", "v1_3"];
const MEMBERS: [&str; 10] = [
    "changeType",
    "notificationUrl",
    "lifecycleNotificationUrl",
    "resource",
    "expirationDateTime",
    "clientState",
    "includeResourceData",
    "encryptionCertificate",
    "encryptionCertificateId",
    "latestSupportedTlsVersion",
];

/// What can be wrong with the words of a request.
pub(super) fn invalid(message: impl Into<String>) -> GraphError {
    GraphError::new(400, "InvalidRequest", message)
}

/// graph-protocol §6: how Teams' refusals come through Graph.
pub(super) fn extension(status: u16, operation: &str, reason: &str) -> GraphError {
    let name = match status {
        403 => "Forbidden",
        404 => "NotFound",
        _ => "BadRequest",
    };
    let message =
        format!("Operation: {operation}; Exception: [Status Code: {name}; Reason: {reason}]");
    GraphError::new(status, "ExtensionError", message)
}

/// The members of a body, each of the right type.
pub(super) struct Members<'a>(pub(super) &'a Map<String, Value>);

impl Members<'_> {
    pub(super) fn check_names(&self, known: &[&str]) -> Result<(), GraphError> {
        let strange = self
            .0
            .keys()
            .find(|name| !name.starts_with('@') && !known.contains(&name.as_str()));
        strange.map_or(Ok(()), |name| {
            Err(invalid(format!(
                "The property '{name}' cannot be given here."
            )))
        })
    }

    /// Absent and `null` are the same.
    pub(super) fn text(&self, name: &str) -> Result<Option<String>, GraphError> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) if !text.is_empty() => Ok(Some(text.clone())),
            Some(_) => Err(invalid(format!("The property '{name}' is invalid."))),
        }
    }

    fn required(&self, name: &str) -> Result<String, GraphError> {
        let text = self.text(name)?;
        text.ok_or_else(|| invalid(format!("The property '{name}' is required.")))
    }

    /// An address that Graph would call: https, except on this machine.
    pub(super) fn address(&self, name: &str) -> Result<Option<String>, GraphError> {
        let Some(text) = self.text(name)? else {
            return Ok(None);
        };
        let refused = || invalid(format!("The property '{name}' must be an HTTPS address."));
        let url: reqwest::Url = text.parse().map_err(|_| refused())?;
        let host = url.host_str().unwrap_or_default();
        let local = matches!(host, "localhost" | "127.0.0.1" | "[::1]");
        if url.scheme() == "https" || url.scheme() == "http" && local {
            Ok(Some(text))
        } else {
            Err(refused())
        }
    }

    /// The new expiry: not in the past, not beyond the maximum.
    pub(super) fn expiry(
        &self,
        world: &World,
        operation: &str,
    ) -> Result<Option<DateTime<Utc>>, GraphError> {
        let Some(text) = self.text("expirationDateTime")? else {
            return Ok(None);
        };
        let unreadable = || invalid("The property 'expirationDateTime' is not a date and time.");
        let at = DateTime::parse_from_rfc3339(&text).map_err(|_| unreadable())?;
        let (at, now) = (at.to_utc(), world.now());
        if at <= now {
            return Err(invalid("Subscription expiration must be in the future."));
        }
        let max = TimeDelta::minutes(world.behaviour.subscriptions.max_minutes.into());
        if at - now > max {
            let (hours, minutes) = (max.num_hours() % 24, max.num_minutes() % 60);
            let reason = format!(
                "Expiration time '{text}' is beyond allowed max '{}.{hours:02}:{minutes:02}:00'.",
                max.num_days()
            );
            return Err(extension(400, operation, &reason));
        }
        Ok(Some(at))
    }

    /// A certificate comes with its name, and is one.
    pub(super) fn certificate(&self) -> Result<Option<(String, String)>, GraphError> {
        let certificate = self.text("encryptionCertificate")?;
        let id = self.text("encryptionCertificateId")?;
        let (Some(certificate), Some(id)) = (&certificate, &id) else {
            return if certificate.is_none() && id.is_none() {
                Ok(None)
            } else {
                Err(invalid(
                    "encryptionCertificate and encryptionCertificateId are given together.",
                ))
            };
        };
        if id.chars().count() > MAX_CERTIFICATE_ID {
            return Err(invalid(
                "encryptionCertificateId is longer than 128 characters.",
            ));
        }
        Certificate::parse(certificate)
            .map_err(|problem| invalid(format!("encryptionCertificate is invalid: {problem}.")))?;
        Ok(Some((certificate.clone(), id.clone())))
    }
}

/// What a POST asks for, its own words being in order.
pub(super) struct NewSubscription {
    pub(super) kind: ArtifactKind,
    pub(super) target: SubscriptionTarget,
    pub(super) resource: String,
    pub(super) notification_url: String,
    pub(super) lifecycle_notification_url: Option<String>,
    pub(super) client_state: Option<String>,
    pub(super) includes_resource_data: bool,
    pub(super) certificate: Option<(String, String)>,
    pub(super) latest_supported_tls_version: String,
    pub(super) expires_at: DateTime<Utc>,
}

impl NewSubscription {
    pub(super) fn read(world: &World, body: &Map<String, Value>) -> Result<Self, GraphError> {
        let members = Members(body);
        members.check_names(&MEMBERS)?;
        if members.required("changeType")? != "created" {
            return Err(invalid(
                "This resource supports only the changeType 'created'.",
            ));
        }
        let notification_url = members.address("notificationUrl")?;
        let notification_url = notification_url
            .ok_or_else(|| invalid("The property 'notificationUrl' is required."))?;
        let lifecycle_notification_url = members.address("lifecycleNotificationUrl")?;
        let resource = members.required("resource")?;
        let (kind, target) = read_resource(&resource)?;
        let client_state = members.text("clientState")?;
        if client_state
            .as_ref()
            .is_some_and(|s| s.chars().count() > MAX_CLIENT_STATE)
        {
            return Err(invalid("clientState is longer than 128 characters."));
        }
        let expires_at = members.expiry(world, "Create")?;
        let expires_at =
            expires_at.ok_or_else(|| invalid("The property 'expirationDateTime' is required."))?;
        if lifecycle_notification_url.is_none() && expires_at - world.now() > TimeDelta::hours(1) {
            return Err(invalid(
                "lifecycleNotificationUrl is required for subscription creation on this resource when the expirationDateTime value exceeds 1 hour.",
            ));
        }
        let includes_resource_data = match body.get("includeResourceData") {
            None | Some(Value::Null) => false,
            Some(Value::Bool(wanted)) => *wanted,
            Some(_) => return Err(invalid("The property 'includeResourceData' is invalid.")),
        };
        let certificate = members.certificate()?;
        if includes_resource_data && certificate.is_none() {
            return Err(invalid(
                "encryptionCertificate and encryptionCertificateId are required with includeResourceData.",
            ));
        }
        let tls = members.text("latestSupportedTlsVersion")?;
        let latest_supported_tls_version = tls.unwrap_or_else(|| "v1_2".into());
        if !TLS_VERSIONS.contains(&latest_supported_tls_version.as_str()) {
            return Err(invalid(
                "The property 'latestSupportedTlsVersion' is invalid.",
            ));
        }
        Ok(Self {
            kind,
            target,
            resource,
            notification_url,
            lifecycle_notification_url,
            client_state,
            includes_resource_data,
            certificate,
            latest_supported_tls_version,
            expires_at,
        })
    }
}

/// graph-protocol §6: the resources of recordings and transcripts, without host
/// and version; others are not simulated.
fn read_resource(resource: &str) -> Result<(ArtifactKind, SubscriptionTarget), GraphError> {
    let refused = || {
        let message = format!("Resource '{resource}' is not supported for subscriptions.");
        GraphError::bad_request(message)
    };
    let path = resource.strip_prefix('/').unwrap_or(resource);
    let keyed = path.replace("('", "/").replace("')", "");
    let segments: Vec<&str> = keyed.split('/').collect();
    let all = |name: &str| match name.to_ascii_lowercase().as_str() {
        "getallrecordings" => Ok(ArtifactKind::Recording),
        "getalltranscripts" => Ok(ArtifactKind::Transcript),
        _ => Err(refused()),
    };
    match segments.as_slice() {
        [first, meetings, function]
            if same(first, "communications") && same(meetings, "onlineMeetings") =>
        {
            Ok((all(function)?, SubscriptionTarget::Tenant))
        }
        [users, id, meetings, function]
            if same(users, "users") && same(meetings, "onlineMeetings") =>
        {
            // graph-protocol §3: the object id, not the UPN.
            let id = uuid::Uuid::parse_str(id).map_err(|_| refused())?;
            Ok((
                all(function)?,
                SubscriptionTarget::Organizer(id.to_string()),
            ))
        }
        [first, meetings, id, collection]
            if same(first, "communications") && same(meetings, "onlineMeetings") =>
        {
            let kind = super::artifacts::kind(&collection.to_ascii_lowercase());
            let kind = kind.ok_or_else(refused)?;
            Ok((kind, SubscriptionTarget::Meeting((*id).to_owned())))
        }
        _ => Err(refused()),
    }
}
