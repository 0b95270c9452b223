//! In-app notifications as their user reads them.

use convoke_domain::event::rfc3339;
use convoke_domain::notification::Notification;
use convoke_services::in_app::AllRead;
use serde::Serialize;
use utoipa::ToSchema;

/// Something that a user is told.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Notification)]
pub(crate) struct NotificationView {
    #[schema(format = Uuid)]
    notification_id: String,
    /// More may be added: show the message of one that is not known.
    #[serde(rename = "type")]
    #[schema(
        example = "meeting_scheduled",
        pattern = "^(meeting_scheduled|meeting_updated|meeting_cancelled|meeting_uninvited|meeting_response|calendar_connection_revoked)$"
    )]
    kind: &'static str,
    /// The meeting that it is about; whoever was uninvited cannot read that.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = Uuid)]
    meeting_id: Option<String>,
    /// The meeting's title then, or the calendar's name.
    #[schema(example = "Quarterly review")]
    title: String,
    /// A sentence or two of plain text in English, times in the meeting's zone.
    #[schema(
        example = "You are invited to \"Quarterly review\" on Friday, 15 January 2027, 09:00 (Europe/Berlin)."
    )]
    message: String,
    /// When the meeting begins, as it was told.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime, example = "2027-01-15T08:00:00Z")]
    start: Option<String>,
    #[schema(format = DateTime)]
    created_at: String,
    read: bool,
}

impl From<&Notification> for NotificationView {
    fn from(notification: &Notification) -> Self {
        Self {
            notification_id: notification.notification_id.to_string(),
            kind: notification.kind.as_str(),
            meeting_id: notification.session_id.map(|id| id.to_string()),
            title: notification.heading().to_owned(),
            message: notification.message(),
            start: notification.start.map(rfc3339),
            created_at: rfc3339(notification.created_at),
            read: notification.read_at.is_some(),
        }
    }
}

/// A page of notifications.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Notifications)]
pub(crate) struct NotificationsView {
    /// This page; it may be short though more follow.
    pub(crate) items: Vec<NotificationView>,
    /// Give it back as `cursor` for the next page; `null` on the last.
    #[schema(required = true)]
    pub(crate) next_cursor: Option<String>,
    /// How many are unread altogether; 1000 stands for that many or more.
    #[schema(minimum = 0, maximum = 1000)]
    pub(crate) unread: u32,
}

/// A notification that was read.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = NotificationRead)]
pub(crate) struct ReadView {
    pub(crate) notification: NotificationView,
    /// How many are left unread; 1000 stands for that many or more.
    #[schema(minimum = 0, maximum = 1000)]
    pub(crate) unread: u32,
}

/// What marking everything as read came to.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = NotificationsRead)]
pub(crate) struct AllReadView {
    /// How many this call marked.
    #[schema(minimum = 0, maximum = 1000)]
    read: u32,
    /// How many are unread after it: what came meanwhile, or what one call does
    /// not get to; 1000 stands for that many or more.
    #[schema(minimum = 0, maximum = 1000)]
    unread: u32,
}

impl From<AllRead> for AllReadView {
    fn from(all: AllRead) -> Self {
        Self {
            read: all.read,
            unread: all.unread,
        }
    }
}
