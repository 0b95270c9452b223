//! Where the join link stands: on the request, and at the end of what entry and
//! interaction say; and that it goes when it is dead (AP-4, AP-7, OM-5).

use chrono::{DateTime, Utc};

use super::Engagement;
use super::staff::entry_of_staff;
use crate::address::WebLink;
use crate::appointment::{AppointmentRequest, MeetingColumns};
use crate::ics::{JoinLink, OnlineService};
use crate::id::InteractionId;
use crate::interaction::{Interaction, InteractionStatus, InteractionType};
use crate::online_meeting::OnlineMeeting;

impl Engagement {
    /// Stores the link where people read it, and puts the meeting on the
    /// client's timeline.
    pub(super) fn attach(&mut self, url: &WebLink, meeting_id: Option<String>, now: DateTime<Utc>) {
        if let Some(request) = &mut self.request {
            request.columns = MeetingColumns {
                provider: Some(MeetingColumns::TEAMS.to_owned()),
                url: Some(url.clone()),
                meeting_id,
            };
            request.has_meeting = true;
            // Whoever was told without a link is told again.
            request.sequence += u32::from(request.told);
            request.told = true;
            request.updated_at = now;
        }
        self.write_join_line(Some(url), now);
        if let Some(meeting) = &mut self.meeting {
            let (client_id, contact_id) = (meeting.client_id.clone(), meeting.contact_id.clone());
            if self.interaction.is_none() && (client_id.is_some() || contact_id.is_some()) {
                self.interaction = Some(interaction_of(meeting, self.request.as_ref(), url, now));
            }
            if self.entry.is_none() {
                let notes =
                    with_join_line(words_of(self.request.as_ref(), Some(meeting)), Some(url));
                self.entry = entry_of_staff(meeting, notes, now);
                meeting.schedule_entry_id =
                    self.entry.as_ref().map(|entry| entry.schedule_entry_id);
            }
            meeting.interaction_id = self
                .interaction
                .as_ref()
                .map(|interaction| interaction.interaction_id);
        }
        if let Some(interaction) = &mut self.interaction {
            interaction.status = InteractionStatus::Planned;
        }
    }

    /// Takes a dead link back.
    pub(super) fn detach(&mut self, now: DateTime<Utc>) {
        if let Some(request) = &mut self.request
            && !request.columns.is_empty()
        {
            request.columns = MeetingColumns::default();
            request.has_meeting = false;
            request.sequence += u32::from(request.told);
            request.updated_at = now;
        }
        self.write_join_line(None, now);
        self.cancel_interaction(now);
    }

    pub(super) fn tell_without_meeting(&mut self, may_still_come: bool, now: DateTime<Utc>) {
        if let Some(request) = &mut self.request {
            request.has_meeting = may_still_come;
            if !request.told {
                request.told = true;
                request.updated_at = now;
            }
        }
        if let Some(entry) = &mut self.entry {
            entry.has_meeting = may_still_come;
        }
    }

    /// Ends entry and interaction texts with the join line, or without.
    pub(super) fn write_join_line(&mut self, url: Option<&WebLink>, now: DateTime<Utc>) {
        let words = words_of(self.request.as_ref(), self.meeting.as_ref());
        if let Some(entry) = &mut self.entry {
            entry.notes = with_join_line(words, url);
            entry.has_meeting = url.is_some();
            entry.updated_at = now;
        }
        if let Some(interaction) = &mut self.interaction {
            // Staff may have written their own by now.
            let words = JoinLink::without_line(&interaction.notes, OnlineService::Teams);
            interaction.notes = with_join_line(words, url);
            interaction.updated_at = now;
        }
    }

    pub(super) fn cancel_interaction(&mut self, now: DateTime<Utc>) {
        if let Some(interaction) = &mut self.interaction {
            interaction.status = InteractionStatus::Cancelled;
            interaction.updated_at = now;
        }
    }
}

/// A text that ends with the join line, once; without a link the text alone.
pub(super) fn with_join_line(words: &str, url: Option<&WebLink>) -> String {
    match url {
        None => words.to_owned(),
        Some(url) => JoinLink {
            url: url.clone(),
            service: OnlineService::Teams,
        }
        .append_to(words),
    }
}

/// What entry and interaction say, before the join line.
fn words_of<'a>(
    request: Option<&'a AppointmentRequest>,
    meeting: Option<&'a OnlineMeeting>,
) -> &'a str {
    let of_staff = || meeting?.staff_plan.as_ref()?.notes.as_deref();
    request
        .and_then(|request| request.description.as_deref())
        .or_else(of_staff)
        .unwrap_or_default()
}

fn interaction_of(
    meeting: &OnlineMeeting,
    request: Option<&AppointmentRequest>,
    url: &WebLink,
    now: DateTime<Utc>,
) -> Interaction {
    Interaction {
        interaction_id: InteractionId::new(meeting.online_meeting_id.uuid()),
        kind: InteractionType::OnlineMeeting,
        title: meeting.subject.clone(),
        notes: with_join_line(words_of(request, Some(meeting)), Some(url)),
        client_id: meeting.client_id.clone(),
        contact_id: meeting.contact_id.clone(),
        user_id: request
            .and_then(|request| request.assignee.as_ref())
            .map(|assignee| assignee.user_id.clone())
            .or_else(|| Some(meeting.created_by.clone())),
        start: meeting.start,
        end: meeting.end,
        status: InteractionStatus::default(),
        version: 0,
        created_at: now,
        updated_at: now,
    }
}
