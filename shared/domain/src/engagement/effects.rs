//! What a change of an engagement tells others: events, and mails.
//!
//! Both are read off the state before and after, in one place, so that no use
//! case can forget one and none is told twice.

use super::Engagement;
use crate::appointment::{AppointmentRequest, RequestStatus};
use crate::online_meeting::{OnlineMeeting, Status};

/// Something that happened, as other systems hear it (XC-12).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fact {
    /// A client asked for an appointment.
    AppointmentRequested,
    /// It was accepted.
    AppointmentApproved,
    /// It was refused.
    AppointmentDeclined,
    /// It was moved.
    AppointmentRescheduled,
    /// It was taken back or deleted.
    AppointmentCancelled,
    /// Its Teams link came.
    AppointmentOnlineMeetingAttached,
    /// Somebody's time was taken.
    ScheduleEntryCreated,
    /// It was moved, or what it says changed.
    ScheduleEntryUpdated,
    /// It was given free.
    ScheduleEntryDeleted,
    /// A client's timeline has a new entry, for those who log.
    InteractionLogged,
    /// The same, for those who create.
    InteractionCreated,
    /// A Teams meeting exists.
    OnlineMeetingScheduled,
    /// It was moved.
    OnlineMeetingRescheduled,
    /// It will not take place.
    OnlineMeetingCancelled,
    /// A recording, or a transcript's text, is there that was not before.
    OnlineMeetingRecordingReady,
    /// Neither appeared while they were looked for.
    OnlineMeetingNoRecording,
}

impl Fact {
    /// The event's `detail-type` on the bus.
    pub const fn detail_type(self) -> &'static str {
        match self {
            Self::AppointmentRequested => "appointment.requested",
            Self::AppointmentApproved => "appointment.approved",
            Self::AppointmentDeclined => "appointment.declined",
            Self::AppointmentRescheduled => "appointment.rescheduled",
            Self::AppointmentCancelled => "appointment.cancelled",
            Self::AppointmentOnlineMeetingAttached => "appointment.online_meeting_attached",
            Self::ScheduleEntryCreated => "schedule_entry.created",
            Self::ScheduleEntryUpdated => "schedule_entry.updated",
            Self::ScheduleEntryDeleted => "schedule_entry.deleted",
            Self::InteractionLogged => "interaction.logged",
            Self::InteractionCreated => "interaction.created",
            Self::OnlineMeetingScheduled => "online_meeting.scheduled",
            Self::OnlineMeetingRescheduled => "online_meeting.rescheduled",
            Self::OnlineMeetingCancelled => "online_meeting.cancelled",
            Self::OnlineMeetingRecordingReady => "online_meeting.recording_ready",
            Self::OnlineMeetingNoRecording => "online_meeting.no_recording",
        }
    }
}

/// What happened between two states.
pub fn facts(before: &Engagement, after: &Engagement) -> Vec<Fact> {
    let mut facts = vec![];
    if let Some(request) = &after.request {
        facts.extend(facts_of_request(before.request.as_ref(), request));
    }
    match (&before.entry, &after.entry) {
        (None, Some(_)) => facts.push(Fact::ScheduleEntryCreated),
        (Some(_), None) => facts.push(Fact::ScheduleEntryDeleted),
        (Some(was), Some(is)) if was != is => facts.push(Fact::ScheduleEntryUpdated),
        _ => {}
    }
    if before.interaction.is_none() && after.interaction.is_some() {
        facts.extend([Fact::InteractionLogged, Fact::InteractionCreated]);
    }
    if let Some(meeting) = after.meeting.as_ref().filter(|meeting| !meeting.is_legacy) {
        facts.extend(fact_of_meeting(before.meeting.as_ref(), meeting));
        if is_news(before, after) {
            facts.push(Fact::OnlineMeetingRecordingReady);
        }
    }
    facts
}

fn facts_of_request(was: Option<&AppointmentRequest>, is: &AppointmentRequest) -> Vec<Fact> {
    let mut facts = vec![];
    match (was, is.status) {
        (None, RequestStatus::Pending) => facts.push(Fact::AppointmentRequested),
        (Some(was), _) if was.status != is.status => facts.push(match is.status {
            RequestStatus::Approved => Fact::AppointmentApproved,
            RequestStatus::Declined => Fact::AppointmentDeclined,
            RequestStatus::Pending | RequestStatus::Cancelled => Fact::AppointmentCancelled,
        }),
        (Some(was), RequestStatus::Approved) if was.time != is.time => {
            facts.push(Fact::AppointmentRescheduled);
        }
        _ => {}
    }
    if was.is_some_and(|was| was.columns.url.is_none()) && is.columns.url.is_some() {
        facts.push(Fact::AppointmentOnlineMeetingAttached);
    }
    facts
}

/// Whether there is more to play or read than others were told of.
fn is_news(before: &Engagement, after: &Engagement) -> bool {
    let (Some(was), Some(is)) = (&before.capture, &after.capture) else {
        return false;
    };
    // A new date of the meeting starts with what the old one had.
    was.since == is.since && is.announced > was.announced
}

fn fact_of_meeting(was: Option<&OnlineMeeting>, is: &OnlineMeeting) -> Option<Fact> {
    let had_link = was.is_some_and(|was| was.join_url.is_some());
    if !had_link {
        return is
            .join_url
            .is_some()
            .then_some(Fact::OnlineMeetingScheduled);
    }
    let was = was?;
    if was.status != Status::Cancelled && is.status == Status::Cancelled || is.join_url.is_none() {
        return Some(Fact::OnlineMeetingCancelled);
    }
    if was.span() != is.span() {
        return Some(Fact::OnlineMeetingRescheduled);
    }
    match is.status {
        status if status == was.status => None,
        Status::NoRecording => Some(Fact::OnlineMeetingNoRecording),
        _ => None,
    }
}

/// Who reads a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reader {
    /// Who asked.
    Client,
    /// Who holds the appointment.
    Technician,
}

/// What a mail about an appointment says (AP-6, AP-7, AP-8).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Notice {
    /// It was accepted.
    Approved,
    /// It was moved.
    Rescheduled,
    /// Its link came, or went.
    LinkChanged,
    /// It was taken back; `true`: a calendar file takes back an earlier one.
    Cancelled(bool),
    /// It was refused; `true` as above.
    Declined(bool),
}

/// The mails that a change asks for. Who was not told of an approval yet hears
/// of it once, with what it is by then.
pub fn notices(before: &Engagement, after: &Engagement) -> Vec<(Reader, Notice)> {
    let (Some(was), Some(is)) = (&before.request, &after.request) else {
        return vec![];
    };
    let both = |notice| vec![(Reader::Client, notice), (Reader::Technician, notice)];
    let knew = was.status == RequestStatus::Approved && was.told;
    match is.status {
        RequestStatus::Approved if !is.told => vec![],
        RequestStatus::Approved if !knew => both(Notice::Approved),
        RequestStatus::Approved if was.time != is.time => both(Notice::Rescheduled),
        RequestStatus::Approved if was.columns.url != is.columns.url => both(Notice::LinkChanged),
        RequestStatus::Pending | RequestStatus::Approved => vec![],
        status if status == was.status => vec![],
        RequestStatus::Declined if knew => vec![
            (Reader::Client, Notice::Declined(true)),
            (Reader::Technician, Notice::Cancelled(true)),
        ],
        RequestStatus::Declined => vec![(Reader::Client, Notice::Declined(false))],
        RequestStatus::Cancelled if knew => both(Notice::Cancelled(true)),
        RequestStatus::Cancelled => vec![(Reader::Client, Notice::Cancelled(false))],
    }
}
