//! From a gateway event to a handler and back, in one order for every route.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use convoke_domain::error::Error;
use http::{Method, header};
use lambda_http::{Body, Request, RequestExt, Response};
use percent_encoding::percent_decode_str;
use tracing::Instrument;

use super::event::{bytes_of, claims_of, path_and_query_of, query_of, request_id_of, respond};
use super::idempotency::{self, Begun, RequestIdentity};
use super::problem::Refusal;
use super::{Access, Call, Caller, ClaimNames, Reply, Route, body, problem};
use crate::clock::Ports;
use crate::config::{ConfigError, Environment};
use crate::log::{Outcome, Work};
use crate::store::Store;

/// Path parameters, decoded.
type Params = Vec<(String, String)>;

/// Is told of every authorised caller, before the handler runs.
#[async_trait::async_trait]
pub trait CallerHook: Send + Sync {
    /// Takes note; a failure is the hook's own business.
    async fn welcome(&self, caller: &Caller);
}

/// What the edge itself works with.
pub struct EdgeParts {
    /// For idempotency marks.
    pub store: Store,
    /// Clock and ids.
    pub ports: Ports,
    /// Where the token says what.
    pub claims: ClaimNames,
    /// How long the function may run: a mark's lease, and the handler's limit.
    pub timeout: Duration,
    /// Told of callers, where the function keeps note of them.
    pub hook: Option<Arc<dyn CallerHook>>,
}

impl EdgeParts {
    /// As the environment says: claim names, and `CONVOKE_FUNCTION_TIMEOUT_S`
    /// (29 where absent). Callers are noted by `hook`, if any.
    pub fn of_environment(
        environment: &Environment,
        store: Store,
        ports: Ports,
        hook: Option<Arc<dyn CallerHook>>,
    ) -> Result<Self, ConfigError> {
        let timeout = environment.number("CONVOKE_FUNCTION_TIMEOUT_S", 29)?;
        Ok(Self {
            store,
            ports,
            claims: ClaimNames::of_environment(environment)?,
            timeout: Duration::from_secs(timeout.into()),
            hook,
        })
    }
}

/// What a check of a caller is running.
pub type CheckFuture<'a> = Pin<Box<dyn Future<Output = Result<(), Error>> + Send + 'a>>;

/// Whether a caller may still have an answer that is about to be replayed.
pub type ReplayCheck<S> = for<'a> fn(Arc<S>, &'a Call) -> CheckFuture<'a>;

/// A function's routes and what they run on.
pub struct Edge<S: 'static> {
    parts: EdgeParts,
    state: Arc<S>,
    routes: &'static [Route<S>],
    router: matchit::Router<Vec<usize>>,
    keyless: &'static [&'static str],
    replay_check: Option<ReplayCheck<S>>,
}

impl<S: Send + Sync + 'static> Edge<S> {
    /// Builds the router; a path that conflicts with another is a bug found at start.
    pub fn new(
        parts: EdgeParts,
        state: Arc<S>,
        routes: &'static [Route<S>],
    ) -> Result<Self, matchit::InsertError> {
        let mut by_path: Vec<(&str, Vec<usize>)> = vec![];
        for (at, route) in routes.iter().enumerate() {
            match by_path.iter_mut().find(|(path, _)| *path == route.path) {
                Some((_, indexes)) => indexes.push(at),
                None => by_path.push((route.path, vec![at])),
            }
        }
        let mut router = matchit::Router::new();
        for (path, indexes) in by_path {
            router.insert(path, indexes)?;
        }
        Ok(Self {
            parts,
            state,
            routes,
            router,
            keyless: &[],
            replay_check: None,
        })
    }

    /// Leaves the `Idempotency-Key` of these operations aside: their answers are
    /// secrets, and must not lie in the table (XC-4).
    #[must_use]
    pub fn without_keys_of(self, operations: &'static [&'static str]) -> Self {
        Self {
            keyless: operations,
            ..self
        }
    }

    /// Asks before a replay, where more than the route's permission says who may:
    /// whoever belonged to something may not belong to it any more (XC-4).
    #[must_use]
    pub fn with_replay_check(self, check: ReplayCheck<S>) -> Self {
        Self {
            replay_check: Some(check),
            ..self
        }
    }

    /// Answers one event; every failure is a problem document.
    pub async fn handle(&self, event: Request) -> Response<Body> {
        let request_id = request_id_of(&event);
        let found = self.find(&event);
        let operation = found
            .as_ref()
            .map_or("unrouted", |(route, _)| route.operation);
        let mut work = Work::begin(operation);
        work.note("request_id", request_id.clone());
        let known = event.headers().get(header::IF_NONE_MATCH).cloned();
        let reads = matches!(*event.method(), Method::GET | Method::HEAD);
        let span = tracing::info_span!(
            "request",
            request_id,
            operation,
            tenant = tracing::field::Empty,
            meeting_id = tracing::field::Empty,
            control_id = tracing::field::Empty,
            appointment_request_id = tracing::field::Empty,
            schedule_entry_id = tracing::field::Empty,
            online_meeting_id = tracing::field::Empty,
            interaction_id = tracing::field::Empty,
            artifact_id = tracing::field::Empty,
            document_id = tracing::field::Empty
        );
        let answer = match found {
            Ok((route, params)) => {
                self.run(route, params, event, &request_id, &mut work)
                    .instrument(span.clone())
                    .await
            }
            Err(error) => Err(error),
        };
        let (reply, outcome) = match answer {
            Ok(reply) if reads => (reply.unless_known(known.as_ref()), Outcome::Done),
            Ok(reply) => (reply, Outcome::Done),
            Err(refusal) => (
                problem::reply_of(&refusal, &request_id),
                note_refusal(&mut work, &refusal),
            ),
        };
        work.note("status", reply.status().as_u16());
        work.end(outcome, self.parts.ports.now());
        respond(reply, &request_id)
    }

    fn find(&self, event: &Request) -> Result<(&'static Route<S>, Params), Refusal> {
        let path = event.raw_http_path();
        let unknown = || Error::NotFound { what: "route" };
        let matched = self.router.at(path).map_err(|_| unknown())?;
        let mut params = vec![];
        for (name, value) in matched.params.iter() {
            let value = percent_decode_str(value)
                .decode_utf8()
                .map_err(|_| unknown())?;
            params.push((name.to_owned(), value.into_owned()));
        }
        let method = if event.method() == Method::HEAD {
            &Method::GET
        } else {
            event.method()
        };
        let route = matched
            .value
            .iter()
            .map(|at| &self.routes[*at])
            .find(|route| route.method == method);
        let route = route.ok_or_else(|| Refusal::MethodNotAllowed {
            allow: matched
                .value
                .iter()
                .map(|at| self.routes[*at].method.as_str())
                .collect::<Vec<_>>()
                .join(", "),
        })?;
        Ok((route, params))
    }

    async fn run(
        &self,
        route: &'static Route<S>,
        params: Params,
        event: Request,
        request_id: &str,
        work: &mut Work,
    ) -> Result<Reply, Refusal> {
        let caller = match route.access {
            Access::SignedLink | Access::Webhook => None,
            Access::Permission(..) | Access::AnyInternal | Access::Member => {
                Some(self.admit(route.access, &event, &params, work)?)
            }
        };
        let path_and_query = path_and_query_of(&event);
        let query = query_of(&event);
        let (parts, body) = event.into_parts();
        let body = bytes_of(body);
        body::check(route.access.body_type(), &parts.headers, &body)?;
        if let (Some(hook), Some(caller)) = (&self.parts.hook, &caller) {
            hook.welcome(caller).await;
        }
        let mut call = Call {
            request_id: request_id.to_owned(),
            operation: route.operation,
            path: path_and_query
                .split('?')
                .next()
                .unwrap_or_default()
                .to_owned(),
            caller,
            params,
            query,
            headers: parts.headers,
            body,
            mark: None,
        };
        if let (&Method::POST, Some(key), Some(caller)) = (
            &route.method,
            call.headers.get("idempotency-key"),
            &call.caller,
        ) && !self.keyless.contains(&route.operation)
        {
            let identity = RequestIdentity {
                key,
                caller,
                method: "POST",
                path_and_query: &path_and_query,
                body: &call.body,
            };
            let lease = TimeDelta::from_std(self.parts.timeout).unwrap_or(TimeDelta::seconds(60));
            match idempotency::begin(&self.parts.store, &self.parts.ports, lease, &identity).await?
            {
                Begun::Done(reply) => {
                    if let Some(check) = self.replay_check {
                        check(self.state.clone(), &call).await?;
                    }
                    work.note("replayed", true);
                    return Ok(reply);
                }
                Begun::Fresh(mark) => call.mark = Some(mark),
            }
        }
        self.call_handler(route, call, request_id).await
    }

    /// Verifies the caller, then that the path's organisation is theirs (else
    /// it does not exist), then that they may.
    fn admit(
        &self,
        access: Access,
        event: &Request,
        params: &[(String, String)],
        work: &mut Work,
    ) -> Result<Caller, Refusal> {
        let claims = claims_of(event).ok_or(Refusal::Unauthenticated)?;
        let caller = Caller::of_verified_claims(&claims, &self.parts.claims)?;
        work.note("tenant", caller.tenant().id().as_str());
        tracing::Span::current().record("tenant", caller.tenant().id().as_str());
        for (name, value) in params {
            match name.as_str() {
                "org_id" if value != caller.tenant().id().as_str() => {
                    return Err(Refusal::Error(Error::NotFound {
                        what: "organisation",
                    }));
                }
                // Ids of ours only: people's ids may be addresses.
                "meeting_id"
                | "control_id"
                | "appointment_request_id"
                | "schedule_entry_id"
                | "online_meeting_id"
                | "interaction_id"
                | "artifact_id"
                | "document_id"
                    if is_loggable(value) =>
                {
                    work.note(name, value.as_str());
                    tracing::Span::current().record(name.as_str(), value.as_str());
                }
                _ => {}
            }
        }
        access.check(&caller)?;
        Ok(caller)
    }

    /// Runs the handler; with a key, stores its answer or gives the key free.
    async fn call_handler(
        &self,
        route: &Route<S>,
        call: Call,
        request_id: &str,
    ) -> Result<Reply, Refusal> {
        let mark = call.mark.clone();
        let answer = (route.handler)(self.state.clone(), call)
            .await
            .map_err(Refusal::from);
        let Some(mark) = mark else { return answer };
        let reply = match &answer {
            Ok(reply) => reply.clone(),
            Err(refusal) if refusal.is_passing() => {
                mark.release().await;
                return answer;
            }
            Err(refusal) => problem::reply_of(refusal, request_id),
        };
        if !reply.stored
            && let Err(error) = mark.write(&reply).await
        {
            // It is done: an answer that cannot be kept (too large for one item)
            // must not turn into a failure.
            tracing::warn!(code = error.code(), "an answer was not stored");
            mark.release().await;
        }
        answer
    }
}

fn is_loggable(id: &str) -> bool {
    id.len() <= 64
        && id
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte))
}

fn note_refusal(work: &mut Work, refusal: &Refusal) -> Outcome {
    work.note("code", refusal.code());
    match refusal {
        Refusal::Error(Error::Internal { context }) => {
            tracing::error!(context, "internal error");
            Outcome::Failed
        }
        Refusal::Error(Error::Upstream { .. } | Error::Busy { .. }) => Outcome::Failed,
        _ => Outcome::Refused,
    }
}
