//! The directory in the table.
//!
//! Users, contacts and clients each share a partition (`USERS`, `CONTACTS`,
//! `CLIENTS`) that a picker reads; an address is an item of its own
//! (`ADDRESS#<kind>` / `<lower case>`), which is what makes it unique (XC-14).
//! `ATTENDS#<user>` lists the meetings that carry a copy of a user's name and
//! address.

use chrono::{DateTime, Utc};
use convoke_domain::address::EmailAddress;
use convoke_domain::directory::{Client, Contact, Locale, Person, User};
use convoke_domain::id::{ClientId, ContactId, MeetingId, UserId};
use convoke_domain::zone::Zone;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::corrupt;
use crate::store::{Indexes, Key, Record, StoreError};

#[derive(Debug, Clone, Serialize, Deserialize)]
struct PersonRecord {
    email: Option<String>,
    name: Option<String>,
    timezone: Option<String>,
    locale: String,
}

impl From<&Person> for PersonRecord {
    fn from(person: &Person) -> Self {
        Self {
            email: person.email.as_ref().map(|email| email.as_str().to_owned()),
            name: person.name.clone(),
            timezone: person.zone.as_ref().map(|zone| zone.name().to_owned()),
            locale: person.locale.as_str().to_owned(),
        }
    }
}

impl TryFrom<PersonRecord> for Person {
    type Error = StoreError;

    fn try_from(record: PersonRecord) -> Result<Self, StoreError> {
        let email = record.email.as_deref().map(EmailAddress::parse).transpose();
        let zone = record.timezone.as_deref().map(Zone::parse).transpose();
        Ok(Self {
            email: email.map_err(|error| corrupt("email", error))?,
            name: record.name,
            zone: zone.map_err(|error| corrupt("timezone", error))?,
            locale: Locale::parse(&record.locale).map_err(|error| corrupt("locale", error))?,
        })
    }
}

/// What a picker's search looks at: name, address and id in lower case.
fn search_text(id: &str, person: &Person) -> String {
    let email = person
        .email
        .as_ref()
        .map(EmailAddress::as_str)
        .unwrap_or_default();
    format!(
        "{} {email} {id}",
        person.name.as_deref().unwrap_or_default()
    )
    .to_lowercase()
}

/// A user as stored: `USERS` / `<id>`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct UserRecord {
    user_id: String,
    person: PersonRecord,
    search: String,
    active: bool,
    version: u64,
    updated_at: DateTime<Utc>,
}

impl UserRecord {
    /// The partition of all users of a tenant.
    pub const LIST: &'static str = "USERS";

    /// Where a user is stored.
    pub fn key_of(id: &UserId) -> Key {
        Key::new(Self::LIST, id.as_str())
    }
}

impl Record for UserRecord {
    const KIND: &'static str = "user";

    fn key(&self) -> Key {
        Key::new(Self::LIST, self.user_id.as_str())
    }

    fn version(&self) -> u64 {
        self.version
    }
}

impl From<&User> for UserRecord {
    fn from(user: &User) -> Self {
        Self {
            user_id: user.user_id.to_string(),
            person: PersonRecord::from(&user.person),
            search: search_text(user.user_id.as_str(), &user.person),
            active: user.active,
            version: user.version,
            updated_at: user.updated_at,
        }
    }
}

impl TryFrom<UserRecord> for User {
    type Error = StoreError;

    fn try_from(record: UserRecord) -> Result<Self, StoreError> {
        Ok(Self {
            user_id: UserId::parse(&record.user_id).map_err(|error| corrupt("user_id", error))?,
            person: record.person.try_into()?,
            active: record.active,
            version: record.version,
            updated_at: record.updated_at,
        })
    }
}

/// A contact as stored: `CONTACTS` / `<id>`, by client in `gsi1`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ContactRecord {
    contact_id: String,
    client_id: String,
    person: PersonRecord,
    search: String,
    version: u64,
    updated_at: DateTime<Utc>,
}

impl ContactRecord {
    /// The partition of all contacts of a tenant.
    pub const LIST: &'static str = "CONTACTS";

    /// Where a contact is stored.
    pub fn key_of(id: &ContactId) -> Key {
        Key::new(Self::LIST, id.as_str())
    }

    /// `gsi1` partition of a client's contacts.
    pub fn list_of(client_id: &ClientId) -> String {
        format!("CONTACTS#{client_id}")
    }
}

impl Record for ContactRecord {
    const KIND: &'static str = "contact";

    fn key(&self) -> Key {
        Key::new(Self::LIST, self.contact_id.as_str())
    }

    fn version(&self) -> u64 {
        self.version
    }

    fn indexes(&self) -> Indexes {
        Indexes {
            gsi1: Some((
                format!("CONTACTS#{}", self.client_id),
                self.contact_id.clone(),
            )),
            ..Indexes::default()
        }
    }
}

impl From<&Contact> for ContactRecord {
    fn from(contact: &Contact) -> Self {
        Self {
            contact_id: contact.contact_id.to_string(),
            client_id: contact.client_id.to_string(),
            person: PersonRecord::from(&contact.person),
            search: search_text(contact.contact_id.as_str(), &contact.person),
            version: contact.version,
            updated_at: contact.updated_at,
        }
    }
}

impl TryFrom<ContactRecord> for Contact {
    type Error = StoreError;

    fn try_from(record: ContactRecord) -> Result<Self, StoreError> {
        Ok(Self {
            contact_id: ContactId::parse(&record.contact_id)
                .map_err(|error| corrupt("contact_id", error))?,
            client_id: ClientId::parse(&record.client_id)
                .map_err(|error| corrupt("client_id", error))?,
            person: record.person.try_into()?,
            version: record.version,
            updated_at: record.updated_at,
        })
    }
}

/// A client as stored: `CLIENTS` / `<id>`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ClientRecord {
    client_id: String,
    name: String,
    search: String,
    version: u64,
    updated_at: DateTime<Utc>,
}

impl ClientRecord {
    /// The partition of all clients of a tenant.
    pub const LIST: &'static str = "CLIENTS";

    /// Where a client is stored.
    pub fn key_of(id: &ClientId) -> Key {
        Key::new(Self::LIST, id.as_str())
    }
}

impl Record for ClientRecord {
    const KIND: &'static str = "client";

    fn key(&self) -> Key {
        Key::new(Self::LIST, self.client_id.as_str())
    }

    fn version(&self) -> u64 {
        self.version
    }
}

impl From<&Client> for ClientRecord {
    fn from(client: &Client) -> Self {
        Self {
            client_id: client.client_id.to_string(),
            name: client.name.clone(),
            search: format!("{} {}", client.name, client.client_id).to_lowercase(),
            version: client.version,
            updated_at: client.updated_at,
        }
    }
}

impl TryFrom<ClientRecord> for Client {
    type Error = StoreError;

    fn try_from(record: ClientRecord) -> Result<Self, StoreError> {
        Ok(Self {
            client_id: ClientId::parse(&record.client_id)
                .map_err(|error| corrupt("client_id", error))?,
            name: record.name,
            version: record.version,
            updated_at: record.updated_at,
        })
    }
}

/// Whose addresses are unique among each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddressKind {
    /// Users of the organisation.
    User,
    /// Contacts of clients.
    Contact,
}

/// Who holds an address: what makes it unique per tenant and kind.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AddressRecord {
    of_user: bool,
    address: String,
    /// The id of the user or contact.
    pub holder: String,
    version: u64,
}

impl AddressRecord {
    /// Gives an address to its holder.
    pub fn new(kind: AddressKind, email: &EmailAddress, holder: &str) -> Self {
        Self {
            of_user: kind == AddressKind::User,
            address: email.lookup_key(),
            holder: holder.to_owned(),
            version: 1,
        }
    }

    /// Where an address is stored.
    pub fn key_of(kind: AddressKind, email: &EmailAddress) -> Key {
        Self::new(kind, email, "").key()
    }
}

impl Record for AddressRecord {
    const KIND: &'static str = "address";

    fn key(&self) -> Key {
        Key::new(
            if self.of_user {
                "ADDRESS#USER"
            } else {
                "ADDRESS#CONTACT"
            },
            self.address.as_str(),
        )
    }

    fn version(&self) -> u64 {
        self.version
    }
}

/// A meeting that carries a copy of a user's name and address.
///
/// Written before the meeting, so that none is missed; one without its meeting
/// does no harm.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AttendanceRecord {
    user_id: String,
    meeting_id: Uuid,
}

impl AttendanceRecord {
    /// Notes that a meeting names a user.
    pub fn new(user_id: &UserId, meeting_id: MeetingId) -> Self {
        Self {
            user_id: user_id.to_string(),
            meeting_id: meeting_id.uuid(),
        }
    }

    /// The partition of a user's meetings.
    pub fn partition(user_id: &UserId) -> String {
        format!("ATTENDS#{user_id}")
    }

    /// The meeting.
    pub fn meeting_id(&self) -> MeetingId {
        MeetingId::new(self.meeting_id)
    }
}

impl Record for AttendanceRecord {
    const KIND: &'static str = "attendance";

    fn key(&self) -> Key {
        Key::new(
            format!("ATTENDS#{}", self.user_id),
            format!("M#{}", self.meeting_id),
        )
    }

    fn version(&self) -> u64 {
        0
    }
}
