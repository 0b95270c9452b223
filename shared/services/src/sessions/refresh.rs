//! How copies of names and addresses on sessions stay fresh (XC-14).

use chrono::TimeDelta;
use convoke_domain::directory::Person;
use convoke_domain::error::Error;
use convoke_domain::event::rfc3339;
use convoke_domain::id::{ContactId, SessionId, UserId};
use convoke_domain::session::Who;
use convoke_platform::records::{SessionRecord, sessions_of_contact, sessions_of_user};
use convoke_platform::store::{Index, Query, SortRange, TenantStore};
use convoke_platform::tenant::Tenant;

use super::load;
use super::read::sessions_at;
use crate::core::{Core, undisturbed};
use crate::directory::{find_contact, find_user};
use crate::jobs::Job;

/// How long after it began a session's copies are still of use to somebody.
const OF_USE_FOR: TimeDelta = TimeDelta::days(2);
/// Sessions looked at with one query.
const PAGE: u16 = 50;

/// Copies a user's present name and address onto the sessions they are part of.
pub async fn refresh_user(core: &Core, tenant: &Tenant, user_id: &UserId) -> Result<(), Error> {
    let store = core.store(tenant);
    let person = find_user(&store, user_id).await?.map(|user| user.person);
    let who = Who::Internal(user_id.clone());
    refresh(
        core,
        &store,
        sessions_of_user(user_id),
        &who,
        &person.unwrap_or_default(),
    )
    .await
}

/// Copies a contact's present name and address onto the sessions they are part of.
pub async fn refresh_contact(
    core: &Core,
    tenant: &Tenant,
    contact_id: &ContactId,
) -> Result<(), Error> {
    let store = core.store(tenant);
    let Some(contact) = find_contact(&store, contact_id).await? else {
        return Ok(());
    };
    let who = Who::Contact(contact_id.clone());
    refresh(
        core,
        &store,
        sessions_of_contact(contact_id),
        &who,
        &contact.person,
    )
    .await
}

async fn refresh(
    core: &Core,
    store: &TenantStore,
    partition: String,
    who: &Who,
    person: &Person,
) -> Result<(), Error> {
    let from = rfc3339(core.ports.now() - OF_USE_FOR);
    let mut query = Query {
        index: Index::Gsi1,
        range: SortRange::Between(from, "9999".to_owned()),
        ..Query::partition(partition, PAGE)
    };
    loop {
        let page = store.query_keys(&query, true).await?;
        for session in sessions_at(store, &page.records).await? {
            refresh_one(core, store, session.session_id, who, person).await?;
        }
        match page.next {
            Some(next) => query.after = Some(next),
            None => return Ok(()),
        }
    }
}

async fn refresh_one(
    core: &Core,
    store: &TenantStore,
    id: SessionId,
    who: &Who,
    person: &Person,
) -> Result<(), Error> {
    undisturbed(|| async {
        let Some(held) = load(store, id).await? else {
            return Ok(());
        };
        let mut session = held.session;
        let expected = session.version;
        if !session.refresh(who, person.name.as_deref(), person.email.as_ref()) {
            return Ok(());
        }
        session.version += 1;
        let mut transaction = store.transaction();
        transaction.replace(&SessionRecord::from(&session), expected);
        // Whom nobody could reach may be reached now.
        let session_id = id.uuid();
        transaction.create(&core.outbox(&[Job::TellSession { session_id }])?);
        Ok(transaction.commit().await?)
    })
    .await
}
