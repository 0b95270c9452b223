//! Appointment requests: a client asks, an approver accepts (AP).

mod command;
mod file;
mod time;

use chrono::{DateTime, Utc};

pub use command::{Change, ChangeInput, RequestDraft, RequestInput, parse_reason};
pub use file::calendar_event;
pub use time::{AppointmentTime, DURATION_MINUTES, TimeFields, TimeInput};

use crate::address::{EmailAddress, WebLink};
use crate::engagement::Reader;
use crate::id::{AppointmentRequestId, ClientId, ContactId, MailId, UserId};

/// How far a request has come (AP-2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RequestStatus {
    /// Asked for; editing is open.
    Pending,
    /// Accepted; may be moved.
    Approved,
    /// Refused; final.
    Declined,
    /// Taken back; final.
    Cancelled,
}

impl RequestStatus {
    /// All of them.
    pub const ALL: [Self; 4] = [
        Self::Pending,
        Self::Approved,
        Self::Declined,
        Self::Cancelled,
    ];

    /// The API's word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Approved => "approved",
            Self::Declined => "declined",
            Self::Cancelled => "cancelled",
        }
    }

    /// Reads the API's word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == word)
    }

    /// Whether a request may go from here to `next`; approved to approved is a reschedule.
    pub const fn may_become(self, next: Self) -> bool {
        match self {
            Self::Pending | Self::Approved => !matches!(next, Self::Pending),
            Self::Declined | Self::Cancelled => false,
        }
    }
}

/// Somebody whose name and address are copied here, and refreshed when the
/// directory changes (XC-14).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PersonCopy {
    /// As mails and files show it.
    pub name: Option<String>,
    /// Where their mails go.
    pub email: Option<EmailAddress>,
}

/// The technician who holds the appointment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignee {
    /// The internal user.
    pub user_id: UserId,
    /// Name and address.
    pub person: PersonCopy,
}

/// The columns that people read and old rows consist of (AP-4, AP-9).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MeetingColumns {
    /// `teams`.
    pub provider: Option<String>,
    /// The join link.
    pub url: Option<WebLink>,
    /// The provider's id of the online meeting, once it is known.
    pub meeting_id: Option<String>,
}

impl MeetingColumns {
    /// What the provider is called.
    pub const TEAMS: &'static str = "teams";

    /// Whether nothing is in them.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// The last mail that was written to each reader: the next one goes out after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LastMails {
    /// To the client.
    pub client: Option<MailId>,
    /// To the technician.
    pub technician: Option<MailId>,
}

impl LastMails {
    /// Notes a mail; answers the one before it to the same reader.
    pub fn note(&mut self, reader: Reader, mail_id: MailId) -> Option<MailId> {
        let last = match reader {
            Reader::Client => &mut self.client,
            Reader::Technician => &mut self.technician,
        };
        last.replace(mail_id)
    }
}

/// An appointment request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppointmentRequest {
    /// Minted with it.
    pub appointment_request_id: AppointmentRequestId,
    /// How far it has come.
    pub status: RequestStatus,
    /// What is asked for.
    pub service_name: String,
    /// In the client's words.
    pub description: Option<String>,
    /// When; moved by approval and reschedule.
    pub time: AppointmentTime,
    /// Whom the client would like.
    pub preferred: Option<UserId>,
    /// The client.
    pub client_id: Option<ClientId>,
    /// The person at the client.
    pub contact_id: Option<ContactId>,
    /// Who is told.
    pub requester: PersonCopy,
    /// Who holds it, once approved.
    pub assignee: Option<Assignee>,
    /// For staff only.
    pub internal_notes: Option<String>,
    /// Who approved it.
    pub approved_by: Option<UserId>,
    /// When it was approved.
    pub approved_at: Option<DateTime<Utc>>,
    /// Why it was declined.
    pub declined_reason: Option<String>,
    /// Why it was cancelled.
    pub cancelled_reason: Option<String>,
    /// Link and ids of its Teams meeting.
    pub columns: MeetingColumns,
    /// Whether ending it removes a Teams meeting.
    pub has_meeting: bool,
    /// The organiser whose `/onlineMeetings` an imported row belongs to.
    pub legacy_organizer: Option<String>,
    /// The Entra tenant that the integration was set to when the row was imported.
    pub legacy_ms_tenant_id: Option<String>,
    /// Whether it was imported: then it keeps just its columns (AP-9).
    pub is_legacy: bool,
    /// Whether client and technician have been told of the approval.
    pub told: bool,
    /// The last mails about it.
    pub last_mails: LastMails,
    /// The ORGANIZER that its calendar files name, for life.
    pub organizer: Option<EmailAddress>,
    /// iCalendar `SEQUENCE`.
    pub sequence: u32,
    /// Who asked, in the token's words.
    pub created_by: UserId,
    /// Rises with every write to the engagement.
    pub version: u64,
    /// When it was asked for.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

#[cfg(test)]
mod tests {
    use super::RequestStatus::{Approved, Cancelled, Declined, Pending};
    use super::*;
    use uuid::Uuid;

    /// AP-8: each reader's mails are a chain of their own.
    #[test]
    fn the_mail_before_is_the_last_one_to_the_same_reader() {
        let [first, second, other] = [1, 2, 3].map(|id| MailId::new(Uuid::from_u128(id)));
        let mut last = LastMails::default();
        assert_eq!(last.note(Reader::Client, first), None);
        assert_eq!(last.note(Reader::Technician, other), None);
        assert_eq!(last.note(Reader::Client, second), Some(first));
        assert_eq!((last.client, last.technician), (Some(second), Some(other)));
    }

    /// AP-2: every pair of states.
    #[test]
    fn only_the_transitions_of_the_product_are_allowed() {
        for from in RequestStatus::ALL {
            for to in RequestStatus::ALL {
                let allowed = matches!(
                    (from, to),
                    (Pending | Approved, Approved | Declined | Cancelled)
                );
                assert_eq!(from.may_become(to), allowed, "{from:?} to {to:?}");
            }
            assert_eq!(RequestStatus::parse(from.as_str()), Some(from));
        }
    }
}
