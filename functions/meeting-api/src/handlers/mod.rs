//! Handlers: each reads its call, runs one use case, answers in wire types.

pub(crate) mod controls;
pub(crate) mod directory;
pub(crate) mod meetings;
pub(crate) mod schedules;

use convoke_platform::http::{Call, Reply};
use serde::Serialize;

/// 201 for what is new, 200 for what was there.
fn put_reply<V: Serialize>(call: &Call, new: bool, version: u64, view: &V) -> Reply {
    let reply = if new {
        Reply::created(&call.path(), view)
    } else {
        Reply::ok(view)
    };
    reply.with_version(version)
}
