//! Attendees as the items of meetings hold them.

use convoke_domain::address::EmailAddress;
use convoke_domain::id::UserId;
use convoke_domain::meeting::{Attendee, Identity, Role};
use serde::{Deserialize, Serialize};

use super::corrupt;
use crate::store::StoreError;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct AttendeeRecord {
    user_id: Option<String>,
    email: Option<String>,
    name: Option<String>,
    role: String,
}

impl From<&Attendee> for AttendeeRecord {
    fn from(attendee: &Attendee) -> Self {
        Self {
            user_id: attendee.user_id().map(ToString::to_string),
            email: attendee.email().map(|email| email.as_str().to_owned()),
            name: attendee.name().map(str::to_owned),
            role: attendee.role.as_str().to_owned(),
        }
    }
}

impl TryFrom<AttendeeRecord> for Attendee {
    type Error = StoreError;

    fn try_from(record: AttendeeRecord) -> Result<Self, StoreError> {
        let role = Role::parse(&record.role).ok_or_else(|| corrupt("role", &record.role))?;
        let email = record.email.as_deref().map(EmailAddress::parse).transpose();
        let email = email.map_err(|error| corrupt("email", error))?;
        let identity = match (record.user_id, email) {
            (Some(user_id), email) => Identity::Internal {
                user_id: UserId::parse(&user_id).map_err(|error| corrupt("user_id", error))?,
                email,
                name: record.name,
            },
            (None, Some(email)) => Identity::External {
                email,
                name: record.name.unwrap_or_default(),
            },
            (None, None) => return Err(corrupt("attendee", "neither user nor address")),
        };
        Ok(Self { identity, role })
    }
}
