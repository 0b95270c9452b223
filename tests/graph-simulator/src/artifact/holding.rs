//! Artifacts come about, are found and disappear, as far as the world is
//! concerned; what Graph shows of them is `graph::artifacts`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, TimeDelta, Utc};

use super::content::Content;
use super::delivery::Delivery;
use super::speech::DEFAULT_TRANSCRIPT;
use super::{ArtifactKind, HeldMeeting, NewArtifact, StoredArtifact};
use crate::calendar::entry_id::EntryId;
use crate::calendar::event::Event;
use crate::calendar::occurrences::Dates;
use crate::calendar::recurrence::RangeEnd;
use crate::clock;
use crate::notification::Unannounced;
use crate::stored::StoredMeeting;
use crate::world::World;

impl World {
    /// The meeting with this id, this join link, or of the event with this id.
    pub(crate) fn any_meeting(&self, key: &str) -> Result<StoredMeeting, String> {
        let by_link = || self.meetings.values().find(|m| m.join_url == key);
        let by_event = || {
            let (entry, _) = EntryId::decode(key)?;
            let online = self.events.get(&entry.event)?.online.as_ref()?;
            self.meetings.get(&online.meeting_id)
        };
        let found = self.meetings.get(key).or_else(by_link).or_else(by_event);
        found
            .cloned()
            .ok_or_else(|| format!("there is no online meeting {key}"))
    }

    /// Adds to a meeting named by id, join link or event id.
    pub(crate) fn add_artifact(
        &mut self,
        kind: ArtifactKind,
        meeting: &str,
        new: NewArtifact,
    ) -> Result<StoredArtifact, String> {
        let meeting = self.any_meeting(meeting)?;
        let id = new.id.unwrap_or_else(|| self.new_artifact_id(&meeting));
        if id.is_empty() || self.artifacts.iter().any(|a| a.id == id) {
            return Err(format!("the id '{id}' is empty or taken"));
        }
        let (created_at, ended_at) = usual_times(&meeting);
        let created_at = new.created_at.unwrap_or(created_at);
        let ended_at = new.ended_at.unwrap_or_else(|| ended_at.max(created_at));
        if ended_at < created_at {
            return Err("it must not end before it begins".into());
        }
        let number = self.artifacts.len();
        let correlation = || format!("{}-{number}", clock::new_id());
        let usual_content = || match kind {
            ArtifactKind::Recording => Content::Sample,
            ArtifactKind::Transcript => Content::text(DEFAULT_TRANSCRIPT),
        };
        let artifact = StoredArtifact {
            id,
            kind,
            organizer_id: meeting.organizer_id,
            meeting_id: meeting.id,
            created_at,
            ended_at,
            call_id: clock::new_id().to_string(),
            content_correlation_id: new.content_correlation_id.unwrap_or_else(correlation),
            visible_from: new.visible_from,
            visible_after_listings: new.visible_after_listings,
            listings: 0,
            content: new.content.unwrap_or_else(usual_content),
            delivery: new.delivery,
            served: 0,
        };
        self.unannounced.push(Unannounced {
            artifact_id: artifact.id.clone(),
            added_at: self.now(),
        });
        self.artifacts.push(artifact.clone());
        Ok(artifact)
    }

    /// Makes a recording, a transcript or both of a meeting, as a pair; all or nothing.
    pub(crate) fn hold_meeting(
        &mut self,
        meeting: &str,
        recording: Option<NewArtifact>,
        transcript: Option<NewArtifact>,
    ) -> Result<HeldMeeting, String> {
        let meeting = self.any_meeting(meeting)?.id;
        let before = self.artifacts.len();
        let told = self.unannounced.len();
        let correlation = format!("{}-{before}", clock::new_id());
        let mut add = |kind, new: Option<NewArtifact>| {
            let Some(mut new) = new else {
                return Ok(None);
            };
            new.content_correlation_id
                .get_or_insert_with(|| correlation.clone());
            self.add_artifact(kind, &meeting, new).map(Some)
        };
        let added = add(ArtifactKind::Recording, recording)
            .and_then(|first| Ok((first, add(ArtifactKind::Transcript, transcript)?)));
        let (recording, transcript) = added.inspect_err(|_| {
            self.artifacts.truncate(before);
            self.unannounced.truncate(told);
        })?;
        Ok(HeldMeeting {
            online_meeting_id: meeting,
            recording,
            transcript,
        })
    }

    /// Of a meeting named by id, join link or event id, or all; in the order they were added.
    pub(crate) fn artifacts_of(&self, meeting: Option<&str>) -> Vec<StoredArtifact> {
        let id = meeting.map(|key| self.any_meeting(key).map_or(key.to_owned(), |m| m.id));
        let wanted = |a: &&StoredArtifact| id.as_ref().is_none_or(|id| a.meeting_id == *id);
        self.artifacts.iter().filter(wanted).cloned().collect()
    }

    pub(crate) fn artifact_mut(&mut self, id: &str) -> Result<&mut StoredArtifact, String> {
        let found = self.artifacts.iter_mut().find(|a| a.id == id);
        found.ok_or_else(|| format!("there is no artifact {id}"))
    }

    pub(crate) fn remove_artifact(&mut self, id: &str) -> bool {
        let before = self.artifacts.len();
        self.artifacts.retain(|a| a.id != id);
        self.artifacts.len() != before
    }

    /// The artifact's own way of delivery, or that of its kind.
    pub(crate) fn delivery(&self, artifact: &StoredArtifact) -> Delivery {
        let usual = match artifact.kind {
            ArtifactKind::Recording => &self.behaviour.recording_delivery,
            ArtifactKind::Transcript => &self.behaviour.transcript_delivery,
        };
        artifact.delivery.as_ref().unwrap_or(usual).clone()
    }

    /// The event that a meeting is backed by.
    fn event_of(&self, meeting: &StoredMeeting) -> Option<&Event> {
        let belongs = |event: &&Event| {
            let online = event.online.as_ref();
            online.is_some_and(|online| online.meeting_id == meeting.id)
        };
        self.events.values().find(belongs)
    }

    /// graph-protocol §5: long base64 of `V2##1{oid}{tenant}{iCalUId}##{guid}`. The
    /// end is chosen so that there is always a `/` and a `=`, as real ids may have.
    fn new_artifact_id(&self, meeting: &StoredMeeting) -> String {
        let uid = self.event_of(meeting).map(|event| event.ical_uid(None));
        let (organizer, tenant) = (&meeting.organizer_id, &meeting.tenant_id);
        let (uid, guid) = (uid.unwrap_or_default(), clock::new_id());
        let mut text = format!("V2##1{organizer}{tenant}{uid}##{guid}???");
        while text.len() % 3 != 2 {
            text.push('#');
        }
        STANDARD.encode(text)
    }
}

/// From two minutes after the start until two before the end, or as much as there is.
fn usual_times(meeting: &StoredMeeting) -> (DateTime<Utc>, DateTime<Utc>) {
    let margin = TimeDelta::microseconds(131_599_096).min((meeting.end - meeting.start) / 10);
    (meeting.start + margin, meeting.end - margin)
}

/// graph-protocol §3: ids of single meetings expire for artifact purposes 60 days
/// after the scheduled time, those of series without end a year after the last activity.
pub(crate) fn has_expired(world: &World, meeting: &StoredMeeting) -> bool {
    let days = |days: u32| TimeDelta::days(days.into());
    let event = world.event_of(meeting);
    let recurrence = event.and_then(|event| Some((event, event.recurrence.as_ref()?)));
    let single = days(world.behaviour.meeting_expiry_days);
    let expires_at = match recurrence {
        None => meeting.end + single,
        Some((event, recurrence)) if recurrence.end == RangeEnd::Never => {
            let made = world
                .artifacts
                .iter()
                .filter(|a| a.meeting_id == meeting.id);
            let last = made.map(|a| a.ended_at).chain([event.modified_at]).max();
            last.unwrap_or(event.modified_at) + days(world.behaviour.series_expiry_days)
        }
        Some((_, recurrence)) => {
            let last = Dates::of(recurrence).last();
            let end = last.map_or(meeting.end, |date| {
                date.and_time(meeting.end.time()).and_utc()
            });
            end.max(meeting.end) + single
        }
    };
    expires_at <= world.now()
}
