//! Sessions: meetings that a host invites people to (IV). The API calls them
//! meetings; control meetings are another thing.
//!
//! The session holds its roster of invitees, and one number, `sequence`, that
//! rises with every change that people see. What an invitee was last told is
//! kept beside it (`Told`), so that whoever tells them can always work out, from
//! those two alone, what they are still owed.

mod change;
mod command;
mod event;
mod file;
mod roster;
mod telling;
#[cfg(test)]
mod tests;
mod word;

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use crate::address::{EmailAddress, WebLink};
use crate::error::Error;
use crate::id::{ClientId, InvitationId, MailId, SessionId, UserId};
use crate::text;
use crate::zone::Zone;

pub use change::{SessionChange, SessionPatch};
pub use command::{INVITEES_MAX, InviteeNames, InviteesInput, SessionDraft, SessionInput};
pub use event::{SessionEvent, SessionEventKind};
pub use file::{Readers, calendar_event, withdrawal_event};
pub use roster::{Candidate, Resolved, reconcile};
pub use telling::{Owed, owed};
pub use word::{Field, LinkSource, MailNote, Response, SessionStatus, Who};

/// Somebody who is invited. Name and address are copies of the directory's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitee {
    /// Stays when the same person is found under another identity.
    pub invitation_id: InvitationId,
    /// Who.
    pub who: Who,
    /// Without one they get no mail and stand in no file (XC-14).
    pub email: Option<EmailAddress>,
    /// As they are called, if anybody said.
    pub name: Option<String>,
    /// What they have answered.
    pub response: Response,
    /// When.
    pub responded_at: Option<DateTime<Utc>>,
    /// When they joined, which made them a participant.
    pub joined_at: Option<DateTime<Utc>>,
}

/// Who hosts: the caller who made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Host {
    /// The directory's id.
    pub user_id: UserId,
    /// The directory's name.
    pub name: Option<String>,
    /// The directory's address.
    pub email: Option<EmailAddress>,
}

/// A session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Its id.
    pub session_id: SessionId,
    /// A line.
    pub title: String,
    /// Plain text.
    pub description: Option<String>,
    /// When it begins.
    pub start: DateTime<Utc>,
    /// How long it takes.
    pub duration_minutes: u32,
    /// In which its times are thought.
    pub zone: Zone,
    /// A place that people go to.
    pub location: Option<String>,
    /// How to join.
    pub join_url: Option<WebLink>,
    /// Where that comes from.
    pub link_source: LinkSource,
    /// Whether it began when it was made.
    pub is_instant: bool,
    /// Whether somebody else sends the invitations (IV-3).
    pub skips_invitation_mails: bool,
    /// Where it is in its life.
    pub status: SessionStatus,
    /// Whose it is.
    pub host: Host,
    /// The client whose contacts are invited.
    pub client_id: Option<ClientId>,
    /// Who is invited.
    pub roster: Vec<Invitee>,
    /// Whom calendar files name as ORGANIZER, for the life of the session: the
    /// sender of mails when it was made.
    pub organizer: Option<EmailAddress>,
    /// Rises with every change that people see; an .ics file's SEQUENCE.
    pub sequence: u32,
    /// The sequence at which each field last changed; absent: never.
    pub changed_at: BTreeMap<Field, u32>,
    /// Rises with every write.
    pub version: u64,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

/// What an invitee was last told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// Whose.
    pub invitation_id: InvitationId,
    /// As they were known then: they may have left the roster since.
    pub who: Who,
    /// Where the last mail to them went.
    pub email: Option<EmailAddress>,
    /// As they were called.
    pub name: Option<String>,
    /// The session's sequence that they know.
    pub sequence: u32,
    /// Its title, as they know it.
    pub title: String,
    /// When it begins, as they know it.
    pub start: DateTime<Utc>,
    /// How long it takes, as they know it.
    pub duration_minutes: u32,
    /// Whether the last they heard was that it does not take place for them.
    pub is_cancelled: bool,
    /// Whether they were uninvited, while the session stood.
    pub is_withdrawn: bool,
    /// Whether a calendar file went out to them that is not taken back.
    pub holds_file: bool,
    /// The last mail to them, which the next one follows.
    pub last_mail: Option<MailId>,
    /// The last mail's state is this one where none was to be sent.
    pub mail_note: Option<MailNote>,
    /// Rises with every write.
    pub version: u64,
}

impl Session {
    /// When it ends.
    pub fn end(&self) -> DateTime<Utc> {
        self.start + TimeDelta::minutes(self.duration_minutes.into())
    }

    /// Whether its Teams meeting is still being made.
    pub fn is_pending(&self) -> bool {
        self.link_source == LinkSource::TeamsPending
    }

    /// An invitee by their id.
    pub fn invitee(&self, id: InvitationId) -> Option<&Invitee> {
        self.roster.iter().find(|one| one.invitation_id == id)
    }

    /// The invitee that a user or contact is.
    pub fn invitee_of(&self, who: &Who) -> Option<&Invitee> {
        self.roster.iter().find(|one| one.who == *who)
    }

    /// Invitees whom no mail and no file reaches (XC-14): their ids.
    pub fn unreachable(&self) -> Vec<String> {
        let without = self.roster.iter().filter(|one| one.email.is_none());
        without
            .filter_map(|one| match &one.who {
                Who::Internal(user_id) => Some(user_id.to_string()),
                Who::Contact(contact_id) => Some(contact_id.to_string()),
                Who::External => None,
            })
            .collect()
    }

    /// Refuses more text than the store and an answer hold.
    pub fn check_size(&self) -> Result<(), Error> {
        let of = |text: &Option<String>| text.as_ref().map_or(0, String::len);
        let people = self.roster.iter();
        let people: usize = people
            .map(|one| of(&one.name) + one.email.as_ref().map_or(0, |email| email.as_str().len()))
            .sum();
        let octets = self.title.len() + of(&self.description) + of(&self.location) + people;
        if octets <= text::MEETING_OCTETS_MAX {
            return Ok(());
        }
        let most = text::MEETING_OCTETS_MAX;
        let message = format!(
            "a meeting has at most {most} octets of text, names and addresses of invitees included; this one has {octets}"
        );
        Err(Error::invalid("", "too_long", message))
    }

    /// Refuses what only a session that stands allows.
    pub fn require_scheduled(&self) -> Result<(), Error> {
        match self.status {
            SessionStatus::Scheduled => Ok(()),
            SessionStatus::Ended => Err(Error::conflict(
                "meeting_ended",
                "this meeting has ended; nothing about it can be changed any more",
            )),
            SessionStatus::Cancelled => Err(Error::conflict(
                "meeting_cancelled",
                "this meeting was cancelled; nothing about it can be changed any more",
            )),
        }
    }

    /// Records an answer; another one than before is news to the host.
    pub fn answer(
        &mut self,
        id: InvitationId,
        response: Response,
        now: DateTime<Utc>,
    ) -> Result<bool, Error> {
        self.require_scheduled()?;
        let invitee = self.roster.iter_mut().find(|one| one.invitation_id == id);
        let invitee = invitee.ok_or(Error::NotFound { what: "invitation" })?;
        let is_news = invitee.response != response;
        invitee.response = response;
        invitee.responded_at = Some(now);
        self.updated_at = now;
        Ok(is_news)
    }

    /// Makes an invitee a participant; joining again changes nothing.
    pub fn join(&mut self, who: &Who, now: DateTime<Utc>) -> Result<bool, Error> {
        self.require_scheduled()?;
        let invitee = self.roster.iter_mut().find(|one| one.who == *who);
        let invitee = invitee.ok_or(Error::NotFound { what: "meeting" })?;
        let is_first = invitee.joined_at.is_none();
        if is_first {
            invitee.joined_at = Some(now);
            self.updated_at = now;
        }
        Ok(is_first)
    }

    /// Calls it off; calling off what is cancelled already is refused.
    pub fn cancel(&mut self, now: DateTime<Utc>) -> Result<(), Error> {
        self.require_scheduled()?;
        self.status = SessionStatus::Cancelled;
        self.sequence += 1;
        self.updated_at = now;
        Ok(())
    }

    /// Notes that it was held.
    pub fn end_now(&mut self, now: DateTime<Utc>) -> Result<(), Error> {
        self.require_scheduled()?;
        if self.start > now {
            return Err(Error::conflict(
                "meeting_not_begun",
                "this meeting has not begun; cancel it instead",
            ));
        }
        self.status = SessionStatus::Ended;
        self.updated_at = now;
        Ok(())
    }

    /// What the making of its Teams meeting came to; without a link it is the
    /// deployment's page after all. Told again it changes nothing.
    pub fn settle_link(&mut self, teams: Option<WebLink>, page: WebLink, now: DateTime<Utc>) {
        if !self.is_pending() {
            return;
        }
        (self.join_url, self.link_source) = match teams {
            Some(link) => (Some(link), LinkSource::Teams),
            None => (Some(page), LinkSource::Page),
        };
        self.updated_at = now;
    }

    /// Its Teams meeting is no longer there.
    pub fn lose_teams(&mut self, page: WebLink, now: DateTime<Utc>) {
        if self.link_source != LinkSource::Teams || self.status != SessionStatus::Scheduled {
            return;
        }
        (self.join_url, self.link_source) = (Some(page), LinkSource::Page);
        self.sequence += 1;
        self.changed_at.insert(Field::JoinUrl, self.sequence);
        self.updated_at = now;
    }

    /// Copies the directory's name and address of somebody onto it; whether that
    /// changed anything. No news to anybody: files name people as they were.
    pub fn refresh(&mut self, who: &Who, name: Option<&str>, email: Option<&EmailAddress>) -> bool {
        let mut changed = false;
        if let Who::Internal(user_id) = who
            && self.host.user_id == *user_id
            && (self.host.name.as_deref() != name || self.host.email.as_ref() != email)
        {
            self.host.name = name.map(str::to_owned);
            self.host.email = email.cloned();
            changed = true;
        }
        for invitee in self.roster.iter_mut().filter(|one| one.who == *who) {
            if invitee.name.as_deref() != name || invitee.email.as_ref() != email {
                invitee.name = name.map(str::to_owned);
                invitee.email = email.cloned();
                changed = true;
            }
        }
        changed
    }
}
