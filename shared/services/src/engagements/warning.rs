//! What a caller is told when Microsoft has not followed (AP-5).

use convoke_domain::engagement::{Aftermath, EVENT_REMOVED, NO_TEAMS_MEETING};
use convoke_domain::error::Error;

use super::remote::Report;

/// Something was done here that Microsoft has not followed yet (AP-5).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// Stable, snake_case.
    pub reason: String,
    /// What is left, and what happens to it.
    pub message: String,
}

impl Warning {
    pub(super) fn new(reason: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            reason: reason.into(),
            message: message.into(),
        }
    }
}

/// What the caller asked for, for the words of a warning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verb {
    Approve,
    Generate,
    Reschedule,
    Cancel,
    Decline,
    Delete,
    RescheduleMeeting,
    CancelMeeting,
}

impl Verb {
    fn message(self) -> &'static str {
        match self {
            Self::Approve => {
                "Appointment approved, but the Microsoft Teams meeting could not be created."
            }
            Self::Generate => "The Microsoft Teams meeting could not be created.",
            Self::Reschedule => {
                "Appointment rescheduled, but the Microsoft Teams meeting could not be moved yet. Convoke goes on trying."
            }
            Self::Cancel => {
                "Appointment cancelled, but the Microsoft Teams meeting could not be removed. Please remove it manually in Teams."
            }
            Self::Decline => {
                "Appointment declined, but the Microsoft Teams meeting could not be removed. Please remove it manually in Teams."
            }
            Self::RescheduleMeeting => {
                "Rescheduled, but the Microsoft Teams meeting could not be moved yet. Convoke goes on trying."
            }
            Self::CancelMeeting => {
                "Cancelled, but the Microsoft Teams meeting could not be removed. Please remove it manually in Teams."
            }
            Self::Delete => {
                "Appointment deleted, but the Microsoft Teams meeting could not be removed. Please remove it manually in Teams."
            }
        }
    }
}

/// The warning that an outcome asks for, in the words of what was done.
pub(super) fn warning_of(report: &Report, verb: Verb) -> Option<Warning> {
    match report {
        Report::Created(created) if created.join_url.is_none() => Some(Warning::new(
            NO_TEAMS_MEETING,
            format!(
                "{} Microsoft made an event without a Teams meeting: the organiser's mailbox or licence does not allow one.",
                verb.message()
            ),
        )),
        Report::Created(created) if created.meeting_id.is_none() => Some(Warning::new(
            "online_meeting_id_unresolved",
            "The Teams meeting was created and its link works; Microsoft has not told its online meeting id yet, which recordings need. Convoke goes on asking.",
        )),
        Report::CreationFailed(failure, aftermath) => {
            let then = match aftermath {
                Aftermath::TryAgain(_) | Aftermath::OutOfReach => " Convoke goes on trying.",
                Aftermath::Over | Aftermath::Lost => {
                    " It can be retried with generate-meeting once the cause is mended."
                }
            };
            Some(Warning::new(
                failure.error.code(),
                format!("{} {}.{then}", verb.message(), capitalised(&failure.error)),
            ))
        }
        Report::Failed(failure, _) => Some(Warning::new(failure.error.code(), verb.message())),
        Report::LookedInVain => Some(Warning::new("outcome_unknown", verb.message())),
        Report::Gone if verb == Verb::RescheduleMeeting => Some(Warning::new(
            EVENT_REMOVED,
            "The Microsoft Teams meeting was removed in Outlook: there is none any more.",
        )),
        Report::Gone if matches!(verb, Verb::Reschedule) => Some(Warning::new(
            EVENT_REMOVED,
            "Appointment rescheduled, but its Microsoft Teams meeting was removed in Outlook. Make a new one with generate-meeting.",
        )),
        Report::Created(_)
        | Report::Moved(_)
        | Report::Gone
        | Report::Resolved(..)
        | Report::Nothing => None,
    }
}

fn capitalised(error: &Error) -> String {
    let text = error.to_string();
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}
