//! The small directory of people, kept under the deployment's own ids (XC-14).

use chrono::{DateTime, Utc};

use crate::address::EmailAddress;
use crate::id::{ClientId, ContactId, UserId};
use crate::zone::Zone;

/// Language of mails and pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Locale {
    /// English.
    #[default]
    En,
    /// The pseudo-locale that shows untranslated text (`en-XA`).
    Pseudo,
}

impl Locale {
    /// The BCP 47 tag.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Pseudo => "en-XA",
        }
    }

    /// Reads a BCP 47 tag that the product has texts for.
    pub fn parse(tag: &str) -> Result<Self, UnknownLocale> {
        match tag {
            "en" => Ok(Self::En),
            "en-XA" => Ok(Self::Pseudo),
            _ => Err(UnknownLocale),
        }
    }
}

/// No texts exist in that language.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown locale: use \"en\" or \"en-XA\"")]
pub struct UnknownLocale;

/// What users and contacts have in common.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Person {
    /// Unique per tenant and kind, compared without case.
    pub email: Option<EmailAddress>,
    /// As mails and files show it.
    pub name: Option<String>,
    /// In which their times are shown.
    pub zone: Option<Zone>,
    /// In which their mails are written.
    pub locale: Locale,
}

/// An internal user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// The deployment's own id, the token's `sub`.
    pub user_id: UserId,
    /// Address, name, zone, language.
    pub person: Person,
    /// Left users stay known, and are left out of pickers on request.
    pub active: bool,
    /// Rises with every write.
    pub version: u64,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

/// A person at a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contact {
    /// The deployment's own id.
    pub contact_id: ContactId,
    /// The client they belong to; set through the directory only.
    pub client_id: ClientId,
    /// Address, name, zone, language.
    pub person: Person,
    /// Rises with every write.
    pub version: u64,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

/// A client of the organisation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    /// The deployment's own id.
    pub client_id: ClientId,
    /// What a picker shows.
    pub name: String,
    /// Rises with every write.
    pub version: u64,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}
