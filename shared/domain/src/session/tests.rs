//! What holds of sessions, without table or network (IV).

mod change;
mod draft;
mod file;
mod life;
mod patch;
mod roster;
mod telling;

use std::collections::BTreeMap;

use uuid::Uuid;

use super::*;
use crate::error::Violation;
use crate::id::ContactId;

const NOW: &str = "2026-11-23T08:00:00Z";
const PAGE: &str = "https://meet.example/m/1";

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn now() -> DateTime<Utc> {
    at(NOW)
}

fn link(text: &str) -> WebLink {
    WebLink::parse(text).unwrap()
}

fn email(text: &str) -> EmailAddress {
    EmailAddress::parse(text).unwrap()
}

fn user(id: &str) -> Who {
    Who::Internal(UserId::parse(id).unwrap())
}

fn contact(id: &str) -> Who {
    Who::Contact(ContactId::parse(id).unwrap())
}

fn invitation(number: u128) -> InvitationId {
    InvitationId::new(Uuid::from_u128(number))
}

/// Somebody on the roster; an empty address is none.
fn invitee(number: u128, who: Who, address: &str) -> Invitee {
    Invitee {
        invitation_id: invitation(number),
        who,
        email: (!address.is_empty()).then(|| email(address)),
        name: None,
        response: Response::NeedsAction,
        responded_at: None,
        joined_at: None,
    }
}

fn host() -> Host {
    Host {
        user_id: UserId::parse("host").unwrap(),
        name: Some("Hanna Host".to_owned()),
        email: Some(email("hanna@practice.example")),
    }
}

/// A morning in Berlin with a colleague, a contact and a guest.
fn session() -> Session {
    Session {
        session_id: SessionId::new(Uuid::from_u128(1)),
        title: "Review".to_owned(),
        description: Some("Figures".to_owned()),
        start: at("2026-12-01T08:00:00Z"),
        duration_minutes: 60,
        zone: Zone::parse("Europe/Berlin").unwrap(),
        location: None,
        join_url: Some(link(PAGE)),
        link_source: LinkSource::Page,
        is_instant: false,
        skips_invitation_mails: false,
        status: SessionStatus::Scheduled,
        host: host(),
        client_id: None,
        roster: vec![
            invitee(11, user("tess"), "tess@practice.example"),
            invitee(12, contact("ada"), "ada@client.example"),
            invitee(13, Who::External, "gus@guests.example"),
        ],
        organizer: Some(email("mail@convoke.example")),
        sequence: 3,
        changed_at: BTreeMap::new(),
        version: 7,
        created_at: at("2026-11-20T08:00:00Z"),
        updated_at: at("2026-11-20T08:00:00Z"),
    }
}

/// What somebody was told at a sequence.
fn told(invitee: &Invitee, sequence: u32) -> Told {
    Told {
        invitation_id: invitee.invitation_id,
        who: invitee.who.clone(),
        email: invitee.email.clone(),
        name: None,
        sequence,
        title: "Review".to_owned(),
        start: at("2026-12-01T08:00:00Z"),
        duration_minutes: 60,
        is_cancelled: false,
        is_withdrawn: false,
        holds_file: true,
        last_mail: None,
        mail_note: None,
        version: 1,
    }
}

/// Pointer and code of each violation.
fn violations<T: std::fmt::Debug>(refused: Result<T, Error>) -> Vec<(String, &'static str)> {
    match refused {
        Err(Error::Invalid { violations }) => violations
            .into_iter()
            .map(|Violation { pointer, code, .. }| (pointer, code))
            .collect(),
        other => panic!("not invalid: {other:?}"),
    }
}

fn pairs(expected: &[(&str, &'static str)]) -> Vec<(String, &'static str)> {
    let pairs = expected.iter();
    pairs.map(|(one, two)| ((*one).to_owned(), *two)).collect()
}
