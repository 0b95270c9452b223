//! What stands in a connected calendar: a session in its host's, a schedule entry
//! in its assignees'.

use chrono::{DateTime, NaiveDateTime, Utc};

use crate::ics::{Attendee, EventStatus, JoinLink, OnlineService};
use crate::schedule_entry::ScheduleEntry;
use crate::session::{self, Readers, Session};
use crate::zone::Zone;

/// A calendar's entry, whoever's calendar it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CalendarEntry {
    /// As in mails and downloads: a calendar that knows it keeps one event.
    pub uid: String,
    /// Never falls.
    pub sequence: u32,
    /// A line.
    pub title: String,
    /// Plain text, without the join line.
    pub words: String,
    /// The line that the description ends with.
    pub join_line: Option<String>,
    /// A place that people go to.
    pub place: Option<String>,
    /// The start on the wall clock of `zone`.
    pub start: NaiveDateTime,
    /// The end on the wall clock of `zone`.
    pub end: NaiveDateTime,
    /// UTC where the wall clock of the own zone would name another instant.
    pub zone: Zone,
    /// When it begins and ends.
    pub span: (DateTime<Utc>, DateTime<Utc>),
    /// Host and invitees with what they answered; none of a schedule entry.
    pub attendees: Vec<Attendee>,
}

impl CalendarEntry {
    /// A session's; `None`: it does not take place. What has ended stays as it was.
    pub fn of_session(session: &Session, domain: &str) -> Option<Self> {
        let event = session::calendar_event(session, domain, Readers::Everyone);
        if event.status == EventStatus::Cancelled {
            return None;
        }
        let join_line = event.join.as_ref().map(JoinLink::line);
        let span = (session.start, session.end());
        let (start, end, zone) = wall_clock(span, &session.zone);
        Some(Self {
            uid: event.uid,
            sequence: event.sequence,
            title: event.summary,
            words: without(&event.description, join_line.as_deref()),
            join_line,
            place: event.place,
            start,
            end,
            zone,
            span,
            attendees: event.attendees,
        })
    }

    /// A schedule entry's; `zone` is its appointment's, UTC where it has none. The
    /// UID is the one of the appointment's own file.
    pub fn of_schedule_entry(entry: &ScheduleEntry, zone: &Zone, domain: &str) -> Self {
        let words = JoinLink::without_line(&entry.notes, OnlineService::Teams);
        let has_line = words.len() < entry.notes.len();
        let join_line = has_line.then(|| entry.notes.lines().next_back().unwrap_or_default());
        let span = (entry.start, entry.end);
        let (start, end, zone) = wall_clock(span, zone);
        Self {
            uid: format!("{}@{domain}", entry.schedule_entry_id),
            sequence: u32::try_from(entry.version).unwrap_or(u32::MAX),
            title: entry.title.clone(),
            words: without(words, join_line),
            join_line: join_line.map(str::to_owned),
            place: None,
            start,
            end,
            zone,
            span,
            attendees: vec![],
        }
    }

    /// The description of at most `most` characters: the words, then what else is
    /// to be said, then the join line. A text that is too long gives way.
    pub fn description(&self, also: Option<&str>, most: usize) -> String {
        let tail: Vec<&str> = also.into_iter().chain(self.join_line.as_deref()).collect();
        let tail = tail.join("\n\n");
        if self.words.is_empty() || tail.is_empty() {
            return cut(if tail.is_empty() { &self.words } else { &tail }, most);
        }
        let room = most.saturating_sub(tail.chars().count() + 2);
        format!("{}\n\n{tail}", cut(&self.words, room))
    }

    /// Names of the attendees, or their addresses where they have none.
    pub fn people(&self) -> impl Iterator<Item = &str> {
        self.attendees
            .iter()
            .map(|one| one.name.as_deref().unwrap_or(one.email.as_str()))
    }
}

/// Wall clocks that mean exactly these instants: of a repeated hour they name the
/// first pass, so that whatever touches a second one is told in UTC.
fn wall_clock(
    span: (DateTime<Utc>, DateTime<Utc>),
    zone: &Zone,
) -> (NaiveDateTime, NaiveDateTime, Zone) {
    let (start, end) = (zone.local(span.0), zone.local(span.1));
    if zone.instant(start) == span.0 && zone.instant(end) == span.1 {
        return (start, end, zone.clone());
    }
    (span.0.naive_utc(), span.1.naive_utc(), Zone::utc())
}

/// The text without lines that are this one, and without newlines at its end.
fn without(text: &str, line: Option<&str>) -> String {
    let kept: Vec<_> = match line {
        Some(line) if text.contains(line) => text
            .split('\n')
            .filter(|one| one.trim_end() != line)
            .collect(),
        _ => vec![text],
    };
    kept.join("\n").trim_end_matches(['\r', '\n']).to_owned()
}

fn cut(text: &str, most: usize) -> String {
    if text.char_indices().nth(most).is_none() {
        return text.to_owned();
    }
    let kept: String = text.chars().take(most.saturating_sub(1)).collect();
    format!("{kept}…")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use uuid::Uuid;

    use super::*;
    use crate::address::{EmailAddress, WebLink};
    use crate::ics::Participation;
    use crate::id::{InvitationId, ScheduleEntryId, SessionId, UserId};
    use crate::schedule_entry::WorkItem;
    use crate::session::{Host, Invitee, LinkSource, Response, SessionStatus, Who};

    const LINK: &str = "https://meet.example/j?a=1&b=2";

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn session() -> Session {
        let email = |text| EmailAddress::parse(text).ok();
        Session {
            session_id: SessionId::new(Uuid::from_u128(5)),
            title: "Review".to_owned(),
            description: Some("Figures".to_owned()),
            start: at("2026-12-01T08:00:00Z"),
            duration_minutes: 60,
            zone: Zone::parse("Europe/Berlin").unwrap(),
            location: Some("Room 1".to_owned()),
            join_url: WebLink::parse(LINK).ok(),
            link_source: LinkSource::Given,
            is_instant: false,
            skips_invitation_mails: false,
            status: SessionStatus::Scheduled,
            host: Host {
                user_id: UserId::parse("host").unwrap(),
                name: Some("Hanna".to_owned()),
                email: email("hanna@practice.example"),
            },
            client_id: None,
            roster: vec![Invitee {
                invitation_id: InvitationId::new(Uuid::from_u128(6)),
                who: Who::External,
                email: email("eve@guest.example"),
                name: None,
                response: Response::Declined,
                responded_at: None,
                joined_at: None,
            }],
            organizer: None,
            sequence: 3,
            changed_at: BTreeMap::new(),
            version: 9,
            created_at: at("2026-11-01T08:00:00Z"),
            updated_at: at("2026-11-01T08:00:00Z"),
        }
    }

    fn of(session: &Session) -> CalendarEntry {
        CalendarEntry::of_session(session, "convoke.example").unwrap()
    }

    /// IV-6: wall clock and zone of the session, its answers, its link at the end.
    #[test]
    fn a_session_stands_as_it_is() {
        let entry = of(&session());
        assert_eq!(entry.uid, format!("{}@convoke.example", Uuid::from_u128(5)));
        assert_eq!(entry.start.to_string(), "2026-12-01 09:00:00");
        assert_eq!(entry.end.to_string(), "2026-12-01 10:00:00");
        assert_eq!(entry.zone.name(), "Europe/Berlin");
        assert_eq!(entry.sequence, 3);
        let answers: Vec<_> = entry
            .attendees
            .iter()
            .map(|one| one.participation)
            .collect();
        assert_eq!(answers, [Participation::Accepted, Participation::Declined]);
        assert_eq!(
            entry.people().collect::<Vec<_>>(),
            ["Hanna", "eve@guest.example"]
        );
        let line = format!("Join meeting: {LINK}");
        assert_eq!(entry.description(None, 99), format!("Figures\n\n{line}"));
        let also = Some("Invited: Eve");
        assert_eq!(
            entry.description(also, 999),
            format!("Figures\n\nInvited: Eve\n\n{line}")
        );
    }

    /// IV-6: the join line is there once and last, whatever the host wrote.
    #[test]
    fn the_join_line_ends_the_description_once() {
        let line = format!("Join meeting: {LINK}");
        for (words, expected) in [
            (
                Some(format!("{line}\r\nAgenda")),
                format!("Agenda\n\n{line}"),
            ),
            (
                Some(format!("Agenda\n\n{line}\n")),
                format!("Agenda\n\n{line}"),
            ),
            (Some(line.clone()), line.clone()),
            (None, line.clone()),
        ] {
            let mut session = session();
            session.description = words;
            assert_eq!(of(&session).description(None, 999), expected);
        }
        let mut teams = session();
        teams.link_source = LinkSource::Teams;
        assert!(
            of(&teams)
                .description(None, 999)
                .ends_with(&format!("Join Teams Meeting: {LINK}"))
        );
        teams.join_url = None;
        assert_eq!(of(&teams).description(None, 999), "Figures");
    }

    #[test]
    fn a_long_text_gives_way_to_the_link() {
        let mut session = session();
        session.description = Some("ü".repeat(10_000));
        let text = of(&session).description(None, 8_192);
        assert_eq!(text.chars().count(), 8_192);
        assert!(text.ends_with(&format!("…\n\nJoin meeting: {LINK}")));
    }

    /// IV-5: what is cancelled stands nowhere; what was held stays.
    #[test]
    fn only_what_is_cancelled_is_gone() {
        let mut session = session();
        session.status = SessionStatus::Ended;
        assert!(CalendarEntry::of_session(&session, "convoke.example").is_some());
        session.status = SessionStatus::Cancelled;
        assert_eq!(CalendarEntry::of_session(&session, "convoke.example"), None);
    }

    /// IV-6: a start or end in the second pass of a repeated hour keeps its instant.
    #[test]
    fn a_second_pass_is_told_in_utc() {
        let mut session = session();
        session.start = at("2026-10-25T00:30:00Z");
        let first = of(&session);
        assert_eq!(
            (first.start.to_string(), first.zone.name()),
            ("2026-10-25 00:30:00".to_owned(), "UTC")
        );
        session.duration_minutes = 20;
        assert_eq!(
            of(&session).zone.name(),
            "Europe/Berlin",
            "all of it in the first pass"
        );
        session.start = at("2026-10-25T01:30:00Z");
        let second = of(&session);
        assert_eq!(
            (second.start.to_string(), second.zone.name()),
            ("2026-10-25 01:30:00".to_owned(), "UTC")
        );
    }

    /// OM-6: an entry's notes end with the join line, and so does its event.
    #[test]
    fn a_schedule_entry_stands_with_its_notes() {
        let mut entry = ScheduleEntry {
            schedule_entry_id: ScheduleEntryId::new(Uuid::from_u128(7)),
            title: "Visit".to_owned(),
            notes: "Figures\n\nJoin Teams Meeting: https://teams.example/j".to_owned(),
            start: at("2026-12-01T08:00:00Z"),
            end: at("2026-12-01T09:30:00Z"),
            assigned_user_ids: vec![],
            work_item: WorkItem::AppointmentRequest,
            appointment_request_id: None,
            has_meeting: true,
            version: 4,
            created_at: at("2026-11-01T08:00:00Z"),
            updated_at: at("2026-11-01T08:00:00Z"),
        };
        let of = |entry: &ScheduleEntry| {
            let zone = Zone::parse("America/New_York").unwrap();
            CalendarEntry::of_schedule_entry(entry, &zone, "convoke.example")
        };
        let event = of(&entry);
        assert_eq!(event.words, "Figures");
        assert_eq!(event.description(None, 999), entry.notes);
        assert_eq!(event.start.to_string(), "2026-12-01 03:00:00");
        assert_eq!(event.end.to_string(), "2026-12-01 04:30:00");
        assert_eq!((event.sequence, event.attendees.len()), (4, 0));
        entry.notes = "Figures".to_owned();
        assert_eq!(of(&entry).description(None, 999), "Figures");
    }
}
