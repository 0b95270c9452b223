//! Whether a Teams meeting can be asked for (TS-4), without asking Microsoft.

use super::{InstallStatus, TeamsIntegration};

/// What a caller may offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capability {
    /// Whether meetings can be made.
    pub available: bool,
    /// Why not.
    pub reason: Option<UnavailableReason>,
    /// Whether recordings of meetings can be fetched.
    pub recordings_available: bool,
    /// What keeps recordings, or only their transcripts, away.
    pub recording_reason: Option<RecordingReason>,
}

/// Why no meeting can be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum UnavailableReason {
    /// The community edition.
    EeDisabled,
    /// No settings, not active, or an incomplete profile.
    NotConfigured,
    /// Nobody on whose behalf to make one.
    NoOrganizer,
}

impl UnavailableReason {
    /// The API's word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::EeDisabled => "ee_disabled",
            Self::NotConfigured => "not_configured",
            Self::NoOrganizer => "no_organizer",
        }
    }
}

/// What keeps recordings or transcripts away although meetings can be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RecordingReason {
    /// Graph's paths of recordings need the organiser's object id.
    MissingOrganizerObjectId,
    /// Microsoft refuses the application what recordings and transcripts need.
    ConsentMissing,
    /// Teams' application access policy does not cover the organiser.
    PolicyMissing,
    /// The Microsoft tenant keeps transcripts from Graph; recordings are not concerned.
    TranscriptsDisabled,
}

impl RecordingReason {
    /// All of them.
    pub const ALL: [Self; 4] = [
        Self::MissingOrganizerObjectId,
        Self::ConsentMissing,
        Self::PolicyMissing,
        Self::TranscriptsDisabled,
    ];

    /// The API's word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::MissingOrganizerObjectId => "missing_organizer_object_id",
            Self::ConsentMissing => "consent_missing",
            Self::PolicyMissing => "policy_missing",
            Self::TranscriptsDisabled => "transcripts_disabled",
        }
    }

    /// Reads the stored word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == word)
    }
}

/// What a tenant with these settings can do in this edition.
pub fn capability(integration: Option<&TeamsIntegration>, enterprise: bool) -> Capability {
    let (reason, integration) = match integration {
        _ if !enterprise => (Some(UnavailableReason::EeDisabled), None),
        None => (Some(UnavailableReason::NotConfigured), None),
        Some(integration) => (why_not(integration), Some(integration)),
    };
    let recording_reason = integration
        .filter(|_| reason.is_none())
        .and_then(|known| match &known.default_meeting_organizer_object_id {
            None => Some(RecordingReason::MissingOrganizerObjectId),
            Some(_) => known.recording_obstacle,
        });
    Capability {
        available: reason.is_none(),
        reason,
        recordings_available: reason.is_none()
            && recording_reason.is_none_or(|reason| reason == RecordingReason::TranscriptsDisabled),
        recording_reason,
    }
}

fn why_not(integration: &TeamsIntegration) -> Option<UnavailableReason> {
    let in_use = integration.install_status == InstallStatus::Active;
    if !in_use || !integration.profile.missing().is_empty() {
        return Some(UnavailableReason::NotConfigured);
    }
    integration
        .default_meeting_organizer_upn
        .is_none()
        .then_some(UnavailableReason::NoOrganizer)
}

#[cfg(test)]
mod tests {
    use super::super::{MicrosoftProfile, SealedSecret};
    use super::*;

    fn whole() -> TeamsIntegration {
        TeamsIntegration {
            profile: MicrosoftProfile {
                tenant_id: Some("contoso.example".to_owned()),
                client_id: Some("c".to_owned()),
                client_secret: Some(SealedSecret::new("s".to_owned())),
            },
            install_status: InstallStatus::Active,
            default_meeting_organizer_upn: Some("m@contoso.example".to_owned()),
            default_meeting_organizer_object_id: Some("o".to_owned()),
            ..TeamsIntegration::default()
        }
    }

    #[allow(
        clippy::unnecessary_wraps,
        reason = "the shape of what capability takes"
    )]
    fn with(change: impl FnOnce(&mut TeamsIntegration)) -> Option<TeamsIntegration> {
        let mut integration = whole();
        change(&mut integration);
        Some(integration)
    }

    /// TS-4: the reasons, in their order, and what recordings wait for.
    #[test]
    fn capability_names_the_first_reason() {
        use RecordingReason as R;
        use UnavailableReason as U;
        let both = |t: &mut TeamsIntegration| {
            t.default_meeting_organizer_upn = None;
            t.install_status = InstallStatus::Pending;
        };
        for (name, integration, enterprise, reason, recording) in [
            ("whole", with(|_| {}), true, None, None),
            ("community", with(|_| {}), false, Some(U::EeDisabled), None),
            ("community, no row", None, false, Some(U::EeDisabled), None),
            ("no row", None, true, Some(U::NotConfigured), None),
            (
                "pending",
                with(|t| t.install_status = InstallStatus::Pending),
                true,
                Some(U::NotConfigured),
                None,
            ),
            (
                "disabled",
                with(|t| t.install_status = InstallStatus::Disabled),
                true,
                Some(U::NotConfigured),
                None,
            ),
            (
                "no tenant",
                with(|t| t.profile.tenant_id = None),
                true,
                Some(U::NotConfigured),
                None,
            ),
            (
                "no client",
                with(|t| t.profile.client_id = None),
                true,
                Some(U::NotConfigured),
                None,
            ),
            (
                "no secret",
                with(|t| t.profile.client_secret = None),
                true,
                Some(U::NotConfigured),
                None,
            ),
            (
                "neither active nor an organiser",
                with(both),
                true,
                Some(U::NotConfigured),
                None,
            ),
            (
                "no organiser",
                with(|t| t.default_meeting_organizer_upn = None),
                true,
                Some(U::NoOrganizer),
                None,
            ),
            (
                "unresolved",
                with(|t| t.default_meeting_organizer_object_id = None),
                true,
                None,
                Some(R::MissingOrganizerObjectId),
            ),
            (
                "an obstacle",
                with(|t| t.recording_obstacle = Some(R::PolicyMissing)),
                true,
                None,
                Some(R::PolicyMissing),
            ),
        ] {
            let found = capability(integration.as_ref(), enterprise);
            assert_eq!(found.reason, reason, "{name}");
            assert_eq!(found.available, reason.is_none(), "{name}");
            assert_eq!(found.recording_reason, recording, "{name}");
            assert_eq!(
                found.recordings_available,
                reason.is_none() && recording.is_none(),
                "{name}"
            );
        }
    }

    /// TS-4, OM-7: a tenant without transcripts still has recordings.
    #[test]
    fn disabled_transcripts_leave_recordings_available() {
        let integration =
            with(|t| t.recording_obstacle = Some(RecordingReason::TranscriptsDisabled));
        let found = capability(integration.as_ref(), true);
        assert!(found.recordings_available);
        assert_eq!(
            found.recording_reason,
            Some(RecordingReason::TranscriptsDisabled)
        );
    }

    #[test]
    fn stored_words_read_back() {
        for reason in RecordingReason::ALL {
            assert_eq!(RecordingReason::parse(reason.as_str()), Some(reason));
        }
        for status in InstallStatus::ALL {
            assert_eq!(InstallStatus::parse(status.as_str()), Some(status));
        }
    }
}
