//! Changing a meeting: reading what the caller sent, and applying it.

use chrono::{DateTime, NaiveDateTime, Utc};

use super::command::{anchor_cadence, require_frequency_of};
use super::field::{
    check_texts, parse_duration, parse_frequency, parse_link, parse_start, parse_zone,
};
use crate::address::WebLink;
use crate::cadence::Frequency;
use crate::control::ControlSchedule;
use crate::error::{Error, Violations};
use crate::meeting::{Attendee, AttendeeInput, Meeting, MeetingStatus, parse_attendees};
use crate::provider::ProviderKind;
use crate::zone::Zone;

/// A change as the caller sent it; absent fields stay, `Some(None)` clears.
#[derive(Debug, Clone, Default)]
pub struct ChangeInput {
    /// See [`Meeting::title`].
    pub title: Option<String>,
    /// See [`Meeting::description`].
    pub description: Option<Option<String>>,
    /// Refused while linked, unless it is the schedule's.
    pub frequency: Option<String>,
    /// See [`MeetingInput::provider`](super::MeetingInput::provider).
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
    #[allow(
        clippy::option_option,
        reason = "absent stays, null clears: as the input has it"
    )]
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
        self.check_size()?;
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
