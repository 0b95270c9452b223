//! Changing a session, and finding out what of it people see (IV-4).

use chrono::{DateTime, Utc};

use super::command::{check_ahead, read_start, read_wall_clock, written};
use super::{Field, Invitee, InviteeNames, InviteesInput, LinkSource, Response, Session};
use crate::address::WebLink;
use crate::error::{Error, Violations};
use crate::meeting::field::{check_texts, parse_duration, parse_link, parse_zone};

/// A change as the host sent it; what is absent stays, what is `null` goes.
#[derive(Debug, Clone, Default)]
#[allow(missing_docs, reason = "as the API names them")]
pub struct SessionPatch {
    pub title: Option<String>,
    pub description: Option<Option<String>>,
    pub start: Option<String>,
    pub duration_minutes: Option<i64>,
    pub timezone: Option<String>,
    pub location: Option<Option<String>>,
    pub join_url: Option<Option<String>>,
    pub skip_invitation_emails: Option<bool>,
    pub invitees: Option<InviteesInput>,
}

/// What a change came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SessionChange {
    /// Fields of the API that are other than before, in its own words.
    pub names: Vec<&'static str>,
    /// What people see that is other than before.
    pub fields: Vec<Field>,
    /// Whether somebody came or went.
    pub roster: bool,
}

impl SessionChange {
    /// Whether anybody is to hear of it.
    pub fn is_user_facing(&self) -> bool {
        self.roster || !self.fields.is_empty()
    }

    fn note(&mut self, name: &'static str, field: Field) {
        self.names.push(name);
        if !self.fields.contains(&field) {
            self.fields.push(field);
        }
    }
}

impl SessionPatch {
    /// The lists of invitees, each name in order; `None`: they stay. What else is
    /// wrong with the change is reported with them.
    pub fn invitees(
        &self,
        session: &Session,
        page: &WebLink,
        now: DateTime<Utc>,
    ) -> Result<Option<InviteeNames>, Error> {
        session.require_scheduled()?;
        let mut wrong = Violations::new();
        let input = self.invitees.as_ref();
        let names = input.map(|input| InviteeNames::read(input, &mut wrong));
        self.apply_fields(&mut session.clone(), page, now, &mut wrong);
        wrong.finish()?;
        Ok(names)
    }

    /// Applies the change; `roster` is the new one where invitees were sent, and
    /// `page` the link that a session without another has. All violations are
    /// reported together, and then nothing was changed.
    pub fn apply(
        &self,
        session: &mut Session,
        roster: Option<Vec<Invitee>>,
        page: &WebLink,
        now: DateTime<Utc>,
    ) -> Result<SessionChange, Error> {
        session.require_scheduled()?;
        let mut after = session.clone();
        let mut wrong = Violations::new();
        let mut change = self.apply_fields(&mut after, page, now, &mut wrong);
        wrong.finish()?;
        if let Some(skip) = self.skip_invitation_emails
            && skip != after.skips_invitation_mails
        {
            after.skips_invitation_mails = skip;
            change.names.push("skip_invitation_emails");
        }
        if let Some(roster) = roster
            && roster != after.roster
        {
            let ids = |roster: &[Invitee]| -> Vec<_> {
                let mut ids: Vec<_> = roster.iter().map(|one| one.invitation_id).collect();
                ids.sort_unstable();
                ids
            };
            change.roster = ids(&roster) != ids(&after.roster);
            if change.roster {
                change.names.push("invitees");
            }
            after.roster = roster;
        }
        after.check_size()?;
        if change.fields.contains(&Field::Time) {
            // Whoever said yes to another time has not said yes to this one.
            for invitee in &mut after.roster {
                (invitee.response, invitee.responded_at) = (Response::NeedsAction, None);
            }
        }
        if change.is_user_facing() {
            after.sequence += 1;
            for field in &change.fields {
                after.changed_at.insert(*field, after.sequence);
            }
        }
        if after != *session {
            after.updated_at = now;
            *session = after;
        }
        Ok(change)
    }

    fn apply_fields(
        &self,
        after: &mut Session,
        page: &WebLink,
        now: DateTime<Utc>,
        wrong: &mut Violations,
    ) -> SessionChange {
        let mut change = SessionChange::default();
        self.apply_texts(after, &mut change, wrong);
        self.apply_time(after, &mut change, now, wrong);
        self.apply_link(after, &mut change, page, wrong);
        change
    }

    fn apply_texts(&self, after: &mut Session, change: &mut SessionChange, wrong: &mut Violations) {
        let description = self.description.as_ref().and_then(Option::as_deref);
        let location = self.location.as_ref().and_then(Option::as_deref);
        check_texts(self.title.as_deref(), description, location, wrong);
        if let Some(title) = &self.title
            && *title != after.title
        {
            after.title.clone_from(title);
            change.note("title", Field::Title);
        }
        if let Some(description) = &self.description {
            let description = written(description.as_ref());
            if description != after.description {
                after.description = description;
                change.note("description", Field::Description);
            }
        }
        if let Some(location) = &self.location {
            let location = written(location.as_ref());
            if location != after.location {
                after.location = location;
                change.note("location", Field::Location);
            }
        }
    }

    /// One zone governs: another zone alone keeps the wall clock.
    fn apply_time(
        &self,
        after: &mut Session,
        change: &mut SessionChange,
        now: DateTime<Utc>,
        wrong: &mut Violations,
    ) {
        let zone = self
            .timezone
            .as_ref()
            .and_then(|name| parse_zone(name, wrong));
        let moved = zone.as_ref().is_some_and(|zone| *zone != after.zone);
        let governing = zone.unwrap_or_else(|| after.zone.clone());
        let start = match &self.start {
            // What it was may be sent again, also when it has begun.
            Some(text) => {
                let mut ahead = Violations::new();
                let read = read_start(text, &governing, DateTime::<Utc>::MIN_UTC, &mut ahead);
                match (read, ahead.finish()) {
                    (Some(start), Ok(())) => Some(start),
                    _ => read_start(text, &governing, now, wrong),
                }
            }
            None if moved => read_wall_clock(after.zone.local(after.start), &governing, wrong),
            None => None,
        };
        if let Some(start) = start.filter(|start| *start != after.start)
            && check_ahead(start, now, wrong)
        {
            after.start = start;
            after.is_instant = false;
            change.note("start", Field::Time);
        }
        if moved {
            after.zone = governing;
            change.note("timezone", Field::Time);
        }
        let duration = self
            .duration_minutes
            .and_then(|one| parse_duration(one, wrong));
        if let Some(duration) = duration.filter(|one| *one != after.duration_minutes) {
            after.duration_minutes = duration;
            change.note("duration_minutes", Field::Time);
        }
    }

    fn apply_link(
        &self,
        after: &mut Session,
        change: &mut SessionChange,
        page: &WebLink,
        wrong: &mut Violations,
    ) {
        let Some(sent) = &self.join_url else { return };
        let (link, source) = match sent {
            None => (page.clone(), LinkSource::Page),
            Some(link) => match parse_link(Some(link), wrong) {
                Some(link) => (link, LinkSource::Given),
                None => return,
            },
        };
        if after.join_url.as_ref() == Some(&link) {
            return;
        }
        (after.join_url, after.link_source) = (Some(link), source);
        change.note("join_url", Field::JoinUrl);
    }
}
