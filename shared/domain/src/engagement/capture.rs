//! Looking for recording and transcript, as far as it changes the engagement
//! (OM-7, OM-11, OM-12).
//!
//! A look is claimed, made without a transaction, and written down. Artifacts
//! have rows of their own, which are there before the look is written down; so
//! looks at once, in any order or cut off, come to the same.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::Engagement;
use crate::artifact::{Artifact, ArtifactType};
use crate::error::Error;
use crate::interaction::InteractionStatus;
use crate::online_meeting::{Capture, CapturePolicy, CaptureStatus, Claim, OnlineMeeting, Status};

/// What a look came to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Look {
    /// Why it was not a whole one, if anything failed.
    pub failure: Option<String>,
    /// Whether there was no time left for everything that was found.
    pub has_leftover: bool,
    /// Microsoft's id of the meeting, where it was not known before.
    pub meeting_id: Option<String>,
    /// The organiser's object id that it was asked with.
    pub organizer_object_id: Option<String>,
    /// Of which kinds Microsoft notifies, where that was looked up.
    pub watched: Option<Vec<ArtifactType>>,
}

impl OnlineMeeting {
    /// Whether recordings of it are looked for at all.
    pub fn is_captured(&self) -> bool {
        !self.is_legacy
            && self.join_url.is_some()
            && !matches!(self.status, Status::Cancelled | Status::Failed)
    }
}

impl Engagement {
    /// Whether there may be something to find at `now`: nothing before the start,
    /// nothing of a cancelled meeting (OM-12).
    pub fn may_be_looked_at(&self, now: DateTime<Utc>) -> bool {
        self.meeting
            .as_ref()
            .is_some_and(|meeting| meeting.is_captured() && meeting.start <= now)
    }

    /// Claims a look. From the end on the meeting is `ended`, and its interaction
    /// took place.
    pub fn begin_look(&mut self, claim: Claim, now: DateTime<Utc>) -> Result<(), Error> {
        let capture = self.capture.get_or_insert_default();
        capture.claim = Some(claim);
        capture.due_at = Some(claim.until);
        let Some(meeting) = &mut self.meeting else {
            return Ok(());
        };
        if meeting.end > now {
            return Ok(());
        }
        if meeting.status == Status::Scheduled {
            meeting.become_status(Status::Ended)?;
            meeting.updated_at = now;
        }
        if let Some(interaction) = &mut self.interaction
            && interaction.status == InteractionStatus::Planned
        {
            interaction.status = InteractionStatus::Completed;
            interaction.updated_at = now;
        }
        Ok(())
    }

    /// Has the look that somebody is at followed by another one: what came up
    /// meanwhile may not have been there when it listed.
    pub fn want_another_look(&mut self) {
        if let Some(capture) = &mut self.capture {
            capture.is_wanted_again = true;
        }
    }

    /// Writes a look down. One that lost its claim, since the meeting was moved or
    /// cancelled meanwhile, changes nothing.
    pub fn looked(
        &mut self,
        look: Look,
        policy: CapturePolicy,
        token: Uuid,
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        let (found, kept) = (self.found(), self.kept());
        let (Some(meeting), Some(capture)) = (&mut self.meeting, &mut self.capture) else {
            return Ok(());
        };
        if capture.claim.is_none_or(|claim| claim.token != token) {
            return Ok(());
        }
        if meeting.organizer.object_id.is_none() {
            meeting.organizer.object_id = look.organizer_object_id;
        }
        if meeting.provider_meeting_id.is_none() {
            meeting.provider_meeting_id = look.meeting_id;
            if let (Some(request), Some(id)) = (&mut self.request, &meeting.provider_meeting_id)
                && request.columns.url.is_some()
            {
                request.columns.meeting_id = Some(id.clone());
            }
        }
        capture.claim = None;
        let is_to_go_on = look.has_leftover || std::mem::take(&mut capture.is_wanted_again);
        capture.has_leftover = is_to_go_on;
        capture.error_code = look.failure;
        capture.announced = kept;
        meeting.last_fetch_at = Some(now);
        meeting.updated_at = now;
        let is_over = meeting.end <= now;
        if is_over && capture.watched.is_none() {
            capture.watched = look.watched;
        }
        if is_over && !look.has_leftover {
            meeting.recording_fetch_attempts += 1;
        }
        let attempts = meeting.recording_fetch_attempts;
        capture.due_at = match (is_to_go_on, is_over) {
            (true, _) => Some(now),
            (false, false) => Some(meeting.end),
            (false, true) if found.is_complete() => {
                // A second recording, of a meeting that was taken up again, shows late.
                policy.once_more(meeting.end, now)
            }
            (false, true) => policy.next(meeting.end, attempts, now),
        };
        let is_given_up = capture.due_at.is_none();
        meeting.settle_status(found, is_over, is_given_up)
    }

    /// How many artifacts can be played or read.
    pub fn kept(&self) -> u32 {
        let kept = self.artifacts.iter().filter(|one| one.is_captured());
        u32::try_from(kept.count()).unwrap_or(u32::MAX)
    }

    /// Which kinds the present date of the meeting has.
    fn found(&self) -> Found {
        let since = self.capture.as_ref().and_then(|capture| capture.since);
        let has = |kind: ArtifactType| {
            let mut of_kind = self.artifacts.iter().filter(|artifact| {
                artifact.artifact_type == kind
                    && since.is_none_or(|since| artifact.created_at >= since)
            });
            of_kind.next().map(|first| {
                let rest: Vec<&Artifact> = of_kind.collect();
                first.is_captured() && rest.into_iter().all(Artifact::is_captured)
            })
        };
        Found {
            recording: has(ArtifactType::Recording),
            transcript: has(ArtifactType::Transcript),
        }
    }

    /// How far capture has come at `now`.
    pub fn capture_status(&self, now: DateTime<Utc>) -> CaptureStatus {
        let Some(meeting) = self.meeting.as_ref().filter(|one| one.is_captured()) else {
            return CaptureStatus::None;
        };
        let Some(capture) = &self.capture else {
            return CaptureStatus::None;
        };
        if !capture.is_free(now) || capture.has_leftover {
            CaptureStatus::Running
        } else if self.found().is_complete() {
            CaptureStatus::Complete
        } else if meeting.end > now {
            CaptureStatus::Scheduled
        } else if capture.due_at.is_some() {
            CaptureStatus::Waiting
        } else {
            CaptureStatus::Closed
        }
    }

    /// Starts looking where a link has come or the times have changed, and stops
    /// where the meeting is not to be any more. Every write does this, so that no
    /// use case can forget it.
    pub fn keep_capture_in_step(&mut self, before: &Self, now: DateTime<Utc>) {
        let Some(meeting) = &self.meeting else {
            self.capture = None;
            return;
        };
        if !meeting.is_captured() {
            if let Some(capture) = &mut self.capture {
                capture.due_at = None;
                capture.claim = None;
                capture.has_leftover = false;
                capture.is_wanted_again = false;
            }
            return;
        }
        let was = before.meeting.as_ref().filter(|was| was.is_captured());
        let is_moved = was.is_none_or(|was| was.span() != meeting.span());
        if is_moved || self.capture.is_none() {
            // What was made until a move to a later date is the earlier one's, known by
            // now or not; a meeting that only runs longer keeps what it has.
            let has_begun = was.is_some_and(|was| was.start <= now) || !self.artifacts.is_empty();
            let since = match &before.capture {
                _ if has_begun && meeting.start >= now => Some(now),
                // A move that is taken back takes its line back as well.
                Some(capture) => capture.since.map(|since| since.min(meeting.start)),
                None => None,
            };
            let announced = self.kept();
            self.capture = Some(Capture::starting(meeting.end, since, announced));
        }
    }
}

/// Per kind: absent, there, or there and kept (`true`).
#[derive(Debug, Clone, Copy)]
struct Found {
    recording: Option<bool>,
    transcript: Option<bool>,
}

impl Found {
    fn is_complete(self) -> bool {
        self.recording == Some(true) && self.transcript == Some(true)
    }

    /// Whether there is anything to play or read.
    fn is_anything(self) -> bool {
        self.recording == Some(true) || self.transcript == Some(true)
    }
}

impl OnlineMeeting {
    fn settle_status(
        &mut self,
        found: Found,
        is_over: bool,
        is_given_up: bool,
    ) -> Result<(), Error> {
        if found.is_anything() {
            return self.become_status(Status::RecordingReady);
        }
        if !is_over || matches!(self.status, Status::NoRecording | Status::RecordingReady) {
            return Ok(());
        }
        if !is_given_up {
            return self.become_status(Status::RecordingPending);
        }
        if self.status == Status::Scheduled {
            self.become_status(Status::Ended)?;
        }
        self.become_status(Status::NoRecording)
    }
}
