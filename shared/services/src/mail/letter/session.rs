//! Mails about sessions (IV-3 to IV-5).

use chrono::{DateTime, TimeDelta, Utc};
use convoke_domain::ics::{self, JoinLink, OnlineService};
use convoke_domain::id::{InvitationId, MailId, SessionId};
use convoke_domain::session;
use convoke_domain::zone::Zone;
use convoke_platform::mail::clean_line;

use super::{About, Letter, Recipient, line, lines};
use crate::mail::key::{self, MailKey};
use crate::mail::product;

/// A mail about a session to one invitee, as its use case knows it.
#[derive(Debug, Clone)]
pub struct SessionLetter {
    /// Which mail.
    pub key: MailKey,
    /// Freshly minted.
    pub mail_id: MailId,
    /// The mail before it to the same reader about the same.
    pub after: Option<MailId>,
    /// To whom.
    pub recipient: Recipient,
    /// What it is about, for the log and the mail's links.
    pub session_id: SessionId,
    /// The reader's place in it, which answer links name.
    pub invitation_id: InvitationId,
    /// What it is called.
    pub title: String,
    /// Who invites, if known.
    pub host_name: Option<String>,
    /// When it begins.
    pub start: DateTime<Utc>,
    /// When it was to begin as far as the reader knows, if that has changed.
    pub previous_start: Option<DateTime<Utc>>,
    /// How long it takes.
    pub duration_minutes: u32,
    /// The session's own zone.
    pub zone: Zone,
    /// The place, if there is one.
    pub location: Option<String>,
    /// What the host wrote.
    pub description: Option<String>,
    /// How to join; left out of a cancellation.
    pub join: Option<JoinLink>,
    /// What is other than the reader knows.
    pub changes: Vec<session::Field>,
    /// Whether it takes place, but without the reader.
    pub is_withdrawn: bool,
    /// Whether the mail carries links to answer with.
    pub asks_for_answer: bool,
    /// The .ics file, with the method that is in it.
    pub calendar: Option<(ics::Method, String)>,
}

impl SessionLetter {
    fn is_off(&self) -> bool {
        self.key == MailKey::MeetingCancelled
    }
}

impl From<SessionLetter> for Letter {
    fn from(letter: SessionLetter) -> Self {
        Self {
            values: values_of(&letter).into(),
            asks_for_answer: letter.asks_for_answer && !letter.is_off(),
            key: letter.key,
            mail_id: letter.mail_id,
            after: letter.after,
            recipient: letter.recipient,
            about: About::Session(letter.session_id, letter.invitation_id),
            start: letter.start,
            end: letter.start + TimeDelta::minutes(letter.duration_minutes.into()),
            calendar: letter.calendar,
        }
    }
}

fn values_of(letter: &SessionLetter) -> [(&'static str, String); 17] {
    let (recipient, start) = (&letter.recipient, letter.start);
    let join = letter.join.as_ref().filter(|_| !letter.is_off());
    let is_teams = join.is_some_and(|join| join.service == OnlineService::Teams);
    let before = letter.previous_start.filter(|before| *before != start);
    // Signed when the mail is sent: they expire.
    let link = String::new;
    [
        (key::RECIPIENT_NAME, line(recipient.name.as_ref())),
        (key::HOST_NAME, line(letter.host_name.as_ref())),
        (key::TITLE, clean_line(&letter.title)),
        (key::STARTS_AT, recipient.shown(start)),
        (
            key::STARTS_AT_MEETING,
            recipient.shown_there(start, &letter.zone),
        ),
        (
            key::PREVIOUS_STARTS_AT,
            before.map(|at| recipient.shown(at)).unwrap_or_default(),
        ),
        (key::DURATION_MINUTES, letter.duration_minutes.to_string()),
        (key::LOCATION, line(letter.location.as_ref())),
        (key::DESCRIPTION, lines(letter.description.as_ref())),
        (
            key::ONLINE_MEETING_URL,
            join.map(|join| join.url.to_string()).unwrap_or_default(),
        ),
        (
            key::IS_WITHDRAWN,
            if letter.is_withdrawn { "true" } else { "" }.to_owned(),
        ),
        (key::IS_TEAMS, if is_teams { "true" } else { "" }.to_owned()),
        (
            key::CHANGES,
            product::shown_changes(recipient.locale, &letter.changes),
        ),
        (key::CALENDAR_URL, link()),
        (key::ACCEPT_URL, link()),
        (key::TENTATIVE_URL, link()),
        (key::DECLINE_URL, link()),
    ]
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use convoke_domain::address::{EmailAddress, WebLink};
    use convoke_domain::directory::Locale;
    use convoke_domain::session::Field;
    use convoke_platform::records::MailRecord;
    use uuid::Uuid;

    use super::super::record_of;
    use super::*;

    /// Each kind of mail about a session.
    const KEYS: [MailKey; 4] = [
        MailKey::ScheduledMeetingInvitation,
        MailKey::InstantMeetingInvitation,
        MailKey::MeetingUpdated,
        MailKey::MeetingCancelled,
    ];

    fn letter(key: MailKey) -> SessionLetter {
        SessionLetter {
            key,
            mail_id: MailId::new(Uuid::from_u128(1)),
            after: None,
            recipient: Recipient {
                email: EmailAddress::parse("ada@example.org").unwrap(),
                name: Some("Ada\r\nBcc: eve@example.org".to_owned()),
                locale: Locale::En,
                zone: Zone::parse("Europe/Berlin").unwrap(),
            },
            session_id: SessionId::new(Uuid::from_u128(2)),
            invitation_id: InvitationId::new(Uuid::from_u128(3)),
            title: "Review\r\nX-Evil: 1".to_owned(),
            host_name: Some("Hugo".to_owned()),
            start: "2026-11-02T08:00:00Z".parse().unwrap(),
            previous_start: Some("2026-11-01T08:00:00Z".parse().unwrap()),
            duration_minutes: 45,
            zone: Zone::parse("America/New_York").unwrap(),
            location: Some("Room\n4".to_owned()),
            description: Some(" First.\r\nSecond.\n".to_owned()),
            join: Some(JoinLink {
                url: WebLink::parse("https://teams.example/j?a=1&b=2").unwrap(),
                service: OnlineService::Teams,
            }),
            changes: vec![Field::Location, Field::Time],
            is_withdrawn: false,
            asks_for_answer: true,
            calendar: None,
        }
    }

    fn record(letter: SessionLetter) -> MailRecord {
        record_of(letter.into(), DateTime::UNIX_EPOCH).unwrap()
    }

    fn variables(letter: SessionLetter) -> BTreeMap<String, String> {
        record(letter).variables
    }

    /// XC-13: every variable of the key has a value, and no other has.
    #[test]
    fn a_letter_fills_each_variable_in_and_no_other() {
        for key in KEYS {
            let values = variables(letter(key));
            let mut names = key.variable_names();
            names.sort_unstable();
            assert_eq!(values.keys().collect::<Vec<_>>(), names, "{key:?}");
            assert_eq!(values["title"], "Review X-Evil: 1");
            assert_eq!(values["recipientName"], "Ada Bcc: eve@example.org");
            assert_eq!(values["location"], "Room 4");
            assert_eq!(values["description"], "First.\nSecond.");
        }
    }

    /// IV-3, IV-5: a cancellation carries no way to join or to answer, whoever
    /// wrote it.
    #[test]
    fn only_what_takes_place_can_be_joined_and_answered() {
        for key in KEYS {
            let is_on = key != MailKey::MeetingCancelled;
            let record = record(letter(key));
            assert_eq!(record.asks_for_answer, is_on, "{key:?}");
            let link = if is_on {
                "https://teams.example/j?a=1&b=2"
            } else {
                ""
            };
            assert_eq!(record.variables["onlineMeetingUrl"], link, "{key:?}");
        }
        let mut other = letter(MailKey::MeetingUpdated);
        let is_teams = |letter: SessionLetter| variables(letter)["onlineMeetingIsTeams"].clone();
        assert_eq!(is_teams(other.clone()), "true");
        other.join = other.join.map(|join| JoinLink {
            service: OnlineService::Other,
            ..join
        });
        assert_eq!(is_teams(other.clone()), "");
        other.join = None;
        assert_eq!(is_teams(other), "");
    }

    /// IV-4: the reader's time and the meeting's own, what it was, and what
    /// changed, in the reader's language.
    #[test]
    fn an_update_says_what_changed_and_when_it_was() {
        let mut moved = letter(MailKey::MeetingUpdated);
        let values = variables(moved.clone());
        let now = "Monday, 2 November 2026, 09:00 (Europe/Berlin)";
        assert_eq!(values["startsAt"], now);
        let there = "Monday, 2 November 2026, 03:00 (America/New_York)";
        assert_eq!(values["startsAtInMeetingZone"], there);
        let before = "Sunday, 1 November 2026, 09:00 (Europe/Berlin)";
        assert_eq!(values["previousStartsAt"], before);
        assert_eq!(values["changes"], "Time, place");
        moved.recipient.locale = Locale::Pseudo;
        moved.recipient.zone = moved.zone.clone();
        let values = variables(moved.clone());
        assert_eq!(values["startsAtInMeetingZone"], "");
        assert_eq!(values["changes"], "[Ťíḿé, þĺáćé]");
        moved.previous_start = Some(moved.start);
        moved.changes = Field::ALL.to_vec();
        let values = variables(moved.clone());
        assert_eq!(values["previousStartsAt"], "");
        assert_eq!(values["changes"].matches(", ").count(), 4);
        moved.changes = vec![];
        assert_eq!(variables(moved)["changes"], "");
    }

    /// IV-7: the record knows what its links lead to, and until when they are of use.
    #[test]
    fn a_record_names_its_session_and_no_appointment() {
        let record = record(letter(MailKey::InstantMeetingInvitation));
        assert_eq!(record.session_id, Some(Uuid::from_u128(2)));
        assert_eq!(record.invitation_id, Some(Uuid::from_u128(3)));
        assert_eq!(record.appointment_request_id, None);
        let ends: DateTime<Utc> = "2026-11-02T08:45:00Z".parse().unwrap();
        assert_eq!(record.ends_at, Some(ends));
    }
}
