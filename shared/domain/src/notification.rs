//! In-app notifications: what a user of the organisation is told inside the
//! application (IV-8), beside or instead of a mail.
//!
//! A notification keeps data, and its sentence is made from them when it is
//! read; so another language needs no other notifications.

use chrono::{DateTime, TimeDelta, Utc};

use crate::id::{NotificationId, SessionId, UserId};
use crate::session::{Field, Response};
use crate::zone::Zone;

/// How long a notification is kept.
pub const KEPT: TimeDelta = TimeDelta::days(90);

/// What a notification tells of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NotificationKind {
    /// The reader is invited.
    MeetingScheduled,
    /// Something of a meeting changed.
    MeetingUpdated,
    /// A meeting does not take place.
    MeetingCancelled,
    /// The reader is no longer invited.
    MeetingUninvited,
    /// Somebody answered the reader, who hosts.
    MeetingResponse,
    /// A connected calendar no longer lets Convoke in.
    CalendarConnectionRevoked,
}

impl NotificationKind {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::MeetingScheduled,
        Self::MeetingUpdated,
        Self::MeetingCancelled,
        Self::MeetingUninvited,
        Self::MeetingResponse,
        Self::CalendarConnectionRevoked,
    ];

    /// As stored, and the API's `type`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::MeetingScheduled => "meeting_scheduled",
            Self::MeetingUpdated => "meeting_updated",
            Self::MeetingCancelled => "meeting_cancelled",
            Self::MeetingUninvited => "meeting_uninvited",
            Self::MeetingResponse => "meeting_response",
            Self::CalendarConnectionRevoked => "calendar_connection_revoked",
        }
    }

    /// Reads what was stored.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

/// A notification of one user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notification {
    /// Its id; sorted by when it was made.
    pub notification_id: NotificationId,
    /// Whose it is.
    pub user_id: UserId,
    /// What it tells of.
    pub kind: NotificationKind,
    /// The meeting that it is about, if any.
    pub session_id: Option<SessionId>,
    /// The meeting's title then; empty where there is none.
    pub title: String,
    /// When the meeting begins, as told.
    pub start: Option<DateTime<Utc>>,
    /// The meeting's zone, in which its time is shown; UTC where absent.
    pub zone: Option<Zone>,
    /// What changed; only of [`NotificationKind::MeetingUpdated`].
    pub changes: Vec<Field>,
    /// Who answered, as they were called then.
    pub person: Option<String>,
    /// What they answered.
    pub response: Option<Response>,
    /// Whose calendar: `google` or `microsoft`.
    pub provider: Option<&'static str>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was first read.
    pub read_at: Option<DateTime<Utc>>,
    /// Rises with every write.
    pub version: u64,
}

impl Notification {
    /// From when on it counts as gone.
    pub fn expires_at(&self) -> DateTime<Utc> {
        self.created_at + KEPT
    }

    /// Marks it as read; whether that was news.
    pub fn read(&mut self, now: DateTime<Utc>) -> bool {
        let is_news = self.read_at.is_none();
        self.read_at.get_or_insert(now);
        is_news
    }

    /// The line above the message: the meeting's title, or the calendar's name.
    pub fn heading(&self) -> &str {
        match self.kind {
            NotificationKind::CalendarConnectionRevoked => calendar_name(self.provider),
            _ => &self.title,
        }
    }

    /// What it says, in English: one or two sentences of plain text, the time in
    /// the meeting's zone. The title in it is the host's, and not escaped.
    pub fn message(&self) -> String {
        let title = &self.title;
        let at = self.shown_start();
        let on = at
            .as_ref()
            .map(|at| format!(" on {at}"))
            .unwrap_or_default();
        match self.kind {
            NotificationKind::MeetingScheduled => format!("You are invited to \"{title}\"{on}."),
            NotificationKind::MeetingUpdated => self.updated(at.as_deref()),
            NotificationKind::MeetingCancelled => format!("\"{title}\"{on} was cancelled."),
            NotificationKind::MeetingUninvited => {
                format!("You are no longer invited to \"{title}\"{on}.")
            }
            NotificationKind::MeetingResponse => {
                let person = self.person.as_deref().unwrap_or("Somebody you invited");
                let answered = answered(self.response);
                format!("{person} {answered} \"{title}\"{on}.")
            }
            NotificationKind::CalendarConnectionRevoked => {
                let calendar = calendar_name(self.provider);
                format!(
                    "{calendar} no longer accepts the connection. \
                     Connect it again to go on seeing your meetings there."
                )
            }
        }
    }

    fn updated(&self, at: Option<&str>) -> String {
        let title = &self.title;
        let changed = listed(&self.changes);
        match at {
            _ if changed.is_empty() => format!("\"{title}\" was changed."),
            Some(at) if self.changes.contains(&Field::Time) => {
                format!("\"{title}\" was changed: {changed}. It now begins on {at}.")
            }
            Some(at) => format!("\"{title}\" on {at} was changed: {changed}."),
            None => format!("\"{title}\" was changed: {changed}."),
        }
    }

    fn shown_start(&self) -> Option<String> {
        let zone = self.zone.clone().unwrap_or_else(Zone::utc);
        let local = zone.local(self.start?);
        let shown = local.format("%A, %-d %B %Y, %H:%M");
        Some(format!("{shown} ({})", zone.name()))
    }
}

const fn answered(response: Option<Response>) -> &'static str {
    match response {
        Some(Response::Accepted) => "accepted",
        Some(Response::Declined) => "declined",
        Some(Response::Tentative) => "tentatively accepted",
        Some(Response::NeedsAction) | None => "answered the invitation to",
    }
}

fn calendar_name(provider: Option<&str>) -> &'static str {
    match provider {
        Some("google") => "Google Calendar",
        Some("microsoft") => "Microsoft 365 calendar",
        _ => "Your connected calendar",
    }
}

/// `title, time and place`.
fn listed(changes: &[Field]) -> String {
    let words: Vec<_> = changes.iter().copied().map(word).collect();
    match words.as_slice() {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

const fn word(field: Field) -> &'static str {
    match field {
        Field::Title => "title",
        Field::Description => "description",
        Field::Time => "time",
        Field::Location => "place",
        Field::JoinUrl => "join link",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn notification(kind: NotificationKind) -> Notification {
        Notification {
            notification_id: NotificationId::new(Uuid::from_u128(1)),
            user_id: UserId::parse("u1").unwrap(),
            kind,
            session_id: Some(SessionId::new(Uuid::from_u128(2))),
            title: "Quarterly review".to_owned(),
            start: Some("2027-01-15T14:00:00Z".parse().unwrap()),
            zone: Some(Zone::parse("America/New_York").unwrap()),
            changes: vec![],
            person: None,
            response: None,
            provider: None,
            created_at: "2027-01-01T00:00:00Z".parse().unwrap(),
            read_at: None,
            version: 1,
        }
    }

    /// IV-8: the time is the meeting's own, with the zone that it is thought in.
    #[test]
    fn a_message_tells_the_time_in_the_meetings_zone() {
        assert_eq!(
            notification(NotificationKind::MeetingScheduled).message(),
            "You are invited to \"Quarterly review\" on Friday, 15 January 2027, 09:00 \
             (America/New_York)."
        );
        let cancelled = notification(NotificationKind::MeetingCancelled).message();
        assert!(cancelled.ends_with("09:00 (America/New_York) was cancelled."));
        let without = Notification {
            start: None,
            ..notification(NotificationKind::MeetingUninvited)
        };
        assert_eq!(
            without.message(),
            "You are no longer invited to \"Quarterly review\"."
        );
    }

    /// IV-4: an update says what changed, and when the meeting is now.
    #[test]
    fn an_update_lists_what_changed() {
        let updated = |changes: &[Field]| {
            Notification {
                changes: changes.to_vec(),
                ..notification(NotificationKind::MeetingUpdated)
            }
            .message()
        };
        assert_eq!(
            updated(&[Field::Title, Field::Time, Field::Location]),
            "\"Quarterly review\" was changed: title, time and place. \
             It now begins on Friday, 15 January 2027, 09:00 (America/New_York)."
        );
        assert_eq!(
            updated(&[Field::JoinUrl]),
            "\"Quarterly review\" on Friday, 15 January 2027, 09:00 (America/New_York) \
             was changed: join link."
        );
        assert_eq!(updated(&[]), "\"Quarterly review\" was changed.");
    }

    /// IV-7: the host reads who answered, and what.
    #[test]
    fn a_response_names_who_answered() {
        let said = |person: Option<&str>, response| {
            let message = Notification {
                person: person.map(str::to_owned),
                response: Some(response),
                start: None,
                ..notification(NotificationKind::MeetingResponse)
            };
            message.message()
        };
        assert_eq!(
            said(Some("Cleo"), Response::Declined),
            "Cleo declined \"Quarterly review\"."
        );
        assert_eq!(
            said(None, Response::Tentative),
            "Somebody you invited tentatively accepted \"Quarterly review\"."
        );
    }

    /// IV-6: a revoked connection names the calendar, and what to do.
    #[test]
    fn a_revoked_connection_is_headed_by_its_calendar() {
        let revoked = Notification {
            provider: Some("google"),
            title: String::new(),
            ..notification(NotificationKind::CalendarConnectionRevoked)
        };
        assert_eq!(revoked.heading(), "Google Calendar");
        assert!(revoked.message().contains("Connect it again"));
    }

    #[test]
    fn every_kind_reads_back_and_reading_twice_is_no_news() {
        for kind in NotificationKind::ALL {
            assert_eq!(NotificationKind::parse(kind.as_str()), Some(kind));
        }
        let mut one = notification(NotificationKind::MeetingScheduled);
        let (first, second) = (one.created_at, one.created_at + TimeDelta::hours(1));
        assert!(one.read(first));
        assert!(!one.read(second));
        assert_eq!(one.read_at, Some(first));
    }
}
