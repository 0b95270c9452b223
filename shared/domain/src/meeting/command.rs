//! Creating a meeting: reading what the caller sent, and making it.

use std::ops::RangeInclusive;

use chrono::{DateTime, NaiveDateTime, NaiveTime, Utc};

use super::field::{
    check_texts, parse_duration, parse_frequency, parse_link, parse_start, parse_zone,
};
use crate::address::WebLink;
use crate::cadence::{Cadence, Frequency, step_date};
use crate::control::ControlSchedule;
use crate::error::{Error, Violations};
use crate::id::{ControlId, MeetingId};
use crate::meeting::{
    Attendee, AttendeeInput, Meeting, MeetingStatus, ScheduleLink, parse_attendees,
};
use crate::provider::ProviderKind;
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
        meeting.check_size()?;
        meeting.advance_past(now);
        Ok(meeting)
    }
}

pub(super) fn require_frequency_of(
    schedule: &ControlSchedule,
    frequency: Frequency,
) -> Result<(), Error> {
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

pub(super) fn anchor_cadence(
    frequency: Frequency,
    anchor: NaiveDateTime,
    zone: Zone,
) -> Result<Cadence, Error> {
    Cadence::new(frequency, anchor, zone)
        .map_err(|error| Error::invalid("/start", "invalid_start", error.to_string()))
}
