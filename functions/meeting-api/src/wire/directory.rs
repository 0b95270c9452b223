//! The directory on the wire.

use convoke_domain::directory::{Client, Contact, Person, User};
use convoke_domain::event::rfc3339;
use convoke_platform::http::FieldProblem;
use convoke_services::directory::PersonInput;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// A user, to be set as a whole.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = UserInput)]
pub(crate) struct UserBody {
    /// Unique among users, compared without case.
    #[schema(format = Email, max_length = 254)]
    email: Option<String>,
    #[schema(min_length = 1, max_length = 255)]
    name: Option<String>,
    /// IANA name.
    timezone: Option<String>,
    #[schema(example = "en", pattern = "^(en|en-XA)$")]
    locale: Option<String>,
    /// `true` where absent.
    pub(crate) active: Option<bool>,
}

impl UserBody {
    pub(crate) fn person(&self) -> PersonInput {
        PersonInput {
            email: self.email.clone(),
            name: self.name.clone(),
            timezone: self.timezone.clone(),
            locale: self.locale.clone(),
        }
    }
}

/// A contact, to be set as a whole.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ContactInput)]
pub(crate) struct ContactBody {
    #[schema(min_length = 1, max_length = 128)]
    pub(crate) client_id: String,
    /// Unique among contacts, compared without case.
    #[schema(format = Email, max_length = 254)]
    email: Option<String>,
    #[schema(min_length = 1, max_length = 255)]
    name: Option<String>,
    /// IANA name.
    timezone: Option<String>,
    #[schema(example = "en", pattern = "^(en|en-XA)$")]
    locale: Option<String>,
}

impl ContactBody {
    pub(crate) fn person(&self) -> PersonInput {
        PersonInput {
            email: self.email.clone(),
            name: self.name.clone(),
            timezone: self.timezone.clone(),
            locale: self.locale.clone(),
        }
    }
}

/// A user of the organisation.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = User)]
pub(crate) struct UserView {
    user_id: String,
    #[schema(required = true)]
    email: Option<String>,
    #[schema(required = true)]
    name: Option<String>,
    #[schema(required = true)]
    timezone: Option<String>,
    #[schema(pattern = "^(en|en-XA)$")]
    locale: &'static str,
    active: bool,
    version: u64,
    #[schema(format = DateTime)]
    updated_at: String,
}

impl From<&User> for UserView {
    fn from(user: &User) -> Self {
        let Person {
            email,
            name,
            zone,
            locale,
        } = &user.person;
        Self {
            user_id: user.user_id.to_string(),
            email: email.as_ref().map(|email| email.as_str().to_owned()),
            name: name.clone(),
            timezone: zone.as_ref().map(|zone| zone.name().to_owned()),
            locale: locale.as_str(),
            active: user.active,
            version: user.version,
            updated_at: rfc3339(user.updated_at),
        }
    }
}

/// A person at a client.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Contact)]
pub(crate) struct ContactView {
    contact_id: String,
    client_id: String,
    #[schema(required = true)]
    email: Option<String>,
    #[schema(required = true)]
    name: Option<String>,
    #[schema(required = true)]
    timezone: Option<String>,
    #[schema(pattern = "^(en|en-XA)$")]
    locale: &'static str,
    version: u64,
    #[schema(format = DateTime)]
    updated_at: String,
}

impl From<&Contact> for ContactView {
    fn from(contact: &Contact) -> Self {
        let Person {
            email,
            name,
            zone,
            locale,
        } = &contact.person;
        Self {
            contact_id: contact.contact_id.to_string(),
            client_id: contact.client_id.to_string(),
            email: email.as_ref().map(|email| email.as_str().to_owned()),
            name: name.clone(),
            timezone: zone.as_ref().map(|zone| zone.name().to_owned()),
            locale: locale.as_str(),
            version: contact.version,
            updated_at: rfc3339(contact.updated_at),
        }
    }
}

/// A client of the organisation.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Client)]
pub(crate) struct ClientView {
    client_id: String,
    name: String,
    version: u64,
    #[schema(format = DateTime)]
    updated_at: String,
}

impl From<&Client> for ClientView {
    fn from(client: &Client) -> Self {
        Self {
            client_id: client.client_id.to_string(),
            name: client.name.clone(),
            version: client.version,
            updated_at: rfc3339(client.updated_at),
        }
    }
}

/// Many entries at once, up to 1,000 of each kind; each stands for itself, and
/// one that cannot be read is refused alone.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DirectoryImport)]
pub(crate) struct ImportBody {
    #[serde(default)]
    #[schema(max_items = 1000, value_type = Vec<ImportUser>)]
    pub(crate) users: Vec<Map<String, Value>>,
    #[serde(default)]
    #[schema(max_items = 1000, value_type = Vec<ImportContact>)]
    pub(crate) contacts: Vec<Map<String, Value>>,
}

/// A user with their id.
#[derive(ToSchema)]
#[allow(
    dead_code,
    reason = "describes an entry of the import, which is read field by field"
)]
pub(crate) struct ImportUser {
    #[schema(min_length = 1, max_length = 128)]
    user_id: String,
    #[schema(inline)]
    #[serde(flatten)]
    user: UserBody,
}

/// A contact with their id.
#[derive(ToSchema)]
#[allow(
    dead_code,
    reason = "describes an entry of the import, which is read field by field"
)]
pub(crate) struct ImportContact {
    #[schema(min_length = 1, max_length = 128)]
    contact_id: String,
    #[schema(inline)]
    #[serde(flatten)]
    contact: ContactBody,
}

/// What became of each entry, in the order sent.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DirectoryImported)]
pub(crate) struct ImportedView {
    pub(crate) users: Vec<EntryView>,
    pub(crate) contacts: Vec<EntryView>,
}

/// What became of one entry.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ImportedEntry)]
pub(crate) struct EntryView {
    pub(crate) id: String,
    #[schema(example = "created", pattern = "^(created|updated|refused)$")]
    pub(crate) result: &'static str,
    /// Why it was refused; as in a problem document.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) code: Option<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub(crate) errors: Vec<FieldProblem>,
}
