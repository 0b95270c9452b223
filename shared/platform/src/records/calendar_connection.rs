//! Connected calendars in the table: `CALENDARS#<user>` / `<provider>`. Of the
//! refresh token only KMS's ciphertext is stored.

use chrono::{DateTime, Utc};
use convoke_domain::calendar_connection::{CalendarConnection, CalendarProvider, ConnectionStatus};
use convoke_domain::id::UserId;
use convoke_domain::integration::SealedSecret;
use convoke_domain::online_meeting::Claim;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::corrupt;
use crate::store::{Key, Record, StoreError};

/// A connection as stored.
#[derive(Clone, Serialize, Deserialize)]
pub struct CalendarConnectionRecord {
    connection_id: Uuid,
    user_id: String,
    provider: String,
    sealed_refresh_token: String,
    calendar_id: String,
    status: String,
    last_error: Option<String>,
    renewal_token: Option<Uuid>,
    renewal_until: Option<DateTime<Utc>>,
    connected_at: DateTime<Utc>,
    last_synced_at: Option<DateTime<Utc>>,
    version: u64,
}

impl CalendarConnectionRecord {
    /// The partition of a user's connections.
    pub fn partition_of(user_id: &UserId) -> String {
        format!("CALENDARS#{user_id}")
    }

    /// Where a connection is stored.
    pub fn key_of(user_id: &UserId, provider: CalendarProvider) -> Key {
        Key::new(Self::partition_of(user_id), provider.as_str())
    }
}

impl Record for CalendarConnectionRecord {
    const KIND: &'static str = "calendar connection";

    fn key(&self) -> Key {
        Key::new(format!("CALENDARS#{}", self.user_id), &*self.provider)
    }

    fn version(&self) -> u64 {
        self.version
    }
}

impl From<&CalendarConnection> for CalendarConnectionRecord {
    fn from(connection: &CalendarConnection) -> Self {
        Self {
            connection_id: connection.connection_id,
            user_id: connection.user_id.to_string(),
            provider: connection.provider.as_str().to_owned(),
            sealed_refresh_token: connection.refresh_token.as_str().to_owned(),
            calendar_id: connection.calendar_id.clone(),
            status: connection.status.as_str().to_owned(),
            last_error: connection.last_error.clone(),
            renewal_token: connection.renewal.map(|claim| claim.token),
            renewal_until: connection.renewal.map(|claim| claim.until),
            connected_at: connection.connected_at,
            last_synced_at: connection.last_synced_at,
            version: connection.version,
        }
    }
}

impl TryFrom<CalendarConnectionRecord> for CalendarConnection {
    type Error = StoreError;

    fn try_from(record: CalendarConnectionRecord) -> Result<Self, StoreError> {
        let renewal = record.renewal_token.zip(record.renewal_until);
        Ok(Self {
            connection_id: record.connection_id,
            user_id: UserId::parse(&record.user_id).map_err(|error| corrupt("user id", error))?,
            provider: CalendarProvider::parse(&record.provider)
                .ok_or_else(|| corrupt("calendar provider", &record.provider))?,
            refresh_token: SealedSecret::new(record.sealed_refresh_token),
            calendar_id: record.calendar_id,
            status: ConnectionStatus::parse(&record.status)
                .ok_or_else(|| corrupt("connection status", &record.status))?,
            last_error: record.last_error,
            renewal: renewal.map(|(token, until)| Claim { token, until }),
            connected_at: record.connected_at,
            last_synced_at: record.last_synced_at,
            version: record.version,
        })
    }
}
