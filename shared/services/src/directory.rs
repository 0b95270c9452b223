//! The directory of people (XC-14): setting and reading entries.

mod freshen;
mod import;
mod list;

use chrono::TimeDelta;
use convoke_domain::address::EmailAddress;
use convoke_domain::directory::{Client, Contact, Locale, Person, User};
use convoke_domain::error::{Error, Violations};
use convoke_domain::id::{ClientId, ContactId, UserId};
use convoke_domain::text;
use convoke_domain::zone::Zone;
use convoke_platform::backoff::Attempt;
use convoke_platform::http::require_version;
use convoke_platform::outbox::OutboxRecord;
use convoke_platform::records::{
    AddressKind, AddressRecord, ClientRecord, ContactRecord, UserRecord,
};
use convoke_platform::store::{Index, Query, Record, StoreError, TenantStore, Transaction};
use convoke_platform::tenant::Tenant;

pub use freshen::{freshen_contact, freshen_user};
pub use import::{ContactEntry, Imported, UserEntry, import_contacts, import_users};
pub use list::{PeopleFilter, list_clients, list_contacts, list_users};

use crate::core::{Core, undisturbed};
use crate::jobs::Job;

/// A person as the caller sent them.
#[derive(Debug, Clone, Default)]
pub struct PersonInput {
    /// E-mail address.
    pub email: Option<String>,
    /// Name.
    pub name: Option<String>,
    /// IANA name.
    pub timezone: Option<String>,
    /// `en` or `en-XA`.
    pub locale: Option<String>,
}

impl PersonInput {
    fn parse(&self) -> Result<Person, Error> {
        let mut wrong = Violations::new();
        let email = self
            .email
            .as_deref()
            .and_then(|email| wrong.keep("/email", "invalid_email", EmailAddress::parse(email)));
        if let Some(name) = &self.name {
            text::check_name(name, "/name", &mut wrong);
        }
        let zone = self
            .timezone
            .as_deref()
            .and_then(|name| wrong.keep("/timezone", "unknown_timezone", Zone::parse(name)));
        let locale = self
            .locale
            .as_deref()
            .and_then(|tag| wrong.keep("/locale", "unknown_locale", Locale::parse(tag)));
        wrong.finish()?;
        Ok(Person {
            email,
            name: self.name.clone(),
            zone,
            locale: locale.unwrap_or_default(),
        })
    }
}

/// How long after a change the copies on meetings are looked at once more: a
/// meeting that was being written during the change is through by then.
const SECOND_LOOK: TimeDelta = TimeDelta::seconds(60);

/// Creates or replaces a user.
pub async fn put_user(
    core: &Core,
    tenant: &Tenant,
    user_id: &UserId,
    input: &PersonInput,
    active: bool,
    if_match: Option<u64>,
) -> Result<(User, bool), Error> {
    let person = input.parse()?;
    let store = core.store(tenant);
    undisturbed(|| async {
        let held = find_user(&store, user_id).await?;
        let expected = held.as_ref().map_or(0, |user| user.version);
        require_version(if_match, expected)?;
        let user = User {
            user_id: user_id.clone(),
            person: person.clone(),
            active,
            version: expected + 1,
            updated_at: core.ports.now(),
        };
        write_user(core, &store, held, &user).await?;
        Ok((user, expected == 0))
    })
    .await
}

async fn write_user(
    core: &Core,
    store: &TenantStore,
    held: Option<User>,
    user: &User,
) -> Result<(), Attempt> {
    let before = held.map(|user| user.person).unwrap_or_default();
    let mut transaction = store.transaction();
    let holder = user.user_id.as_str();
    claim_address(
        store,
        &mut transaction,
        AddressKind::User,
        &before,
        &user.person,
        holder,
    )
    .await?;
    put(&mut transaction, &UserRecord::from(user), user.version);
    if before.email != user.person.email || before.name != user.person.name {
        let user_id = holder.to_owned();
        refresh_copies(core, &mut transaction, &Job::RefreshUser { user_id })?;
    }
    commit(transaction).await
}

/// Creates or replaces a contact.
pub async fn put_contact(
    core: &Core,
    tenant: &Tenant,
    contact_id: &ContactId,
    client_id: &str,
    input: &PersonInput,
    if_match: Option<u64>,
) -> Result<(Contact, bool), Error> {
    let client_id = ClientId::parse(client_id)
        .map_err(|error| Error::invalid("/client_id", "invalid_id", error.to_string()))?;
    let person = input.parse()?;
    let store = core.store(tenant);
    undisturbed(|| async {
        let held = find_contact(&store, contact_id).await?;
        let expected = held.as_ref().map_or(0, |contact| contact.version);
        require_version(if_match, expected)?;
        let contact = Contact {
            contact_id: contact_id.clone(),
            client_id: client_id.clone(),
            person: person.clone(),
            version: expected + 1,
            updated_at: core.ports.now(),
        };
        write_contact(core, &store, held, &contact).await?;
        Ok((contact, expected == 0))
    })
    .await
}

async fn write_contact(
    core: &Core,
    store: &TenantStore,
    held: Option<Contact>,
    contact: &Contact,
) -> Result<(), Attempt> {
    let before = held.map(|contact| contact.person).unwrap_or_default();
    let mut transaction = store.transaction();
    let holder = contact.contact_id.as_str();
    claim_address(
        store,
        &mut transaction,
        AddressKind::Contact,
        &before,
        &contact.person,
        holder,
    )
    .await?;
    put(
        &mut transaction,
        &ContactRecord::from(contact),
        contact.version,
    );
    if before.email != contact.person.email || before.name != contact.person.name {
        let contact_id = holder.to_owned();
        refresh_copies(core, &mut transaction, &Job::RefreshContact { contact_id })?;
    }
    commit(transaction).await
}

/// Has a person's copies looked at, at once and once more.
fn refresh_copies(core: &Core, transaction: &mut Transaction, job: &Job) -> Result<(), Error> {
    let now = core.ports.now();
    transaction.create(&core.outbox(std::slice::from_ref(job))?);
    transaction.create(&OutboxRecord::later(
        core.ports.mint(),
        vec![core.message(job)?],
        now + SECOND_LOOK,
        now,
    ));
    Ok(())
}

/// Creates or renames a client.
pub async fn put_client(
    core: &Core,
    tenant: &Tenant,
    client_id: &ClientId,
    name: &str,
    if_match: Option<u64>,
) -> Result<(Client, bool), Error> {
    let mut wrong = Violations::new();
    text::check_name(name, "/name", &mut wrong);
    wrong.finish()?;
    let store = core.store(tenant);
    undisturbed(|| async {
        let held = store
            .get::<ClientRecord>(&ClientRecord::key_of(client_id))
            .await?
            .map(Client::try_from)
            .transpose()?;
        let expected = held.map_or(0, |client| client.version);
        require_version(if_match, expected)?;
        let client = Client {
            client_id: client_id.clone(),
            name: name.to_owned(),
            version: expected + 1,
            updated_at: core.ports.now(),
        };
        let mut transaction = store.transaction();
        put(
            &mut transaction,
            &ClientRecord::from(&client),
            client.version,
        );
        commit(transaction).await?;
        Ok((client, expected == 0))
    })
    .await
}

fn put<R: Record>(transaction: &mut Transaction, record: &R, version: u64) {
    match version {
        1 => transaction.create(record),
        _ => transaction.replace(record, version - 1),
    };
}

/// Commits; what came to exist meanwhile is read again.
async fn commit(transaction: Transaction) -> Result<(), Attempt> {
    match transaction.commit().await {
        Err(StoreError::AlreadyExists(kind)) => Err(StoreError::VersionConflict(kind).into()),
        other => Ok(other?),
    }
}

/// Moves a person's hold from the old address to the new; one that another
/// entry holds is refused.
async fn claim_address(
    store: &TenantStore,
    transaction: &mut Transaction,
    kind: AddressKind,
    before: &Person,
    after: &Person,
    holder: &str,
) -> Result<(), Attempt> {
    let key = |person: &Person| person.email.as_ref().map(EmailAddress::lookup_key);
    if key(before) == key(after) {
        return Ok(());
    }
    if let Some(old) = &before.email {
        transaction.remove(AddressRecord::KIND, &AddressRecord::key_of(kind, old));
    }
    if let Some(new) = &after.email {
        let held = store
            .get::<AddressRecord>(&AddressRecord::key_of(kind, new))
            .await?;
        if held.is_some_and(|held| held.holder != holder) {
            return Err(Error::conflict(
                "address_taken",
                "another entry of the directory has this e-mail address",
            )
            .into());
        }
        transaction.create(&AddressRecord::new(kind, new, holder));
    }
    Ok(())
}

/// Reads a user, where there is one.
pub(crate) async fn find_user(
    store: &TenantStore,
    id: &UserId,
) -> Result<Option<User>, StoreError> {
    store
        .get::<UserRecord>(&UserRecord::key_of(id))
        .await?
        .map(User::try_from)
        .transpose()
}

/// Reads a contact, where there is one.
pub(crate) async fn find_contact(
    store: &TenantStore,
    id: &ContactId,
) -> Result<Option<Contact>, StoreError> {
    store
        .get::<ContactRecord>(&ContactRecord::key_of(id))
        .await?
        .map(Contact::try_from)
        .transpose()
}

/// Whether the directory knows a client: by its own entry, or by a contact of it.
pub(crate) async fn is_known_client(
    store: &TenantStore,
    id: &ClientId,
) -> Result<bool, StoreError> {
    let own = store.get::<ClientRecord>(&ClientRecord::key_of(id)).await?;
    if own.is_some() {
        return Ok(true);
    }
    let query = Query {
        index: Index::Gsi1,
        ..Query::partition(ContactRecord::list_of(id), 1)
    };
    Ok(!store
        .query::<ContactRecord>(&query)
        .await?
        .records
        .is_empty())
}

/// Reads a user.
pub async fn get_user(core: &Core, tenant: &Tenant, id: &UserId) -> Result<User, Error> {
    find_user(&core.store(tenant), id)
        .await?
        .ok_or(Error::NotFound { what: "user" })
}

/// Reads a contact.
pub async fn get_contact(core: &Core, tenant: &Tenant, id: &ContactId) -> Result<Contact, Error> {
    find_contact(&core.store(tenant), id)
        .await?
        .ok_or(Error::NotFound { what: "contact" })
}

/// Reads a client.
pub async fn get_client(core: &Core, tenant: &Tenant, id: &ClientId) -> Result<Client, Error> {
    let found = core
        .store(tenant)
        .get::<ClientRecord>(&ClientRecord::key_of(id))
        .await?;
    Ok(found
        .ok_or(Error::NotFound { what: "client" })?
        .try_into()?)
}
