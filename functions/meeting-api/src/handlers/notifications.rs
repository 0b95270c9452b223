//! In-app notifications of the caller (IV-8).

use std::sync::Arc;

use convoke_domain::error::Error;
use convoke_domain::id::NotificationId;
use convoke_platform::http::{Call, ListRequest, Reply, query};
use convoke_services::in_app;

use super::store_of;
use crate::App;
use crate::wire::notification::{AllReadView, NotificationView, NotificationsView, ReadView};

#[utoipa::path(get, path = "/api/v1/notifications", tag = "notifications",
    params(("unread" = Option<bool>, Query, description = "true: only those that are unread"),
        ("limit" = Option<u16>, Query, minimum = 1, maximum = 100), ("cursor" = Option<String>, Query)),
    responses((status = 200, body = NotificationsView)))]
/// List your notifications of the last 90 days, the newest first, and how many are unread
pub(crate) async fn list_notifications(app: Arc<App>, call: Call) -> Result<Reply, Error> {
    let only_unread = query::flag(&call, "unread")?.unwrap_or(false);
    let request = ListRequest::read_own(&call, &app.secrets).await?;
    let (store, user_id) = (store_of(&app, &call)?, &call.caller()?.user_id);
    let (limit, after) = (request.limit, request.after.clone());
    let inbox = in_app::list(&app.core, &store, user_id, only_unread, limit, after).await?;
    let items = inbox.page.records.iter().map(NotificationView::from);
    let listing = request
        .listing(items.collect(), inbox.page.next, &app.secrets)
        .await?;
    Ok(Reply::ok(&NotificationsView {
        items: listing.items,
        next_cursor: listing.next_cursor,
        unread: inbox.unread,
    }))
}

#[utoipa::path(post, path = "/api/v1/notifications/{notification_id}/read", tag = "notifications",
    params(("notification_id" = String, Path)),
    responses((status = 200, body = ReadView)))]
/// Mark a notification as read; once more changes nothing
pub(crate) async fn read_notification(app: Arc<App>, call: Call) -> Result<Reply, Error> {
    call.no_command()?;
    let id = NotificationId::parse(call.param("notification_id"));
    let id = id.ok_or(Error::NotFound {
        what: "notification",
    })?;
    let (store, user_id) = (store_of(&app, &call)?, &call.caller()?.user_id);
    let (notification, unread) = in_app::read(&app.core, &store, user_id, id).await?;
    Ok(Reply::ok(&ReadView {
        notification: NotificationView::from(&notification),
        unread,
    }))
}

#[utoipa::path(post, path = "/api/v1/notifications/read-all", tag = "notifications",
    responses((status = 200, body = AllReadView)))]
/// Mark your notifications as read, the oldest first, 1000 at most in a call
pub(crate) async fn read_all_notifications(app: Arc<App>, call: Call) -> Result<Reply, Error> {
    call.no_command()?;
    let (store, user_id) = (store_of(&app, &call)?, &call.caller()?.user_id);
    let all = in_app::read_all(&app.core, &store, user_id).await?;
    Ok(Reply::ok(&AllReadView::from(all)))
}
