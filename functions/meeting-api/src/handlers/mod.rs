//! Handlers: each reads its call, runs one use case, answers in wire types.

pub(crate) mod answers;
pub(crate) mod calendar_connections;
pub(crate) mod controls;
pub(crate) mod conversations;
pub(crate) mod directory;
pub(crate) mod interactions;
pub(crate) mod meetings;
pub(crate) mod notifications;
pub(crate) mod online_meetings;
pub(crate) mod replay;
pub(crate) mod schedules;
pub(crate) mod sessions;

use convoke_domain::error::Error;
use convoke_platform::http::{Call, Reply};
use convoke_platform::store::TenantStore;
use serde::Serialize;

use crate::App;

/// The caller's tenant's items.
fn store_of(app: &App, call: &Call) -> Result<TenantStore, Error> {
    Ok(app.core.store(call.tenant()?))
}

/// 201 for what is new, 200 for what was there.
fn put_reply<V: Serialize>(call: &Call, new: bool, version: u64, view: &V) -> Reply {
    let reply = if new {
        Reply::created(&call.path(), view)
    } else {
        Reply::ok(view)
    };
    reply.with_version(version)
}
