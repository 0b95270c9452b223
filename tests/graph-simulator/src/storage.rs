//! The storage behind Graph, on a port of its own: where a redirected client
//! fetches content with a link that needs no token and stops working after a
//! while (graph-protocol §5, §12: unverified at Graph).
//!
//! A request that brings an `Authorization` header is refused: a client that
//! sends its token to another host gives it away.

use std::net::IpAddr;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::artifact::{Form, Revocable, Served, StoredArtifact, serve};
use crate::clock;
use crate::incoming::Incoming;
use crate::reply::Reply;
use crate::world::World;

/// Links are remembered this long after they expired.
const REMEMBERED_AFTER_EXPIRY: TimeDelta = TimeDelta::hours(24);

/// A link that was given out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct StorageLink {
    artifact_id: String,
    form: Form,
    /// The secret in the query.
    signature: String,
    pub(crate) expires_at: DateTime<Utc>,
}

/// Makes a link to an artifact's content: path and query.
pub(crate) fn link(world: &mut World, artifact: &StoredArtifact, form: Form) -> String {
    let now = world.now();
    world
        .storage_links
        .retain(|_, link| link.expires_at + REMEMBERED_AFTER_EXPIRY > now);
    let lifetime = TimeDelta::seconds(world.behaviour.storage_link_seconds.into());
    let link = StorageLink {
        artifact_id: artifact.id.clone(),
        form,
        signature: clock::new_id().simple().to_string(),
        expires_at: now + lifetime,
    };
    let key = clock::new_id().simple().to_string();
    let path = format!("/storage/{key}/content?tempauth=v1.{}", link.signature);
    world.storage_links.insert(key, link);
    path
}

/// Where the storage is for a client that knows Graph by this address. Its host
/// differs too where the machine has a second name.
pub(crate) fn base_url(graph_base_url: &str, port: u16) -> String {
    let authority = graph_base_url.trim_start_matches("http://");
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) => host,
        _ => authority,
    };
    let other = match host {
        "127.0.0.1" => "localhost",
        "localhost" => "127.0.0.1",
        same => same,
    };
    format!("http://{other}:{port}")
}

/// The storage listens where Graph does.
pub(crate) fn address(graph: IpAddr) -> std::net::SocketAddr {
    (graph, 0).into()
}

/// Answers a request to the storage.
pub(crate) fn answer(world: &mut World, request: &Incoming) -> Reply {
    if request.headers.contains_key("authorization") {
        let message = "Authentication information is not given in the correct format. Check the value of Authorization header.";
        return refuse(400, "InvalidAuthenticationInfo", message);
    }
    let [storage, key, content] = request.segments.as_slice() else {
        return refuse(404, "ResourceNotFound", "There is nothing here.");
    };
    if storage != "storage" || content != "content" {
        return refuse(404, "ResourceNotFound", "There is nothing here.");
    }
    if request.method != "GET" && request.method != "HEAD" {
        let message = "The resource doesn't support the HTTP verb.";
        return refuse(405, "UnsupportedHttpVerb", message);
    }
    let now = world.now();
    let signature = request.parameter("tempauth").unwrap_or_default();
    let valid = |link: &&StorageLink| {
        signature == format!("v1.{}", link.signature) && now < link.expires_at
    };
    let Some(link) = world.storage_links.get(key).filter(valid).cloned() else {
        let message =
            "Server failed to authenticate the request. The link is altered or has expired.";
        return refuse(403, "AuthenticationFailed", message);
    };
    let found = world.artifacts.iter().find(|a| a.id == link.artifact_id);
    let Some(artifact) = found.cloned() else {
        return refuse(404, "BlobNotFound", "The specified blob does not exist.");
    };
    let delivery = world.delivery(&artifact);
    let mut reply = serve(Served {
        content: link.form.apply(&artifact.content, artifact.created_at),
        media_type: link.form.media_type(),
        delivery: &delivery,
        number: artifact.served,
        range: request.header("range"),
        credential: Revocable::Link(key.clone()),
    });
    if request.method == "HEAD" {
        reply.content = None;
    } else if reply.content.is_some()
        && let Ok(artifact) = world.artifact_mut(&artifact.id)
    {
        artifact.served += 1;
    }
    reply
}

fn refuse(status: u16, code: &str, message: &str) -> Reply {
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?><Error><Code>{code}</Code><Message>{message}</Message></Error>"
    );
    Reply::typed(status, "application/xml", body.into_bytes()).with_header("x-ms-error-code", code)
}

#[cfg(test)]
mod tests {
    use super::base_url;

    #[test]
    fn the_storage_has_another_host_where_there_is_one() {
        let base = |graph| base_url(graph, 9);
        assert_eq!(base("http://127.0.0.1:80"), "http://localhost:9");
        assert_eq!(base("http://localhost:80"), "http://127.0.0.1:9");
        assert_eq!(base("http://graph"), "http://graph:9");
        assert_eq!(base("http://[::1]:80"), "http://[::1]:9");
        assert_eq!(base("http://[::1]"), "http://[::1]:9");
    }
}
