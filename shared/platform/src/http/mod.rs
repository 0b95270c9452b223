//! The HTTP edge: from a gateway event to a handler and back.
//!
//! One table of routes per function names method, path, operation and who may
//! call it; [`Edge`] does the rest in one order for all: route, caller, tenant,
//! permission, body limits, idempotency, handler, problem document, log line.

mod body;
mod call;
mod caller;
mod cursor;
mod edge;
mod event;
mod idempotency;
mod page;
mod problem;
pub mod query;
mod reply;
mod route;

pub use body::{BODY_MAX, Patch, read_value};
pub use call::{Call, require_version};
pub use caller::{Caller, CallerKind, ClaimNames};
pub use cursor::{LIST_DEFAULT, LIST_MAX, ListRequest, Listing};
pub use edge::{CallerHook, CheckFuture, Edge, EdgeParts, ReplayCheck};
pub use event::request_id_of;
pub use idempotency::{IDEMPOTENCY_KEY_MAX, Mark, Seal};
pub use page::{Page, escape};
pub use problem::{FieldProblem, Problem};
pub use reply::Reply;
pub use route::{Access, HandlerFuture, Portal, Route};
