//! Subscriptions in Graph's JSON, and who may make, see, change and remove which
//! (graph-protocol §6). An app sees its own in the token's tenant only.

use axum::http::Method;
use serde_json::{Value, json};

use super::subscription_input::{Members, NewSubscription, extension, invalid};
use super::{Answer, Call, artifacts, odata};
use crate::bearer::{self, Caller};
use crate::clock;
use crate::incoming::Incoming;
use crate::reply::{GraphError, Reply};
use crate::subscription::{StoredSubscription, SubscriptionTarget};
use crate::world::World;

/// What PATCH may name.
const CHANGEABLE: [&str; 5] = [
    "expirationDateTime",
    "notificationUrl",
    "lifecycleNotificationUrl",
    "encryptionCertificate",
    "encryptionCertificateId",
];

/// A POST or PATCH whose addresses are still to be asked.
pub(crate) struct Planned {
    addresses: Vec<String>,
    /// As it shall be.
    subscription: StoredSubscription,
    is_new: bool,
}

impl Planned {
    /// The addresses that must pass the handshake.
    pub(crate) fn addresses(&self) -> &[String] {
        &self.addresses
    }
}

/// Whether the request makes or changes a subscription.
pub(crate) fn writes_subscription(incoming: &Incoming) -> bool {
    let segments = incoming.segments.get(1..).unwrap_or_default();
    match (&incoming.method, segments) {
        (&Method::POST, [name]) | (&Method::PATCH, [name, _]) => {
            name.eq_ignore_ascii_case("subscriptions")
        }
        _ => false,
    }
}

/// Checks a POST or PATCH as far as that is possible without the handshake.
pub(crate) fn plan_subscription(
    world: &mut World,
    incoming: &Incoming,
    caller: &Caller,
) -> Result<Planned, GraphError> {
    let call = Call::plain(world, incoming, caller)?;
    let now = world.now();
    world.subscriptions.expire(now);
    match incoming.segments.get(2) {
        None => plan_new(world, &call),
        Some(id) => plan_change(world, &call, id),
    }
}

fn plan_new(world: &World, call: &Call<'_>) -> Result<Planned, GraphError> {
    let new = NewSubscription::read(world, &call.body()?)?;
    let caller = call.caller;
    check_access(world, call, &new)?;
    let (certificate, certificate_id) = new.certificate.unzip();
    let addresses = [
        Some(&new.notification_url),
        new.lifecycle_notification_url.as_ref(),
    ];
    let planned = Planned {
        addresses: addresses.into_iter().flatten().cloned().collect(),
        subscription: StoredSubscription {
            id: clock::new_id().to_string(),
            tenant_id: caller.tenant_id.clone(),
            client_id: caller.client_id.clone(),
            kind: new.kind,
            target: new.target,
            resource: new.resource,
            notification_url: new.notification_url,
            lifecycle_notification_url: new.lifecycle_notification_url,
            client_state: new.client_state,
            includes_resource_data: new.includes_resource_data,
            encryption_certificate: certificate,
            encryption_certificate_id: certificate_id,
            latest_supported_tls_version: new.latest_supported_tls_version,
            expires_at: new.expires_at,
            created_at: world.now(),
            renewals: 0,
            reads: 0,
        },
        is_new: true,
    };
    check_room(world, &planned.subscription)?;
    Ok(planned)
}

/// Permission, and that the resource is in the token's tenant.
fn check_access(world: &World, call: &Call<'_>, new: &NewSubscription) -> Result<(), GraphError> {
    let roles = artifacts::roles(new.kind);
    if !call.caller.has_any_role(&roles) {
        let reason = "Application is missing the required permission.";
        return Err(extension(403, "Create", reason));
    }
    let tenant_id = &call.caller.tenant_id;
    let exists = match &new.target {
        SubscriptionTarget::Tenant => true,
        SubscriptionTarget::Organizer(id) => {
            if world.behaviour.subscriptions.need_access_policy {
                call.meeting_user(world, id, &roles)?;
            }
            world.user(tenant_id, id).is_some()
        }
        SubscriptionTarget::Meeting(id) => {
            let meeting = world.meetings.get(id);
            meeting.is_some_and(|meeting| meeting.tenant_id == *tenant_id)
        }
    };
    if exists {
        Ok(())
    } else {
        Err(extension(404, "Create", "The resource was not found."))
    }
}

/// graph-protocol §6: one per app and resource; so many per user and per tenant.
fn check_room(world: &World, new: &StoredSubscription) -> Result<(), GraphError> {
    let place = new.place();
    let own = |other: &&StoredSubscription| other.client_id == new.client_id;
    if let Some(existing) = world.subscriptions.at(&place).find(own) {
        let id = &existing.id;
        let message = format!("Subscription Id {id} already exists for the requested combination");
        return Err(GraphError::new(409, "ObjectIdentifierInUse", message));
    }
    let settings = &world.behaviour.subscriptions;
    let of_user = matches!(new.target, SubscriptionTarget::Organizer(_));
    let count = world.subscriptions.at(&place).count();
    let in_tenant = world.subscriptions.count(&new.tenant_id, new.kind);
    if of_user && count >= settings.per_user || in_tenant >= settings.per_tenant {
        let reason = "Maximum number of subscriptions has been reached";
        return Err(extension(403, "Create", reason));
    }
    Ok(())
}

fn plan_change(world: &World, call: &Call<'_>, id: &str) -> Result<Planned, GraphError> {
    let mut changed = find(world, call, id)?.clone();
    let body = call.body()?;
    let members = Members(&body);
    members.check_names(&CHANGEABLE)?;
    if body.is_empty() {
        return Err(invalid("There is nothing to change."));
    }
    let mut addresses = Vec::new();
    if let Some(url) = members.address("notificationUrl")? {
        if url != changed.notification_url {
            addresses.push(url.clone());
        }
        changed.notification_url = url;
    }
    if let Some(url) = members.address("lifecycleNotificationUrl")? {
        // graph-protocol §6: it cannot be added later.
        let Some(before) = changed.lifecycle_notification_url.replace(url.clone()) else {
            return Err(invalid(
                "lifecycleNotificationUrl cannot be added to an existing subscription.",
            ));
        };
        if url != before {
            addresses.push(url);
        }
    }
    if let Some(expires_at) = members.expiry(world, "Update")? {
        changed.expires_at = expires_at;
    }
    if let Some((certificate, id)) = members.certificate()? {
        changed.encryption_certificate = Some(certificate);
        changed.encryption_certificate_id = Some(id);
    }
    Ok(Planned {
        addresses,
        subscription: changed,
        is_new: false,
    })
}

/// Stores what was planned, unless things have changed during the handshake.
pub(crate) fn carry_out(
    world: &mut World,
    incoming: &Incoming,
    caller: &Caller,
    planned: Planned,
) -> Answer {
    let call = Call::plain(world, incoming, caller)?;
    let now = world.now();
    world.subscriptions.expire(now);
    let Planned {
        mut subscription,
        is_new,
        ..
    } = planned;
    if is_new {
        check_room(world, &subscription)?;
        subscription.created_at = now;
        let mut body = render(&subscription);
        body["clientState"] = json!(subscription.client_state);
        body["@odata.context"] = call.context("subscriptions/$entity");
        world.subscriptions.insert(subscription);
        return Ok(Reply::json(201, &body));
    }
    let id = subscription.id.clone();
    let changed = world.subscriptions.update(&id, |stored| {
        subscription.renewals = stored.renewals + 1;
        subscription.reads = stored.reads;
        *stored = subscription;
    });
    let mut body = render(changed.ok_or_else(not_found)?);
    body["@odata.context"] = call.context("subscriptions/$entity");
    Ok(Reply::json(200, &body))
}

/// `GET /subscriptions`: the app's own in the token's tenant.
pub(super) fn list(world: &mut World, call: &Call<'_>) -> Answer {
    odata::allow_options(call, &["$skiptoken"])?;
    let now = world.now();
    world.subscriptions.expire(now);
    let Caller {
        tenant_id,
        client_id,
        ..
    } = call.caller;
    let size = world.behaviour.subscriptions.page_size.max(1);
    let after = call.request.parameter("$skiptoken");
    let mut following = world.subscriptions.of_app(tenant_id, client_id, after);
    let page: Vec<&StoredSubscription> = following.by_ref().take(size).collect();
    let value: Vec<Value> = page.iter().map(|s| render(s)).collect();
    let mut body = json!({"@odata.context": call.context("subscriptions"), "value": value});
    if let Some(last) = page.last().filter(|_| following.next().is_some()) {
        let request = call.request;
        let next = format!(
            "{}{}?$skiptoken={}",
            request.base_url, request.path, last.id
        );
        body["@odata.nextLink"] = next.into();
    }
    Ok(Reply::json(200, &body))
}

/// `GET /subscriptions/{id}`.
pub(super) fn get(world: &mut World, call: &Call<'_>, id: &str) -> Answer {
    let now = world.now();
    world.subscriptions.expire(now);
    let id = find(world, call, id)?.id.clone();
    let read = world.subscriptions.update(&id, |s| s.reads += 1);
    let mut body = render(read.ok_or_else(not_found)?);
    body["@odata.context"] = call.context("subscriptions/$entity");
    Ok(Reply::json(200, &body))
}

/// `DELETE /subscriptions/{id}`.
pub(super) fn delete(world: &mut World, call: &Call<'_>, id: &str) -> Answer {
    let now = world.now();
    world.subscriptions.expire(now);
    let id = find(world, call, id)?.id.clone();
    world.subscriptions.remove(&id);
    Ok(Reply::empty(204))
}

/// In a batch the handshake would have nobody waiting for it; not simulated.
pub(super) fn refuse_in_batch() -> GraphError {
    GraphError::bad_request("Subscriptions are not made or changed within a batch here.")
}

/// Another app's, or another tenant's, is not there.
fn find<'a>(
    world: &'a World,
    call: &Call<'_>,
    id: &str,
) -> Result<&'a StoredSubscription, GraphError> {
    let own = |s: &&StoredSubscription| {
        s.tenant_id == call.caller.tenant_id && s.client_id == call.caller.client_id
    };
    let found = world.subscriptions.get(&id.to_ascii_lowercase());
    found.filter(own).ok_or_else(not_found)
}

fn not_found() -> GraphError {
    GraphError::new(404, "ResourceNotFound", "The object was not found.")
}

/// Without client state and certificate, which are not shown again.
fn render(subscription: &StoredSubscription) -> Value {
    let creator = bearer::principal(&subscription.tenant_id, &subscription.client_id);
    json!({
        "id": subscription.id, "resource": subscription.resource,
        "applicationId": subscription.client_id, "creatorId": creator,
        "changeType": "created", "clientState": null,
        "notificationUrl": subscription.notification_url,
        "notificationQueryOptions": null, "notificationUrlAppId": null,
        "lifecycleNotificationUrl": subscription.lifecycle_notification_url,
        "expirationDateTime": artifacts::seven_digits(subscription.expires_at),
        "includeResourceData": subscription.includes_resource_data,
        "latestSupportedTlsVersion": subscription.latest_supported_tls_version,
        "encryptionCertificate": null,
        "encryptionCertificateId": subscription.encryption_certificate_id,
    })
}
