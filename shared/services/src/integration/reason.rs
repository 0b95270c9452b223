//! What a Graph error means to whoever sets Microsoft up: a stable reason, and
//! what to do about it.

use convoke_graph::{GraphError, GraphErrorClass};

/// Why a test of the settings failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reason {
    NotConfigured,
    NoOrganizer,
    UserNotFound,
    MailboxNotFound,
    InvalidCredentials,
    ConsentMissing,
    PolicyMissing,
    NoTeamsLicence,
    TranscriptsDisabled,
    Unresolved,
    NotRemoved,
    GraphError,
}

impl Reason {
    /// What an error of a call about the organiser's directory entry means.
    pub(super) fn of_directory(error: &GraphError) -> Self {
        match Self::of(error) {
            Self::MailboxNotFound => Self::UserNotFound,
            other => other,
        }
    }

    /// What an error of a call about calendar or meetings means.
    pub(super) fn of(error: &GraphError) -> Self {
        match error.class {
            GraphErrorClass::InvalidCredentials | GraphErrorClass::UnknownTenant => {
                Self::InvalidCredentials
            }
            GraphErrorClass::ConsentMissing => Self::ConsentMissing,
            GraphErrorClass::AccessPolicyMissing => Self::PolicyMissing,
            GraphErrorClass::TranscriptsDisabled => Self::TranscriptsDisabled,
            GraphErrorClass::MailboxNotFound | GraphErrorClass::NotFoundOrGone => {
                Self::MailboxNotFound
            }
            GraphErrorClass::Throttled
            | GraphErrorClass::Transient
            | GraphErrorClass::AuthExpired
            | GraphErrorClass::GrantRevoked
            | GraphErrorClass::NotOrganiser
            | GraphErrorClass::AttributionDisabled
            | GraphErrorClass::DuplicateTransaction { .. }
            | GraphErrorClass::DuplicateSubscription(_)
            | GraphErrorClass::SubscriptionValidation
            | GraphErrorClass::Quota
            | GraphErrorClass::InvalidRequest
            | GraphErrorClass::RangeNotSatisfiable { .. }
            | GraphErrorClass::Conflict
            | GraphErrorClass::Malformed
            | GraphErrorClass::Permanent => Self::GraphError,
        }
    }

    /// The API's word for it.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::NotConfigured => "not_configured",
            Self::NoOrganizer => "no_organizer",
            Self::UserNotFound => "user_not_found",
            Self::MailboxNotFound => "mailbox_not_found",
            Self::InvalidCredentials => "invalid_credentials",
            Self::ConsentMissing => "consent_missing",
            Self::PolicyMissing => "policy_missing",
            Self::NoTeamsLicence => "no_teams_licence",
            Self::TranscriptsDisabled => "transcripts_disabled",
            Self::Unresolved => "online_meeting_unresolved",
            Self::NotRemoved => "test_event_not_removed",
            Self::GraphError => "graph_error",
        }
    }

    /// What to do about it.
    pub(super) const fn remedy(self) -> &'static str {
        match self {
            Self::NotConfigured => {
                "Set tenant id, client id and client secret of the profile, and do not leave the integration disabled."
            }
            Self::NoOrganizer => "Set default_meeting_organizer_upn.",
            Self::UserNotFound => {
                "Check the organiser's user principal name or object id, and the tenant id."
            }
            Self::MailboxNotFound => {
                "Give the organiser an Exchange Online mailbox (a licence), or name a user who has one."
            }
            Self::InvalidCredentials => {
                "Check tenant id, client id and client secret: the secret's value, not its id; secrets expire."
            }
            Self::ConsentMissing => {
                "Grant the application its Graph permissions and consent to them as an administrator: \
                 Calendars.ReadWrite, OnlineMeetings.ReadWrite.All, OnlineMeetingRecording.Read.All, \
                 OnlineMeetingTranscript.Read.All, and User.Read.All to look the organiser up."
            }
            Self::PolicyMissing => {
                "Let an access policy of Microsoft 365 cover the organiser: \
                 New-CsApplicationAccessPolicy and Grant-CsApplicationAccessPolicy for Teams \
                 (up to 30 minutes until it counts), the application access policy or RBAC scope for Exchange."
            }
            Self::NoTeamsLicence => {
                "Give the organiser a licence with Teams, and allow Teams as online meeting provider of the mailbox."
            }
            Self::TranscriptsDisabled => {
                "Switch Graph's access to transcripts on: Set-CsTeamsMeetingConfiguration -EnableGraphTranscriptAccess $true."
            }
            Self::Unresolved => {
                "Teams had no online meeting for the test event yet; try again in a few minutes."
            }
            Self::NotRemoved => {
                "The test event could not be removed yet; Convoke goes on trying. If it stays, remove it in the organiser's calendar."
            }
            Self::GraphError => {
                "Try again; if it stays, the log line of the call has Microsoft's own code and request id."
            }
        }
    }
}
