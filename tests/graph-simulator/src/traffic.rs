//! A request's way through the simulator: log, throttle, faults, effect, answer.
//!
//! The effect runs in a task of its own, so that a client that gives up does
//! not undo what Graph would have done anyway.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::response::Response;
use futures_util::{StreamExt, stream};
use serde_json::Value;

use crate::bearer::{self, Caller};
use crate::clock;
use crate::connection::Link;
use crate::control;
use crate::fault::{Action, Fault, Phase};
use crate::graph::{self, Effects};
use crate::incoming::Incoming;
use crate::login;
use crate::received::{Outcome, Sender};
use crate::reply::{GraphError, Reply, RequestIds};
use crate::server::{Shared, Side};
use crate::storage;
use crate::streaming::{self, Tally};
use crate::subscription;
use crate::throttle::Slot;
use crate::token;

/// What a Graph answer's JSON is declared as.
const GRAPH_JSON: &str = "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8";
const SPOILT_JSON: &[u8] = b"{\"id\":\"AAkALgAA\",\"value\":[{";
const HTML: &str = "<html><head><title>Service Unavailable</title></head><body><h2>Our services aren't available right now</h2></body></html>";

/// How a request ends on the wire.
enum Ending {
    Answer(Reply),
    Truncated(Reply),
    Cut,
    Hang,
}

/// Where a request arrived, under which number, and from which tenant.
struct Place {
    side: Side,
    seq: u64,
    tenant: Option<String>,
}

/// Handles one HTTP request.
pub(crate) async fn serve(
    shared: Arc<Shared>,
    side: Side,
    link: Link,
    request: Request,
) -> Response {
    let (incoming, problem) = Incoming::read(request, &shared.host).await;
    if side == Side::Graph && control::is_control_path(&incoming.path) {
        return respond(control::answer(&shared, &incoming, problem), None);
    }
    let ids = request_ids(&shared, &incoming);
    let (seq, tenant) = log(&shared, side, &incoming);
    let entry = Tally {
        shared: Arc::clone(&shared),
        side,
        seq,
    };
    let place = Place { side, seq, tenant };
    let work = perform(Arc::clone(&shared), place, incoming, problem, ids);
    let ending = tokio::spawn(work).await.unwrap_or(Ending::Cut);
    match ending {
        Ending::Answer(reply) => respond(reply, Some(entry)),
        Ending::Truncated(reply) => respond_half(reply, entry),
        Ending::Cut => {
            link.cut();
            respond(Reply::empty(500), None)
        }
        Ending::Hang => {
            shared.released().await;
            link.cut();
            respond(Reply::empty(500), None)
        }
    }
}

fn request_ids(shared: &Shared, incoming: &Incoming) -> RequestIds {
    let request = clock::new_id().to_string();
    let client = incoming.header("client-request-id").map(String::from);
    RequestIds {
        // graph-protocol §8: echoed; Graph uses its own id where there is none.
        client: client.unwrap_or_else(|| request.clone()),
        request,
        at: shared.world().now(),
    }
}

/// Number in the log, and the tenant that the request names.
fn log(shared: &Shared, side: Side, incoming: &Incoming) -> (u64, Option<String>) {
    let world = shared.world();
    let sender = if token::is_token_path(&incoming.segments) {
        let (app_id, tenant_id) = token::claimed(&world, incoming);
        Sender { app_id, tenant_id }
    } else {
        let owner = bearer::owner(&world, &incoming.headers);
        Sender {
            app_id: owner.map(|token| token.client_id.clone()),
            tenant_id: owner.map(|token| token.tenant_id.clone()),
        }
    };
    let now = world.now();
    drop(world);
    let tenant = sender.tenant_id.clone();
    (shared.log(side).begin(now, incoming, sender), tenant)
}

async fn perform(
    shared: Arc<Shared>,
    place: Place,
    incoming: Incoming,
    problem: Option<GraphError>,
    ids: RequestIds,
) -> Ending {
    let ending = match problem {
        Some(error) => Ending::Answer(error.into_reply(&ids)),
        None => attempt(&shared, &place, &incoming, &ids).await,
    };
    let (status, outcome) = match &ending {
        Ending::Answer(reply) => (Some(reply.status.as_u16()), Outcome::Answered),
        Ending::Truncated(_) | Ending::Cut => (None, Outcome::Cut),
        Ending::Hang => (None, Outcome::Hanging),
    };
    shared.log(place.side).update(place.seq, |entry| {
        entry.status = status;
        entry.outcome = outcome;
    });
    match ending {
        Ending::Answer(reply) => Ending::Answer(decorate(&incoming, reply, &ids)),
        Ending::Truncated(reply) => Ending::Truncated(decorate(&incoming, reply, &ids)),
        other => other,
    }
}

async fn attempt(
    shared: &Shared,
    Place { side, seq, tenant }: &Place,
    incoming: &Incoming,
    ids: &RequestIds,
) -> Ending {
    let (side, seq, tenant) = (*side, *seq, tenant.as_deref());
    let caller = match side {
        Side::Graph => authenticate(shared, incoming),
        Side::Storage => None,
    };
    // Held until the answer is ready, delays included.
    let _slot = match admit(shared, incoming, caller.as_ref()) {
        Ok(slot) => slot,
        Err(error) => return Ending::Answer(error.into_reply(ids)),
    };
    let method = incoming.method.as_str();
    let struck = shared
        .faults()
        .strike(method, &incoming.path, &incoming.body, tenant);
    let fault = struck.map_or_else(Fault::default, |(id, fault)| {
        shared.log(side).update(seq, |entry| entry.fault = Some(id));
        fault
    });
    let latency = shared.world().behaviour.latency_ms;
    tokio::time::sleep(Duration::from_millis(latency)).await;
    if fault.phase == Phase::Before {
        tokio::time::sleep(Duration::from_millis(fault.delay_ms)).await;
        if let Some(ending) = spoil(&fault.action, Reply::empty(200)) {
            return ending;
        }
    }
    let effects = Effects {
        without_teams: fault.action == Action::WithoutTeamsMeeting,
        redirects: false,
    };
    let reply = match side {
        Side::Graph => effect(shared, incoming, caller, effects, ids).await,
        Side::Storage => Ok(storage::answer(&mut shared.world(), incoming)),
    };
    let reply = reply.unwrap_or_else(|error| error.into_reply(ids));
    if fault.phase == Phase::After {
        tokio::time::sleep(Duration::from_millis(fault.delay_ms)).await;
        if let Some(ending) = spoil(&fault.action, reply.clone()) {
            return ending;
        }
    }
    Ending::Answer(reply)
}

/// Who calls Graph; nobody on other paths.
fn authenticate(shared: &Shared, incoming: &Incoming) -> Option<Result<Caller, GraphError>> {
    graph::is_graph_path(&incoming.segments)
        .then(|| bearer::authenticate(&shared.world(), &incoming.headers, &incoming.base_url))
}

/// Outlook's throttle (graph-protocol §8), for calls on a mailbox.
fn admit(
    shared: &Shared,
    incoming: &Incoming,
    caller: Option<&Result<Caller, GraphError>>,
) -> Result<Option<Slot>, GraphError> {
    let Some(Ok(caller)) = caller else {
        return Ok(None);
    };
    let world = shared.world();
    let Some(mailbox) = graph::mailbox_of(&world, caller, incoming) else {
        return Ok(None);
    };
    let counted_on = (caller.client_id.clone(), mailbox);
    let slot = shared
        .throttle
        .enter(counted_on, &world.behaviour, world.now())?;
    Ok(Some(slot))
}

/// What the request does.
async fn effect(
    shared: &Shared,
    incoming: &Incoming,
    caller: Option<Result<Caller, GraphError>>,
    effects: Effects,
    ids: &RequestIds,
) -> Result<Reply, GraphError> {
    if token::is_token_path(&incoming.segments) {
        return Ok(shared.change(|world| token::answer(world, incoming)));
    }
    let Some(caller) = caller else {
        let nothing = || GraphError::new(404, "NotFound", "There is nothing at this path.");
        return login::answer(shared, incoming).ok_or_else(nothing);
    };
    let caller = caller?;
    if graph::writes_subscription(incoming) {
        return subscription::serve(shared, incoming, &caller, ids).await;
    }
    if incoming.method == "GET" && !graph::is_delta(incoming) {
        return graph::answer(&mut shared.world(), incoming, &caller, effects);
    }
    shared.change(|world| graph::answer(world, incoming, &caller, effects))
}

/// Turns an answer into what the fault wants; none: leave it.
fn spoil(action: &Action, mut reply: Reply) -> Option<Ending> {
    match action {
        Action::Proceed | Action::WithoutTeamsMeeting => None,
        Action::Respond {
            status,
            headers,
            body,
        } => {
            let reply = match body {
                Value::Null => Reply::empty(*status),
                Value::String(text) => Reply::typed(*status, "text/plain", text.clone().into()),
                json => Reply::json(*status, json),
            };
            let reply = headers
                .iter()
                .fold(reply, |reply, (name, value)| reply.with_header(name, value));
            Some(Ending::Answer(reply))
        }
        Action::Hang => Some(Ending::Hang),
        Action::Cut => Some(Ending::Cut),
        Action::Truncate => {
            if reply.body.len() < 2 && reply.content.is_none() {
                reply.body = SPOILT_JSON.to_vec();
            }
            Some(Ending::Truncated(reply))
        }
        Action::MalformedJson => {
            let status = reply.status.as_u16();
            let spoilt = Reply::typed(status, "application/json", SPOILT_JSON.to_vec());
            Some(Ending::Answer(spoilt))
        }
        Action::Html { status } => {
            let page = Reply::typed(*status, "text/html; charset=utf-8", HTML.into());
            Some(Ending::Answer(page))
        }
    }
}

/// graph-protocol §8: the headers that every Graph answer carries.
fn decorate(incoming: &Incoming, mut reply: Reply, ids: &RequestIds) -> Reply {
    if !graph::is_graph_path(&incoming.segments) {
        return reply;
    }
    let json = reply
        .headers
        .get("content-type")
        .is_some_and(|t| t == "application/json");
    if json {
        reply = reply.with_header("content-type", GRAPH_JSON);
    }
    reply
        .with_header("request-id", &ids.request)
        .with_header("client-request-id", &ids.client)
        .with_header("odata-version", "4.0")
        .with_header(
            "x-ms-ags-diagnostic",
            "{\"ServerInfo\":{\"DataCenter\":\"Simulator\",\"Slice\":\"E\",\"Ring\":\"0\",\"ScaleUnit\":\"000\",\"RoleInstance\":\"SIM0\"}}",
        )
}

fn respond(reply: Reply, entry: Option<Tally>) -> Response {
    let body = match (reply.content, entry) {
        (Some(content), Some(entry)) => streaming::body(content, entry),
        _ => Body::from(reply.body),
    };
    let mut response = Response::new(body);
    *response.status_mut() = reply.status;
    *response.headers_mut() = reply.headers;
    response
}

/// Announces the whole body, sends half of it and breaks off.
fn respond_half(mut reply: Reply, entry: Tally) -> Response {
    if let Some(content) = &mut reply.content {
        content.halve();
        return respond(reply, Some(entry));
    }
    let length = reply.body.len();
    let half = Bytes::from(reply.body[..length / 2].to_vec());
    let broken = async {
        // The first half leaves only if the second is not ready at once.
        tokio::time::sleep(Duration::from_millis(10)).await;
        Err(std::io::Error::other("cut by a fault"))
    };
    let body = stream::iter([Ok(half)]).chain(stream::once(broken));
    let mut response = Response::new(Body::from_stream(body));
    *response.status_mut() = reply.status;
    *response.headers_mut() = reply.headers;
    response
        .headers_mut()
        .insert("content-length", length.into());
    response
}
