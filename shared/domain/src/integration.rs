//! A tenant's Teams integration (TS-1): whose Microsoft tenant and application,
//! on whose behalf meetings are made, and whether any of it may be used yet.
//!
//! Guarantee: the client secret is held sealed only, and no debug line shows it;
//! a Microsoft tenant is a GUID or a domain name, never one of the words that
//! mean somebody else's.

mod capability;
mod change;

use std::fmt;

use chrono::{DateTime, Utc};

pub use capability::{Capability, RecordingReason, UnavailableReason, capability};
pub use change::{IntegrationChange, organizer_of};

/// Longest client secret, in octets; Microsoft's own are about forty.
pub const SECRET_MAX: usize = 512;

/// How far the integration is set up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum InstallStatus {
    /// Settings are being gathered; nothing uses them.
    #[default]
    Pending,
    /// In use.
    Active,
    /// Switched off; settings are kept, Microsoft is not called.
    Disabled,
}

impl InstallStatus {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Pending, Self::Active, Self::Disabled];

    /// The API's word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Active => "active",
            Self::Disabled => "disabled",
        }
    }

    /// Reads the API's word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == word)
    }
}

/// A client secret as KMS encrypted it: base64 text that only opens for its tenant.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedSecret(String);

impl SealedSecret {
    /// Takes what the vault sealed.
    pub fn new(sealed: String) -> Self {
        Self(sealed)
    }

    /// The ciphertext, for the store and the vault.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SealedSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[sealed]")
    }
}

/// Which application, in which Microsoft tenant.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MicrosoftProfile {
    /// The Entra tenant: a GUID or a domain name, in lower case.
    pub tenant_id: Option<String>,
    /// The application (client) id, in lower case.
    pub client_id: Option<String>,
    /// Its secret.
    pub client_secret: Option<SealedSecret>,
}

impl MicrosoftProfile {
    /// Whether nothing of it was set.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// What is still to be set, as the API names it.
    pub fn missing(&self) -> Vec<&'static str> {
        [
            ("profile.tenant_id", self.tenant_id.is_none()),
            ("profile.client_id", self.client_id.is_none()),
            ("profile.client_secret", self.client_secret.is_none()),
        ]
        .into_iter()
        .filter_map(|(name, missing)| missing.then_some(name))
        .collect()
    }
}

/// A tenant's settings; the default is what holds before anything was set.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TeamsIntegration {
    /// Whose application.
    pub profile: MicrosoftProfile,
    /// How far it is set up.
    pub install_status: InstallStatus,
    /// On whose behalf meetings are made: a UPN, or an object id that did not resolve to one.
    pub default_meeting_organizer_upn: Option<String>,
    /// The organiser's Entra object id, once Graph has said it.
    pub default_meeting_organizer_object_id: Option<String>,
    /// Whether recordings are copied to the deployment's own store.
    pub download_recordings: bool,
    /// Whether the portal shows recordings and transcripts.
    pub expose_recordings_in_portal: bool,
    /// What diagnostics found to keep recordings or transcripts away.
    pub recording_obstacle: Option<RecordingReason>,
    /// 0 before anything was set.
    pub version: u64,
    /// When it was last set.
    pub updated_at: Option<DateTime<Utc>>,
}

impl TeamsIntegration {
    /// Whether `other` would be answered by another Microsoft tenant, application
    /// or organiser: what was found out about one says nothing of the other.
    pub fn speaks_for_another(&self, other: &Self) -> bool {
        self.profile.tenant_id != other.profile.tenant_id
            || self.profile.client_id != other.profile.client_id
            || self.default_meeting_organizer_upn != other.default_meeting_organizer_upn
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// XC-10: a debug line shows no ciphertext.
    #[test]
    fn a_sealed_secret_is_hidden_in_debug_output() {
        let profile = MicrosoftProfile {
            client_secret: Some(SealedSecret::new("canary".to_owned())),
            ..MicrosoftProfile::default()
        };
        assert!(!format!("{profile:?}").contains("canary"));
    }

    #[test]
    fn what_is_missing_is_named_as_the_api_names_it() {
        let mut profile = MicrosoftProfile::default();
        assert!(profile.is_empty());
        assert_eq!(
            profile.missing(),
            [
                "profile.tenant_id",
                "profile.client_id",
                "profile.client_secret"
            ]
        );
        profile.client_id = Some("x".to_owned());
        assert_eq!(
            profile.missing(),
            ["profile.tenant_id", "profile.client_secret"]
        );
        assert!(!profile.is_empty());
    }
}
