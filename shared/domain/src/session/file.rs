//! A session as a calendar event (IV-3 to IV-5).

use std::collections::HashSet;

use chrono::{DateTime, Utc};

use super::{LinkSource, Response, Session, SessionStatus, Told};
use crate::address::EmailAddress;
use crate::ics::{
    Attendee, CalendarEvent, EventStatus, JoinLink, OnlineService, Organizer, Participation, Role,
    Timing, Transparency,
};
use crate::zone::Zone;

/// Whom a file names as attendees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Readers<'a> {
    /// Host and everybody who is invited and has an address.
    Everyone,
    /// The same, and whoever reads the file at this address.
    EveryoneAnd(&'a EmailAddress, Option<&'a str>),
}

/// The session as one event.
///
/// `domain` is the deployment's own: the UID is `<meeting_id>@<domain>` for the
/// life of the session.
pub fn calendar_event(session: &Session, domain: &str, readers: Readers<'_>) -> CalendarEvent {
    let is_off = session.status == SessionStatus::Cancelled;
    CalendarEvent {
        uid: uid_of(session, domain),
        stamp: session.updated_at,
        sequence: session.sequence,
        timing: timing(session.start, &session.zone),
        duration_minutes: session.duration_minutes,
        summary: session.title.clone(),
        description: session.description.clone().unwrap_or_default(),
        place: session.location.clone(),
        join: session.join_link().filter(|_| !is_off),
        status: if is_off {
            EventStatus::Cancelled
        } else {
            EventStatus::Confirmed
        },
        transparency: Transparency::Opaque,
        created: Some(session.created_at),
        last_modified: Some(session.updated_at),
        categories: vec![],
        organizer: organizer(session),
        attendees: attendees(session, readers),
        reminder: !is_off,
    }
}

/// What takes the event back from one reader: no more of it than they knew, and
/// nobody else in it (RFC 5546, section 3.2.5).
pub fn withdrawal_event(session: &Session, domain: &str, told: &Told) -> CalendarEvent {
    let reader = told.email.clone();
    let reader = reader.map(|email| attendee(email, told.name.clone(), Participation::NeedsAction));
    CalendarEvent {
        uid: uid_of(session, domain),
        stamp: session.updated_at,
        sequence: session.sequence,
        timing: timing(told.start, &session.zone),
        duration_minutes: told.duration_minutes,
        summary: told.title.clone(),
        description: String::new(),
        place: None,
        join: None,
        status: EventStatus::Cancelled,
        transparency: Transparency::Opaque,
        created: Some(session.created_at),
        last_modified: Some(session.updated_at),
        categories: vec![],
        organizer: organizer(session),
        attendees: reader.into_iter().collect(),
        reminder: false,
    }
}

fn uid_of(session: &Session, domain: &str) -> String {
    format!("{}@{domain}", session.session_id)
}

fn organizer(session: &Session) -> Option<Organizer> {
    let name = session.host.name.clone();
    let email = session.organizer.clone();
    email.map(|email| Organizer { email, name })
}

/// The wall clock of its zone; UTC where that would name the first pass of a
/// repeated hour for a start in the second.
fn timing(start: DateTime<Utc>, zone: &Zone) -> Timing {
    let local = zone.local(start);
    if zone.instant(local) == start {
        let zone = zone.clone();
        return Timing::Once { start: local, zone };
    }
    Timing::Once {
        start: start.naive_utc(),
        zone: Zone::utc(),
    }
}

impl Session {
    /// How to join, and what is behind the link.
    pub fn join_link(&self) -> Option<JoinLink> {
        let service = match self.link_source {
            LinkSource::Teams => OnlineService::Teams,
            LinkSource::Given | LinkSource::Page | LinkSource::TeamsPending => OnlineService::Other,
        };
        let url = self.join_url.clone()?;
        Some(JoinLink { url, service })
    }
}

/// Each address once: the directory may have given two people one since.
fn attendees(session: &Session, readers: Readers<'_>) -> Vec<Attendee> {
    let host = session.host.email.clone();
    let host =
        host.map(|email| attendee(email, session.host.name.clone(), Participation::Accepted));
    let invited = session.roster.iter().filter_map(|one| {
        let (email, name) = (one.email.clone()?, one.name.clone());
        Some(attendee(email, name, participation(one.response)))
    });
    let reader = match readers {
        Readers::Everyone => None,
        Readers::EveryoneAnd(email, name) => {
            let name = name.map(str::to_owned);
            Some(attendee(email.clone(), name, Participation::NeedsAction))
        }
    };
    let mut seen = HashSet::new();
    host.into_iter()
        .chain(invited)
        .chain(reader)
        .filter(|one| seen.insert(one.email.lookup_key()))
        .collect()
}

fn attendee(email: EmailAddress, name: Option<String>, participation: Participation) -> Attendee {
    Attendee {
        email,
        name,
        role: Role::Required,
        participation,
        rsvp: participation == Participation::NeedsAction,
    }
}

const fn participation(response: Response) -> Participation {
    match response {
        Response::NeedsAction => Participation::NeedsAction,
        Response::Accepted => Participation::Accepted,
        Response::Declined => Participation::Declined,
        Response::Tentative => Participation::Tentative,
    }
}
