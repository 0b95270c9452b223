//! The Teams integration on the wire.

use convoke_domain::event::rfc3339;
use convoke_domain::integration::{
    Capability, IntegrationChange, MicrosoftProfile, RecordingReason, TeamsIntegration,
    UnavailableReason,
};
use convoke_platform::http::Patch;
use convoke_services::integration::{Diagnosis, Saved, SettingsWarning, Step, Verification};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A change of the settings: what is absent stays, `null` clears.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = TeamsIntegrationInput)]
pub(crate) struct IntegrationBody {
    #[serde(default)]
    #[schema(value_type = Option<ProfileBody>)]
    profile: Patch<ProfileBody>,
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "active", pattern = "^(pending|active|disabled)$")]
    install_status: Patch<String>,
    /// User principal name or object id of whom meetings are made for; `null`
    /// turns making them off.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "meetings@contoso.com")]
    default_meeting_organizer_upn: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<bool>)]
    download_recordings: Patch<bool>,
    #[serde(default)]
    #[schema(value_type = Option<bool>)]
    expose_recordings_in_portal: Patch<bool>,
}

/// A change of the application; `null` in its place clears all of it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = MicrosoftProfileInput)]
pub(crate) struct ProfileBody {
    /// GUID or verified domain of the Entra tenant.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "contoso.onmicrosoft.com")]
    tenant_id: Patch<String>,
    /// GUID of the application.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = Uuid)]
    client_id: Patch<String>,
    /// Its secret's value; kept where absent, needed anew with another tenant or application.
    #[serde(default)]
    #[schema(value_type = Option<String>, write_only, max_length = 512)]
    client_secret: Patch<String>,
}

impl From<IntegrationBody> for IntegrationChange {
    fn from(body: IntegrationBody) -> Self {
        let profile = match body.profile.0 {
            None => ProfileBody {
                tenant_id: Patch(None),
                client_id: Patch(None),
                client_secret: Patch(None),
            },
            Some(Some(profile)) => profile,
            Some(None) => ProfileBody {
                tenant_id: Patch(Some(None)),
                client_id: Patch(Some(None)),
                client_secret: Patch(Some(None)),
            },
        };
        Self {
            tenant_id: profile.tenant_id.0,
            client_id: profile.client_id.0,
            client_secret: profile.client_secret.0,
            install_status: body.install_status.0,
            default_meeting_organizer_upn: body.default_meeting_organizer_upn.0,
            download_recordings: body.download_recordings.0,
            expose_recordings_in_portal: body.expose_recordings_in_portal.0,
        }
    }
}

/// The settings.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TeamsIntegration)]
pub(crate) struct IntegrationView {
    profile: ProfileView,
    #[schema(pattern = "^(pending|active|disabled)$")]
    install_status: &'static str,
    #[schema(required = true)]
    default_meeting_organizer_upn: Option<String>,
    /// Known once Microsoft has said it; recordings need it.
    #[schema(required = true)]
    default_meeting_organizer_object_id: Option<String>,
    download_recordings: bool,
    expose_recordings_in_portal: bool,
    /// 0 before anything was set.
    version: u64,
    #[schema(required = true, format = DateTime)]
    updated_at: Option<String>,
    /// Why the organiser's object id is not known, or not confirmed.
    #[serde(skip_serializing_if = "Option::is_none")]
    warning: Option<WarningView>,
}

/// The application; its secret is never shown.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MicrosoftProfile)]
pub(crate) struct ProfileView {
    #[schema(required = true)]
    tenant_id: Option<String>,
    #[schema(required = true)]
    client_id: Option<String>,
    client_secret_set: bool,
}

impl From<&MicrosoftProfile> for ProfileView {
    fn from(profile: &MicrosoftProfile) -> Self {
        Self {
            tenant_id: profile.tenant_id.clone(),
            client_id: profile.client_id.clone(),
            client_secret_set: profile.client_secret.is_some(),
        }
    }
}

/// What did not work out although the settings are saved.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TeamsIntegrationWarning)]
pub(crate) struct WarningView {
    reason: &'static str,
    message: String,
}

impl From<&SettingsWarning> for WarningView {
    fn from(warning: &SettingsWarning) -> Self {
        Self {
            reason: warning.reason,
            message: warning.message.clone(),
        }
    }
}

impl From<&TeamsIntegration> for IntegrationView {
    fn from(integration: &TeamsIntegration) -> Self {
        let object_id = &integration.default_meeting_organizer_object_id;
        Self {
            profile: ProfileView::from(&integration.profile),
            install_status: integration.install_status.as_str(),
            default_meeting_organizer_upn: integration.default_meeting_organizer_upn.clone(),
            default_meeting_organizer_object_id: object_id.clone(),
            download_recordings: integration.download_recordings,
            expose_recordings_in_portal: integration.expose_recordings_in_portal,
            version: integration.version,
            updated_at: integration.updated_at.map(rfc3339),
            warning: None,
        }
    }
}

impl From<&Saved> for IntegrationView {
    fn from(saved: &Saved) -> Self {
        Self {
            warning: saved.warning.as_ref().map(WarningView::from),
            ..Self::from(&saved.integration)
        }
    }
}

/// Whom to test; the organiser of the settings where absent.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = VerifyOrganizer)]
pub(crate) struct VerifyBody {
    /// User principal name or object id.
    #[schema(example = "meetings@contoso.com")]
    pub(crate) upn: Option<String>,
}

/// What the test found.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OrganizerVerification)]
pub(crate) struct VerificationView {
    valid: bool,
    /// The organiser's name in the directory.
    #[serde(skip_serializing_if = "Option::is_none")]
    display_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "user_not_found")]
    reason: Option<&'static str>,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'static str>,
}

impl From<Verification> for VerificationView {
    fn from(found: Verification) -> Self {
        Self {
            valid: found.valid,
            display_name: found.display_name,
            reason: found.reason,
            message: found.message,
        }
    }
}

/// What may be offered.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TeamsCapability)]
pub(crate) struct CapabilityView {
    available: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(pattern = "^(ee_disabled|not_configured|no_organizer)$")]
    reason: Option<&'static str>,
    recordings_available: bool,
    /// `transcripts_disabled` leaves recordings available.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(
        pattern = "^(missing_organizer_object_id|consent_missing|policy_missing|transcripts_disabled)$"
    )]
    recording_reason: Option<&'static str>,
}

impl From<Capability> for CapabilityView {
    fn from(capability: Capability) -> Self {
        Self {
            available: capability.available,
            reason: capability.reason.map(UnavailableReason::as_str),
            recordings_available: capability.recordings_available,
            recording_reason: capability.recording_reason.map(RecordingReason::as_str),
        }
    }
}

/// The setup, step by step.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TeamsDiagnostics)]
pub(crate) struct DiagnosisView {
    steps: Vec<StepView>,
}

/// One step; only what was tested just now passes.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TeamsDiagnosticStep)]
pub(crate) struct StepView {
    #[schema(example = "token")]
    step: &'static str,
    #[schema(pattern = "^(pass|warn|fail|skip)$")]
    status: &'static str,
    duration_ms: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    remediation: Option<&'static str>,
}

impl From<Step> for StepView {
    fn from(step: Step) -> Self {
        Self {
            step: step.step,
            status: step.status.as_str(),
            duration_ms: step.duration_ms,
            detail: step.detail,
            remediation: step.remediation,
        }
    }
}

impl From<Diagnosis> for DiagnosisView {
    fn from(diagnosis: Diagnosis) -> Self {
        Self {
            steps: diagnosis.steps.into_iter().map(StepView::from).collect(),
        }
    }
}
