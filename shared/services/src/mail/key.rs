//! The kinds of mail, and what their templates are filled in with.

/// A kind of mail, by the name of its template.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MailKey {
    /// To the client: the request was approved.
    AppointmentRequestApprovedClient,
    /// To the technician: an appointment is theirs.
    AppointmentAssigned,
    /// To both: another time.
    AppointmentRescheduled,
    /// To both: the same appointment, with a link that came later.
    AppointmentUpdated,
    /// To both: it will not take place.
    AppointmentCancelled,
    /// To the client: the request was declined.
    AppointmentRequestDeclinedClient,
    /// To somebody invited: a meeting is planned.
    ScheduledMeetingInvitation,
    /// To somebody invited: a meeting goes on.
    InstantMeetingInvitation,
    /// To somebody invited: something about it is other than before.
    MeetingUpdated,
    /// To somebody who was invited: it does not take place for them.
    MeetingCancelled,
}

/// A name that a template may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Variable {
    /// As in `{{name}}`.
    pub name: &'static str,
    /// What stands there.
    pub description: &'static str,
}

impl MailKey {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::AppointmentRequestApprovedClient,
        Self::AppointmentAssigned,
        Self::AppointmentRescheduled,
        Self::AppointmentUpdated,
        Self::AppointmentCancelled,
        Self::AppointmentRequestDeclinedClient,
        Self::ScheduledMeetingInvitation,
        Self::InstantMeetingInvitation,
        Self::MeetingUpdated,
        Self::MeetingCancelled,
    ];

    /// The template's key, as the API and the store write it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AppointmentRequestApprovedClient => "appointment-request-approved-client",
            Self::AppointmentAssigned => "appointment-assigned",
            Self::AppointmentRescheduled => "appointment-rescheduled",
            Self::AppointmentUpdated => "appointment-updated",
            Self::AppointmentCancelled => "appointment-cancelled",
            Self::AppointmentRequestDeclinedClient => "appointment-request-declined-client",
            Self::ScheduledMeetingInvitation => "scheduled_meeting_invitation",
            Self::InstantMeetingInvitation => "instant_meeting_invitation",
            Self::MeetingUpdated => "meeting_updated",
            Self::MeetingCancelled => "meeting_cancelled",
        }
    }

    /// Reads a template's key.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|key| key.as_str() == text)
    }

    /// What its template may use; a value that there is none of is empty.
    pub const fn variables(self) -> &'static [Variable] {
        match self {
            Self::AppointmentRequestApprovedClient | Self::AppointmentAssigned => APPOINTMENT,
            Self::AppointmentRescheduled
            | Self::AppointmentUpdated
            | Self::AppointmentCancelled
            | Self::AppointmentRequestDeclinedClient => APPOINTMENT_WITH_REASON,
            Self::ScheduledMeetingInvitation | Self::InstantMeetingInvitation => SESSION_INVITATION,
            Self::MeetingUpdated => SESSION_UPDATE,
            Self::MeetingCancelled => SESSION,
        }
    }

    /// The names of [`Self::variables`].
    pub fn variable_names(self) -> Vec<&'static str> {
        self.variables().iter().map(|one| one.name).collect()
    }
}

pub(super) const RECIPIENT_NAME: &str = "recipientName";
pub(super) const READER_IS_TECHNICIAN: &str = "readerIsTechnician";
pub(super) const COUNTERPART_NAME: &str = "counterpartName";
pub(super) const SERVICE_NAME: &str = "serviceName";
pub(super) const STARTS_AT: &str = "startsAt";
pub(super) const STARTS_AT_THERE: &str = "startsAtInAppointmentZone";
pub(super) const DURATION_MINUTES: &str = "durationMinutes";
pub(super) const DESCRIPTION: &str = "description";
pub(super) const ONLINE_MEETING_URL: &str = "onlineMeetingUrl";
pub(super) const CALENDAR_URL: &str = "calendarUrl";
pub(super) const REASON: &str = "reason";
pub(super) const HOST_NAME: &str = "hostName";
pub(super) const TITLE: &str = "title";
pub(super) const STARTS_AT_MEETING: &str = "startsAtInMeetingZone";
pub(super) const LOCATION: &str = "location";
pub(super) const IS_TEAMS: &str = "onlineMeetingIsTeams";
pub(super) const ACCEPT_URL: &str = "acceptUrl";
pub(super) const TENTATIVE_URL: &str = "tentativeUrl";
pub(super) const DECLINE_URL: &str = "declineUrl";
pub(super) const PREVIOUS_STARTS_AT: &str = "previousStartsAt";
pub(super) const CHANGES: &str = "changes";
pub(super) const IS_WITHDRAWN: &str = "isWithdrawn";

const APPOINTMENT_WITH_REASON: &[Variable] = &[
    Variable {
        name: RECIPIENT_NAME,
        description: "The reader's name; empty where it is not known.",
    },
    Variable {
        name: READER_IS_TECHNICIAN,
        description: "\"true\" in the technician's mail, empty in the client's; for {{#if}}.",
    },
    Variable {
        name: COUNTERPART_NAME,
        description: "The technician in the client's mail, the client in the technician's; empty where not known.",
    },
    Variable {
        name: SERVICE_NAME,
        description: "The service that the appointment is for.",
    },
    Variable {
        name: STARTS_AT,
        description: "Day, time and zone of the start, in the reader's time zone.",
    },
    Variable {
        name: STARTS_AT_THERE,
        description: "The same in the appointment's own time zone; empty where that is the reader's.",
    },
    Variable {
        name: DURATION_MINUTES,
        description: "How long the appointment takes, in minutes.",
    },
    Variable {
        name: DESCRIPTION,
        description: "What the client wrote about it, in one or more lines; may be empty.",
    },
    Variable {
        name: ONLINE_MEETING_URL,
        description: "The link to join the Teams meeting; empty without one.",
    },
    Variable {
        name: CALENDAR_URL,
        description: "An expiring link to the calendar file; empty in mails that take it back.",
    },
    Variable {
        name: REASON,
        description: "What was given as the reason of the change; may be empty.",
    },
];

/// Without the reason, which comes last.
const APPOINTMENT: &[Variable] = APPOINTMENT_WITH_REASON
    .split_at(APPOINTMENT_WITH_REASON.len() - 1)
    .0;

const SESSION_UPDATE: &[Variable] = &[
    Variable {
        name: RECIPIENT_NAME,
        description: "The reader's name; empty where it is not known.",
    },
    Variable {
        name: HOST_NAME,
        description: "Who invites; empty where the name is not known.",
    },
    Variable {
        name: TITLE,
        description: "What the meeting is called.",
    },
    Variable {
        name: STARTS_AT,
        description: "Day, time and zone of the start, in the reader's time zone.",
    },
    Variable {
        name: STARTS_AT_MEETING,
        description: "The same in the meeting's own time zone; empty where that is the reader's.",
    },
    Variable {
        name: DURATION_MINUTES,
        description: "How long the meeting takes, in minutes.",
    },
    Variable {
        name: LOCATION,
        description: "The place that people go to; may be empty.",
    },
    Variable {
        name: DESCRIPTION,
        description: "What the host wrote about it, in one or more lines; may be empty.",
    },
    Variable {
        name: ONLINE_MEETING_URL,
        description: "The link to join; empty without one, and where the meeting is cancelled.",
    },
    Variable {
        name: IS_WITHDRAWN,
        description: "\"true\" where the meeting takes place without the reader, else empty; for {{#if}}.",
    },
    Variable {
        name: IS_TEAMS,
        description: "\"true\" where that link is a Teams meeting's, else empty; for {{#if}}.",
    },
    Variable {
        name: CALENDAR_URL,
        description: "An expiring link to the calendar file; empty where none goes with the mail.",
    },
    Variable {
        name: ACCEPT_URL,
        description: "An expiring link to say yes; it opens a page. Empty where no answer is asked for.",
    },
    Variable {
        name: TENTATIVE_URL,
        description: "The same, to say maybe.",
    },
    Variable {
        name: DECLINE_URL,
        description: "The same, to say no.",
    },
    Variable {
        name: PREVIOUS_STARTS_AT,
        description: "When it was to start before, in the reader's time zone; empty if that is unchanged.",
    },
    Variable {
        name: CHANGES,
        description: "What is other than before, in the reader's language, such as \"Time, place\".",
    },
];

/// Without what only an update tells, which comes last.
const SESSION_INVITATION: &[Variable] = SESSION_UPDATE.split_at(SESSION_UPDATE.len() - 2).0;

/// Without what is only for those who are invited.
const SESSION: &[Variable] = SESSION_INVITATION.split_at(SESSION_INVITATION.len() - 5).0;

#[cfg(test)]
mod tests {
    use super::*;

    /// XC-13: every template receives the join link.
    #[test]
    fn every_mail_knows_the_join_link_and_names_are_not_taken_twice() {
        for key in MailKey::ALL {
            let mut names = key.variable_names();
            assert!(names.contains(&"onlineMeetingUrl"));
            assert!(
                !names
                    .iter()
                    .any(|name| matches!(*name, "if" | "unless" | "else"))
            );
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), key.variables().len());
            assert_eq!(MailKey::parse(key.as_str()), Some(key));
        }
        let has_reason = |key: MailKey| key.variable_names().contains(&REASON);
        assert!(
            !has_reason(MailKey::AppointmentAssigned) && has_reason(MailKey::AppointmentCancelled)
        );
        assert_eq!(MailKey::parse("appointment"), None);
    }

    /// IV-3, IV-4: each mail about a meeting is offered what it can say.
    #[test]
    fn only_those_who_are_invited_are_asked_and_only_updates_say_what_was() {
        let has = |key: MailKey, name| key.variable_names().contains(&name);
        for (key, asks, updates) in [
            (MailKey::ScheduledMeetingInvitation, true, false),
            (MailKey::InstantMeetingInvitation, true, false),
            (MailKey::MeetingUpdated, true, true),
            (MailKey::MeetingCancelled, false, false),
        ] {
            for name in [CALENDAR_URL, ACCEPT_URL, TENTATIVE_URL, DECLINE_URL] {
                assert_eq!(has(key, name), asks, "{key:?} {name}");
            }
            for name in [PREVIOUS_STARTS_AT, CHANGES] {
                assert_eq!(has(key, name), updates, "{key:?} {name}");
            }
            assert!(has(key, TITLE) && has(key, STARTS_AT_MEETING) && !has(key, REASON));
        }
    }
}
