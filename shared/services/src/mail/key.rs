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
    pub const ALL: [Self; 6] = [
        Self::AppointmentRequestApprovedClient,
        Self::AppointmentAssigned,
        Self::AppointmentRescheduled,
        Self::AppointmentUpdated,
        Self::AppointmentCancelled,
        Self::AppointmentRequestDeclinedClient,
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
}
