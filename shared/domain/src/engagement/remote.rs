//! How calls to Microsoft end, and what that means for everything else (AP-4,
//! AP-5, OM-3).

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::Engagement;
use crate::address::WebLink;
use crate::error::Error;
use crate::online_meeting::{Claim, OnlineMeeting, RemoteState, Span, Status};

/// How soon an id that did not resolve is looked for again.
const RESOLVE_AGAIN: TimeDelta = TimeDelta::minutes(1);

/// An event that Microsoft has made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Created {
    /// Its immutable id.
    pub event_id: String,
    /// The join link; absent: it is an event without a Teams meeting.
    pub join_url: Option<WebLink>,
    /// Whether the event was removed again already, since it has no Teams meeting.
    pub removed: bool,
    /// The online meeting's id, where it resolved already.
    pub meeting_id: Option<String>,
}

/// What follows a call that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Aftermath {
    /// It is tried again, not before this long.
    TryAgain(Option<TimeDelta>),
    /// It certainly had no effect, and trying again would not help.
    Over,
    /// What it may have done cannot be reached with the credentials of now; it
    /// is looked at again, slowly.
    OutOfReach,
    /// What it may have done cannot be found out any more.
    Lost,
}

/// How long what is out of reach is left alone.
const OUT_OF_REACH: TimeDelta = TimeDelta::hours(1);

/// The error code of an event that Microsoft made without a Teams meeting.
pub const NO_TEAMS_MEETING: &str = "no_teams_meeting";
/// The error code of an event that somebody removed in Outlook.
pub const EVENT_REMOVED: &str = "event_removed";

impl Engagement {
    pub(super) fn held_meeting(&mut self, token: Uuid) -> Result<&mut OnlineMeeting, Error> {
        self.meeting
            .as_mut()
            .filter(|meeting| meeting.remote.is_held_by(token))
            .ok_or_else(|| {
                Error::in_progress(
                    "meeting_in_progress",
                    "somebody else is at work on this Teams meeting",
                )
            })
    }

    /// Microsoft has made the event. Where the meeting is not wanted any more,
    /// or has no Teams link, the event is to be removed instead.
    pub fn created(
        &mut self,
        created: Created,
        token: Uuid,
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        let meeting = self.held_meeting(token)?;
        meeting.provider_event_id = Some(created.event_id);
        meeting.updated_at = now;
        if meeting.remote.state == RemoteState::Deleting {
            meeting.remote.wake(RemoteState::Deleting, now);
            return Ok(());
        }
        let Some(url) = created.join_url else {
            meeting.become_status(Status::Failed)?;
            meeting.error_code = Some(NO_TEAMS_MEETING.to_owned());
            if created.removed {
                meeting.remote.rest(RemoteState::Gone);
            } else {
                meeting.remote.wake(RemoteState::Deleting, now);
            }
            self.tell_without_meeting(false, now);
            return Ok(());
        };
        meeting.become_status(Status::Scheduled)?;
        meeting.error_code = None;
        meeting.join_url = Some(url.clone());
        meeting.provider_meeting_id.clone_from(&created.meeting_id);
        meeting.settle_created(now);
        self.attach(&url, created.meeting_id, now);
        Ok(())
    }

    /// Creating the event failed (AP-5): everybody is told without a link.
    pub fn creation_failed(
        &mut self,
        code: &str,
        aftermath: Aftermath,
        token: Uuid,
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        let meeting = self.held_meeting(token)?;
        let still_wanted = meeting.remote.state == RemoteState::Creating;
        meeting.error_code = Some(code.to_owned());
        meeting.updated_at = now;
        match aftermath {
            Aftermath::TryAgain(wait) => meeting.remote.put_back(now, wait),
            Aftermath::OutOfReach => meeting.remote.put_back(now, Some(OUT_OF_REACH)),
            Aftermath::Lost => meeting.remote.rest(RemoteState::Unreachable),
            Aftermath::Over if still_wanted => meeting.remote.rest(RemoteState::None),
            Aftermath::Over => meeting.remote.rest(RemoteState::Gone),
        }
        if still_wanted {
            meeting.become_status(Status::Failed)?;
            let may_still_come = !matches!(aftermath, Aftermath::Over | Aftermath::Lost);
            self.tell_without_meeting(may_still_come, now);
        }
        Ok(())
    }

    /// The event shows other times now.
    pub fn event_moved(
        &mut self,
        shown: Span,
        token: Uuid,
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        let meeting = self.held_meeting(token)?;
        meeting.remote.shown = shown;
        meeting.updated_at = now;
        if meeting.remote.state == RemoteState::Deleting {
            meeting.remote.wake(RemoteState::Deleting, now);
        } else {
            meeting.error_code = None;
            meeting.settle_created(now);
        }
        Ok(())
    }

    /// The event is not there any more: as good as removed where it was to be;
    /// otherwise the link that people hold is dead, and is taken back.
    pub fn event_gone(&mut self, token: Uuid, now: DateTime<Utc>) -> Result<(), Error> {
        let meeting = self.held_meeting(token)?;
        let was_wanted =
            meeting.remote.state != RemoteState::Deleting && meeting.status != Status::Cancelled;
        meeting.remote.rest(RemoteState::Gone);
        meeting.updated_at = now;
        if !was_wanted {
            // A failure keeps its code; an ended meeting has none.
            if meeting.status == Status::Cancelled {
                meeting.error_code = None;
            }
            return Ok(());
        }
        meeting.become_status(Status::Failed)?;
        meeting.error_code = Some(EVENT_REMOVED.to_owned());
        meeting.join_url = None;
        self.detach(now);
        Ok(())
    }

    /// Moving or removing the event failed; it is tried again, or given up.
    pub fn call_failed(
        &mut self,
        code: &str,
        aftermath: Aftermath,
        token: Uuid,
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        let meeting = self.held_meeting(token)?;
        // Why there is no meeting says more than why its event is still there.
        if meeting.status != Status::Failed {
            meeting.error_code = Some(code.to_owned());
        }
        meeting.updated_at = now;
        match aftermath {
            Aftermath::TryAgain(wait) => meeting.remote.put_back(now, wait),
            Aftermath::OutOfReach if !meeting.remote.overtaken => {
                meeting.remote.state = RemoteState::Unreachable;
                meeting.remote.put_back(now, Some(OUT_OF_REACH));
            }
            _ if meeting.remote.overtaken => meeting.remote.put_back(now, None),
            Aftermath::OutOfReach | Aftermath::Over | Aftermath::Lost => {
                meeting.remote.rest(RemoteState::Unreachable);
            }
        }
        Ok(())
    }

    /// A creation's event was looked for, to be removed, and not found this time.
    pub fn looked_in_vain(&mut self, token: Uuid, now: DateTime<Utc>) -> Result<(), Error> {
        let meeting = self.held_meeting(token)?;
        meeting.remote.empty_lookups += 1;
        meeting.remote.put_back(now, None);
        Ok(())
    }

    /// There was nothing to do.
    pub fn let_rest(&mut self, token: Uuid, now: DateTime<Utc>) -> Result<(), Error> {
        let meeting = self.held_meeting(token)?;
        let state = meeting.remote.state;
        meeting.remote.rest(state);
        meeting.updated_at = now;
        Ok(())
    }

    /// The id behind the join link was looked for.
    pub fn resolved(
        &mut self,
        meeting_id: Option<String>,
        organizer_object_id: Option<String>,
        aftermath: Aftermath,
        token: Uuid,
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        let meeting = self.held_meeting(token)?;
        meeting.updated_at = now;
        if meeting.organizer.object_id.is_none() {
            meeting.organizer.object_id = organizer_object_id;
        }
        match (&meeting_id, aftermath) {
            (Some(_), _) => {
                meeting.provider_meeting_id.clone_from(&meeting_id);
                let attempts_were_for_this = meeting.remote.state == RemoteState::InStep;
                if attempts_were_for_this {
                    meeting.settle_created(now);
                } else {
                    let state = meeting.remote.state;
                    meeting.remote.wake(state, now);
                }
                if let Some(request) = &mut self.request
                    && request.columns.url.is_some()
                {
                    request.columns.meeting_id = meeting_id;
                }
            }
            // Something else is to be done by now: that does not wait for the id.
            (None, _) if meeting.remote.state != RemoteState::InStep => {
                let state = meeting.remote.state;
                meeting.remote.wake(state, now);
            }
            (None, Aftermath::TryAgain(wait)) => meeting.remote.put_back(now, wait),
            (None, _) => meeting.remote.rest(RemoteState::InStep),
        }
        Ok(())
    }

    /// Deletes an entry that no request stands behind; its meeting is cancelled.
    pub fn drop_entry(&mut self, claim: Claim, now: DateTime<Utc>) {
        self.leave_no_entry(now);
        self.cancel_meeting(claim, now);
    }

    /// Tries once more to remove what an ended appointment has left at Microsoft.
    pub fn remove_again(&mut self, claim: Claim, now: DateTime<Utc>) {
        let left = self.meeting.as_mut().filter(|meeting| {
            meeting.status == Status::Cancelled
                && (meeting.is_live() || meeting.remote.state == RemoteState::Deleting)
        });
        if let Some(meeting) = left {
            meeting.remote.follow(RemoteState::Deleting, claim, now);
            meeting.updated_at = now;
        }
    }

    /// Cancels the meeting at once for everybody here; Microsoft follows. One that
    /// took place stays on the record, with its recordings, and so does its event,
    /// which they hang on.
    pub(super) fn cancel_meeting(&mut self, claim: Claim, now: DateTime<Utc>) {
        let took_place = self
            .meeting
            .as_ref()
            .is_some_and(|meeting| meeting.is_captured() && meeting.end <= now);
        if took_place {
            return;
        }
        if let Some(meeting) = &mut self.meeting {
            meeting.cancel(claim, now);
        }
        self.write_join_line(None, now);
        self.cancel_interaction(now);
    }
}

impl OnlineMeeting {
    /// Microsoft holds the event: it is in step, or has to be moved, or its id
    /// is still to be resolved.
    fn settle_created(&mut self, now: DateTime<Utc>) {
        if self.remote.shown != self.span() {
            self.remote.wake(RemoteState::Updating, now);
            return;
        }
        self.remote.rest(RemoteState::InStep);
        if self.provider_meeting_id.is_none() && self.join_url.is_some() {
            self.remote.due_at = Some(now + RESOLVE_AGAIN);
        }
    }

    /// Moves the meeting; capture starts over.
    pub(super) fn move_to(&mut self, span: Span, claim: Claim, now: DateTime<Utc>) {
        if self.status == Status::Cancelled {
            return;
        }
        (self.start, self.end) = (span.start, span.end);
        self.updated_at = now;
        if self.status != Status::Failed {
            self.status = Status::Scheduled;
            self.recording_fetch_attempts = 0;
        }
        if matches!(
            self.remote.state,
            RemoteState::InStep | RemoteState::Updating | RemoteState::Unreachable
        ) {
            self.remote.follow(RemoteState::Updating, claim, now);
        }
    }

    /// Cancels the meeting; what Microsoft holds is to be removed.
    fn cancel(&mut self, claim: Claim, now: DateTime<Utc>) {
        if self.status == Status::Cancelled {
            return;
        }
        self.status = Status::Cancelled;
        self.updated_at = now;
        if self.is_live() || self.remote.state == RemoteState::Deleting {
            self.remote.follow(RemoteState::Deleting, claim, now);
        }
    }
}
