//! A session as a calendar event (IV-3 to IV-5).

use super::{LinkSource, Response, Session, SessionStatus};
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
    /// One person alone: what is taken back from them concerns nobody else
    /// (RFC 5546, section 3.2.5).
    Only(&'a EmailAddress, Option<&'a str>),
}

/// The session as one event.
///
/// `domain` is the deployment's own: the UID is `<meeting_id>@<domain>` for the
/// life of the session. `is_off`: it does not take place for the readers.
pub fn calendar_event(
    session: &Session,
    domain: &str,
    readers: Readers<'_>,
    is_off: bool,
) -> CalendarEvent {
    let is_off = is_off || session.status == SessionStatus::Cancelled;
    CalendarEvent {
        uid: format!("{}@{domain}", session.session_id),
        stamp: session.updated_at,
        sequence: session.sequence,
        timing: timing(session),
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
        organizer: session.organizer.clone().map(|email| Organizer {
            email,
            name: session.host.name.clone(),
        }),
        attendees: attendees(session, readers),
        reminder: !is_off,
    }
}

/// The wall clock of its zone; UTC where that would name the first pass of a
/// repeated hour for a start in the second.
fn timing(session: &Session) -> Timing {
    let local = session.zone.local(session.start);
    if session.zone.instant(local) == session.start {
        let zone = session.zone.clone();
        return Timing::Once { start: local, zone };
    }
    Timing::Once {
        start: session.start.naive_utc(),
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

fn attendees(session: &Session, readers: Readers<'_>) -> Vec<Attendee> {
    let reader = |email: &EmailAddress, name: Option<&str>| {
        attendee(
            email.clone(),
            name.map(str::to_owned),
            Participation::NeedsAction,
        )
    };
    if let Readers::Only(email, name) = readers {
        return vec![reader(email, name)];
    }
    let host = session.host.email.clone();
    let host =
        host.map(|email| attendee(email, session.host.name.clone(), Participation::Accepted));
    let invited = session.roster.iter().filter_map(|one| {
        Some(attendee(
            one.email.clone()?,
            one.name.clone(),
            participation(one.response),
        ))
    });
    let mut all: Vec<_> = host.into_iter().chain(invited).collect();
    if let Readers::EveryoneAnd(email, name) = readers {
        let key = email.lookup_key();
        if all.iter().all(|one| one.email.lookup_key() != key) {
            all.push(reader(email, name));
        }
    }
    all
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
