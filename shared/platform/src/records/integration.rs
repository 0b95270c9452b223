//! A tenant's Teams integration in the table: `INTEGRATION` / `TEAMS`. Of the
//! client secret only KMS's ciphertext is stored. A verification's test event is
//! written down before it is made: `THROWAWAY#<id>` / `THROWAWAY`.

use chrono::{DateTime, Utc};
use convoke_domain::integration::{
    InstallStatus, MicrosoftProfile, RecordingReason, SealedSecret, TeamsIntegration,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::corrupt;
use crate::store::{Key, Record, StoreError};

/// The settings as stored.
#[derive(Clone, Serialize, Deserialize)]
pub struct IntegrationRecord {
    tenant_id: Option<String>,
    client_id: Option<String>,
    sealed_client_secret: Option<String>,
    install_status: String,
    organizer_upn: Option<String>,
    organizer_object_id: Option<String>,
    download_recordings: bool,
    expose_recordings_in_portal: bool,
    recording_obstacle: Option<String>,
    version: u64,
    updated_at: Option<DateTime<Utc>>,
}

impl IntegrationRecord {
    /// Where a tenant's settings are stored.
    pub fn key_of() -> Key {
        Key::new("INTEGRATION", "TEAMS")
    }
}

impl Record for IntegrationRecord {
    const KIND: &'static str = "teams integration";

    fn key(&self) -> Key {
        Self::key_of()
    }

    fn version(&self) -> u64 {
        self.version
    }
}

impl From<&TeamsIntegration> for IntegrationRecord {
    fn from(integration: &TeamsIntegration) -> Self {
        let profile = &integration.profile;
        let secret = profile.client_secret.as_ref();
        Self {
            tenant_id: profile.tenant_id.clone(),
            client_id: profile.client_id.clone(),
            sealed_client_secret: secret.map(|sealed| sealed.as_str().to_owned()),
            install_status: integration.install_status.as_str().to_owned(),
            organizer_upn: integration.default_meeting_organizer_upn.clone(),
            organizer_object_id: integration.default_meeting_organizer_object_id.clone(),
            download_recordings: integration.download_recordings,
            expose_recordings_in_portal: integration.expose_recordings_in_portal,
            recording_obstacle: integration
                .recording_obstacle
                .map(|reason| reason.as_str().to_owned()),
            version: integration.version,
            updated_at: integration.updated_at,
        }
    }
}

impl TryFrom<IntegrationRecord> for TeamsIntegration {
    type Error = StoreError;

    fn try_from(record: IntegrationRecord) -> Result<Self, StoreError> {
        let install_status = InstallStatus::parse(&record.install_status)
            .ok_or_else(|| corrupt("install status", &record.install_status))?;
        Ok(Self {
            profile: MicrosoftProfile {
                tenant_id: record.tenant_id,
                client_id: record.client_id,
                client_secret: record.sealed_client_secret.map(SealedSecret::new),
            },
            install_status,
            default_meeting_organizer_upn: record.organizer_upn,
            default_meeting_organizer_object_id: record.organizer_object_id,
            download_recordings: record.download_recordings,
            expose_recordings_in_portal: record.expose_recordings_in_portal,
            // What a newer version found is for it to know.
            recording_obstacle: record
                .recording_obstacle
                .as_deref()
                .and_then(RecordingReason::parse),
            version: record.version,
            updated_at: record.updated_at,
        })
    }
}

/// A test event that may be on somebody's calendar, and what removes it.
#[derive(Clone, Serialize, Deserialize)]
pub struct ThrowawayRecord {
    /// Also Graph's transaction id.
    pub throwaway_id: Uuid,
    /// Whose calendar.
    pub organizer: String,
    /// When it begins.
    pub start: DateTime<Utc>,
    /// The Entra tenant it was made in.
    pub ms_tenant_id: String,
    /// The application that made it.
    pub client_id: String,
    /// That application's secret, sealed.
    pub sealed_client_secret: String,
    /// How often its removal has failed in the background.
    pub attempts: u32,
}

impl ThrowawayRecord {
    /// Where a test event is written down.
    pub fn key_of(throwaway_id: Uuid) -> Key {
        Key::new(format!("THROWAWAY#{throwaway_id}"), "THROWAWAY")
    }
}

impl Record for ThrowawayRecord {
    const KIND: &'static str = "throwaway";

    fn key(&self) -> Key {
        Self::key_of(self.throwaway_id)
    }

    fn version(&self) -> u64 {
        0
    }
}
