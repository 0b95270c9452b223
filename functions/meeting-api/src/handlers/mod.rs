//! Handlers: each reads its call, runs one use case, answers in wire types.

pub(crate) mod controls;
pub(crate) mod directory;
pub(crate) mod meetings;
pub(crate) mod schedules;

use convoke_domain::error::Error;
use convoke_platform::http::{Call, ListRequest, Reply};
use convoke_platform::store::Page;
use serde::Serialize;

use crate::App;

/// Answers with one page of a list.
async fn list_reply<T, V: Serialize>(
    app: &App,
    request: &ListRequest,
    page: Page<T>,
    view: impl Fn(&T) -> V,
) -> Result<Reply, Error> {
    request.reply(page, &app.secrets, view).await
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
