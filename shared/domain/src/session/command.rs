//! What a host sends to plan a session (IV-1).

use chrono::{DateTime, Datelike, FixedOffset, NaiveDateTime, Timelike, Utc};

use crate::address::{EmailAddress, WebLink};
use crate::control::YEARS;
use crate::error::{Error, Violations};
use crate::id::{ContactId, UserId};
use crate::meeting::field::{START_FORMS, check_texts, parse_duration, parse_link, parse_zone};
use crate::zone::{LocalTime, Zone};

/// Most invitees of one session.
pub const INVITEES_MAX: usize = 100;

/// Invitees as sent; an absent list of a change keeps who is there.
#[derive(Debug, Clone, Default)]
#[allow(missing_docs, reason = "as the API names them")]
pub struct InviteesInput {
    pub contact_ids: Option<Vec<String>>,
    pub user_ids: Option<Vec<String>>,
    pub emails: Option<Vec<String>>,
}

/// Invitees whose names are each in order, before the directory was asked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct InviteeNames {
    /// Persons at one client.
    pub contacts: Option<Vec<ContactId>>,
    /// Users of the organisation.
    pub users: Option<Vec<UserId>>,
    /// Whoever else.
    pub emails: Option<Vec<EmailAddress>>,
}

impl InviteeNames {
    /// Reads the lists; all violations are noted.
    pub fn read(input: &InviteesInput, wrong: &mut Violations) -> Self {
        let lists = [&input.contact_ids, &input.user_ids, &input.emails];
        let named: usize = lists.into_iter().flatten().map(Vec::len).sum();
        if named > INVITEES_MAX {
            let message = format!("at most {INVITEES_MAX} invitees");
            wrong.add("/invitees", "too_many", message);
            return Self::default();
        }
        Self {
            contacts: read_list(
                input.contact_ids.as_ref(),
                "contact_ids",
                "invalid_id",
                ContactId::parse,
                wrong,
            ),
            users: read_list(
                input.user_ids.as_ref(),
                "user_ids",
                "invalid_id",
                UserId::parse,
                wrong,
            ),
            emails: read_list(
                input.emails.as_ref(),
                "emails",
                "invalid_email",
                EmailAddress::parse,
                wrong,
            ),
        }
    }
}

fn read_list<T, E: std::fmt::Display>(
    list: Option<&Vec<String>>,
    name: &str,
    code: &'static str,
    parse: impl Fn(&str) -> Result<T, E>,
    wrong: &mut Violations,
) -> Option<Vec<T>> {
    let read = list?
        .iter()
        .enumerate()
        .filter_map(|(at, text)| wrong.keep(&format!("/invitees/{name}/{at}"), code, parse(text)));
    Some(read.collect())
}

/// A session as the host sent it.
#[derive(Debug, Clone, Default)]
#[allow(missing_docs, reason = "as the API names them")]
pub struct SessionInput {
    pub title: String,
    pub description: Option<String>,
    pub start: Option<String>,
    pub instant: bool,
    pub duration_minutes: i64,
    pub timezone: String,
    pub invitees: InviteesInput,
    pub generate_teams_meeting: bool,
    pub join_url: Option<String>,
    pub skip_invitation_emails: bool,
    pub location: Option<String>,
}

/// A session whose fields are each in order.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "as Session names them")]
pub struct SessionDraft {
    pub title: String,
    pub description: Option<String>,
    pub start: DateTime<Utc>,
    pub is_instant: bool,
    pub duration_minutes: u32,
    pub zone: Zone,
    pub invitees: InviteeNames,
    pub wants_teams: bool,
    pub join_url: Option<WebLink>,
    pub skips_invitation_mails: bool,
    pub location: Option<String>,
}

impl SessionDraft {
    /// Checks every field; all violations are reported together.
    pub fn parse(input: &SessionInput, now: DateTime<Utc>) -> Result<Self, Error> {
        let mut wrong = Violations::new();
        check_texts(
            Some(&input.title),
            input.description.as_deref(),
            input.location.as_deref(),
            &mut wrong,
        );
        let zone = parse_zone(&input.timezone, &mut wrong);
        let duration = parse_duration(input.duration_minutes, &mut wrong);
        let join_url = parse_link(input.join_url.as_deref(), &mut wrong);
        if input.join_url.is_some() && input.generate_teams_meeting {
            wrong.add(
                "/join_url",
                "not_allowed",
                "give a link, or have a Teams meeting made, not both",
            );
        }
        let invitees = InviteeNames::read(&input.invitees, &mut wrong);
        let start = read_beginning(input, zone.as_ref(), now, &mut wrong);
        wrong.finish()?;
        let (Some(zone), Some(duration_minutes), Some(start)) = (zone, duration, start) else {
            return Err(Error::internal("a draft without violations lacks a field"));
        };
        Ok(Self {
            title: input.title.clone(),
            description: written(input.description.as_ref()),
            start,
            is_instant: input.instant,
            duration_minutes,
            zone,
            invitees,
            wants_teams: input.generate_teams_meeting,
            join_url,
            skips_invitation_mails: input.skip_invitation_emails,
            location: written(input.location.as_ref()),
        })
    }
}

/// An empty text is none.
pub(super) fn written(text: Option<&String>) -> Option<String> {
    text.filter(|text| !text.trim().is_empty()).cloned()
}

fn read_beginning(
    input: &SessionInput,
    zone: Option<&Zone>,
    now: DateTime<Utc>,
    wrong: &mut Violations,
) -> Option<DateTime<Utc>> {
    match (&input.start, input.instant) {
        (None, true) => now.with_nanosecond(0),
        (Some(_), true) => {
            wrong.add(
                "/start",
                "not_allowed",
                "an instant meeting begins now; leave start out",
            );
            None
        }
        (None, false) => {
            wrong.add(
                "/start",
                "required",
                "give a start, or instant: true for a meeting that begins now",
            );
            None
        }
        (Some(text), false) => read_start(text, zone?, now, wrong),
    }
}

/// A start that lies ahead: a wall clock of the zone, of a repeated one the
/// first, or an instant.
pub(super) fn read_start(
    text: &str,
    zone: &Zone,
    now: DateTime<Utc>,
    wrong: &mut Violations,
) -> Option<DateTime<Utc>> {
    let local = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"]
        .into_iter()
        .find_map(|form| NaiveDateTime::parse_from_str(text, form).ok());
    let start = match (local, DateTime::<FixedOffset>::parse_from_rfc3339(text)) {
        // A sixtieth second is no whole one.
        (Some(local), _) if local.nanosecond() != 0 => Err(START_FORMS),
        (Some(local), _) => Ok(read_wall_clock(local, zone, wrong)?),
        (None, Ok(instant)) if instant.nanosecond() != 0 => Err("whole seconds only"),
        (None, Ok(instant)) => Ok(instant.with_timezone(&Utc)),
        (None, Err(_)) => Err(START_FORMS),
    };
    let start = wrong.keep("/start", "invalid_start", start)?;
    check_ahead(start, now, wrong).then_some(start)
}

/// The instant of a wall clock; one that the clocks skip is refused.
pub(super) fn read_wall_clock(
    local: NaiveDateTime,
    zone: &Zone,
    wrong: &mut Violations,
) -> Option<DateTime<Utc>> {
    match zone.resolve(local) {
        LocalTime::Gap { .. } => {
            let message = format!(
                "{local} does not exist in {}: the clocks skip it",
                zone.name()
            );
            wrong.add("/start", "skipped_by_dst", message);
            None
        }
        there => Some(there.instant()),
    }
}

pub(super) fn check_ahead(
    start: DateTime<Utc>,
    now: DateTime<Utc>,
    wrong: &mut Violations,
) -> bool {
    if !YEARS.contains(&start.year()) {
        let message = format!("a year from {} to {}", YEARS.start(), YEARS.end());
        wrong.add("/start", "out_of_range", message);
        return false;
    }
    if start < now {
        wrong.add(
            "/start",
            "in_the_past",
            "a meeting is planned ahead; instant: true begins one now",
        );
        return false;
    }
    true
}
