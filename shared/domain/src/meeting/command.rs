//! Creating and changing a meeting: reading what the caller sent, and applying it.

use std::ops::RangeInclusive;

use chrono::{DateTime, Datelike, FixedOffset, NaiveDateTime, NaiveTime, Utc};

use crate::address::WebLink;
use crate::cadence::{Cadence, Frequency, step_date};
use crate::control::{ControlSchedule, YEARS};
use crate::error::{Error, Violations};
use crate::id::{ControlId, MeetingId};
use crate::meeting::{
    Attendee, AttendeeInput, Meeting, MeetingStatus, ScheduleLink, parse_attendees,
};
use crate::provider::ProviderKind;
use crate::text;
use crate::zone::Zone;

/// Length of an occurrence: a minute to a day.
pub const DURATION_MINUTES: RangeInclusive<i64> = 1..=1440;

/// A new meeting as the caller sent it.
#[derive(Debug, Clone, Default)]
pub struct MeetingInput {
    /// See [`Meeting::title`].
    pub title: String,
    /// See [`Meeting::description`].
    pub description: Option<String>,
    /// `DAILY` to `ANNUAL`.
    pub frequency: String,
    /// `mock`, `ics` or `graph`; anything else means mock (CM-7).
    pub provider: Option<String>,
    /// Local date-time in `timezone`, or an instant.
    pub start: Option<String>,
    /// Within [`DURATION_MINUTES`].
    pub duration_minutes: i64,
    /// IANA name.
    pub timezone: String,
    /// See [`Meeting::is_online`].
    pub is_online: bool,
    /// See [`Meeting::location`].
    pub location: Option<String>,
    /// See [`Meeting::join_url`].
    pub join_url: Option<String>,
    /// The whole list.
    pub attendees: Vec<AttendeeInput>,
}

/// When the first occurrence starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StartChoice {
    /// The caller said so, on the wall clock of the meeting's zone.
    Given(NaiveDateTime),
    /// 09:00 on the linked schedule's next due day, else one cadence step from today (CM-1).
    Default,
}

/// A new meeting whose fields are each in order.
#[derive(Debug, Clone)]
pub struct MeetingDraft {
    title: String,
    description: Option<String>,
    frequency: Frequency,
    provider: ProviderKind,
    start: StartChoice,
    duration_minutes: u32,
    zone: Zone,
    is_online: bool,
    location: Option<String>,
    join_url: Option<WebLink>,
    /// Internal ones still without what the directory knows of them.
    pub attendees: Vec<Attendee>,
}

impl MeetingDraft {
    /// Checks every field; all violations are reported together.
    pub fn parse(input: MeetingInput) -> Result<Self, Error> {
        let mut wrong = Violations::new();
        check_texts(
            Some(&input.title),
            input.description.as_deref(),
            input.location.as_deref(),
            &mut wrong,
        );
        let frequency = parse_frequency(&input.frequency, &mut wrong);
        let zone = parse_zone(&input.timezone, &mut wrong);
        let duration_minutes = parse_duration(input.duration_minutes, &mut wrong);
        let join_url = parse_link(input.join_url.as_deref(), &mut wrong);
        let attendees = parse_attendees(&input.attendees, &mut wrong);
        let start = match (&input.start, &zone) {
            (None, _) => Some(StartChoice::Default),
            (Some(text), Some(zone)) => parse_start(text, zone, &mut wrong).map(StartChoice::Given),
            (Some(_), None) => None,
        };
        wrong.finish()?;
        let (Some(frequency), Some(zone), Some(duration_minutes), Some(start)) =
            (frequency, zone, duration_minutes, start)
        else {
            return Err(Error::internal("a draft without violations lacks a field"));
        };
        Ok(Self {
            title: input.title,
            description: input.description,
            frequency,
            provider: ProviderKind::parse_or_mock(input.provider.as_deref().unwrap_or_default()),
            start,
            duration_minutes,
            zone,
            is_online: input.is_online,
            location: input.location,
            join_url,
            attendees,
        })
    }

    /// Makes the meeting, linked to the control's schedule where there is one.
    pub fn into_meeting(
        self,
        meeting_id: MeetingId,
        control_id: ControlId,
        schedule: Option<&ControlSchedule>,
        now: DateTime<Utc>,
    ) -> Result<Meeting, Error> {
        if let Some(schedule) = schedule {
            require_frequency_of(schedule, self.frequency)?;
        }
        let anchor = match self.start {
            StartChoice::Given(start) => start,
            StartChoice::Default => default_start(self.frequency, &self.zone, schedule, now)?,
        };
        let cadence = anchor_cadence(self.frequency, anchor, self.zone)?;
        let mut meeting = Meeting {
            meeting_id,
            control_id,
            link: schedule.map(|schedule| ScheduleLink {
                control_schedule_id: schedule.control_schedule_id,
                linked_at: schedule.completed_steps.into(),
            }),
            title: self.title,
            description: self.description,
            provider: self.provider,
            duration_minutes: self.duration_minutes,
            is_online: self.is_online,
            location: self.location,
            join_url: self.join_url,
            attendees: self.attendees,
            cadence,
            index: 0,
            last_occurrence: None,
            status: MeetingStatus::Planned,
            remote: None,
            intent: None,
            revision: 0,
            sequence: 0,
            version: 1,
            created_at: now,
            updated_at: now,
        };
        meeting.advance_past(now);
        Ok(meeting)
    }
}

/// A change as the caller sent it; absent fields stay, `Some(None)` clears.
#[derive(Debug, Clone, Default)]
pub struct ChangeInput {
    /// See [`Meeting::title`].
    pub title: Option<String>,
    /// See [`Meeting::description`].
    pub description: Option<Option<String>>,
    /// Refused while linked, unless it is the schedule's.
    pub frequency: Option<String>,
    /// See [`MeetingInput::provider`].
    pub provider: Option<String>,
    /// Anchors the series anew.
    pub start: Option<String>,
    /// See [`Meeting::duration_minutes`].
    pub duration_minutes: Option<i64>,
    /// Keeps the wall clock.
    pub timezone: Option<String>,
    /// See [`Meeting::is_online`].
    pub is_online: Option<bool>,
    /// See [`Meeting::location`].
    pub location: Option<Option<String>>,
    /// See [`Meeting::join_url`].
    pub join_url: Option<Option<String>>,
    /// Replaces the whole set (CM-2).
    pub attendees: Option<Vec<AttendeeInput>>,
}

/// A change whose fields are each in order, for one meeting.
#[derive(Debug, Clone)]
pub struct Change {
    input: ChangeInput,
    frequency: Option<Frequency>,
    zone: Option<Zone>,
    start: Option<NaiveDateTime>,
    duration_minutes: Option<u32>,
    join_url: Option<Option<WebLink>>,
    /// Internal ones still without what the directory knows of them.
    pub attendees: Option<Vec<Attendee>>,
}

impl Change {
    /// Checks every field against the meeting it is meant for.
    pub fn parse(input: ChangeInput, meeting: &Meeting) -> Result<Self, Error> {
        let mut wrong = Violations::new();
        check_texts(
            input.title.as_deref(),
            input.description.as_ref().and_then(Option::as_deref),
            input.location.as_ref().and_then(Option::as_deref),
            &mut wrong,
        );
        let frequency = input
            .frequency
            .as_deref()
            .and_then(|word| parse_frequency(word, &mut wrong));
        let zone = input
            .timezone
            .as_deref()
            .and_then(|name| parse_zone(name, &mut wrong));
        let start = input.start.as_deref().and_then(|text| {
            parse_start(
                text,
                zone.as_ref().unwrap_or(meeting.cadence.zone()),
                &mut wrong,
            )
        });
        let duration_minutes = input
            .duration_minutes
            .and_then(|minutes| parse_duration(minutes, &mut wrong));
        let join_url = input
            .join_url
            .as_ref()
            .map(|link| parse_link(link.as_deref(), &mut wrong));
        let attendees = input
            .attendees
            .as_deref()
            .map(|list| parse_attendees(list, &mut wrong));
        wrong.finish()?;
        Ok(Self {
            input,
            frequency,
            zone,
            start,
            duration_minutes,
            join_url,
            attendees,
        })
    }
}

impl Meeting {
    /// Applies a change; `schedule` is the linked one, for anchoring anew.
    ///
    /// Answers whether anything changed. Version and stores are the caller's.
    pub fn apply(
        &mut self,
        change: Change,
        schedule: Option<&ControlSchedule>,
        now: DateTime<Utc>,
    ) -> Result<bool, Error> {
        if self.status == MeetingStatus::Cancelled {
            return Err(Error::conflict(
                "meeting_cancelled",
                "a cancelled meeting cannot be changed",
            ));
        }
        let before = self.clone();
        self.apply_series(&change, schedule)?;
        let Change {
            input,
            duration_minutes,
            join_url,
            attendees,
            ..
        } = change;
        if let Some(title) = input.title {
            self.title = title;
        }
        if let Some(description) = input.description {
            self.description = description;
        }
        if let Some(word) = input.provider {
            self.provider = ProviderKind::parse_or_mock(&word);
        }
        if let Some(is_online) = input.is_online {
            self.is_online = is_online;
        }
        if let Some(location) = input.location {
            self.location = location;
        }
        if let Some(minutes) = duration_minutes {
            self.duration_minutes = minutes;
        }
        if let Some(link) = join_url {
            self.join_url = link;
        }
        if let Some(attendees) = attendees {
            self.attendees = attendees;
        }
        if *self == before {
            return Ok(false);
        }
        if self.cadence != before.cadence || self.duration_minutes != before.duration_minutes {
            self.sequence += 1;
        }
        self.revision += 1;
        self.updated_at = now;
        self.advance_past(now);
        Ok(true)
    }

    fn apply_series(
        &mut self,
        change: &Change,
        schedule: Option<&ControlSchedule>,
    ) -> Result<(), Error> {
        let frequency = change.frequency.unwrap_or(self.cadence.frequency());
        if let Some(schedule) = schedule {
            require_frequency_of(schedule, frequency)?;
        }
        let zone = change
            .zone
            .clone()
            .unwrap_or_else(|| self.cadence.zone().clone());
        let next = self
            .cadence
            .occurrence(self.index)
            .map(|next| next.original_local);
        let anchor_anew = match change.start {
            // What a read says of `start` may come back unchanged.
            Some(start)
                if start == self.cadence.anchor() && frequency == self.cadence.frequency() =>
            {
                None
            }
            Some(start) => Some(start),
            None if frequency != self.cadence.frequency() => next,
            None => None,
        };
        self.cadence = anchor_cadence(
            frequency,
            anchor_anew.unwrap_or(self.cadence.anchor()),
            zone,
        )?;
        if anchor_anew.is_some() {
            self.index = 0;
            if let (Some(link), Some(schedule)) = (&mut self.link, schedule) {
                link.linked_at = schedule.completed_steps.into();
            }
        }
        Ok(())
    }
}

fn require_frequency_of(schedule: &ControlSchedule, frequency: Frequency) -> Result<(), Error> {
    if schedule.frequency == frequency {
        return Ok(());
    }
    Err(Error::invalid(
        "/frequency",
        "not_the_schedules_frequency",
        format!(
            "linked meetings recur at the schedule's frequency, {}",
            schedule.frequency
        ),
    ))
}

fn default_start(
    frequency: Frequency,
    zone: &Zone,
    schedule: Option<&ControlSchedule>,
    now: DateTime<Utc>,
) -> Result<NaiveDateTime, Error> {
    let date = match schedule {
        Some(schedule) => Some(schedule.next_due()),
        None => step_date(frequency, zone.local(now).date(), 1),
    };
    let nine = NaiveTime::from_hms_opt(9, 0, 0);
    date.zip(nine)
        .map(|(date, nine)| date.and_time(nine))
        .ok_or_else(|| Error::internal("no default start"))
}

fn anchor_cadence(
    frequency: Frequency,
    anchor: NaiveDateTime,
    zone: Zone,
) -> Result<Cadence, Error> {
    Cadence::new(frequency, anchor, zone)
        .map_err(|error| Error::invalid("/start", "invalid_start", error.to_string()))
}

fn check_texts(
    title: Option<&str>,
    description: Option<&str>,
    location: Option<&str>,
    wrong: &mut Violations,
) {
    if let Some(title) = title {
        text::check_title(title, "/title", wrong);
    }
    if let Some(description) = description {
        text::check_description(description, "/description", wrong);
    }
    if let Some(location) = location {
        text::check_location(location, "/location", wrong);
    }
}

fn parse_frequency(word: &str, wrong: &mut Violations) -> Option<Frequency> {
    wrong.keep(
        "/frequency",
        "unknown_frequency",
        word.parse::<Frequency>()
            .map_err(|_| "use DAILY, WEEKLY, MONTHLY, QUARTERLY or ANNUAL"),
    )
}

fn parse_zone(name: &str, wrong: &mut Violations) -> Option<Zone> {
    wrong.keep("/timezone", "unknown_timezone", Zone::parse(name))
}

fn parse_duration(minutes: i64, wrong: &mut Violations) -> Option<u32> {
    let in_range = DURATION_MINUTES
        .contains(&minutes)
        .then(|| u32::try_from(minutes).ok())
        .flatten();
    wrong.keep(
        "/duration_minutes",
        "out_of_range",
        in_range.ok_or("between 1 and 1440 minutes"),
    )
}

fn parse_link(link: Option<&str>, wrong: &mut Violations) -> Option<WebLink> {
    link.and_then(|link| wrong.keep("/join_url", "invalid_link", WebLink::parse(link)))
}

const START_FORMS: &str =
    "give a local date-time such as 2027-01-15T09:00, or an instant such as 2027-01-15T14:00:00Z";

fn parse_start(text: &str, zone: &Zone, wrong: &mut Violations) -> Option<NaiveDateTime> {
    let local = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"]
        .into_iter()
        .find_map(|form| NaiveDateTime::parse_from_str(text, form).ok());
    let start = match (local, DateTime::<FixedOffset>::parse_from_rfc3339(text)) {
        (Some(local), _) => Ok(local),
        (None, Ok(instant)) => local_start(instant.with_timezone(&Utc), zone),
        (None, Err(_)) => Err(START_FORMS.to_owned()),
    };
    let start = wrong.keep("/start", "invalid_start", start)?;
    if !YEARS.contains(&start.year()) {
        wrong.add(
            "/start",
            "out_of_range",
            format!("a year from {} to {}", YEARS.start(), YEARS.end()),
        );
        return None;
    }
    Some(start)
}

fn local_start(instant: DateTime<Utc>, zone: &Zone) -> Result<NaiveDateTime, String> {
    if instant.timestamp_subsec_nanos() != 0 {
        return Err("whole seconds only".to_owned());
    }
    let local = zone.local(instant);
    if zone.instant(local) == instant {
        Ok(local)
    } else {
        Err(format!(
            "{local} occurs twice in {zone}; only its first pass can recur"
        ))
    }
}
