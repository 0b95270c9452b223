//! Storage structs: what each entity looks like in the table, and the way
//! between it and the domain.
//!
//! Reading is strict: a stored value that the rules would refuse is corrupt,
//! never guessed at.

mod answer;
mod artifact;
mod attendee;
mod audit;
mod calendar_connection;
mod calendar_sync;
mod control;
mod conversation;
mod delta;
mod directory;
mod engagement;
mod in_app;
mod integration;
mod intent;
mod involvement;
mod mail;
mod meeting;
mod notice;
mod notification_key;
mod session;
mod subscription;
mod technician;
mod transfer;

pub use answer::UsedAnswerLinkRecord;
pub use artifact::{ArtifactPointerRecord, ArtifactRecord};
pub use audit::{AuditEvent, AuditRecord};
pub use calendar_connection::CalendarConnectionRecord;
pub use calendar_sync::CalendarSyncRecord;
pub use control::{
    CompletionRecord, ControlRecord, LINK_COUNTER_KIND, LinkCounter, LinkRecord, ScheduleRecord,
    link_counter_key,
};
pub use conversation::MessageRecord;
pub use delta::DeltaRecord;
pub use directory::{
    AddressKind, AddressRecord, AttendanceRecord, ClientRecord, ContactRecord, UserRecord,
};
pub use engagement::{
    CaptureRecord, EntryRecord, InteractionRecord, OnlineMeetingRecord, RequestRecord,
    engagement_of, engagement_partition, read_engagement,
};
pub use in_app::NotificationRecord;
pub use integration::{IntegrationRecord, ThrowawayRecord};
pub use intent::IntentRecord;
pub use involvement::InvolvementRecord;
pub use mail::{MailCalendar, MailRecord, MailState, MailTemplateRecord};
pub use meeting::MeetingRecord;
pub use notice::NoticeRecord;
pub use notification_key::{CurrentNotificationKeyRecord, NotificationKeyRecord};
pub use session::{
    InvitationRecord, SessionRecord, read_session, session_partition, sessions_of_contact,
    sessions_of_user,
};
pub use subscription::{SubscriptionPointerRecord, SubscriptionRecord, WebhookRecord};
pub use technician::TechnicianDayRecord;
pub use transfer::{TransferRecord, UploadRecord};

use crate::store::StoreError;

/// A stored value that does not read back.
fn corrupt(what: &str, error: impl std::fmt::Display) -> StoreError {
    StoreError::Corrupt(format!("stored {what}: {error}"))
}
