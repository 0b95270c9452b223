//! Bulk import: every entry stands for itself.

use convoke_domain::error::Error;
use convoke_domain::id::{ContactId, UserId};
use convoke_platform::tenant::Tenant;
use futures_util::StreamExt;

use super::{PersonInput, put_contact, put_user};
use crate::core::Core;

/// Entries that are written at once.
const AT_ONCE: usize = 16;

/// A user to import.
#[derive(Debug, Clone)]
pub struct UserEntry {
    /// The deployment's own id.
    pub user_id: String,
    /// Address, name, zone, language.
    pub person: PersonInput,
    /// Whether they are still with the organisation.
    pub active: bool,
}

/// A contact to import.
#[derive(Debug, Clone)]
pub struct ContactEntry {
    /// The deployment's own id.
    pub contact_id: String,
    /// The client they belong to.
    pub client_id: String,
    /// Address, name, zone, language.
    pub person: PersonInput,
}

/// What became of one entry: whether it is new, or why it was refused.
pub type Imported = (String, Result<bool, Error>);

/// Imports users; answers in the order given.
pub async fn import_users(core: &Core, tenant: &Tenant, entries: Vec<UserEntry>) -> Vec<Imported> {
    let writes = entries.into_iter().map(|entry| async move {
        let done = match UserId::parse(&entry.user_id) {
            Ok(id) => put_user(core, tenant, &id, &entry.person, entry.active, None)
                .await
                .map(|(_, new)| new),
            Err(error) => Err(Error::invalid("/user_id", "invalid_id", error.to_string())),
        };
        (entry.user_id, done)
    });
    futures_util::stream::iter(writes)
        .buffered(AT_ONCE)
        .collect()
        .await
}

/// Imports contacts; answers in the order given.
pub async fn import_contacts(
    core: &Core,
    tenant: &Tenant,
    entries: Vec<ContactEntry>,
) -> Vec<Imported> {
    let writes = entries.into_iter().map(|entry| async move {
        let done = match ContactId::parse(&entry.contact_id) {
            Ok(id) => put_contact(core, tenant, &id, &entry.client_id, &entry.person, None)
                .await
                .map(|(_, new)| new),
            Err(error) => Err(Error::invalid(
                "/contact_id",
                "invalid_id",
                error.to_string(),
            )),
        };
        (entry.contact_id, done)
    });
    futures_util::stream::iter(writes)
        .buffered(AT_ONCE)
        .collect()
        .await
}
