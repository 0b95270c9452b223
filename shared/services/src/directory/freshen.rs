//! What a caller's own token says of them.

use convoke_domain::address::EmailAddress;
use convoke_domain::directory::{Person, User};
use convoke_domain::error::Error;
use convoke_domain::id::{ContactId, UserId};
use convoke_platform::backoff::Attempt;
use convoke_platform::records::{AddressKind, AddressRecord};
use convoke_platform::store::TenantStore;
use convoke_platform::tenant::Tenant;

use super::{find_contact, find_user, write_contact, write_user};
use crate::core::{Core, undisturbed};

/// Brings a user's own entry up to date; makes it where there is none.
pub async fn freshen_user(
    core: &Core,
    tenant: &Tenant,
    user_id: &UserId,
    name: Option<&str>,
    email: Option<&EmailAddress>,
) -> Result<(), Error> {
    let store = core.store(tenant);
    undisturbed(|| async {
        let held = find_user(&store, user_id).await?;
        let mut user = held.clone().unwrap_or_else(|| User {
            user_id: user_id.clone(),
            person: Person::default(),
            active: true,
            version: 0,
            updated_at: core.ports.now(),
        });
        let fresh = freshened(
            &store,
            AddressKind::User,
            &user.person,
            user_id.as_str(),
            name,
            email,
        )
        .await?;
        if held.is_some() && fresh == user.person {
            return Ok(());
        }
        user.person = fresh;
        user.version += 1;
        user.updated_at = core.ports.now();
        write_user(core, &store, held, &user).await
    })
    .await
}

/// Brings a contact's own entry up to date, where it exists; its client stays.
pub async fn freshen_contact(
    core: &Core,
    tenant: &Tenant,
    contact_id: &ContactId,
    name: Option<&str>,
    email: Option<&EmailAddress>,
) -> Result<(), Error> {
    let store = core.store(tenant);
    undisturbed(|| async {
        let Some(held) = find_contact(&store, contact_id).await? else {
            return Ok(());
        };
        let fresh = freshened(
            &store,
            AddressKind::Contact,
            &held.person,
            contact_id.as_str(),
            name,
            email,
        )
        .await?;
        if fresh == held.person {
            return Ok(());
        }
        let mut contact = held.clone();
        contact.person = fresh;
        contact.version += 1;
        contact.updated_at = core.ports.now();
        write_contact(core, &store, Some(held), &contact).await
    })
    .await
}

/// The person with the token's name and address, the address only where nobody
/// else holds it.
async fn freshened(
    store: &TenantStore,
    kind: AddressKind,
    person: &Person,
    holder: &str,
    name: Option<&str>,
    email: Option<&EmailAddress>,
) -> Result<Person, Attempt> {
    let mut fresh = person.clone();
    if let Some(name) = name.filter(|name| name.chars().count() <= convoke_domain::text::NAME_MAX) {
        fresh.name = Some(name.to_owned());
    }
    if let Some(email) = email.filter(|email| fresh.email.as_ref() != Some(*email)) {
        let held = store
            .get::<AddressRecord>(&AddressRecord::key_of(kind, email))
            .await?;
        if held.is_none_or(|held| held.holder == holder) {
            fresh.email = Some(email.clone());
        }
    }
    Ok(fresh)
}
